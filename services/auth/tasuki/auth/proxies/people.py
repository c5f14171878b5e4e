"""Who lives in a municipality, asked of the PHR through its FHIR door, by insurer identity and birth date.

Never by name. All that is not exactly one such person reads the same: nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx2

from tasuki.auth.issuing import Granted
from tasuki.shared.access.principal import Role
from tasuki.shared.access.purposes import HOPERAT
from tasuki.shared.access.scopes import parse_scopes
from tasuki.shared.faults import Fault
from tasuki.shared.text import parse_member_id, resolve_municipality

if TYPE_CHECKING:
    from datetime import date

    from tasuki.auth.issuing import Issuer
    from tasuki.shared.clock import Clock
    from tasuki.shared.ids import IdSource

MEMBER_ID = "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID"
MUNICIPALITY = "urn:tasuki:municipality|"
SECONDS = 60


class NotNow(Exception):
    """The PHR does not answer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Whom somebody's papers are about.

    Attributes:
        member: Insurer, symbol, number and branch, as `same_person_key` writes them.
        office: The organisation that asks, `urn:tasuki:municipality|…`: only its residents are found.
            None for the person themselves.
    """

    member: str
    birth: date
    office: str | None


def member_of(insurer: str, symbol: str, number: str, branch: str) -> str | None:
    """Return what an insured person is known by; None where the parts cannot be read."""
    parts = (insurer, symbol, number, branch)
    if any(":" in part or "：" in part for part in parts):
        return None
    try:
        return parse_member_id(":".join(parts)).same_person_key()
    except Fault:
        return None


class People:
    """Asks the PHR in the authorization server's own name.

    Args:
        http: Must not follow redirects.
        phr_url: FHIR base URL of the PHR.
        issuer: Signs what we ask with.
        clock: The time.
        ids: Fresh ids.
    """

    def __init__(
        self, http: httpx2.AsyncClient, phr_url: str, issuer: Issuer, clock: Clock, ids: IdSource
    ) -> None:
        self._http = http
        self._url = phr_url
        self._issuer = issuer
        self._clock = clock
        self._ids = ids

    async def resident(self, asked: Asked) -> str | None:
        """Return the Patient of a person, who lives where the office is if one asks; None for nobody.

        Raises:
            NotNow: The PHR does not answer.
        """
        form = {"identifier": f"{MEMBER_ID}|{asked.member}", "birthdate": asked.birth.isoformat()}
        headers = {"Authorization": f"Bearer {self._token()}"}
        try:
            answer = await self._http.post(
                f"{self._url}/Patient/_search", data=form, headers=headers
            )
            if answer.status_code != httpx2.codes.OK:
                raise NotNow
            entries = answer.json().get("entry", [])
        except (httpx2.HTTPError, OSError, ValueError) as error:
            raise NotNow from error
        found = [
            entry["resource"]["id"]
            for entry in entries
            if entry.get("search", {}).get("mode") == "match" and _is(entry["resource"], asked)
        ]
        return f"Patient/{found[0]}" if len(found) == 1 else None

    def _token(self) -> str:
        granted = Granted(
            subject="auth",
            role=Role.SERVICE,
            client_id="auth",
            scopes=parse_scopes("system/Patient.rs"),
            audiences=(self._url,),
            purpose=HOPERAT,
        )
        token, _ = self._issuer.access_token(
            granted, token_id=self._ids.new(), now=self._clock.now(), seconds=SECONDS
        )
        return token


def _is(patient: dict[str, Any], asked: Asked) -> bool:
    if patient.get("birthDate") != asked.birth.isoformat():
        return False
    if asked.office is None:
        return True
    places = (
        resolve_municipality(str(address.get("text") or ""))
        for address in patient.get("address", ())
        if address.get("use") not in ("old", "temp")
    )
    office = asked.office.removeprefix(MUNICIPALITY)
    return any(place is not None and place.code == office for place in places)
