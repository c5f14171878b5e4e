"""Policies read and checked: each by itself, against the schema, before any of them counts.

https://docs.cedarpolicy.com/policies/validation.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import cedarpy

from tasuki.consent.operator.statements import Statement, statements
from tasuki.shared.faults import Category, Fault, Faults

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_ID = re.compile(r"[a-z][a-z0-9-]{0,63}")
_SAID_AGAIN = re.compile(r"^for policy `policy0`[,:] ")
_MARK = ("consent", "not-asked")


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy.

    Attributes:
        id: Its `@id`, as the audit record names it.
        line: Where it begins in its text.
        permits: Whether it permits; else it forbids.
        alone: Whether its permit is an answer by itself, and no Consent is asked.
        own: Whether it is the product's and not an operator's.
    """

    id: str
    line: int
    permits: bool
    alone: bool
    own: bool


@dataclass(frozen=True, slots=True)
class Policies:
    """All policies that count at one service, parsed.

    Attributes:
        named: Each by its id.
        whole: What is evaluated.
        base: The product's own alone.
        mentioned: The attributes some policy reads; what none reads need not be told apart.
    """

    named: Mapping[str, Policy]
    whole: cedarpy.PolicySet
    base: cedarpy.PolicySet
    mentioned: frozenset[str]


@cache
def schema() -> cedarpy.Schema:
    """Return the schema."""
    return cedarpy.Schema.from_str(_text("schema.cedarschema"))


@cache
def base_policies() -> Policies:
    """Return the product's own policies."""
    text = _text("base.cedar")
    parsed = cedarpy.PolicySet.from_str(text)
    return Policies(_checked(text, {}), parsed, parsed, _mentioned(text))


def with_operators(text: str) -> Policies:
    """Return the product's own policies and an operator's.

    Raises:
        Faults: INVALID, every fault with its line. A text without any policy is one: a file that
            was cut short would silently forbid nothing.
    """
    base = base_policies()
    added = _checked(text, base.named)
    if not added:
        raise Faults((Fault(Category.INVALID, "there is no policy in it"),))
    both = f"{_text('base.cedar')}\n{text}"
    whole = cedarpy.PolicySet.from_str(both)
    return Policies({**base.named, **added}, whole, base.base, _mentioned(both))


def read_policies(file: Path | None) -> Policies:
    """Return the policies of a service whose operator's file this is; None where there is none.

    Raises:
        Fault: INVALID; says the file and what is wrong in which line.
    """
    if file is None:
        return base_policies()
    try:
        return with_operators(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        raise Fault(
            Category.INVALID, f"the operator's policy file {file.name} cannot be read"
        ) from None
    except Faults as found:
        told = "; ".join(one.message for one in found.faults)
        raise Fault(Category.INVALID, f"the operator's policy file {file.name}: {told}") from None


def _checked(text: str, base: Mapping[str, Policy]) -> Mapping[str, Policy]:
    known: dict[str, Policy] = {}
    faults: list[Fault] = []
    for one in statements(text):
        try:
            policy = _policy(one, own=not base)
            if policy.id in known or policy.id in base:
                raise _fault(one, f"there is another policy with the id {policy.id}")
        except Fault as fault:
            faults.append(fault)
        else:
            known[policy.id] = policy
    if faults:
        raise Faults(tuple(faults))
    return known


def _policy(one: Statement, *, own: bool) -> Policy:
    try:
        parsed = cedarpy.policies_to_pst(one.text)
    except ValueError as error:
        raise _fault(one, str(error)) from None
    if parsed.templates or len(parsed.static_policies) != 1:
        raise _fault(one, "one policy without slots is expected here")
    (policy,) = parsed.static_policies.values()
    id_ = policy.annotations.get("id") or ""
    if not _ID.fullmatch(id_):
        raise _fault(one, '@id("…") of small letters, digits and hyphens is needed')
    mark = policy.annotations.get("consent")
    if mark is not None and not own:
        raise _fault(one, "@consent is the product's own mark")
    found = cedarpy.validate_policies(one.text, schema())
    if not found.validation_passed:
        told = sorted({_SAID_AGAIN.sub("", error.error) for error in found.errors})
        raise _fault(one, f"{id_}: {', '.join(told)}")
    permits = policy.effect == "permit"
    return Policy(id_, one.line, permits=permits, alone=("consent", mark) == _MARK, own=own)


def _mentioned(text: str) -> frozenset[str]:
    """Return every string in the parsed policies: the names of the attributes are among them."""
    return frozenset(re.findall(r'"([A-Za-z_]+)"', cedarpy.policies_to_json_str(text)))


def _fault(one: Statement, message: str) -> Fault:
    line = f"line {one.line}"
    return Fault(Category.INVALID, f"{line}: {message}", at=(line,))


def _text(name: str) -> str:
    return resources.files("tasuki.consent.operator").joinpath(name).read_text("utf-8")
