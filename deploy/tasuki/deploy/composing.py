"""All services in one process on one port: each with its own settings, databases and keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from tasuki.auth.app import create_app as create_auth
from tasuki.auth.means import means_of
from tasuki.auth.migrate import migrate as migrate_auth
from tasuki.auth.settings import AuthSettings
from tasuki.auth.signing import rotate_keys
from tasuki.consent.app import create_app as create_consent
from tasuki.consent.settings import ConsentSettings
from tasuki.consent.settings import Holder as ConsentHolder
from tasuki.consent.signing.keys import rotate_keys as rotate_declaration_keys
from tasuki.deploy.clients import client_key
from tasuki.deploy.mounting import mounted
from tasuki.ehr.app import create_app as create_ehr
from tasuki.ehr.settings import EhrSettings, Region
from tasuki.locator.app import create_app as create_locator
from tasuki.locator.settings import Holder, LocatorSettings
from tasuki.phr.app import create_app as create_phr
from tasuki.phr.settings import PhrSettings
from tasuki.phr.settings import Region as PhrRegion
from tasuki.shared.crypto.keyring import FileKeyRing
from tasuki.shared.engines import engine_for
from tasuki.shared.store.logkeys import log_keys
from tasuki.shelter.app import create_app as create_shelter
from tasuki.shelter.settings import Holder as ShelterHolder
from tasuki.shelter.settings import ShelterSettings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from tasuki.auth.means import Means
    from tasuki.deploy.addresses import Addresses
    from tasuki.deploy.folder import DataFolder
    from tasuki.deploy.postgres import EmbeddedPostgres
    from tasuki.deploy.sample.sample import RegionSample
    from tasuki.shared.audit.notes import VerifierKey
    from tasuki.shared.clock import Clock
    from tasuki.shared.crypto.keyring import KeyRing
    from tasuki.shared.ids import IdSource

SERVICES = ("auth", "consent", "locator", "phr", "shelter")
PHR_TITLES = ("ご本人の記録（PHR）", "Resident's own log (PHR)")
SHELTER_TITLES = ("避難所デスク", "Shelter desk")


@dataclass(frozen=True, slots=True)
class House:
    """What a one-machine installation is made of.

    Attributes:
        facility: 6-digit code of the municipality the shelter desk stands in.
    """

    folder: DataFolder
    postgres: EmbeddedPostgres
    at: Addresses
    regions: tuple[RegionSample, ...]
    facility: str
    clock: Clock
    ids: IdSource

    @property
    def tenants(self) -> tuple[str, ...]:
        """Every tenant with keys and a database of its own."""
        return (*SERVICES, *(region.code for region in self.regions))

    def database(self, tenant: str) -> str:
        """Return the name of a tenant's database."""
        return f"tasuki_{tenant}"

    async def prepare(self) -> None:
        """Make keys and databases where they are missing."""
        if not self.folder.ring.exists():
            FileKeyRing.create(self.folder.ring, self.tenants)
        if not self.folder.signing_keys.exists():
            rotate_keys(self.folder.signing_keys)
        if not self.folder.declaration_keys.exists():
            rotate_declaration_keys(self.folder.declaration_keys)
        for tenant in (*self.tenants, "keys"):
            await self.postgres.ensure_database(self.database(tenant))
        engine = engine_for(self.postgres.url(self.database("auth")))
        await migrate_auth(engine)
        await engine.dispose()

    def common(self, tenant: str, client_id: str, public_url: str) -> dict[str, Any]:
        """Return the settings every service has."""
        key_file = self.folder.client_key(client_id)
        client_key(key_file)
        return {
            "public_url": public_url,
            "issuer": self.at.auth,
            "database_url": self.postgres.url(self.database(tenant)),
            "keys_database_url": self.postgres.url(self.database("keys")),
            "key_file": self.folder.ring,
            "tenant": tenant,
            "client_id": client_id,
            "private_jwk_file": key_file,
            "cache_folder": self.folder.cache,
            **witnessing(self, tenant),
        }

    def door(self, client_id: str, name: str = "web") -> dict[str, Any]:
        """Return the settings of a service's pages, which sign people in as another client."""
        key_file = self.folder.client_key(client_id)
        client_key(key_file)
        return {f"{name}_client_id": client_id, f"{name}_private_jwk_file": key_file}


