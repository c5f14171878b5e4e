"""Whatever another provider says, it comes out in our words, narrower, or not at all."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tasuki.shared.access.foreign import TrustedIssuer
from tasuki.shared.access.principal import Role
from tasuki.shared.access.scopes import parse_scopes

ISSUER = TrustedIssuer(
    name="hospital",
    issuer="https://id.hospital.example",
    jwks_uri="https://id.hospital.example/keys",
    claims={"role": "realm.roles", "patient": "patient", "purpose": "use"},
    roles={"physician": Role.CLINICIAN, "citizen": Role.RESIDENT},
    purposes={Role.CLINICIAN: "TREAT"},
    scopes="user/Observation.rs patient/*.rs tasuki/match",
)
WIDEST = parse_scopes(ISSUER.scopes)
SOUND: dict[str, Any] = {
    "iss": ISSUER.issuer,
    "sub": "1",
    "client_id": "app",
    "iat": 1_000,
    "exp": 1_300,
    "jti": "t",
    "aud": "https://a.example/fhir",
    "realm": {"roles": ["physician"]},
    "scope": "user/*.cruds patient/*.cruds",
}
WORDS = st.sampled_from(
    ["physician", "citizen", "Patient/1", "TREAT", "BTG", "user/*.cruds", "tasuki/feed", "", "x"]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.just("roles") | WORDS, inner, max_size=3)
    ),
    max_leaves=6,
)
NAMES = st.sampled_from([*SOUND, "use", "patient", "act", "nbf", "cnf", "role", "region"])


@given(st.dictionaries(NAMES, ANYTHING, max_size=5))
def test_nothing_it_says_makes_more_of_it(said: dict[str, Any]) -> None:
    ours = ISSUER.in_our_words(SOUND | said)
    if ours is None:
        return
    assert ours["role"] in {"clinician", "resident"}
    assert ours["sub"].startswith("hospital:")
    assert ours["client_id"].startswith("hospital:")
    assert ours["purpose"] != "BTG"
    assert not {"act", "region", "organization", "sid"} & set(ours)
    if ours["scope"] is not None:
        assert parse_scopes(ours["scope"]).is_subset(WIDEST)


def test_a_sound_one_comes_out_whole() -> None:
    ours = ISSUER.in_our_words(SOUND)
    assert ours is not None
    assert ours["scope"] == "user/Observation.rs"
    assert (ours["purpose"], ours["nbf"]) == ("TREAT", 1_000)


def test_a_role_without_a_purpose_of_its_own_must_say_one() -> None:
    citizen = SOUND | {"realm": {"roles": ["citizen"]}, "patient": "Patient/1"}
    assert ISSUER.in_our_words(citizen) is None
    ours = ISSUER.in_our_words(citizen | {"use": "PATRQT"})
    assert ours is not None
    assert (ours["purpose"], ours["scope"]) == ("PATRQT", "patient/*.rs")
