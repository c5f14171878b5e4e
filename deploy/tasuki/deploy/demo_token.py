"""Access tokens of the demo's accounts, got the way any client gets one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2

from tasuki.deploy.addresses import Addresses
from tasuki.deploy.claims import open_claims_unverified
from tasuki.deploy.folder import read_json
from tasuki.deploy.signing_in import credentials_of, signed_in_token
from tasuki.shared.access.client import ServiceCredentials, TokenClient
from tasuki.shared.clock import SystemClock
from tasuki.shared.faults import Category, Fault
from tasuki.shared.ids import RandomIds

if TYPE_CHECKING:
    from tasuki.deploy.folder import DataFolder


async def demo_token(
    folder: DataFolder,
    role: str,
    *,
    scope: str,
    purpose: str,
    patient: str | None,
    region: str,
) -> str:
    """Return an access token of a demo account.

    Raises:
        Fault: NOT_FOUND outside a demo; UNAUTHENTICATED, FORBIDDEN.
    """
    if not folder.demo.exists():
        raise Fault(Category.NOT_FOUND, "there is no demo in this data folder")
    told = read_json(folder.demo)
    at = Addresses(told["base_url"], tuple(told["services"]["ehr"]))
    async with httpx2.AsyncClient(timeout=15.0, trust_env=False) as http:
        if role == "hospital":
            client = next(
                one for one in told["clients"] if one["client_id"] == f"{region}-hospital"
            )
            credentials = ServiceCredentials(
                client["client_id"], client["private_jwk"], f"{at.auth}/token"
            )
            tokens = TokenClient(http, credentials, clock=SystemClock(), ids=RandomIds())
            return await tokens.client_credentials(scope, at.ehr[region], purpose)
        account = next(one for one in told["accounts"] if one["role"] == role)
        made = await signed_in_token(
            http,
            at.auth,
            at.redirects("command-line")[0],
            credentials_of(account),
            scope=scope,
            purpose=purpose,
            audiences=audiences(at, role),
            clock=SystemClock(),
        )
    if patient is not None and open_claims_unverified(made).get("patient") != patient:
        raise Fault(Category.FORBIDDEN, "this account is not bound to that patient")
    return made


def audiences(at: Addresses, role: str) -> tuple[str, ...]:
    """Return the base URLs a role's token is for."""
    return {
        "resident": (at.phr_fhir, at.consent_fhir),
        "clinician": (*at.ehr.values(), at.shelter_fhir, at.consent_fhir),
        "nurse": (at.shelter_fhir,),
        "officer": (at.consent_fhir,),
        "privacy": (at.consent_fhir,),
    }[role]
