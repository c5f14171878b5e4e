"""Audit events are valid R4, meet the IHE BALP profile they claim, and hold no name."""

from __future__ import annotations

import base64
import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from fhir.resources.R4B.auditevent import AuditEvent  # noqa: TID251 - an independent judge

from tasuki.shared.audit import (
    Action,
    AuditRecord,
    Outcome,
    canonical,
    sequence_of,
    to_audit_event,
)
from tasuki.shared.audit.events import PROFILES
from tasuki.shared.audit.shapes import AUTH_EVENT, SHAPES

if TYPE_CHECKING:
    from collections.abc import Callable

    Faults = Callable[[dict[str, Any]], list[str]]

RECORD = AuditRecord(
    action=Action.READ,
    outcome=Outcome.PERMITTED,
    at=datetime(2026, 1, 5, 18, 30, 0, 123_456, tzinfo=timezone(timedelta(hours=9))),
    service="ehr",
    region="chuo",
    actor="account-7",
    actor_role="clinician",
    client_id="viewer",
    purpose="TREAT",
    patient="Patient/p1",
    entities=("MedicationRequest/m1",),
    basis="Consent/c1",
    request_id="76d148b6-586d-11ec-bf63-0242ac130002",
    address="2001:db8::7",
    event_id="0b0a7c3e-0000-4000-8000-000000000001",
    sequence=41,
)
QUERY = "Observation?patient=Patient/p1&code=718-7"

# What each action looks like when it goes well and everything is said.
USUAL: dict[Action, dict[str, Any]] = {
    action: {"query": QUERY} if SHAPES[action].profile == "Query" else {} for action in Action
} | {
    Action.DECISION: {
        "entities": ("Consent/c1", "Consent/c2"),
        "on_behalf_of": "Organization/hospital-1",
    }
}
PROFILED = [action for action in Action if SHAPES[action].profile]


def event_of(action: Action, **changes: Any) -> dict[str, Any]:
    return to_audit_event(replace(RECORD, action=action, **(USUAL[action] | changes)))


def claims(event: dict[str, Any]) -> list[str]:
    return [profile.removeprefix(PROFILES) for profile in event.get("meta", {}).get("profile", ())]


def types(event: dict[str, Any], member: str) -> list[str]:
    found = []
    for item in event.get(member, ()):
        coding = item["type"]["coding"][0] if member == "agent" else item["type"]
        found.append(coding["code"])
    return found


def test_the_checker_accepts_the_published_examples(
    balp_faults: Faults, balp_examples: dict[str, dict[str, Any]]
) -> None:
    assert len(balp_examples) == 13
    assert [(name, balp_faults(event)) for name, event in balp_examples.items()] == [
        (name, []) for name in balp_examples
    ]


BENDS: list[Callable[[dict[str, Any]], object]] = [
    lambda bent: bent["agent"].pop(0),
    lambda bent: bent.update(entity=[]),
    lambda bent: bent.update(action="X"),
    lambda bent: bent["agent"][0].pop("who"),
    lambda bent: bent["type"].update(code="object"),
    lambda bent: bent["subtype"][0].update(code="other"),
]


def test_the_checker_refuses_bent_examples(
    balp_faults: Faults, balp_examples: dict[str, dict[str, Any]]
) -> None:
    for event in balp_examples.values():
        for bend in BENDS:
            bent = copy.deepcopy(event)
            bend(bent)
            assert balp_faults(bent)


def test_a_proxy_is_named_and_nobody_else(balp_faults: Faults) -> None:
    event = to_audit_event(replace(RECORD, actor_role="proxy", actor_name="健一（子）"))
    assert [agent.get("name") for agent in event["agent"]].count("健一（子）") == 1
    assert next(one for one in event["agent"] if one["requestor"])["name"] == "健一（子）"
    assert balp_faults(event) == []
    assert not any("name" in agent for agent in to_audit_event(RECORD)["agent"])


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("outcome", Outcome)
def test_every_event_is_a_valid_r4_audit_event(action: Action, outcome: Outcome) -> None:
    whole = event_of(action, outcome=outcome)
    bare = to_audit_event(
        AuditRecord(
            action=action,
            outcome=outcome,
            at=RECORD.at,
            service="ehr",
            region="chuo",
            actor="account-7",
            client_id="viewer",
            basis="urn:tasuki:policy",
            request_id="r1",
        )
    )
    for event in (whole, bare):
        AuditEvent.model_validate(event)
        assert event["outcome"] == outcome.value
        canonical(event)  # has a canonical form


