"""Leaks that other servers have had, each as a test of its own; the docstring names the report."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.access.callers import BY_NAME, Caller, claims_of, signed
from tests.access.doors import DOORS
from tests.access.judging import NEVER, Judge, Visit, found_in
from tests.access.matrix import Plan, visited
from tests.access.person_doors import exported
from tests.access.records import MARK
from tests.access.wishes import DENY, consent_of
from tests.access.world import writer_at

from tasuki.shared.access.writing import version_of
from tasuki.shared.fhir.types import OWNERSHIP

if TYPE_CHECKING:
    import httpx2
    from tests.access.records import Person
    from tests.access.world import Holder, World

pytestmark = pytest.mark.anyio

PLAN = Plan(1, people=2, rows=1, holders=1)
TREATS = BY_NAME["clinician"]


async def get(
    world: World, holder: Holder, path: str, caller: Caller = TREATS, patient: str | None = None
) -> httpx2.Response:
    """Ask as a caller; nothing is judged."""
    asker = world.asker(caller, holder, patient)
    url = path if path.startswith("http") else f"{holder.base}/{path}"
    headers = {"Authorization": f"Bearer {world.token(asker)}"}
    return await world.http.get(url, headers=headers)


def next_in(bundle: dict[str, Any]) -> str:
    """Return the link to the next page."""
    return next(str(one["url"]) for one in bundle["link"] if one["relation"] == "next")


async def refuse_all(world: World, person: Person) -> None:
    """Let a person refuse everything, from now on."""
    tokens = await world.tokens_of(person)
    later = replace(DENY, policy="urn:example:policy:later")
    await world.hear((tokens, consent_of(later, f"{person.id}-later")))


async def linked_to(world: World, holder: Holder, one: Person, other: Person) -> str:
    """Write a result of one person that refers to the other person and to a result of theirs."""
    body = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": f"Patient/{one.id}"},
        "focus": [{"reference": f"Patient/{other.id}"}],
        "hasMember": [{"reference": other.of("Observation")[0].path}],
    }
    headers = {"Authorization": f"Bearer {writer_at(world, holder)}"}
    answer = await world.http.post(f"{holder.base}/Observation", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_an_include_leaves_the_compartment_for_nobody(small: World) -> None:
    """microsoft/fhir-server PR #5683: `_include` and `_revinclude` led a patient's token to others.

    `Observation.focus` makes nobody's compartment, either.
    """
    holder = small.holders["noto"]
    one, other = holder.people[:2]
    id_ = await linked_to(small, holder, one, other)
    for patient, path, wanted in (
        (one, f"Observation?_id={id_}&_include=Observation:focus", [f"Observation/{id_}"]),
        (one, f"Observation?_id={id_}&_include=Observation:has-member", [f"Observation/{id_}"]),
        (other, f"Patient?_id={other.id}&_revinclude=Observation:focus", [other.patient.path]),
        (other, f"Observation?focus=Patient/{other.id}", []),
        (other, f"Patient/{other.id}/Observation?focus=Patient/{other.id}", []),
    ):
        answer = await get(small, holder, path, BY_NAME["resident, own record"], patient.id)
        assert answer.status_code == 200, path
        assert found_in(answer.json()) == wanted, path


async def test_a_resident_s_token_that_names_nobody_opens_nothing(few: World) -> None:
    """microsoft/fhir-server PR #5688: without the claim the compartment rules were skipped."""
    unbound = replace(BY_NAME["resident, another's"], name="resident, bound to nobody", own=None)
    judge = await visited(few, PLAN, callers=[unbound])
    assert judge.leaks()[:5] == []
    for holder in few.holders.values():
        asker = few.asker(unbound, holder)
        told = {judge.verdict(asker, row).value for row in holder.rows if row.person is not None}
        assert told == {"hidden"}


