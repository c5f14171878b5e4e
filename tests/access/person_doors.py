"""Doors asked for one person's record, as a whole or in part."""

from __future__ import annotations

import json
import random
import re
from typing import TYPE_CHECKING, Any

from tests.access.doors import door, no_writer
from tests.access.judging import NEVER, found_in
from tests.access.reference import Verdict, scope_allows, scope_is_whole, standing, withheld_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx2
    from tests.access.callers import Caller
    from tests.access.judging import Visit
    from tests.access.records import Row

RESULTS = ("Observation",)
SEVERAL = ("Observation", "Condition", "AllergyIntolerance")
HOSPITALS = ("noto", "kaga")


def allowed(v: Visit, *types: str) -> bool:
    """Tell whether the token has the scope to search these types."""
    return all(scope_allows(v.asker, type_, "s") for type_ in types)


def whole(v: Visit, *types: str) -> bool:
    """Tell whether the token has the scope to read all of these types."""
    return all(scope_is_whole(v.asker, type_) for type_ in types)


def general(v: Visit, *types: str) -> Verdict:
    """Return how the caller stands to the visit's person, for these types."""
    if not allowed(v, *types):
        return Verdict.CLOSED
    return standing(v.asker, v.person, *types)


async def judged(
    v: Visit, answer: httpx2.Response, absent: httpx2.Response | None, *types: str
) -> bool:
    """Judge an answer about a person by how the caller stands; tell whether rows are to come."""
    v.count(*v.person.all_of(*types))
    told = general(v, *types)
    if told is Verdict.CLOSED:
        v.require(answer, 403)
    elif told is Verdict.HIDDEN and absent is not None:
        v.require_like(answer, absent, v.person.id)
    return told is Verdict.SEEN


async def searched(v: Visit, query: str, *types: str, also: Sequence[Row] = ()) -> None:
    """Send a search that names the person (`{}` in it) and judge what comes."""
    answer = await v.ask("GET", query.format(v.person.id))
    absent = None
    if general(v, *types) is Verdict.HIDDEN:
        absent = await v.absent(query, "GET", query.format(NEVER))
    if await judged(v, answer, absent, *types):
        rows = v.seen(v.person.of(*types))
        if not rows and answer.status_code == 403:
            return
        v.require_rows(answer, [*rows, *also], len(rows))


@door("search of one type", "person", "GET /{type_}")
async def search(v: Visit) -> None:
    await searched(v, "Observation?patient={}", *RESULTS)
    await searched(v, "Condition?subject=Patient/{}", "Condition")


@door("search by POST", "person", "POST /{type_}/_search")
async def search_by_post(v: Visit) -> None:
    answer = await v.ask("POST", "Observation/_search", data={"patient": v.person.id})
    absent = await v.absent("x", "POST", "Observation/_search", data={"patient": NEVER})
    if await judged(v, answer, absent, *RESULTS):
        v.require_rows(answer, v.seen(v.person.of(*RESULTS)))


@door("search of several types", "person", "GET /", "POST /_search")
async def several(v: Visit) -> None:
    await searched(v, f"?_type={','.join(SEVERAL)}&patient={{}}", *SEVERAL)
    form = {"_type": ",".join(SEVERAL), "patient": v.person.id}
    answer = await v.ask("POST", "_search", data=form)
    if await judged(v, answer, None, *SEVERAL):
        v.require_rows(answer, v.seen(v.person.of(*SEVERAL)))


@door("compartment", "person", "GET /Patient/{id_}/{type_}", "POST /Patient/{id_}/{type_}/_search")
async def compartment(v: Visit) -> None:
    await searched(v, "Patient/{}/Observation", *RESULTS)
    answer = await v.ask(
        "POST", f"Patient/{v.person.id}/Observation/_search", data={"_sort": "date"}
    )
    path = f"Patient/{NEVER}/Observation/_search"
    absent = await v.absent("x", "POST", path, data={"_sort": "date"})
    if await judged(v, answer, absent, *RESULTS):
        v.require_rows(answer, v.seen(v.person.of(*RESULTS)))