@pytest.mark.parametrize("action", PROFILED)
def test_a_usual_event_meets_the_profile_of_its_kind(action: Action, balp_faults: Faults) -> None:
    event = event_of(action)
    assert balp_faults(event) == []
    profile = SHAPES[action].profile
    patient_too = profile in {"AuthZconsent", "PrivacyDisclosure.Source"}
    assert claims(event) == [profile if patient_too else f"Patient{profile}"]


@pytest.mark.parametrize("action", PROFILED)
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"patient": None},
        {"address": None},
        {"entities": ()},
        {"entities": ("Observation/a", "Observation/b", "Consent/c1")},
        {"basis": "urn:tasuki:policy"},
        {"query": None},
        {"query": QUERY},
        {"on_behalf_of": None},
        {"on_behalf_of": "Patient/p1"},
        {"outcome": Outcome.DENIED},
        {"outcome": Outcome.FAILED},
        {"actor_role": "", "purpose": None, "event_id": None, "sequence": None},
    ],
    ids=repr,
)
def test_an_event_claims_only_what_it_meets(
    action: Action, changes: dict[str, Any], balp_faults: Faults
) -> None:
    event = event_of(action, **changes)
    AuditEvent.model_validate(event)
    if claims(event):
        assert balp_faults(event) == []
    else:  # and does not claim less than it could
        assert all(
            balp_faults({**event, "meta": {"profile": [PROFILES + profile]}})
            for profile in (SHAPES[action].profile, f"Patient{SHAPES[action].profile}")
            if profile in KNOWN
        )


KNOWN = {
    *("Read", "PatientRead", "Query", "PatientQuery", "Create", "PatientCreate", "Update"),
    *("PatientUpdate", "Delete", "PatientDelete", "AuthZconsent", "PrivacyDisclosure.Source"),
}


@pytest.mark.parametrize(
    ("action", "example"),
    [
        (Action.READ, "BasicReadServer"),
        (Action.SEARCH, "BasicQueryGetServer"),
        (Action.CREATE, "BasicCreate1"),
        (Action.UPDATE, "BasicUpdate1"),
        (Action.PATCH, "BasicPatch"),
        (Action.DELETE, "BasicDelete2"),
        (Action.DECISION, "AuthZconsent"),
        (Action.SUMMARY, "PrivacyDisclosure-source"),
    ],
)
def test_events_are_coded_as_the_published_examples(
    action: Action, example: str, balp_examples: dict[str, dict[str, Any]]
) -> None:
    ours = event_of(action, basis="urn:tasuki:policy")
    theirs = balp_examples[f"AuditEvent-ex-audit{example}"]
    assert ours["type"]["code"] == theirs["type"]["code"]
    assert ours["action"] == theirs["action"]
    assert ours["subtype"][0]["code"] == theirs["subtype"][0]["code"]
    machines = [code for code in types(theirs, "agent") if code[:3] in {"110", "cus", "aut"}]
    assert set(machines) <= set(types(ours, "agent"))


def test_what_a_read_says() -> None:
    event = event_of(Action.READ)
    client, server, user = event["agent"]
    assert event["recorded"] == "2026-01-05T09:30:00.123Z"
    assert client["network"] == {"address": "2001:db8::7", "type": "2"}
    assert client["who"] == {"identifier": {"value": "viewer"}}
    assert server["network"] == {"address": "ehr.chuo", "type": "1"}
    assert user["who"] == {"identifier": {"value": "account-7"}}
    assert user["requestor"] is True
    assert [client["requestor"], server["requestor"]] == [False, False]
    assert user["policy"] == ["Consent/c1"]
    assert user["role"] == [{"text": "clinician"}]
    assert user["purposeOfUse"] == event["purposeOfEvent"]
    assert event["purposeOfEvent"][0]["coding"][0]["code"] == "TREAT"
    assert types(event, "entity") == ["2", "Consent", "1", "XrequestId"]
    assert [e["what"].get("reference") for e in event["entity"]] == [
        "MedicationRequest/m1",
        "Consent/c1",
        "Patient/p1",
        None,
    ]
    assert event["source"]["site"] == "chuo"
    assert sequence_of(event) == 41


def test_a_search_keeps_its_question_and_what_it_returned() -> None:
    event = event_of(Action.SEARCH, entities=("Observation/a", "Observation/b"))
    assert types(event, "entity") == [
        "2",
        "Observation",
        "Observation",
        "Consent",
        "1",
        "XrequestId",
    ]
    assert base64.b64decode(event["entity"][0]["query"]).decode() == QUERY
    assert "what" not in event["entity"][0]


def test_a_consent_is_named_once() -> None:
    event = event_of(Action.READ, entities=("Consent/c1",))
    assert types(event, "entity") == ["2", "1", "XrequestId"]


