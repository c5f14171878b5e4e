"""Build the AuditEvent of one thing done, as IHE BALP shapes it; it holds no text, and no name but a proxy's.

An event says which BALP profile it meets only where it does: the REST profiles are for what
succeeded, so a refusal has the same shape and no claim.

Spec: https://hl7.org/fhir/R4/auditevent.html, https://profiles.ihe.net/ITI/BALP/ (1.1)
"""

from __future__ import annotations

import base64
import ipaddress
import re
from dataclasses import dataclass
from datetime import UTC
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from tasuki.shared.audit.shapes import AUTH_EVENT, PARTICIPATION, SHAPES, Action

if TYPE_CHECKING:
    from datetime import datetime

    from tasuki.shared.audit.shapes import Code, Shape

BALP = "https://profiles.ihe.net/ITI/BALP"
PROFILES = f"{BALP}/StructureDefinition/IHE.BasicAudit."
SEQUENCE = "https://tasuki.example/fhir/StructureDefinition/audit-sequence"
REQUEST = "https://tasuki.example/fhir/StructureDefinition/audit-request"

_ENTITY_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_OBJECT_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
_RESOURCE_TYPE = "http://hl7.org/fhir/resource-types"
_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_ROLE_CLASS = "http://terminology.hl7.org/CodeSystem/v3-RoleClass"
_SOURCE_TYPE = "http://terminology.hl7.org/CodeSystem/security-source-type"
_REQUEST_ID: Code = (f"{BALP}/CodeSystem/BasicAuditEntityType", "XrequestId")

_OTHER: Code = (_ENTITY_TYPE, "4")
_PERSON: Code = (_ENTITY_TYPE, "1")
_SYSTEM_OBJECT: Code = (_ENTITY_TYPE, "2")
_PATIENT_ROLE: Code = (_OBJECT_ROLE, "1")
_RESOURCE_ROLE: Code = (_OBJECT_ROLE, "4")
_QUERY_ROLE: Code = (_OBJECT_ROLE, "24")
_USER_ROLE: Code = (_OBJECT_ROLE, "11")  # security user entity
_SERVER_SOURCE: Code = (_SOURCE_TYPE, "4")
_SECURITY_SOURCE: Code = (_SOURCE_TYPE, "6")

_REFERENCE = re.compile(r"(?:https?://\S+/)?([A-Z][A-Za-z]+)/[A-Za-z0-9.-]{1,64}(?:/_history/\S+)?")
_SECURITY = "authserver"
_REMEMBERED = 4_096  # agents of events; some 3 kB each


