"""The authenticated caller, as every service sees them.

https://www.rfc-editor.org/rfc/rfc9068 (claims), https://www.rfc-editor.org/rfc/rfc8693 (`act`)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from tasuki.shared.access.scopes import ScopeSet


class Role(Enum):
    """What kind of caller; the `role` claim."""

    RESIDENT = "resident"
    PROXY = "proxy"  # somebody who acts for a resident, in that person's name
    CLINICIAN = "clinician"
    NURSE = "nurse"  # shelter staff
    OFFICER = "officer"  # may declare a disaster
    PRIVACY = "privacy"  # privacy officer: reviews emergency overrides, sees nobody's record
    HOSPITAL = "hospital"  # a hospital's backend client
    SERVICE = "service"  # another Tasuki service


STAFF = frozenset({Role.CLINICIAN, Role.NURSE, Role.OFFICER, Role.PRIVACY})
"""People who sign in on behalf of an organisation."""

ONE_PERSONS = frozenset({Role.RESIDENT, Role.PROXY})
"""Callers who come to the record of the one person in their token, and to nobody else's."""

BACKENDS = frozenset({Role.HOSPITAL, Role.SERVICE})
"""Callers without a person at the keyboard; they prove a key instead of signing in."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A verified caller.

    Attributes:
        subject: Account id of a person, client id of a backend.
        client_id: The client the token was issued to; after an exchange, the exchanging service.
        purpose: Purpose of use, a v3-ActReason code.
        patient: The person the token is bound to, e.g. `Patient/abc`; None for no one person. Of a
            proxy, whom they act for.
        organization: Reference of the organisation acted for.
        region: Medical region the caller belongs to.
        token_id: The `jti` of the token, for the audit record.
        actor: Client ids of the services that act for the subject, outermost (latest) first.
        expires_at: Exclusive end of the token's life, UTC.
        display: Name to show in the access history; of staff, and of a proxy as whom they act for
            named them.
    """

    subject: str
    role: Role
    client_id: str
    scopes: ScopeSet
    purpose: str
    patient: str | None
    organization: str | None
    region: str | None
    token_id: str
    issuer: str
    actor: tuple[str, ...]
    expires_at: datetime
    display: str | None
