"""Who asks, and why: one line each; and their access tokens, signed as the real ones are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from joserfc import jwt
from joserfc.jwk import ECKey
from tests.access.overrides import COLLEAGUE, DOCTOR
from tests.access.wishes import CLINIC, SHUNNED

from tasuki.shared.access.jwks import StaticJwks
from tasuki.shared.access.tokens import AccessTokenVerifier

if TYPE_CHECKING:
    from tasuki.shared.clock import Clock

ISSUER = "https://desk.test/auth"
LIFE = 3_600 * 6  # seconds; the clock of a world is moved by minutes
KEY = ECKey.generate_key("P-256", auto_kid=True)
FEW = "patient/Patient.rs patient/Condition.rs patient/AllergyIntolerance.rs"
READ, WRITE = "user/*.rs", "user/*.cruds"
BY_CATEGORY = "?category=urn:category|laboratory"
BY_LABEL = "?_security=http://terminology.hl7.org/CodeSystem/v3-Confidentiality|R"


@dataclass(frozen=True)
class Caller:
    """One kind of caller.

    Attributes:
        region: `same` as the holder's, `other`, or none.
        own: Whether a resident or proxy is asked about the record they come for; None for whoever
            comes for nobody in particular.
        override: Which override the requests name: one of `theirs` who are asked for, `another's`,
            or one that never was (`nobody's`).
        subject: Whose account it is, where it is not one of the role's own.
    """

    name: str
    role: str
    purpose: str
    scope: str = READ
    region: str = "same"
    organization: str | None = CLINIC
    own: bool | None = None
    override: str = ""
    subject: str = ""


def _but(context: str) -> str:
    """Return scopes for some results only, and for all that leads to results."""
    around = ("Patient", "Condition", "DiagnosticReport", "Encounter", "Provenance", "Binary")
    whole = " ".join(f"{context}/{type_}.rs" for type_ in around)
    return f"{context}/Observation.rs{BY_CATEGORY} {whole}"


CALLERS = (
    Caller("resident, own record", "resident", "PATRQT", "patient/*.cruds", "", None, own=True),
    Caller("resident, another's", "resident", "PATRQT", "patient/*.cruds", "", None, own=False),
    Caller("proxy, family", "proxy", "FAMRQT", "patient/*.rs", "", None, own=True),
    Caller("proxy, few scopes", "proxy", "SUPNWK", FEW, "", None, own=True),
    Caller(
        "proxy by law", "proxy", "PWATRNY", "patient/*.rs patient/Consent.cru", "", None, own=True
    ),
    Caller("proxy, of another", "proxy", "FAMRQT", "patient/*.cruds", "", None, own=False),
    Caller("clinician", "clinician", "TREAT", WRITE),
    Caller("clinician, ETREAT", "clinician", "ETREAT"),
    Caller("clinician, other region", "clinician", "TREAT", region="other"),
    Caller("clinician, shunned", "clinician", "TREAT", organization=SHUNNED),
    Caller("clinician, no organisation", "clinician", "TREAT", organization=None),
    Caller("clinician, no region", "clinician", "TREAT", region=""),
    Caller("clinician, few scopes", "clinician", "TREAT", "user/Patient.rs user/Condition.rs"),
    Caller("clinician, DISASTER", "clinician", "DISASTER"),
    Caller("clinician, BTG", "clinician", "BTG"),
    Caller("nurse, DISASTER", "nurse", "DISASTER", WRITE),
    Caller("nurse, ETREAT", "nurse", "ETREAT"),
    Caller("officer", "officer", "PUBHLTH", WRITE, organization="Organization/prefecture"),
    Caller("hospital", "hospital", "HOPERAT", "system/*.cruds"),
    Caller("hospital, TREAT", "hospital", "TREAT", "system/*.cruds"),
    Caller("hospital, other region", "hospital", "HOPERAT", "system/*.cruds", "other"),
    Caller("service", "service", "HOPERAT", "system/*.cruds tasuki/feed", "", None),
    Caller("service, PUBHLTH", "service", "PUBHLTH", "system/*.rs", "", None),
    Caller("resident, by category", "resident", "PATRQT", _but("patient"), "", None, own=True),
    Caller(
        "resident, by label", "resident", "PATRQT", f"patient/*.rs{BY_LABEL}", "", None, own=True
    ),
    Caller("clinician, by category", "clinician", "TREAT", _but("user")),
    Caller("hospital, by category", "hospital", "HOPERAT", _but("system")),
)
BY_NAME = {one.name: one for one in CALLERS}
# For whom it matters what people have said; to all others their Consents are not put.
HEARD = tuple(one for one in CALLERS if one.role == "clinician" and "TREAT" in one.purpose)
NOT_HEARD = tuple(one for one in CALLERS if one not in HEARD)


def _under(name: str, override: str, **more: Any) -> Caller:
    given = {"role": "clinician", "purpose": "TREAT", "subject": DOCTOR, **more}
    return Caller(f"clinician, {name}", override=override, **given)


# Who acts under emergency overrides, and who tries to.
UNDER_OVERRIDES = (
    _under("override", "theirs"),
    _under("another's override", "another's"),
    _under("override nobody knows", "nobody's"),
    _under("no override named", ""),
    _under("token for overrides", "", purpose="BTG"),
    _under("override, other region", "theirs", region="other"),
    _under("override, few scopes", "theirs", scope="user/Patient.rs user/Condition.rs"),
    _under("override, by category", "theirs", scope=_but("user")),
    _under("a colleague's override", "theirs", subject=COLLEAGUE),
    _under("override, no colleague", "theirs", subject="somebody-else"),
    _under("override, nurse", "theirs", role="nurse", purpose="ETREAT"),
)


def claims_of(caller: Caller, region: str | None, patient: str | None) -> dict[str, Any]:
    """Return what the caller's token says of them; what is None is left out."""
    claims = {
        "sub": caller.subject or _own_subject(caller),
        "client_id": "client-of-the-matrix",
        "scope": caller.scope,
        "purpose": caller.purpose,
        "role": caller.role,
        "region": region,
        "organization": caller.organization,
        "patient": None if patient is None else f"Patient/{patient}",
    }
    return {name: value for name, value in claims.items() if value is not None}


def _own_subject(caller: Caller) -> str:
    return f"{caller.role}-{CALLERS.index(caller) if caller in CALLERS else 'x'}"


def signed(claims: dict[str, Any], audience: str, clock: Clock) -> str:
    """Return an access token for one service."""
    now = int(clock.now().timestamp())
    given = {
        "iss": ISSUER,
        "aud": [audience],
        "exp": now + LIFE,
        "nbf": now,
        "iat": now,
        "jti": "token-of-the-matrix",
        **claims,
    }
    header = {"alg": "ES256", "typ": "at+jwt", "kid": KEY.kid}
    return jwt.encode(header, given, KEY, algorithms=["ES256"], default_type=None)


def verifier(audience: str, clock: Clock) -> AccessTokenVerifier:
    """Return the verifier of a service that trusts these tokens."""
    keys = StaticJwks({"keys": [{**KEY.as_dict(private=False), "kid": KEY.kid}]})
    return AccessTokenVerifier(ISSUER, audience, keys, clock)
