"""Tokens of another issuer than our own server: what they say, put into the words of ours.

An operator says by setting what stands where and what it means there; whatever is not said is
refused. What comes out is checked like a token of our own.

https://www.rfc-editor.org/rfc/rfc9068, https://openid.net/specs/openid-connect-core-1_0.html#StandardClaims
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tasuki.shared.access.principal import Role
from tasuki.shared.access.purposes import BTG, may_ask
from tasuki.shared.access.rights import scopes_of
from tasuki.shared.access.scopes import parse_scopes, recognised_scopes
from tasuki.shared.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_SECONDS = 300

Place = Literal["role", "client_id", "purpose", "organization", "region", "patient", "display"]
_AS_OURS: Mapping[Place, str] = {"client_id": "client_id", "purpose": "purpose"}
_PATIENT = re.compile(r"Patient/[A-Za-z0-9\-.]{1,64}")


class TrustedIssuer(BaseModel):
    """Another issuer whose tokens count here, and what they mean.

    Attributes:
        name: Ours for it; stands before its subjects and clients, so that none is taken for one of
            our own or of a third's.
        issuer: Exactly as in `iss`.
        jwks_uri: Where its keys are; P-256 only.
        claims: Where it says what, as names joined by dots, e.g. `{"role": "realm_access.roles"}`.
            `client_id` and `purpose` are looked for under these names unless said otherwise; what
            is not named is not read.
        roles: What its words for roles mean. A token needs exactly one role that is named here.
        purposes: The purpose of use by role, where a token says none. Never an override.
        scopes: The widest its tokens may hold, besides what the role can hold at all.
        region: The medical region all its users belong to; then none is read.
        organization: The institution all its users act for; then none is read.
        longest_seconds: A token that was made to live longer is refused: nothing takes it back.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")
    issuer: str
    jwks_uri: str
    claims: dict[Place, str]
    roles: dict[str, Role]
    purposes: dict[Role, str] = {}
    scopes: str
    region: str | None = None
    organization: str | None = None
    longest_seconds: int = Field(default=LONGEST_SECONDS, ge=1, le=3_600)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        never = {Role.SERVICE, Role.PROXY}  # who acts for whom is settled at our own server
        if "role" not in self.claims or not self.roles or never & set(self.roles.values()):
            raise ValueError(
                "say where the role stands and what it means; none is a service's or a proxy's"
            )
        if any(one == BTG or not may_ask(role, one) for role, one in self.purposes.items()):
            raise ValueError("a purpose is one its role may ask for, and no override")
        try:
            parse_scopes(self.scopes)
        except Fault as fault:
            raise ValueError("a scope is not known here") from fault
        return self

    def in_our_words(self, claims: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return the claims as a token of our own would have them; None for what says too little.

        Args:
            claims: Of a token whose signature and issuer were found to be right.
        """
        role = self._role(claims)
        subject, client = claims.get("sub"), self._found(claims, "client_id")
        begins, ends = claims.get("iat"), claims.get("exp")
        if role is None or not _is_text(subject) or not _is_text(client) or "act" in claims:
            return None
        if type(begins) is not int or type(ends) is not int:
            return None
        purpose = self._found(claims, "purpose") or self.purposes.get(role)
        if ends - begins > self.longest_seconds or purpose in (None, BTG):
            return None
        said = {
            "patient": self._found(claims, "patient"),
            "organization": self.organization or self._found(claims, "organization"),
            "region": self.region or self._found(claims, "region"),
            "display": self._found(claims, "display"),
        }
        kept = {
            name: claims[name]
            for name in ("iss", "aud", "exp", "iat", "jti", "cnf")
            if name in claims
        }
        return kept | {
            "nbf": claims.get("nbf", begins),
            "sub": f"{self.name}:{subject}",
            "client_id": f"{self.name}:{client}",
            "role": role.value,
            "purpose": purpose,
            "scope": self._scope(role, claims.get("scope"), said["patient"]),
            **{name: value for name, value in said.items() if value is not None},
        }

    def _role(self, claims: Mapping[str, Any]) -> Role | None:
        words = self._found(claims, "role")
        listed = words if isinstance(words, list) else [words]
        meant = {
            self.roles[word] for word in listed if isinstance(word, str) and word in self.roles
        }
        return meant.pop() if len(meant) == 1 else None

    def _scope(self, role: Role, claimed: object, patient: object) -> str | None:
        """Return the scopes of ours among those claimed; None where they cannot be held."""
        if not isinstance(claimed, str):
            return None
        bound = patient if isinstance(patient, str) and _PATIENT.fullmatch(patient) else None
        if patient is not None and bound is None:
            return None
        try:
            asked = recognised_scopes(claimed).narrowed_to(parse_scopes(self.scopes))
        except Fault:
            return None
        return str(scopes_of(role, asked, patient=bound))

    def _found(self, claims: Mapping[str, Any], what: Place) -> Any:
        path = self.claims.get(what, _AS_OURS.get(what))
        found: Any = claims
        for name in path.split(".") if path else ():
            found = found.get(name) if isinstance(found, dict) else None
        return found if path else None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""