def witnessing(house: House, tenant: str) -> dict[str, Any]:
    """Return whose audit logs a tenant witnesses, and who witnesses its own.

    Every region witnesses every other log; the locator, which holds nobody's record, the regions'.
    """
    regions = [region.code for region in house.regions]
    others = [one for one in (*SERVICES, *regions) if one != tenant]
    watched = others if tenant in regions else regions if tenant == "locator" else []
    watching = [*regions, *(("locator",) if tenant in regions else ())]
    return {
        "witnessed": tuple(
            {"base_url": base_url_of(house, one), "key": str(verifier_keys(house, one)[0])}
            for one in watched
        ),
        "witnesses": tuple(str(verifier_keys(house, one)[1]) for one in watching if one != tenant),
    }


def base_url_of(house: House, tenant: str) -> str:
    """Return the FHIR base URL of a tenant's service; of auth, which has none, the issuer's."""
    at = house.at
    shared = {
        "auth": at.auth,
        "consent": at.consent_fhir,
        "locator": at.locator,
        "phr": at.phr_fhir,
    }
    return {**shared, "shelter": at.shelter_fhir, **at.ehr}[tenant]


def verifier_keys(house: House, tenant: str) -> tuple[VerifierKey, VerifierKey]:
    """Return the public keys of a tenant's audit log, and of the tenant as a witness."""
    ring = FileKeyRing(house.folder.ring).tenant(tenant)
    return log_keys(ring, tenant)


def auth_ring(house: House) -> KeyRing:
    """Return the authorization server's keys."""
    return FileKeyRing(house.folder.ring).tenant("auth")


def auth_means(house: House) -> Means:
    """Return what its accounts and clients are changed with."""
    return means_of(auth_ring(house), "auth", house.clock, house.ids)


def auth_settings(house: House) -> AuthSettings:
    """Return the settings of the authorization server."""
    return AuthSettings(
        issuer=house.at.auth,
        database_url=SecretStr(house.postgres.url(house.database("auth"))),
        signing_keys=house.folder.signing_keys,
        key_file=house.folder.ring,
        phr_url=house.at.phr_fhir,
        witnesses=witnessing(house, "auth")["witnesses"],
    )


def auth_app(house: House) -> FastAPI:
    """Return the authorization server."""
    settings, ring = auth_settings(house), auth_ring(house)
    return create_auth(settings, clock=house.clock, ids=house.ids, ring=ring)


def ehr_settings(house: House, region: RegionSample) -> EhrSettings:
    """Return the settings of one region's record service; its policy is the demo's, written out."""
    peers = {
        one.code: Region(
            code=one.code,
            base_url=house.at.ehr[one.code],
            title_ja=one.title_ja,
            title_en=one.title_en,
        )
        for one in house.regions
    }
    return EhrSettings(
        **house.common(region.code, f"ehr-{region.code}", f"{house.at.base}/ehr/{region.code}"),
        region=peers[region.code],
        regions=tuple(peer for code, peer in peers.items() if code != region.code),
        consent_url=house.at.consent_fhir,
        locator_url=house.at.locator,
        **policy(),
        **house.door(f"viewer-{region.code}"),
    )


def ehr_app(house: House, region: RegionSample) -> FastAPI:
    """Return one region's record service."""
    return create_ehr(ehr_settings(house, region), clock=house.clock, ids=house.ids)


def policy() -> dict[str, Any]:
    """Return the implicit policy of the demo's regions: opt-in across regions."""
    return {
        "everyday_within": "permit",
        "everyday_across": "deny",
        "disaster": "permit",
        "break_glass": "permit",
    }


