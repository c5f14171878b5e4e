"""Every service that rules on records reads its operator's policies when it is put together."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import pytest
from joserfc.jwk import ECKey

from tasuki.consent import app as consent
from tasuki.consent.settings import ConsentSettings
from tasuki.ehr import app as ehr
from tasuki.ehr.settings import EhrSettings
from tasuki.phr import app as phr
from tasuki.phr.settings import PhrSettings
from tasuki.shared.clock import FixedClock
from tasuki.shared.crypto.keyfile import KeyFile
from tasuki.shared.faults import Fault
from tasuki.shared.ids import RandomIds
from tasuki.shelter import app as shelter
from tasuki.shelter.settings import ShelterSettings

if TYPE_CHECKING:
    from pathlib import Path

CONSENT = "http://localhost/consent/fhir"
WEB = {"web_client_id": "web", "consent_url": CONSENT}
REGION = {
    "code": "noto",
    "base_url": "http://localhost/ehr/noto/fhir",
    "title_ja": "能登",
    "title_en": "Noto",
}
SERVICES: list[tuple[Any, Any, dict[str, Any]]] = [
    (ehr, EhrSettings, {"region": REGION, "consent_url": CONSENT, "locator_url": "https://x"}),
    (phr, PhrSettings, WEB),
    (consent, ConsentSettings, {"phr_url": "http://localhost/phr/fhir"}),
    (
        shelter,
        ShelterSettings,
        {**WEB, "region": "noto", "facility_municipality": "172049", "holders": ()},
    ),
]


@pytest.mark.parametrize(("service", "kind", "more"), SERVICES)
def test_a_service_with_a_faulty_file_is_not_put_together(
    service: Any, kind: Any, more: dict[str, Any], tmp_path: Path
) -> None:
    keys, jwk, rules = (tmp_path / name for name in ("keys.json", "jwk.json", "rules.cedar"))
    KeyFile(keys).create(("t",), {1: secrets.token_bytes(32)})
    key = ECKey.generate_key("P-256", parameters={"kid": "c1"})
    jwk.write_text(str(key.as_dict(private=True)).replace("'", '"'), encoding="utf-8")
    if "web_client_id" in more:
        more = {**more, "web_private_jwk_file": jwk}
    settings = kind(
        public_url="http://localhost/service",
        issuer="http://localhost/auth",
        database_url="postgresql+asyncpg://nobody@localhost/none",
        keys_database_url="postgresql+asyncpg://nobody@localhost/keys",
        key_file=keys,
        tenant="t",
        client_id="service",
        private_jwk_file=jwk,
        operator_policy=rules,
        **more,
    )
    rules.write_text('@id("a") forbid (principal, action, resource);', encoding="utf-8")
    service.create_app(settings, clock=FixedClock(), ids=RandomIds())
    rules.write_text('@id("a") forbid (principal, action, resourc);', encoding="utf-8")
    with pytest.raises(Fault, match=r"rules\.cedar: line 1: "):
        service.create_app(settings, clock=FixedClock(), ids=RandomIds())
