"""A faulty file of policies stops the service, and says where the fault is.

https://docs.cedarpolicy.com/policies/validation.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.consent.operator.conftest import NOW

from tasuki.consent.operator import Place, RoleRules
from tasuki.consent.operator.asking import PURPOSES
from tasuki.consent.operator.policies import base_policies, read_policies, schema, with_operators
from tasuki.consent.operator.statements import statements
from tasuki.consent.resource_types import R4_TYPES
from tasuki.consent.vocabulary import DataClass
from tasuki.shared.access.principal import Role
from tasuki.shared.access.purposes import PURPOSES as TOKEN_PURPOSES
from tasuki.shared.access.rulings import Interaction
from tasuki.shared.clock import FixedClock
from tasuki.shared.faults import Category, Fault, Faults

if TYPE_CHECKING:
    from pathlib import Path

GOOD = '@id("night")\nforbid (principal, action, resource)\nwhen { context.hour < 8 };\n'
FAULTY = [
    (GOOD.replace("};", "}"), "line 1: "),
    (GOOD + GOOD.replace("night", "b").replace("hour", "our"), "line 4: b: attribute `our`"),
    (GOOD.replace('"night"', '"Night shift"'), "line 1: @id"),
    (GOOD.replace('@id("night")\n', ""), "line 1: @id"),
    (f"// closed at night\n\n{GOOD}{GOOD}", "line 6: there is another policy with the id night"),
    (GOOD.replace("night", "own-record"), "line 1: there is another policy"),
    (
        '@id("a") forbid (principal, action, resource) when { principal.role == Tasuki::Role::"dr" };',
        'entity `Tasuki::Role::"dr"`',
    ),
    (
        '@id("a") forbid (principal, action == Tasuki::Action::"export", resource);',
        'unrecognized action `Tasuki::Action::"export"`',
    ),
    (
        '@id("a") forbid (principal, action, resource) when { principal.organization == "x" };',
        "optional attribute `organization`",
    ),
    (
        '@id("a") forbid (principal, action, resource) when { context.hour == "8" };',
        "line 1: a: ",
    ),
    (
        '@id("a") @consent("not-asked") permit (principal, action, resource);',
        "line 1: @consent is the product's own mark",
    ),
    ('@id("a") permit (principal == ?principal, action, resource);', "without slots"),
    ("// nothing yet\n", "there is no policy in it"),
    ("", "there is no policy in it"),
]


@pytest.mark.parametrize(("text", "told"), FAULTY)
def test_a_service_with_a_faulty_file_does_not_start(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "hospital.cedar"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Fault) as caught:
        RoleRules(Place("region", "noto"), FixedClock(NOW), file)
    assert caught.value.category is Category.INVALID
    assert caught.value.message.startswith("the operator's policy file hospital.cedar: ")
    assert told in caught.value.message
    file.write_text(GOOD, encoding="utf-8")
    RoleRules(Place("region", "noto"), FixedClock(NOW), file)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "gone.cedar"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(Fault, match=r"gone\.cedar cannot be read"):
        read_policies(file)


def test_every_fault_is_told_at_once() -> None:
    text = GOOD.replace("hour", "our") + GOOD.replace('@id("night")\n', "") + GOOD
    with pytest.raises(Faults) as caught:
        with_operators(text)
    assert [fault.at for fault in caught.value.faults] == [("line 1",), ("line 4",)]


def test_the_schema_knows_the_words_of_the_code_and_no_others() -> None:
    def words(kind: str) -> set[str]:
        _, _, after = str(schema()).partition(f"entity {kind} enum [")
        return {word.strip().strip('"') for word in after.partition("]")[0].split(",")} - {""}

    assert words("Role") == {role.value for role in Role}
    assert words("Purpose") == set(PURPOSES) >= TOKEN_PURPOSES
    assert words("Type") == R4_TYPES
    assert words("DataClass") == {one.value for one in DataClass}
    assert all(f'"{one.value[0]}"' in str(schema()) for one in Interaction)


def test_the_products_own_policies_pass_the_same_checks() -> None:
    named = base_policies().named
    assert len(named) > 10
    assert all(policy.own for policy in named.values())
    alone = {policy.id for policy in named.values() if policy.alone}
    assert alone == {
        *("source-of-region", "replication", "about-nobody"),
        *("own-record", "registrar", "own-consents"),
        *("proxy-writes", "represented-consents"),
    }
    assert not with_operators(GOOD).named["night"].own


@given(st.text(alphabet='ab;"\\/\n '))
def test_no_word_of_a_text_is_lost_or_comes_twice(text: str) -> None:
    found = list(statements(text))
    lines = text.split("\n")
    rest = text
    for one in found:
        assert one.text in rest
        rest = rest[rest.index(one.text) + len(one.text) :]
        assert one.text.split("\n")[0] in lines[one.line - 1]


def test_a_semicolon_in_a_string_or_a_comment_ends_nothing() -> None:
    text = '// a; b\n@id("a;\\";") permit (x); // c;\n\nforbid\n(y);z'
    assert [(one.line, one.text) for one in statements(text)] == [
        (2, '@id("a;\\";") permit (x);'),
        (4, "forbid\n(y);"),
        (5, "z"),
    ]
