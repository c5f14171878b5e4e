"""Purposes of use: real codes, and only for those who may ask.

https://terminology.hl7.org/CodeSystem-v3-ActReason.html
"""

from __future__ import annotations

import pytest

from tasuki.shared.access.principal import BACKENDS, ONE_PERSONS, STAFF, Role
from tasuki.shared.access.purposes import PURPOSES, PURPOSES_OF, may_ask
from tasuki.shared.access.scopes import parse_scopes
from tasuki.shared.access.smart import SCOPES_SUPPORTED, smart_configuration


@pytest.mark.parametrize(
    ("role", "purpose"),
    [
        (Role.RESIDENT, "TREAT"),
        (Role.RESIDENT, "BTG"),
        (Role.NURSE, "TREAT"),
        (Role.OFFICER, "DISASTER"),
        (Role.OFFICER, "BTG"),
        (Role.HOSPITAL, "BTG"),
        (Role.SERVICE, "TREAT"),
        (Role.SERVICE, "DISASTER"),
        (Role.CLINICIAN, "treat"),
        (Role.CLINICIAN, ""),
        (Role.CLINICIAN, "SYSADMIN"),
    ],
)
def test_who_may_not_ask(role: Role, purpose: str) -> None:
    assert not may_ask(role, purpose)


def test_every_role_has_a_purpose_and_every_purpose_a_role() -> None:
    assert set(PURPOSES_OF) == set(Role)
    assert {purpose for purposes in PURPOSES_OF.values() for purpose in purposes} == PURPOSES
    assert all(purposes and may_ask(role, purposes[0]) for role, purposes in PURPOSES_OF.items())


def test_an_override_is_for_people_who_care_for_patients() -> None:
    assert {role for role in Role if may_ask(role, "BTG")} == {Role.CLINICIAN, Role.NURSE}


def test_backends_and_staff_are_apart() -> None:
    assert not BACKENDS & STAFF
    assert set(Role) == BACKENDS | STAFF | ONE_PERSONS


def test_the_configuration_names_absolute_urls_and_no_weak_method() -> None:
    told = smart_configuration("https://auth.example.jp/auth")
    assert told["authorization_endpoint"] == "https://auth.example.jp/auth/authorize"
    assert told["code_challenge_methods_supported"] == ["S256"]
    for name, value in told.items():
        if name.endswith(("_endpoint", "_uri")):
            assert str(value).startswith("https://auth.example.jp/auth/")
    assert parse_scopes(" ".join(SCOPES_SUPPORTED))
