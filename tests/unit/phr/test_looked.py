from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.phr.deciding import AT

from tasuki.phr.pages.looked import looks_of
from tasuki.phr.settings import Region
from tasuki.shared.audit.events import AuditRecord, Outcome, to_audit_event
from tasuki.shared.audit.shapes import Action
from tasuki.shared.fhir.outcome import warning

if TYPE_CHECKING:
    from tasuki.phr.pages.looked import Look
    from tasuki.shared.web.words import Words

NOTO = Region(code="noto", title_ja="能登医療圏", title_en="Noto region")
NURSE = AuditRecord(
    action=Action.PROFILE,
    outcome=Outcome.PERMITTED,
    at=AT,
    service="shelter",
    region="shelter",
    actor="account-9",
    actor_role="nurse",
    client_id="desk",
    purpose="DISASTER",
    patient="Patient/p1",
    entities=("Patient/p1", "AllergyIntolerance/a1", "MedicationRequest/m1"),
    basis="disaster|declaration/d1/1|policy/shelter/disaster",
    request_id="r1",
    on_behalf_of="urn:tasuki:municipality|172049",
)


def look(record: AuditRecord, words: Words, subject: str = "account-1") -> Look:
    bundle = {"entry": [{"resource": to_audit_event(record)}]}
    (only,), silent = looks_of(bundle, subject, (NOTO,), words)
    assert silent == []
    return only


def test_a_nurse_in_a_disaster_in_plain_words(ja: Words, en: Words) -> None:
    said = look(NURSE, ja)
    assert said.when == "2026年4月1日 12:00"
    assert said.place == "避難所デスク"
    assert said.who == "避難所の看護職 （輪島市）"
    assert said.purpose == "災害時の医療"
    assert said.what == ("氏名・住所", "アレルギー", "処方")
    assert said.outcome == "permitted"
    assert said.grounds == (
        "災害時の宣言による閲覧です。",
        "災害時の宣言",
        "地域の規則（災害時）",
    )
    assert not said.own
    assert look(NURSE, en).when == "1 Apr 2026 12:00"


def test_a_proxy_is_told_by_the_name_the_person_gave_them(ja: Words, en: Words) -> None:
    basis = "proxy|policy/proxy-asks|policy/represented-seen"
    proxy = replace(NURSE, service="phr", region="phr", actor_role="proxy", purpose="FAMRQT")
    record = replace(proxy, actor_name="健一（子）", basis=basis, on_behalf_of=None)
    said = look(record, ja)
    assert said.who == "代理人 健一（子）"
    assert said.purpose == "家族として、本人に代わる利用"
    assert said.grounds == ("ご本人の代理としての閲覧です。",)
    assert not said.own
    assert look(record, en).who == "proxy 健一（子）"


def test_a_refusal_says_why(ja: Words) -> None:
    refused = replace(
        NURSE,
        action=Action.DENIED,
        outcome=Outcome.DENIED,
        basis="refused/disaster|Consent/c1/_history/2",
    )
    said = look(refused, ja)
    assert said.outcome == "refused"
    assert said.grounds == ("ご本人が閲覧を断っています。", "あなたの意思の記録")


def test_a_search_says_what_was_searched_and_where(ja: Words) -> None:
    searched = replace(
        NURSE,
        action=Action.SEARCH,
        service="ehr",
        region="noto",
        actor_role="clinician",
        purpose="BTG",
        entities=(),
        query="Observation?patient=p1",
        basis="break-glass|policy/noto/break_glass|reason/life",
    )
    said = look(searched, ja)
    assert said.place == "能登医療圏 病院の記録"
    assert said.what == ("検査・測定",)
    assert said.override
    assert said.grounds[-1] == "理由は生命・身体の危険で、同意を得られないためです。"


@pytest.mark.parametrize("basis", ["no-match", "policy/desk-search", "absent"])
def test_that_nothing_was_found_is_told_in_words(basis: str, ja: Words, en: Words) -> None:
    for words in (ja, en):
        (ground,) = look(replace(NURSE, basis=basis), words).grounds
        assert ground != basis


@pytest.mark.parametrize(
    ("added", "told"),
    [
        ("|policy/staff-see|policy/clinician-asks", 0),
        ("|policy/night-closed", 1),
    ],
)
def test_of_the_role_policy_only_what_an_operator_added_is_told(
    added: str, told: int, ja: Words, en: Words
) -> None:
    basis = "everyday-within|policy/noto/everyday_within"
    for words in (ja, en):
        before = look(replace(NURSE, basis=basis), words).grounds
        grounds = look(replace(NURSE, basis=basis + added), words).grounds
        assert grounds[: len(before)] == before
        assert len(grounds) == len(before) + told
        assert not any(ground.startswith("policy/") for ground in grounds)


def test_only_the_residents_own_account_is_own(ja: Words) -> None:
    mine = replace(NURSE, actor="account-1", actor_role="resident", basis="policy/own-record")
    assert look(mine, ja).own
    assert not look(replace(mine, actor="account-2"), ja).own


def test_what_has_no_words_is_shown_as_written(ja: Words) -> None:
    odd = replace(
        NURSE,
        service="newcomer",
        region="elsewhere",
        actor_role="astronomer",
        purpose="STARS",
        basis="something-new/1",
    )
    said = look(odd, ja)
    assert said.place == "newcomer"
    assert said.who.startswith("astronomer")
    assert said.purpose == "STARS"
    assert said.grounds == ("something-new/1",)


def test_what_did_not_answer_is_named(en: Words) -> None:
    note = warning("did not answer: Noto region / 能登医療圏")
    bundle = {"entry": [{"resource": note, "search": {"mode": "outcome"}}]}
    assert looks_of(bundle, "a", (), en) == ([], ["Noto region / 能登医療圏"])


@pytest.mark.parametrize(
    "event",
    [
        {"resourceType": "AuditEvent"},
        {"resourceType": "AuditEvent", "agent": None, "entity": "x", "outcome": 0},
        {"resourceType": "AuditEvent", "entity": [{"query": "!"}], "recorded": "yesterday"},
    ],
)
def test_an_event_that_says_little_is_still_a_line(event: dict[str, Any], en: Words) -> None:
    looks, _ = looks_of({"entry": [{"resource": event}]}, "a", (), en)
    assert [one.outcome for one in looks] == ["failed"]
