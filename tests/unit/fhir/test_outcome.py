"""https://hl7.org/fhir/R4/operationoutcome.html"""

from __future__ import annotations

import pytest

from tasuki.shared.faults import Category, Fault, Faults
from tasuki.shared.fhir.models import validate
from tasuki.shared.fhir.outcome import ISSUE_CODES, information, outcome, warning


def test_every_category_has_an_issue_code() -> None:
    assert set(ISSUE_CODES) == set(Category)


@pytest.mark.parametrize("category", Category)
def test_a_fault_becomes_an_error_issue(category: Category) -> None:
    made = outcome(Fault(category, "plain words", at=("Patient.birthDate",)))
    assert made == {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "error",
                "code": ISSUE_CODES[category],
                "diagnostics": "plain words",
                "expression": ["Patient.birthDate"],
            }
        ],
    }
    assert validate(made) == ()


def test_several_faults_become_several_issues() -> None:
    a, b, c = (Fault(Category.STRUCTURE, name) for name in "abc")
    issues = outcome(Faults((a, b)), c)["issue"]
    assert [issue["diagnostics"] for issue in issues] == ["a", "b", "c"]
    assert not any("expression" in issue for issue in issues)


def test_words_without_a_fault() -> None:
    assert [made["issue"][0]["severity"] for made in (information("a"), warning("b"))] == [
        "information",
        "warning",
    ]