@door("compartment, every type", "person", "GET /Patient/{id_}/{type_}")
async def whole_compartment(v: Visit) -> None:
    types = [type_ for type_ in sorted(types_of(v)) if allowed(v, type_)]
    query = f"Patient/{{}}/*?_type={','.join(types)}"
    await searched(v, query, *types)


@door("chain from the person", "person", "GET /{type_}")
async def chain_from_person(v: Visit) -> None:
    """The search leads through the Patient, so who may not see the Patient finds nothing."""
    patient = v.person.patient
    query = f"Observation?patient.identifier=urn:mark|{patient.identifier}"
    answer = await v.ask("GET", query)
    v.count(*v.person.all_of(*RESULTS))
    if not allowed(v, "Patient", *RESULTS):
        v.require(answer, 403)
        return
    rows = v.seen(v.person.of(*RESULTS)) if v.seen([patient]) else []
    v.require_rows(answer, rows)


@door("pages of a search", "person", "GET /{type_}")
async def pages(v: Visit) -> None:
    v.count(*v.person.all_of(*RESULTS))
    found: list[str] = []
    for page in await v.pages(f"Observation?patient={v.person.id}&_count=3&_sort=-date"):
        found += found_in(page)
        if page["total"] != len(v.seen(v.person.of(*RESULTS))):
            v.report("differs", f"total {page['total']} on a page")
    v.require_set(found, v.seen(v.person.of(*RESULTS)), "pages")


@door("search answered later", "person", "GET /{type_}")
async def search_later(v: Visit) -> None:
    """A server may answer in files, or at once as R4 permits; what comes is the same."""
    rows = v.seen(v.person.of(*RESULTS))
    v.count(*v.person.all_of(*RESULTS))
    query = f"Observation?patient={v.person.id}"
    answer = await v.ask("GET", query, headers={"Prefer": "respond-async"})
    lines = await exported(v, answer)
    if lines is not None:
        found = [f"{one['resourceType']}/{one['id']}" for one in lines if "id" in one]
        v.require_set(found, rows, "files of a search")
        await v.ask("DELETE", answer.headers["content-location"])
    elif answer.status_code == 200:
        v.require_rows(answer, rows)
    elif answer.status_code == 202:  # ordered, and then refused
        v.require_set([], rows, "files of a search")
    elif rows and v.asker.purpose not in ("ETREAT", "BTG"):  # one person at a time, and at once
        v.report("missing", f"a search answered later: {answer.text[:200]}")


@door("_include", "person", "GET /{type_}", holders=HOSPITALS)
async def include(v: Visit) -> None:
    """Reports that may be seen bring of their results those that may be seen."""
    reports = v.seen(v.person.of("DiagnosticReport"))
    around = v.seen(v.person.of("Observation", "Encounter", "Patient")) if reports else []
    v.count(*v.person.all_of(*RESULTS))
    words = "_include=DiagnosticReport:result&_include=DiagnosticReport:encounter"
    query = f"DiagnosticReport?patient={{}}&{words}&_include=DiagnosticReport:patient"
    await searched(v, query, "DiagnosticReport", also=around)


@door("_include:iterate", "person", "GET /{type_}")
async def include_on_and_on(v: Visit) -> None:
    """Each result leads to the next; a hidden one leads nowhere."""
    first = v.person.of(*RESULTS)[0]
    row, way = first, []
    while row.links.get("hasMember"):
        row = row.links["hasMember"][0]
        if row.life.deleted or not v.seen([row]):
            break
        way.append(row)
    v.count(*v.person.all_of(*RESULTS))
    query = f"Observation?_id={first.id}&_include:iterate=Observation:has-member"
    answer = await v.ask("GET", query)
    if v.seen([first]):
        if len(way) < 10:  # more steps than the server takes are refused
            v.require_rows(answer, [first, *way], 1)
        else:
            v.require(answer, 422)


@door("_revinclude", "person", "GET /{type_}")
async def revinclude(v: Visit) -> None:
    v.count(*v.person.all_of(*RESULTS, "Condition"))
    around = v.seen(v.person.of(*RESULTS, "Condition")) if v.seen([v.person.patient]) else []
    query = "Patient?_id={}&_revinclude=Observation:patient&_revinclude=Condition:patient"
    await searched(v, query, "Patient", also=around)