def locator_settings(house: House) -> LocatorSettings:
    """Return the settings of the record locator."""
    return LocatorSettings(
        **house.common("locator", "locator", house.at.locator),
        holders=tuple(Holder(code=code, base_url=url) for code, url in house.at.ehr.items()),
    )


def locator_app(house: House) -> FastAPI:
    """Return the record locator."""
    return create_locator(locator_settings(house), clock=house.clock, ids=house.ids)


def phr_settings(house: House) -> PhrSettings:
    """Return the settings of the residents' service."""
    return PhrSettings(
        **house.common("phr", "phr", house.at.phr),
        consent_url=house.at.consent_fhir,
        registrars=frozenset({"registrar"}),
        regions=tuple(
            PhrRegion(code=one.code, title_ja=one.title_ja, title_en=one.title_en)
            for one in house.regions
        ),
        **house.door("resident"),
    )


def phr_app(house: House) -> FastAPI:
    """Return the residents' service."""
    return create_phr(phr_settings(house), clock=house.clock, ids=house.ids)


def consent_settings(house: House) -> ConsentSettings:
    """Return the settings of the consent service."""
    holders = [
        ConsentHolder(
            name=f"ehr/{region.code}",
            base_url=house.at.ehr[region.code],
            title_ja=region.title_ja,
            title_en=region.title_en,
        )
        for region in house.regions
    ]
    for name, base_url, (title_ja, title_en) in (
        ("phr", house.at.phr_fhir, PHR_TITLES),
        ("shelter", house.at.shelter_fhir, SHELTER_TITLES),
    ):
        holders.append(
            ConsentHolder(name=name, base_url=base_url, title_ja=title_ja, title_en=title_en)
        )
    return ConsentSettings(
        **house.common("consent", "consent", house.at.consent),
        phr_url=house.at.phr_fhir,
        holders=tuple(holders),
        registrars=frozenset({"registrar"}),
        policies=tuple({"region": one.code, **policy()} for one in house.regions),
        declaration_keys=house.folder.declaration_keys,
        **house.door("officer"),
        **house.door("privacy-desk", "review"),
    )


def consent_app(house: House) -> FastAPI:
    """Return the consent service."""
    return create_consent(consent_settings(house), clock=house.clock, ids=house.ids)


def shelter_settings(house: House) -> ShelterSettings:
    """Return the settings of the shelter desk."""
    sources = [
        ShelterHolder(
            name=f"ehr/{region.code}",
            base_url=house.at.ehr[region.code],
            title_ja=region.hospital,
            title_en=region.hospital_en,
            kind="hospital",
        )
        for region in house.regions
    ]
    sources.append(
        ShelterHolder(
            name="phr",
            base_url=house.at.phr_fhir,
            title_ja=PHR_TITLES[0],
            title_en=PHR_TITLES[1],
            kind="resident",
        )
    )
    return ShelterSettings(
        **house.common("shelter", "shelter", house.at.shelter),
        region="shelter",
        facility_municipality=house.facility,
        consent_url=house.at.consent_fhir,
        holders=tuple(sources),
        disaster="permit",
        **house.door("desk"),
    )


def shelter_app(house: House) -> FastAPI:
    """Return the shelter desk."""
    return create_shelter(shelter_settings(house), clock=house.clock, ids=house.ids)


def whole_app(house: House, front: FastAPI) -> FastAPI:
    """Return one app with every service at its path of the contract; `front` answers at `/`."""
    parts: dict[str, FastAPI] = {
        "/auth": auth_app(house),
        "/consent": consent_app(house),
        "/locator/fhir": locator_app(house),
        "/phr": phr_app(house),
        "/shelter": shelter_app(house),
    } | {f"/ehr/{region.code}": ehr_app(house, region) for region in house.regions}
    return mounted(parts, front)
