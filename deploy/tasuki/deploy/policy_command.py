"""`tasuki policy`: an operator's role policies are checked and explained; no service is asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tasuki.deploy.plainly import fail, plain_faults

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasuki.consent.operator import Answer, Question
    from tasuki.consent.operator.policies import Policy

POLICY = typer.Typer(help="Who may ask what: role policies in Cedar.", no_args_is_help=True)

FileOption = Annotated[
    Path | None, typer.Option("--file", help="An operator's policies; else the product's alone.")
]
ABOUT = {
    "other": "another person's record",
    "own": "the caller's own record",
    "represented": "the record of whom the caller acts for",
    "nobody": "what is about nobody",
}
ROLES = ("resident", "proxy", "clinician", "nurse", "officer", "privacy", "hospital", "service")
GIVEN = ("keeper", "client", "organization", "region", "registrar", "hour", "weekday")
REFUSED = "refused"
KEEPERS = ("region", "residents", "consents")


@POLICY.command()
def check(file: Annotated[Path, typer.Argument(help="Cedar policies.")]) -> None:
    """Check a file of policies against the schema and say what each does."""
    from tasuki.consent.operator.policies import read_policies  # noqa: PLC0415 - few need it

    with plain_faults():
        added = [one for one in read_policies(file).named.values() if not one.own]
    for one in added:
        says = "permits" if one.permits else "forbids"
        typer.echo(f"ok   line {one.line}: {one.id} {says}")
    if any(one.permits for one in added):
        typer.echo(
            "A permit here lets a question be put; it opens no person's record by itself, and no"
            " writing."
        )


@POLICY.command()
def explain(
    role: Annotated[
        str,
        typer.Option(help="resident, proxy, clinician, nurse, officer, privacy, hospital, service"),
    ],
    purpose: Annotated[str, typer.Option(help="Purpose of use (v3-ActReason).")],
    action: Annotated[str, typer.Option(help="read, vread, search-type, create …")] = "read",
    about: Annotated[
        str, typer.Option(help="Whose record: other, own, represented, nobody.")
    ] = "other",
    given: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME=VALUE, may be repeated: keeper (region, residents, consents), type, client,"
            " organization, region (here, elsewhere), registrar (yes, no), hour, weekday."
        ),
    ] = None,
    file: FileOption = None,
) -> None:
    """Say whether such a request is let through, by which policies, and what is asked after."""
    from tasuki.consent.operator import OperatorPolicy  # noqa: PLC0415 - as above

    question = _question(_chosen("role", role, ROLES), action, about, given or [])
    _chosen("purpose", purpose, _purposes())
    with plain_faults():
        policy = OperatorPolicy.of(file)
    answers = policy.answers(question)
    answer = answers.to(purpose)
    said = _said(question, answer, weighed=purpose in answers.heard)
    typer.echo(f"{role}, {purpose}, {action} of {ABOUT[about]}: {said}")
    for line in _grounds(answer, policy.policies.named):
        typer.echo(line)
    if about != "nobody" and not answer.alone:
        heard = ", ".join(sorted(answers.heard)) or "no purpose"
        typer.echo(f"consent is weighed for: {heard}")
    raise typer.Exit(1 if said.startswith(REFUSED) else 0)


def _said(question: Question, answer: Answer, *, weighed: bool) -> str:
    if not answer.permitted:
        told = answer.closed or answer.learns
        return f"{REFUSED}; the caller is told {'so' if told else 'that there is nothing'}"
    if answer.alone:
        return "permitted"
    if question.keeper == "consents":
        return f"{REFUSED}; an operator's permit does not reach this"
    if question.about == "nobody":
        return "permitted"
    if not weighed:
        return f"{REFUSED}; the caller is told so: nothing is weighed for this purpose"
    return "may ask; Consents, declarations and the region's rule answer"


def _grounds(answer: Answer, named: Mapping[str, Policy]) -> list[str]:
    found = [named[one.removeprefix("policy/")] for one in answer.basis.split("|") if one]
    if not found:
        return ["  no policy that counts here permits it"]
    return [
        f"  by {one.id} ({'the product' if one.own else 'the operator'}'s, line {one.line})"
        for one in found
    ]


def _question(role: str, action: str, about: str, given: list[str]) -> Question:
    from tasuki.consent.operator import Question  # noqa: PLC0415 - as above
    from tasuki.shared.access.rulings import Interaction  # noqa: PLC0415 - as above

    told: dict[str, str] = dict.fromkeys(GIVEN, "")
    types = []
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not value or name not in {*GIVEN, "type"}:
            fail(f"what is given is NAME=VALUE, the name one of type, {', '.join(GIVEN)}")
        if name == "type":
            types.append(value)
        else:
            told[name] = value
    return Question(
        keeper=_chosen("keeper", told["keeper"] or "region", KEEPERS),
        holder="here",
        role=role,
        client=told["client"],
        organization=told["organization"] or None,
        region=_chosen("region", told["region"] or "here", ("here", "elsewhere")),
        registrar=_chosen("registrar", told["registrar"] or "no", ("yes", "no")) == "yes",
        action=_chosen("action", action, [one.value[0] for one in Interaction]),
        about=_chosen("about", about, list(ABOUT)),
        types=_types(types),
        hour=int(_chosen("hour", told["hour"] or "12", [str(hour) for hour in range(24)])),
        weekday=int(_chosen("weekday", told["weekday"] or "1", [str(day) for day in range(1, 8)])),
    )


def _types(types: list[str]) -> tuple[str, ...]:
    from tasuki.consent.resource_types import R4_TYPES  # noqa: PLC0415 - as above

    if not R4_TYPES.issuperset(types):
        fail("a type is one of the resource types of FHIR R4")
    return tuple(types or ("Condition",))


def _purposes() -> Sequence[str]:
    from tasuki.consent.operator.asking import PURPOSES  # noqa: PLC0415 - as above

    return PURPOSES


def _chosen(name: str, value: str, allowed: Sequence[str]) -> str:
    if value not in allowed:
        fail(f"the {name} is one of {', '.join(allowed)}")
    return value
