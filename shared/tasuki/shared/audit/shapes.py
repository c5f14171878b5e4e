"""How each action looks as an AuditEvent: codes from DICOM, FHIR and IHE BALP, one row each.

Spec: https://profiles.ihe.net/ITI/BALP/ (1.1), https://hl7.org/fhir/R4/auditevent.html,
https://dicom.nema.org/resources/ontology/DCM
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

DCM = "http://dicom.nema.org/resources/ontology/DCM"
EVENT_TYPE = "http://terminology.hl7.org/CodeSystem/audit-event-type"
INTERACTION = "http://hl7.org/fhir/restful-interaction"
LIFECYCLE = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
AUTHZ = "https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType"
PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
IHE_EVENT = "urn:ihe:event-type-code"
AUTH_EVENT = "https://tasuki.example/fhir/CodeSystem/auth-event"
PARTICIPANT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
SECURITY_ROLE = "http://terminology.hl7.org/CodeSystem/extra-security-role-type"

Code: TypeAlias = tuple[str, str]  # system, code


class Action(Enum):
    """What was done. One audit record tells one action."""

    READ = "read"  # the current version of one resource
    VREAD = "vread"  # one named version
    HISTORY = "history"  # the versions of a resource or a type
    SEARCH = "search"  # a FHIR search; entities are what it returned
    CREATE = "create"
    UPDATE = "update"
    PATCH = "patch"
    DELETE = "delete"
    EXPORT = "export"  # bulk export, `$everything`, or an offline pack
    SUMMARY = "summary"  # a patient summary (IPS) left
    PROFILE = "profile"  # an emergency profile left
    MATCH = "match"  # demographics or a code went in, candidates came out
    LOCATE = "locate"  # which regions hold records of this person
    FEED = "feed"  # a downstream reader pulled the change feed
    LOAD = "load"  # a Bundle or file came in from a source
    DECISION = "decision"  # a consent decision was asked for
    DENIED = "denied"  # refused before it was clear what was wanted
    DECLARE = "declare"  # a disaster declaration was made, extended or ended
    OVERRIDE = "override"  # emergency override (BTG) of one patient began, or became wider
    OVERRIDE_END = "override-end"  # it ended, by its time or by who began it
    OVERRIDE_CASE = "override-case"  # it was read, disputed or reviewed
    SIGN_IN = "sign-in"
    SIGN_OUT = "sign-out"
    TOKEN = "token"  # an access token was asked for: issued, exchanged or refused  # noqa: S105 - a code
    ACCOUNT = "account"  # an account, its tokens, credentials or what it is bound to changed
    RIGHTS = "rights"  # who may act for whom changed
    LOG_READ = "log-read"  # somebody looked into an audit log
    KEYS = "keys"  # keys were made, rotated or destroyed
    CONFIGURE = "configure"  # roles, clients or settings changed


@dataclass(frozen=True, slots=True)
class Shape:
    """One row: how an action is coded.

    Attributes:
        type: `AuditEvent.type`.
        action: `AuditEvent.action`, one of C R U D E.
        subtypes: `AuditEvent.subtype`.
        client: Agent type of the calling software.
        server: Agent type of this service.
        user: Agent type of the person or backend who asked.
        profile: BALP profile's last name part if the event can meet one, else empty.
    """

    type: Code
    action: str
    subtypes: tuple[Code, ...]
    client: Code
    server: Code
    user: Code
    profile: str = ""


_SOURCE: Code = (DCM, "110153")
_DESTINATION: Code = (DCM, "110152")
_APPLICATION: Code = (DCM, "110150")
_RECIPIENT: Code = (PARTICIPATION, "IRCP")
_AUTHOR: Code = (PARTICIPATION, "AUT")
_CUSTODIAN: Code = (PARTICIPANT, "custodian")
_AUTHORIZER: Code = (SECURITY_ROLE, "authserver")
_REST: Code = (EVENT_TYPE, "rest")


def _given(*interactions: str, profile: str = "") -> Shape:
    """Return the shape of data going out: the service is source, the caller destination."""
    subtypes = tuple((INTERACTION, interaction) for interaction in interactions)
    return Shape(_REST, "R", subtypes, _DESTINATION, _SOURCE, _RECIPIENT, profile)


def _asked(*interactions: str) -> Shape:
    """Return the shape of a query: BALP takes the caller as source, of the question."""
    subtypes = tuple((INTERACTION, interaction) for interaction in interactions)
    return Shape(_REST, "E", subtypes, _SOURCE, _DESTINATION, _RECIPIENT, "Query")


def _taken(action: str, interaction: str, profile: str) -> Shape:
    """Return the shape of data coming in: the caller is source."""
    subtypes = ((INTERACTION, interaction),)
    return Shape(_REST, action, subtypes, _SOURCE, _DESTINATION, _AUTHOR, profile)


def _disclosed() -> Shape:
    subtypes = ((LIFECYCLE, "disclose"), (INTERACTION, "operation"))
    profile = "PrivacyDisclosure.Source"
    return Shape((DCM, "110106"), "R", subtypes, _DESTINATION, _SOURCE, _RECIPIENT, profile)


def _security(type_: str, *subtypes: str) -> Shape:
    """Return the shape of a DICOM security event, which BALP does not profile."""
    codes = tuple((DCM, subtype) for subtype in subtypes)
    return Shape((DCM, type_), "E", codes, _APPLICATION, _AUTHORIZER, _RECIPIENT)


SHAPES: dict[Action, Shape] = {
    Action.READ: _given("read", profile="Read"),
    Action.VREAD: _given("vread", profile="Read"),
    Action.HISTORY: _given("history"),
    Action.FEED: _given("history-system"),
    Action.SEARCH: _asked("search"),
    Action.MATCH: _asked("search", "operation"),
    Action.LOCATE: _asked("search", "operation"),
    Action.CREATE: _taken("C", "create", "Create"),
    Action.UPDATE: _taken("U", "update", "Update"),
    Action.PATCH: _taken("U", "patch", "Update"),
    Action.DELETE: Shape(
        _REST, "D", ((INTERACTION, "delete"),), _APPLICATION, _CUSTODIAN, _AUTHOR, "Delete"
    ),
    Action.EXPORT: _disclosed(),
    Action.SUMMARY: _disclosed(),
    Action.PROFILE: _disclosed(),
    Action.LOAD: Shape(
        (DCM, "110107"), "C", ((INTERACTION, "batch"),), _SOURCE, _DESTINATION, _AUTHOR
    ),
    Action.DECISION: Shape(
        (DCM, "110113"),
        "E",
        ((AUTHZ, "AuthZ-Consent"),),
        _APPLICATION,
        _AUTHORIZER,
        _RECIPIENT,
        "AuthZconsent",
    ),
    Action.DENIED: _security("110113"),
    Action.DECLARE: _security("110113", "110136"),  # security roles changed
    Action.OVERRIDE: _security("110113", "110127"),  # emergency override started
    Action.OVERRIDE_END: _security("110113", "110138"),  # emergency override stopped
    Action.OVERRIDE_CASE: _taken("U", "operation", ""),
    Action.SIGN_IN: _security("110114", "110122"),
    Action.SIGN_OUT: _security("110114", "110123"),
    Action.TOKEN: Shape(
        (DCM, "110114"), "E", ((IHE_EVENT, "ITI-71"),), _APPLICATION, _AUTHORIZER, _RECIPIENT
    ),
    Action.ACCOUNT: _security("110113", "110137"),  # user security attributes changed
    Action.RIGHTS: _security("110113", "110136", "110137"),
    Action.LOG_READ: Shape((DCM, "110101"), "R", (), _APPLICATION, _AUTHORIZER, _RECIPIENT),
    Action.KEYS: _security("110113", "110132"),  # use of a restricted function
    Action.CONFIGURE: _security("110113", "110131"),  # software configuration
}
