"""Every service over TLS, each with a certificate of its own that the others ask for.

https://www.rfc-editor.org/rfc/rfc8705
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import httpx2
import pytest
from tests.faults.apart import REGION, apart
from tests.faults.certificates import Certificates
from tests.faults.test_apart import DESK, eventually, found, profile

from tasuki.deploy.clients import client_key
from tasuki.shared.access.client import ServiceCredentials, TokenClient

if TYPE_CHECKING:
    from pathlib import Path

    from tests.faults.apart import Apart

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(240)]


async def test_the_whole_region_works_and_nobody_else_gets_in(tmp_path: Path) -> None:
    ours, theirs = Certificates(tmp_path / "ours"), Certificates(tmp_path / "theirs")
    async with apart(tls=ours) as house:
        loaded = await house.seeder.hospitals()
        assert loaded[REGION]["quarantined"] == 0
        officer = await house.token(
            "officer", "openid tasuki/declare", "PUBHLTH", house.at.consent_fhir
        )
        await house.seeder.declare(officer)
        nurse = await house.token("nurse", DESK, "DISASTER", house.at.shelter_fhir)
        person = await eventually(lambda: found(house, nurse))
        assert await eventually(lambda: profile(house, nurse, person)) is not None
        await _strangers(house, ours, theirs)
        await _stolen_token(house, ours)
        assert set(house.stop().values()) == {0}


async def _strangers(house: Apart, ours: Certificates, theirs: Certificates) -> None:
    url = f"{house.at.of('ehr')}/fhir/metadata"
    bare = ssl.create_default_context(cafile=ours.roots)
    stranger = ssl.create_default_context(cafile=ours.roots)
    stranger.load_cert_chain(*theirs.files("ehr"))
    for context in (bare, stranger, theirs.calling("ehr")):
        async with httpx2.AsyncClient(verify=context, trust_env=False) as http:
            with pytest.raises(httpx2.TransportError):
                await http.get(url)
    async with httpx2.AsyncClient(trust_env=False) as http:
        with pytest.raises(httpx2.TransportError):
            await http.get(url.replace("https:", "http:"))
    assert (await house.http.get(url)).status_code == 200


async def _stolen_token(house: Apart, ours: Certificates) -> None:
    """A service's token is good on a connection opened with that service's certificate only."""
    fhir = house.at.ehr[REGION]
    credentials = ServiceCredentials(
        client_id="shelter",
        private_jwk=client_key(house.house.folder.client_key("shelter")),
        token_endpoint=f"{house.at.auth}/token",
    )
    async with httpx2.AsyncClient(verify=ours.calling("shelter"), trust_env=False) as own:
        tokens = TokenClient(own, credentials, clock=house.house.clock, ids=house.house.ids)
        token = await tokens.client_credentials("tasuki/feed system/*.rs", fhir, "HOPERAT")
        asked = {"Authorization": f"Bearer {token}"}
        assert (await own.get(f"{fhir}/$changes", headers=asked)).status_code == 200
        assert (await house.http.get(f"{fhir}/$changes", headers=asked)).status_code == 401