@door("_revinclude:iterate", "person", "GET /{type_}")
async def revinclude_on_and_on(v: Visit) -> None:
    rows = v.person.of(*RESULTS)
    v.count(*v.person.all_of(*RESULTS))
    around = []
    if v.seen([v.person.patient]):
        seen = v.seen(rows)
        about = [row for row in v.person.of("Provenance") if row.about[0] in seen]
        around = [*seen, *v.seen(about)]
    words = "_revinclude=Observation:patient&_revinclude:iterate=Provenance:target"
    await searched(v, f"Patient?_id={{}}&{words}", "Patient", also=around)


def _everything_of(v: Visit) -> list[str]:
    """A type of which a token reaches a part only would lack the rest and not say so."""
    return [type_ for type_ in sorted(types_of(v)) if whole(v, type_)]


@door("$everything", "person", "GET /Patient/{id_}/$everything", "POST /Patient/{id_}/$everything")
async def everything(v: Visit) -> None:
    for method in ("GET", "POST"):
        path = "Patient/{}/$everything"
        answer = await v.ask(method, path.format(v.person.id))
        absent = await v.absent(method, method, path.format(NEVER))
        types = _everything_of(v)
        if "Patient" not in types:
            v.count(*v.person.rows)
            v.require(answer, 403)
        elif await judged(v, answer, absent, *types):
            v.require_rows(answer, v.seen(v.person.of(*types)))
            _require_told(v, answer, withheld_of(v.asker, v.person, types))


def _require_told(v: Visit, answer: httpx2.Response, types: set[str]) -> None:
    """Report where an answer says of more than these types that something is withheld, or of less."""
    found = re.findall(r"withheld: ([A-Za-z, ]+)", answer.text)
    told = {type_ for names in found for type_ in names.split(", ")} & types_of(v)
    if answer.status_code == 200 and told != types:
        kind = "differs" if told - types else "missing"
        v.report(kind, f"withheld is said of {sorted(told)}, not of {sorted(types)}")


@door("$everything, by pages", "person", "GET /Patient/{id_}/$everything")
async def everything_by_pages(v: Visit) -> None:
    types = _everything_of(v)
    v.count(*v.person.rows)
    pages_ = await v.pages(f"Patient/{v.person.id}/$everything?_count=7")
    found = [one for page in pages_ for one in found_in(page)]
    wanted = v.seen(v.person.of(*types)) if "Patient" in types else []
    v.require_set(found, wanted, "pages of $everything")


def _is_own(caller: Caller) -> bool:
    return caller.own is True


@door(
    "$everything of oneself",
    "person",
    "GET /Patient/$everything",
    "POST /Patient/$everything",
    callers=lambda caller: caller.own is not None,
)
async def own_everything(v: Visit) -> None:
    v.count(*v.person.rows)
    for method in ("GET", "POST"):
        answer = await v.ask(method, "Patient/$everything")
        types = _everything_of(v)
        if "Patient" not in types:
            v.require(answer, 403)
        elif _is_own(v.asker.caller) and await judged(v, answer, None, *types):
            v.require_rows(answer, v.seen(v.person.of(*types)))


@door("$lastn", "person", "GET /Observation/$lastn", "POST /Observation/$lastn")
async def lastn(v: Visit) -> None:
    """The latest is the latest this caller may see, and not that there is a later one."""
    asked = {"name": "patient", "valueString": f"Patient/{v.person.id}"}
    body = {"resourceType": "Parameters", "parameter": [asked]}
    rows = v.seen(v.person.of(*RESULTS))
    last = sorted(rows, key=lambda row: str(row.body["effectiveDateTime"]))[-1:]
    for answer in (
        await v.ask("GET", f"Observation/$lastn?patient=Patient/{v.person.id}"),
        await v.ask("POST", "Observation/$lastn", json=body),
    ):
        if await judged(v, answer, None, *RESULTS):
            v.require_rows(answer, last)


