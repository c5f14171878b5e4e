"""Who may call whom in the demo: every service and door is a client with a key of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from joserfc.jwk import ECKey

from tasuki.auth.provisioning import ClientRegistration
from tasuki.deploy.folder import read_json, write_secret
from tasuki.shared.access.principal import Role

if TYPE_CHECKING:
    from pathlib import Path

    from tasuki.deploy.addresses import Addresses
    from tasuki.deploy.folder import DataFolder

CREDENTIALS = "client_credentials"
CODE = ("authorization_code", "refresh_token")
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"

WARNINGS = "warnings"
"""The client that hands documents of warning feeds to the consent service."""

EXCHANGED = " ".join(
    f"user/{type_}.rs"
    for type_ in (
        *("Patient", "AllergyIntolerance", "MedicationRequest", "MedicationStatement"),
        *("MedicationDispense", "Condition", "Immunization", "Procedure", "Observation"),
        "Medication",
    )
)
CLINICIAN_SCOPES = (
    "openid fhirUser offline_access user/*.rs"
    " tasuki/locate tasuki/match tasuki/override tasuki/profile"
)
RESIDENT_SCOPES = "openid fhirUser offline_access launch/patient patient/*.cruds"
OFFICER_SCOPES = "openid offline_access tasuki/declare"
PRIVACY_SCOPES = "openid fhirUser offline_access tasuki/review"
NURSE_SCOPES = "openid fhirUser offline_access tasuki/desk tasuki/match tasuki/profile"


def client_key(path: Path) -> dict[str, Any]:
    """Return a client's private key, making it first where there is none."""
    if not path.exists():
        key = ECKey.generate_key("P-256", parameters={"use": "sig", "alg": "ES256"})
        key.ensure_kid()
        write_secret(path, key.as_dict(private=True))
    return read_json(path)


def registrations(at: Addresses, folder: DataFolder) -> list[ClientRegistration]:
    """Return every client of the demo, with the public half of its key."""
    everywhere = (*at.ehr.values(), at.phr_fhir)
    made = [
        _backend("locator", "tasuki/feed", tuple(at.ehr.values()), folder),
        _backend("shelter", "tasuki/feed system/*.rs", (*everywhere, at.consent_fhir), folder),
        _backend("phr", "tasuki/feed", (at.consent_fhir,), folder, at.phr_fhir),
        _backend(
            "consent",
            "system/AuditEvent.rs system/Patient.rs patient/Patient.rs",
            (*everywhere, at.shelter_fhir),
            folder,
            at.consent_fhir,
        ),
        _backend(WARNINGS, "tasuki/warn", (at.consent_fhir,), folder),
        _backend("registrar", "system/*.cruds", (at.phr_fhir, at.consent_fhir), folder),
    ]
    for region, base in at.ehr.items():
        made.append(
            _backend(
                f"ehr-{region}",
                f"tasuki/locate tasuki/feed tasuki/override {EXCHANGED}",
                (*everywhere, at.locator, at.consent_fhir, at.shelter_fhir, at.auth),
                folder,
                base,
            )
        )
        made.append(
            ClientRegistration(
                client_id=f"{region}-hospital",
                name=f"Hospital system of {region}",
                jwks=_public(folder, f"{region}-hospital"),
                redirect_uris=(),
                grant_types=(CREDENTIALS,),
                scopes="system/*.cruds",
                audiences=(base,),
                purpose=None,
                role=Role.HOSPITAL,
                region=region,
                organization=None,
                public=False,
            )
        )
        made.append(_door(f"viewer-{region}", Role.CLINICIAN, CLINICIAN_SCOPES, at, folder, base))
    made.append(_door("desk", Role.NURSE, NURSE_SCOPES, at, folder, at.shelter_fhir))
    made.append(
        _door("resident", Role.RESIDENT, RESIDENT_SCOPES, at, folder, at.phr_fhir, at.consent_fhir)
    )
    made.append(_door("officer", Role.OFFICER, OFFICER_SCOPES, at, folder, at.consent_fhir))
    made.append(_door("privacy-desk", Role.PRIVACY, PRIVACY_SCOPES, at, folder, at.consent_fhir))
    made.append(_command_line(at))
    return made


def _public(folder: DataFolder, client_id: str) -> dict[str, Any]:
    key = ECKey.import_key(client_key(folder.client_key(client_id)))
    return {"keys": [key.as_dict(private=False)]}


def _backend(
    client_id: str,
    scopes: str,
    audiences: tuple[str, ...],
    folder: DataFolder,
    *answers_at: str,
) -> ClientRegistration:
    return ClientRegistration(
        client_id=client_id,
        name=f"Tasuki {client_id}",
        jwks=_public(folder, client_id),
        redirect_uris=(),
        grant_types=(CREDENTIALS, EXCHANGE) if answers_at else (CREDENTIALS,),
        scopes=scopes,
        audiences=audiences,
        purpose=None,
        role=Role.SERVICE,
        region=client_id.removeprefix("ehr-") if client_id.startswith("ehr-") else None,
        organization=None,
        public=False,
        answers_at=answers_at,
    )


DOOR_NAMES = {
    "desk": "避難所デスク / Shelter desk",
    "resident": "ご本人のページ / Resident's page",
    "officer": "災害の宣言 / Disaster declarations",
    "privacy-desk": "緊急閲覧の点検 / Override review",
}


def _door(
    client_id: str,
    role: Role,
    scopes: str,
    at: Addresses,
    folder: DataFolder,
    *audiences: str,
) -> ClientRegistration:
    return ClientRegistration(
        client_id=client_id,
        name=DOOR_NAMES.get(client_id, f"診療 / Clinician: {client_id}"),
        jwks=_public(folder, client_id),
        redirect_uris=at.redirects(client_id),
        grant_types=CODE,
        scopes=scopes,
        audiences=audiences,
        purpose=None,
        role=role,
        region=None,
        organization=None,
        public=False,
        answers_at=audiences[:1],
    )


def _command_line(at: Addresses) -> ClientRegistration:
    """`tasuki token` signs in for real, as any public client would."""
    return ClientRegistration(
        client_id="command-line",
        name="Tasuki command line",
        jwks=None,
        redirect_uris=at.redirects("command-line"),
        grant_types=CODE,
        scopes=" ".join(
            {
                *CLINICIAN_SCOPES.split(),
                *RESIDENT_SCOPES.split(),
                *NURSE_SCOPES.split(),
                *PRIVACY_SCOPES.split(),
                "tasuki/declare",
            }
        ),
        audiences=at.all_audiences,
        purpose=None,
        role=None,
        region=None,
        organization=None,
        public=True,
    )