def test_a_decision_holds_consents_and_patient_only() -> None:
    event = event_of(Action.DECISION)
    assert types(event, "entity") == ["Consent", "Consent", "1"]
    assert types(event, "agent") == ["110150", "authserver", "IRCP", "PROV"]
    requests = [e["valueString"] for e in event["extension"] if e["url"].endswith("audit-request")]
    assert requests == [RECORD.request_id]


@pytest.mark.parametrize(
    ("named", "code"), [("Organization/o1", "PROV"), ("Patient/p1", "BEN"), ("account-9", "BEN")]
)
def test_whom_the_actor_acted_for(named: str, code: str) -> None:
    event = event_of(Action.READ, on_behalf_of=named)
    assert types(event, "agent")[-1] == code
    assert event["agent"][-1]["requestor"] is False


@pytest.mark.parametrize(
    ("address", "kind"),
    [("192.0.2.1", "2"), ("2001:db8::1", "2"), ("https://a.example/fhir", "5"), ("desk-1", "1")],
)
def test_kinds_of_network_address(address: str, kind: str) -> None:
    event = event_of(Action.READ, address=address)
    assert event["agent"][0]["network"] == {"address": address, "type": kind}


@pytest.mark.parametrize("action", Action)
def test_no_display_no_narrative_no_empty_member(action: Action) -> None:
    def walk(value: Any) -> None:
        assert value not in ({}, [], "", None)
        if isinstance(value, dict):
            assert not {"display", "div", "name", "altId"} & value.keys()
            for member in value.values():
                walk(member)
        elif isinstance(value, list):
            for member in value:
                walk(member)

    walk(event_of(action))


def test_an_authorization_server_says_what_it_did_to_whom_in_words_of_its_own() -> None:
    event = event_of(
        Action.ACCOUNT,
        patient=None,
        entities=(),
        kind="account-withdrawn",
        account="account-9",
        details=(("passkeys", "2"), ("reason", "")),
    )
    AuditEvent.model_validate(event)  # R4 knows all of it
    assert event["subtype"][-1] == {"system": AUTH_EVENT, "code": "account-withdrawn"}
    (user,) = [one for one in event["entity"] if one.get("role", {}).get("code") == "11"]
    assert user["what"] == {"identifier": {"value": "account-9"}}
    assert user["detail"] == [{"type": "passkeys", "valueString": "2"}]


def test_details_are_of_an_account() -> None:
    with pytest.raises(ValueError, match="details"):
        replace(RECORD, details=(("method", "passkey"),))


def test_refused_permitted_and_failed_differ() -> None:
    assert len({outcome.value for outcome in Outcome}) == 3
    denied = event_of(Action.READ, outcome=Outcome.DENIED, basis="")
    assert denied["outcome"] == "8"  # as in BALP's own example of a refusal
    assert claims(denied) == []
    assert "policy" not in denied["agent"][2]


def test_every_action_has_its_shape_and_no_two_are_coded_alike_but_disclosures() -> None:
    assert set(SHAPES) == set(Action)
    rows: dict[Any, list[Action]] = {}
    for action, shape in SHAPES.items():
        rows.setdefault((shape.type, shape.subtypes, shape.action), []).append(action)
    alike = sorted(sorted(action.value for action in row) for row in rows.values() if len(row) > 1)
    assert alike == [["export", "profile", "summary"], ["locate", "match"]]


@pytest.mark.parametrize("field", ["service", "region", "actor", "client_id", "request_id"])
def test_a_record_without_its_actor_or_request_is_refused(field: str) -> None:
    changes: dict[str, Any] = {field: ""}
    with pytest.raises(ValueError, match="names"):
        replace(RECORD, **changes)


def test_what_is_permitted_rests_on_something() -> None:
    with pytest.raises(ValueError, match="rests"):
        replace(RECORD, basis="")
    assert replace(RECORD, basis="", outcome=Outcome.FAILED).basis == ""


def test_times_are_aware_and_bases_are_references() -> None:
    with pytest.raises(ValueError, match="aware"):
        replace(RECORD, at=datetime(2026, 1, 5, tzinfo=UTC).replace(tzinfo=None))
    with pytest.raises(ValueError, match="reference"):
        replace(RECORD, basis="the nurse said so")


@pytest.mark.parametrize(
    "event",
    [{}, {"extension": []}, {"extension": [{"url": "other", "valueString": "4"}]}]
    + [
        {"extension": [{**to_audit_event(RECORD)["extension"][0], "valueString": text}]}
        for text in ("", "x", "-1", "1.5")
    ],
)
def test_an_event_that_gives_no_number_has_none(event: dict[str, Any]) -> None:
    assert sequence_of(event) is None