@door(
    "$summary",
    "person",
    "GET /Patient/{id_}/$summary",
    "POST /Patient/{id_}/$summary",
    holders=HOSPITALS,
)
async def summary(v: Visit) -> None:
    """Made for people, so what the patient was not told is for clinicians alone."""
    v.count(*v.person.rows)
    for method in ("GET", "POST"):
        answer = await v.ask(method, f"Patient/{v.person.id}/$summary")
        if answer.status_code == 200:
            for row in v.seen(v.person.of("Condition", "AllergyIntolerance")):
                untold = row.last.untold or row.last.untold_as_label
                for_them = v.asker.caller.role == "clinician" or not untold
                if for_them is not (row.word(len(row.life.versions)) in answer.text):
                    v.report("missing" if for_them else "leak", f"{row.path} in $summary", row)
        elif v.seen([v.person.patient]) and whole(v, *types_of(v)):
            v.require(answer, 200)


@door("batch of reads and searches", "person", "POST /")
async def batch(v: Visit) -> None:
    """Every entry is a door of its own."""
    rows = random.Random(v.person.id).sample(v.person.rows, 6)  # noqa: S311 - a repeatable choice
    paths = [*(row.path for row in rows), f"Observation?patient={v.person.id}"]
    paths += [f"{row.path}/_history/1" for row in rows]
    entries = [{"request": {"method": "GET", "url": path}} for path in paths]
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": entries}
    answer = await v.ask("POST", "", json=bundle)
    v.count(*rows)
    if not v.require(answer, 200):
        return
    told = answer.json()["entry"]
    for row, entry in zip(rows, told, strict=False):
        verdict = v.judge.verdict(v.asker, row)
        gone = "410" if row.life.deleted else "200"
        wanted = {Verdict.SEEN: gone, Verdict.CLOSED: "403", Verdict.HIDDEN: "404"}[verdict]
        if not entry["response"]["status"].startswith(wanted):
            kind = "differs" if verdict is Verdict.HIDDEN else "status"
            v.report(kind, f"{row.path} in a batch: {entry['response']['status']}", row)


@door("$network-tokens", "person", "GET /Patient/{id_}/$network-tokens")
async def network_tokens(v: Visit) -> None:
    v.count(v.person.patient)
    answer = await v.ask("GET", f"Patient/{v.person.id}/$network-tokens")
    if v.asker.caller.role in ("service", "resident") and not whole(v, "Patient"):
        v.require(answer, 403)  # a part of the Patients is not enough
        return
    if v.asker.caller.role not in ("service", "resident"):
        v.require(answer, 403, 404)
        v.require_like(answer, await v.absent("", "GET", f"Patient/{NEVER}/$network-tokens"))
        return
    if v.seen([v.person.patient]):
        if v.require(answer, 200) and not answer.json()["tokens"]:
            v.report("missing", "network tokens")
        return
    v.require(answer, 403, 404)
    if general(v, "Patient") is not Verdict.CLOSED:
        v.require_like(answer, await v.absent("", "GET", f"Patient/{NEVER}/$network-tokens"))


@door("may it be created", "person", "POST /{type_}/$validate", callers=no_writer)
async def may_be_created(v: Visit) -> None:
    """Whether a subject is here is told to nobody who may not write about them."""
    v.count(v.person.patient)
    for mode in ("", "?mode=create"):
        answers = []
        for id_ in (v.person.id, NEVER):
            body = {
                "resourceType": "Observation",
                "status": "final",
                "code": {"text": "x"},
                "subject": {"reference": f"Patient/{id_}"},
            }
            answers.append(await v.ask("POST", f"Observation/$validate{mode}", json=body))
        v.require_like(answers[0], answers[1], v.person.id)


def types_of(v: Visit) -> set[str]:
    """Return the types planted about the visit's person."""
    return {row.type for row in v.person.rows}


async def exported(v: Visit, answer: httpx2.Response) -> list[dict[str, Any]] | None:
    """Wait for an export that was ordered and fetch every line; None where it was refused."""
    if answer.status_code != 202:
        return None
    await v.holder.jobs.idle()
    manifest = await v.ask("GET", answer.headers["content-location"])
    if manifest.status_code != 200:
        return None
    lines: list[dict[str, Any]] = []
    for file in manifest.json()["output"]:
        found = await v.ask("GET", file["url"])
        lines += [json.loads(line) for line in found.content.splitlines()]
    return lines