async def test_an_id_opens_no_compartment(few: World) -> None:
    """microsoft/fhir-server PR #2934: GET by id bypassed the compartment that a search kept to."""
    judge = await visited(few, PLAN, ["read", "vread", "HEAD"], [BY_NAME["resident, another's"]])
    assert judge.findings == []
    assert judge.cells


async def test_a_page_is_good_where_it_was_made_and_for_whom(few: World) -> None:
    """hapi-fhir #7888: the id of a result of one tenant could be used at another."""
    noto, kaga = few.holders["noto"], few.holders["kaga"]
    first = await get(few, noto, "Observation?_count=2")
    link = next_in(first.json())
    page = link.removeprefix(noto.base)
    assert (await get(few, noto, link)).status_code == 200
    assert (await get(few, kaga, page.lstrip("/"))).status_code == 410
    for other in ("clinician, ETREAT", "clinician, shunned", "hospital", "service"):
        assert (await get(few, noto, link, BY_NAME[other])).status_code == 410, other


async def test_no_query_in_one_region_finds_a_thing_of_the_other(few: World) -> None:
    """hapi-fhir #2853, #5184, #7777, #7778: searches, unique keys and caches crossed partitions."""
    noto, kaga = few.holders["noto"], few.holders["kaga"]
    for row in noto.people[1].rows:
        for path in (
            row.path,
            f"{row.path}/_history",
            f"{row.type}?_id={row.id}",
            f"{row.type}?identifier={row.identifier}",
            f"{row.type}?_tag={row.tag(1)}",
        ):
            for who in ("service", "hospital", "clinician"):
                answer = await get(few, kaga, path, BY_NAME[who])
                told = set(MARK.findall(answer.text)) - set(MARK.findall(path))
                assert not told, path
                assert answer.status_code != 200 or answer.json()["total"] == 0, path


async def test_a_refusal_binds_on_the_next_page_in_the_number_and_in_the_file(
    small: World,
) -> None:
    """hapi-fhir #2369, #1507, #2012, #3418, PR #6854: page 2, totals and bulk export went past it."""
    holder = small.holders["noto"]
    person = holder.people[1]
    assert person.said == "permit all"
    judge = Judge(small)
    visit = Visit(judge, DOORS["$export of people"], small.asker(TREATS, holder))
    page = next_in((await visit.ask("GET", f"Observation?patient={person.id}&_count=3")).json())
    history = next_in((await visit.ask("GET", "Observation/_history?_count=3")).json())
    everything = next_in(
        (await visit.ask("GET", f"Patient/{person.id}/$everything?_count=3")).json()
    )
    order = "Patient/$export?_type=Observation"
    ordered = await visit.ask("GET", order, headers={"Prefer": "respond-async"})
    await holder.jobs.idle()
    await refuse_all(small, person)
    known = {mark for row in person.rows for mark in (row.id, *(one for one, _ in row.marks()))}
    for link in (page, history, everything):
        answer = await visit.ask("GET", link)
        assert answer.status_code in (200, 403)
        # The resident's id stands in the link that was followed.
        assert not set(MARK.findall(answer.text)) & known - {person.id}, link
    lines = await exported(visit, ordered)
    assert lines
    assert not set(MARK.findall(str(lines))) & known
    count = await visit.ask(
        "GET", f"Observation?identifier={person.rows[1].identifier}&_summary=count"
    )
    assert count.json()["total"] == 0


async def test_everything_of_nobody_is_nothing(few: World) -> None:
    """hapi-fhir #7550: `$everything` of a patient who never was returned somebody's Coverage."""
    for holder in few.holders.values():
        for caller in (BY_NAME["service"], BY_NAME["hospital"], TREATS):
            for path in (f"Patient/{NEVER}/$everything", f"Patient/{NEVER}/Observation"):
                assert (await get(few, holder, path, caller)).status_code == 404