class Outcome(Enum):
    """How it ended, as `AuditEvent.outcome` says it; BALP codes a refusal as 8."""

    PERMITTED = "0"
    FAILED = "4"  # nothing left, nothing was changed; no one refused
    DENIED = "8"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One thing done, by whom, to whose record, on what ground.

    Attributes:
        action: What.
        outcome: How it ended.
        at: When, aware.
        service: The service that did it, e.g. `ehr`.
        region: The deployment it belongs to.
        actor: Account of who asked (`sub` of the token); never a name.
        actor_role: Role the account acted in, or empty.
        actor_name: A proxy as the person they act for named them; None for everybody else.
        client_id: The calling software.
        purpose: v3-ActReason code, e.g. `TREAT`; None where a purpose has no meaning.
        patient: `Patient/...` whose record it is, or None.
        entities: References to what was read, written, returned or decided by.
        query: Search string or operation input; it may name a person, so seal the event.
        basis: What it rested on, without white space: `Consent/...`, a declaration, a policy
            URI. Something permitted always rests on something.
        request_id: Ties together what one request did.
        on_behalf_of: Organisation or person the actor acted for, or None.
        address: Network address of the caller, or None.
        event_id: Id of the event, or None.
        kind: What an authorization server did, in words of its own, e.g. `refresh-reused`; else empty.
        account: Account or client it was done to, where that is said apart from the actor.
        details: What more is to be known of the account: a name and a text each.
        sequence: The event's position in the service's log, from 0, gap-free; None where the
            service does not number (`verify_log` is then less exact).
    """

    action: Action
    outcome: Outcome
    at: datetime
    service: str
    region: str
    actor: str
    client_id: str
    basis: str
    request_id: str
    actor_role: str = ""
    actor_name: str | None = None
    purpose: str | None = None
    patient: str | None = None
    entities: tuple[str, ...] = ()
    query: str | None = None
    on_behalf_of: str | None = None
    address: str | None = None
    event_id: str | None = None
    kind: str = ""
    account: str | None = None
    details: tuple[tuple[str, str], ...] = ()
    sequence: int | None = None

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("an audit record's time is aware")
        if self.outcome is Outcome.PERMITTED and not self.basis:
            raise ValueError("what was permitted rests on something")
        if not all((self.service, self.region, self.actor, self.client_id, self.request_id)):
            raise ValueError("an audit record names service, region, actor, client and request")
        if self.details and self.account is None:
            raise ValueError("details are of an account")
        if self.basis and not re.fullmatch(r"\S+", self.basis):
            raise ValueError("a basis is a reference or URI")


def to_audit_event(record: AuditRecord) -> dict[str, Any]:
    """Return the record as a FHIR R4 AuditEvent, ready for `canonical`."""
    shape = SHAPES[record.action]
    event: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "id": record.event_id,
        "meta": _meta(record, shape),
        "extension": _extensions(record),
        "type": _coding(shape.type),
        "subtype": _subtypes(record, shape),
        "action": shape.action,
        "recorded": _instant(record.at),
        "outcome": record.outcome.value,
        "purposeOfEvent": _purposes(record.purpose),
        "agent": _agents(_Asker.of(record)),
        "source": {
            "site": record.region,
            "observer": _who(record.service),
            "type": [_coding(_SECURITY_SOURCE if shape.server[1] == _SECURITY else _SERVER_SOURCE)],
        },
        "entity": _entities(record),
    }
    return {name: value for name, value in event.items() if value}


def sequence_of(event: dict[str, Any]) -> int | None:
    """Return the log position an event says it has, or None if it does not say."""
    for extension in event.get("extension", ()):
        if extension.get("url") == SEQUENCE and str(extension.get("valueString")).isdecimal():
            return int(extension["valueString"])
    return None


def _subtypes(record: AuditRecord, shape: Shape) -> list[dict[str, Any]]:
    own: tuple[Code, ...] = ((AUTH_EVENT, record.kind),) if record.kind else ()
    return [_coding(subtype) for subtype in (*shape.subtypes, *own)]


def _meta(record: AuditRecord, shape: Shape) -> dict[str, Any]:
    profile = _claimed(record, shape)
    return {"profile": [PROFILES + profile]} if profile else {}


def _claimed(record: AuditRecord, shape: Shape) -> str:
    """Return the BALP profile this very event meets, or nothing."""
    if record.address is None or not shape.profile:
        return ""
    if shape.profile == "PrivacyDisclosure.Source":
        return shape.profile if record.patient else ""
    if shape.profile == "AuthZconsent":
        return shape.profile if _meets_authz_consent(record) else ""
    asked = record.query is not None
    has_object = asked if shape.profile == "Query" else record.entities and not asked
    if record.outcome is not Outcome.PERMITTED or not has_object:
        return ""
    return f"Patient{shape.profile}" if record.patient else shape.profile


def _meets_authz_consent(record: AuditRecord) -> bool:
    """Return whether patient, organisation and consents are said, and nothing else."""
    kinds = {_kind(reference)[1] for reference in _referenced(record)}
    named = record.patient and record.on_behalf_of and record.query is None
    return bool(named) and kinds == {"Consent"}


def _extensions(record: AuditRecord) -> list[dict[str, Any]]:
    found = []
    if record.sequence is not None:  # text, since an R4 integer ends at 2**31 - 1
        found.append({"url": SEQUENCE, "valueString": str(record.sequence)})
    if record.action is Action.DECISION:  # AuthZconsent allows no request entity
        found.append({"url": REQUEST, "valueString": record.request_id})
    return found


class _Asker(NamedTuple):
    """What the agents of an event are made of."""

    action: Action
    service: str
    region: str
    actor: str
    actor_role: str
    actor_name: str | None
    client_id: str
    address: str | None
    basis: str
    purpose: str | None
    on_behalf_of: str | None

    @classmethod
    def of(cls, record: AuditRecord) -> _Asker:
        """Return them of a record."""
        return cls(
            record.action,
            record.service,
            record.region,
            record.actor,
            record.actor_role,
            record.actor_name,
            record.client_id,
            record.address,
            record.basis,
            record.purpose,
            record.on_behalf_of,
        )


# Who reads on in a record asks with the same words: made once, and changed by nobody.
@lru_cache(maxsize=_REMEMBERED)
def _agents(asker: _Asker) -> list[dict[str, Any]]:
    shape = SHAPES[asker.action]
    client = _agent(shape.client, asker.client_id)
    if asker.address is not None:
        client["network"] = _network(asker.address)
    server = _agent(shape.server, asker.service)
    if asker.action is not Action.DECISION:  # AuthZconsent gives its authorizer no network
        server["network"] = {"address": f"{asker.service}.{asker.region}", "type": "1"}
    user = _agent(shape.user, asker.actor) | {"requestor": True}
    if asker.actor_role:
        user["role"] = [{"text": asker.actor_role}]
    if asker.actor_name:
        user["name"] = asker.actor_name
    if asker.basis:
        user["policy"] = [asker.basis]
    if purposes := _purposes(asker.purpose):
        user["purposeOfUse"] = purposes
    agents = [client, server, user]
    if asker.on_behalf_of is not None:
        agents.append(_agent(_stands_for(asker), asker.on_behalf_of))
    return agents


def _agent(type_: Code, who: str) -> dict[str, Any]:
    return {"type": {"coding": [_coding(type_)]}, "who": _who(who), "requestor": False}


def _stands_for(asker: _Asker) -> Code:
    """Return the agent type of whom the actor acted for: provider organisation or beneficiary."""
    organisation = str(asker.on_behalf_of).startswith("Organization/")
    if asker.action is Action.DECISION or organisation:
        return (_ROLE_CLASS, "PROV")
    return (PARTICIPATION, "BEN")


def _entities(record: AuditRecord) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if record.query is not None:
        query = base64.b64encode(record.query.encode()).decode()
        coded = {"type": _coding(_SYSTEM_OBJECT), "role": _coding(_QUERY_ROLE)}
        found.append({**coded, "query": query})
    found += [_resource(reference, record) for reference in _referenced(record)]
    if record.account is not None:
        found.append(_user(record.account, record.details))
    if record.patient is not None:
        coded = {"type": _coding(_PERSON), "role": _coding(_PATIENT_ROLE)}
        found.append({**coded, "what": _who(record.patient)})
    if record.action is not Action.DECISION:  # AuthZconsent allows no further entity
        found.append({"type": _coding(_REQUEST_ID), "what": _identified(record.request_id)})
    return found


def _resource(reference: str, record: AuditRecord) -> dict[str, Any]:
    """Return the entity of one resource; `System Object` is said once, as BALP has it."""
    if record.action is Action.DECISION:
        return {"type": _coding(_kind(reference)), "what": _who(reference)}
    main = record.query is None and record.entities[:1] == (reference,)
    type_ = _SYSTEM_OBJECT if main else _kind(reference)
    return {"type": _coding(type_), "role": _coding(_RESOURCE_ROLE), "what": _who(reference)}


def _user(account: str, details: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    said = [{"type": name, "valueString": text} for name, text in details if text]
    coded = {"type": _coding(_SYSTEM_OBJECT), "role": _coding(_USER_ROLE)}
    user: dict[str, Any] = {**coded, "what": _identified(account)}
    return user | {"detail": said} if said else user


def _referenced(record: AuditRecord) -> tuple[str, ...]:
    """Return the entities, and the consent it rested on, each once."""
    consent = (record.basis,) if record.basis.startswith("Consent/") else ()
    return tuple(dict.fromkeys((*record.entities, *consent)))


def _kind(reference: str) -> Code:
    match = _REFERENCE.fullmatch(reference)
    return (_RESOURCE_TYPE, match[1]) if match else _OTHER


def _purposes(purpose: str | None) -> list[dict[str, Any]]:
    return [{"coding": [_coding((_REASON, purpose))]}] if purpose else []


def _who(named: str) -> dict[str, Any]:
    return {"reference": named} if _REFERENCE.fullmatch(named) else _identified(named)


def _identified(value: str) -> dict[str, Any]:
    return {"identifier": {"value": value}}


def _network(address: str) -> dict[str, str]:
    """Return an address with its kind: 2 an IP address, 5 a URI, 1 a machine name."""
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return {"address": address, "type": "5" if "://" in address else "1"}
    return {"address": address, "type": "2"}


def _instant(at: datetime) -> str:
    """Return a FHIR instant in UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _coding(code: Code) -> dict[str, str]:
    return {"system": code[0], "code": code[1]}