async def test_none_and_not_allowed_look_the_same(small: World) -> None:
    """LinuxForHealth/FHIR #2669: 403 or an empty 200 told whether there are allergies.

    Of somebody who refuses, the answer is the same whether there is something of a type or nothing.
    """
    holder = small.holders["noto"]
    refuses = next(one for one in holder.people if one.said == "deny all")
    answers = [
        await get(small, holder, f"{type_}?patient={refuses.id}")
        for type_ in ("AllergyIntolerance", "Immunization")
    ]
    assert refuses.of("AllergyIntolerance")
    assert not refuses.of("Immunization")
    assert len({(one.status_code, one.content) for one in answers}) == 1


async def test_every_type_that_is_about_somebody_keeps_to_them(small: World) -> None:
    """OpenEMR CVE-2026-24487: one type (CareTeam) was left out of the rule, and open to all."""
    holder = small.holders["noto"]
    one, other = holder.people[:2]
    made: list[tuple[str, str]] = []
    async with holder.service.store.unit() as unit:  # past the doors, so without their checks
        for number, (type_, owned) in enumerate(sorted(OWNERSHIP.items())):
            if owned.element in (None, "id") or type_ not in holder.types:
                continue
            id_ = f"mk9{number:05d}z"
            of: Any = {"reference": f"Patient/{one.id}"}
            made.append((type_, id_))
            element = [of] if type_ == "Provenance" else of
            body = {"resourceType": type_, "id": id_, str(owned.element): element}
            version = version_of(body, id_, one.id, None, at=small.clock.now())
            await unit.write([version])
    assert len(made) > 25
    for type_, id_ in made:
        for path in (type_, f"{type_}/_history", f"{type_}?_id={id_}", f"{type_}/{id_}"):
            for caller in (BY_NAME["resident, another's"], BY_NAME["hospital, other region"]):
                answer = await get(small, holder, path, caller, other.id)
                assert answer.status_code in (200, 404)
                told = set(MARK.findall(answer.text)) - set(MARK.findall(path))
                assert id_ not in told, path
        mine = await get(
            small, holder, f"{type_}?_id={id_}", BY_NAME["resident, own record"], one.id
        )
        assert found_in(mine.json()) == [f"{type_}/{id_}"]


async def test_a_token_without_scopes_opens_no_door(few: World) -> None:
    """Pathling CVE-2026-47664 and its siblings: scopes were documented and not asked for."""
    powerless = replace(TREATS, name="clinician, no scopes", scope="openid")
    judge = await visited(few, PLAN, callers=[powerless])
    assert judge.leaks()[:5] == []
    told = {
        judge.verdict(few.asker(powerless, few.holders["noto"]), row)
        for row in few.holders["noto"].rows
    }
    assert {one.value for one in told} == {"closed"}


async def test_an_address_that_only_begins_like_ours_is_not_ours(few: World) -> None:
    """HAPI FHIR CVE-2026-34359 and siblings: addresses were compared by how they begin."""
    noto = few.holders["noto"]
    person = noto.people[1]
    for base in (f"{noto.base}.example.org", f"{noto.base}x", "https://desk.test/ehr/kaga/fhir"):
        answer = await get(few, noto, f"Observation?subject={base}/Patient/{person.id}")
        assert answer.status_code == 200
        assert answer.json()["total"] == 0
    assert (await get(few, noto, f"Observation?subject={noto.base}/Patient/{person.id}")).json()[
        "total"
    ]


@pytest.mark.parametrize(
    "path", ["Observation?patient=", "Observation?_id=", "Patient?_id=,", "Observation?identifier="]
)
async def test_an_empty_list_is_not_everything(few: World, path: str) -> None:
    """InterSystems HSDD-2316: an empty list of permitted ids was read as all of them."""
    for caller in (TREATS, BY_NAME["service"], BY_NAME["hospital"]):
        answer = await get(few, few.holders["noto"], path, caller)
        assert answer.status_code == 400 or answer.json()["total"] == 0
        assert not MARK.findall(answer.text)


async def test_an_export_of_no_people_is_not_of_all(few: World) -> None:
    """InterSystems HSDD-2316, by another door."""
    noto = few.holders["noto"]
    visit = Visit(Judge(few), DOORS["$export of people"], few.asker(BY_NAME["service"], noto))
    nobody = {"name": "patient", "valueReference": {"reference": f"Patient/{NEVER}"}}
    for named in ([nobody], [{"name": "patient"}]):
        body = {"resourceType": "Parameters", "parameter": named}
        headers = {"Prefer": "respond-async"}
        answer = await visit.ask("POST", "Patient/$export", json=body, headers=headers)
        assert answer.status_code in (400, 404, 422), answer.text


async def test_an_emergency_is_not_what_the_token_says_it_is(few: World) -> None:
    """InterSystems HSDD-954: that an override was allowed was looked at on the screen alone."""
    emergencies = [BY_NAME["clinician, BTG"], BY_NAME["nurse, ETREAT"], BY_NAME["nurse, DISASTER"]]
    judge = await visited(few, PLAN, callers=emergencies)
    assert judge.findings[:5] == []
    for caller in emergencies:
        asker = few.asker(caller, few.holders["noto"])
        rows = few.holders["noto"].people[1].rows
        assert {judge.verdict(asker, row).value for row in rows} == {"closed"}


async def test_a_policy_that_is_switched_on_or_off_bites(few: World) -> None:
    """InterSystems, 2020: a switch that was there had no effect.

    The two regions differ in one answer: whether clinicians of other regions see without a Consent.
    """
    across = BY_NAME["clinician, other region"]
    statuses = {}
    for name in ("noto", "kaga"):
        holder = few.holders[name]
        silent = next(one for one in holder.people if one.said == "none")
        statuses[name] = (await get(few, holder, silent.rows[1].path, across)).status_code
    assert statuses == {"noto": 403, "kaga": 200}


async def test_a_consent_of_somebody_who_is_not_here_yet_waits_for_them(small: World) -> None:
    """InterSystems, 2020: a Consent came before its patient, and was then somebody else's.

    One under other network tokens is nobody's here and changes nothing for those who are.
    """
    holder = small.holders["noto"]
    person = holder.people[0]
    before = await get(small, holder, person.rows[1].path)
    await small.hear((("ab" * 16,), consent_of(DENY, person.id)))
    after = await get(small, holder, person.rows[1].path)
    assert (before.status_code, after.status_code) == (200, 200)
    assert before.content == after.content


async def test_callers_at_the_same_time_stay_themselves(few: World) -> None:
    """InterSystems, 2014: a worker used again answered with somebody else's session."""
    holder = few.holders["noto"]
    one, other = holder.people[:2]
    asked = [
        (who, BY_NAME["resident, own record"], row)
        for who in (one, other)
        for row in (one.rows[1], other.rows[1])
    ] * 8
    answers = await asyncio.gather(
        *(get(few, holder, row.path, caller, who.id) for who, caller, row in asked)
    )
    for (who, _, row), answer in zip(asked, answers, strict=True):
        assert answer.status_code == (200 if row.person is who else 404)


async def test_one_resident_s_token_reads_one_resident(few: World) -> None:
    """Playing with FHIR (Knight, 2021): one patient's login read four million records."""
    judge = await visited(few, PLAN, callers=[BY_NAME["resident, another's"]])
    assert judge.findings[:5] == []
    assert len({cell[0] for cell in judge.cells}) > 40


async def test_a_token_of_another_service_is_no_token_here(few: World) -> None:
    """OWASP ASVS 5.0 8.4.1 and 9.2.2: a token says whom it is for."""
    noto, kaga = few.holders["noto"], few.holders["kaga"]
    claims = claims_of(BY_NAME["service"], None, None)
    token = signed(claims, kaga.base, few.clock)
    for holder, status in ((kaga, 200), (noto, 401)):
        headers = {"Authorization": f"Bearer {token}"}
        answer = await few.http.get(
            f"{holder.base}/{holder.people[0].patient.path}", headers=headers
        )
        assert answer.status_code == status
