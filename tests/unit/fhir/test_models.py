"""https://hl7.org/fhir/R4/validation.html"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tasuki.shared.fhir.json import Resource, parse
from tasuki.shared.fhir.members import SEVERAL
from tasuki.shared.fhir.models import MAX_FAULTS, is_r4, model_of, validate
from tasuki.shared.fhir.search.definitions import search_parameters
from tasuki.shared.fhir.types import OWNERSHIP, SERVED_TYPES

PATIENT: Resource = {
    "resourceType": "Patient",
    "id": "p1",
    "name": [{"family": "能登", "given": ["花子"]}],
    "birthDate": "1938-04-05",
}
OBSERVATION: Resource = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"text": "体重"},
    "subject": {"reference": "Patient/p1"},
}
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'


def _with(base: Resource, **elements: Any) -> Resource:
    return {**copy.deepcopy(base), **elements}


def _places(resource: Resource) -> list[str]:
    return [place for fault in validate(resource) for place in fault.at]


@pytest.mark.parametrize(
    ("elements", "place"),
    [
        ({"id": "山田"}, "Patient.id"),
        ({"id": "a" * 65}, "Patient.id"),
        ({"id": "a_b"}, "Patient.id"),
        ({"active": "true"}, "Patient.active"),
        ({"birthDate": "1938-02-30"}, "Patient.birthDate"),
        ({"birthDate": "昭和13年"}, "Patient.birthDate"),
        ({"birthDate": "0000"}, "Patient.birthDate"),
        ({"gender": "男"}, "Patient.gender"),
        ({"name": []}, "Patient.name"),
        ({"name": {}}, "Patient.name"),
        ({"name": [{}]}, "Patient.name[0]"),
        ({"name": [{"family": ""}]}, "Patient.name[0].family"),
        ({"name": [{"given": [None]}]}, "Patient.name[0].given[0]"),
        ({"name": [{"given": "花子"}]}, "Patient.name[0].given"),
        ({"name": [{"family": 5}]}, "Patient.name[0].family"),
        ({"name": [{"family": None}]}, "Patient.name[0].family"),
        ({"multipleBirthInteger": True}, "Patient.multipleBirthInteger"),
        ({"deceasedBoolean": True, "deceasedDateTime": "2024"}, "Patient.deceased[x]"),
        ({"deceasedBoolean": True, "_deceasedDateTime": {"id": "a"}}, "Patient.deceased[x]"),
        ({"photo": [{"contentType": "image/png", "data": "%%%"}]}, "Patient.photo[0].data"),
        ({"photo": [{"url": "javascript:alert(1)"}]}, "Patient.photo[0].url"),
        ({"extension": [{"valueString": "a"}]}, "Patient.extension[0].url"),
        ({"extension": [{"url": "http://a"}]}, "Patient.extension[0]"),
        (
            {"extension": [{"url": "http://a", "valueRatioRange": {"id": "a"}}]},
            "Patient.extension[0].valueRatioRange",
        ),
        ({"meta": {"lastUpdated": "2026-01-05"}}, "Patient.meta.lastUpdated"),
        (
            {"managingOrganization": {"reference": "data:text/html,x"}},
            "Patient.managingOrganization.reference",
        ),
        ({"telecom": [{"value": "090"}]}, "Patient.telecom[0]"),
        (
            {
                "contained": [{"resourceType": "Nobody", "id": "n"}],
                "managingOrganization": {"reference": "#n"},
            },
            "Patient.contained[0].resourceType",
        ),
        (
            {
                "contained": [
                    {
                        "resourceType": "List",
                        "subject": {"reference": "#"},
                        "contained": [PATIENT],
                        "status": "current",
                        "mode": "working",
                    }
                ]
            },
            "Patient.contained[0].contained",
        ),
        ({"fhir_comments": "hello"}, "Patient"),
        ({"shoeSize": 24}, "Patient.shoeSize"),
        ({"能登": 1}, "Patient"),
    ],
)
def test_a_wrong_element_is_refused_at_its_place(elements: dict[str, Any], place: str) -> None:
    assert _places(_with(PATIENT, **elements)) == [place]


def test_a_message_never_repeats_a_value() -> None:
    secret = "能登花子"
    resource = _with(
        OBSERVATION,
        id=secret,
        status=secret,
        issued=secret,
        valueInteger=secret,
        **{secret: secret},
    )
    faults = validate(resource)
    assert len(faults) == 5
    assert not [fault for fault in faults if secret in fault.message or secret in str(fault.at)]


@pytest.mark.parametrize(
    ("lexeme", "sound"), [("1", True), ("-0", False), ("1.0", False), ("2147483648", False)]
)
def test_an_integer_is_no_decimal(lexeme: str, *, sound: bool) -> None:
    resource = parse(b'{"resourceType":"Patient","multipleBirthInteger":' + lexeme.encode() + b"}")
    assert (validate(resource) == ()) is sound


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ("2026", True),
        ("2026-01-05T09:00:00+09:00", True),
        ("2026-01-05T09:00:60Z", True),
        ("2026-01-05T09:00:00.123456789Z", True),
        ("2026-01-05T09:00:00", False),
        ("2026-01-05T09:00+09:00", False),
        ("2026-01-05T24:00:00Z", False),
        ("2026-13", False),
        ("２０２６", False),  # noqa: RUF001 - full-width, as people write
        ("2026\n", False),
    ],
)
def test_a_date_time_is_as_the_standard_writes_it(text: str, *, sound: bool) -> None:
    assert (validate(_with(OBSERVATION, effectiveDateTime=text)) == ()) is sound


def test_a_required_element_may_be_given_by_an_extension() -> None:
    absent = {
        "extension": [
            {
                "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
                "valueCode": "unknown",
            }
        ]
    }
    without = {key: item for key, item in OBSERVATION.items() if key != "status"}
    assert _places(without) == ["Observation.status"]
    assert _places({**without, "_status": absent}) == []


def test_null_in_an_array_stands_beside_an_extension_only() -> None:
    beside = {"given": [None, "花子"], "_given": [{"id": "a"}, None]}
    assert _places(_with(PATIENT, name=[beside])) == []
    assert _places(_with(PATIENT, name=[{**beside, "_given": [None, {"id": "a"}]}])) == [
        "Patient.name[0].given[0]"
    ]


@pytest.mark.parametrize(
    ("reference", "sound"),
    [
        ("Patient/p1", True),
        ("Practitioner/p1", False),
        ("urn:uuid:00000000-0000-4000-8000-000000000000", True),
        ("javascript:alert(1)", False),
        (" java\nscript:alert(1)", False),
        ("file:///etc/passwd", False),
    ],
)
def test_a_record_is_about_the_right_type(reference: str, *, sound: bool) -> None:
    resource = _with(OBSERVATION, subject={"reference": reference})
    assert (validate(resource) == ()) is sound


@pytest.mark.parametrize(
    "inside",
    [
        "a <b>bold</b> &amp; &nbsp;word",
        '<table border="1"><tr><td>1</td></tr></table>',
        '<a href="#x">x</a>',
        "<br/>",
        "<p><!-- note --></p>",
    ],
)
def test_plain_narrative_is_accepted(inside: str) -> None:
    assert _places(_with(PATIENT, text={"status": "generated", "div": DIV.format(inside)})) == []


@pytest.mark.parametrize(
    "div",
    [
        DIV.format("<script>alert(1)</script>"),
        DIV.format("<SCRIPT>alert(1)</SCRIPT>"),
        DIV.format('<b onclick="x()">a</b>'),
        DIV.format('<b OnClick="x()">a</b>'),
        DIV.format('<a href="javascript:x()">a</a>'),
        DIV.format('<a href=" java&#10;script:x()">a</a>'),
        DIV.format('<a href="data:text/html,x">a</a>'),
        DIV.format('<img src="vbscript:x"/>'),
        DIV.format("<iframe/>"),
        DIV.format("<form/>"),
        DIV.format("<style>a{}</style>"),
        DIV.format('<p style="background:url(http://x)">a</p>'),
        DIV.format('<svg xmlns="http://www.w3.org/2000/svg"/>'),
        DIV.format('<p xmlns="http://www.w3.org/1998/Math/MathML"/>'),
        DIV.format("<![CDATA[<script>]]>"),
        DIV.format("<?php x ?>"),
        DIV.format("<!--><script>x</script>-->"),
        DIV.format("<!---><script>x</script>-->"),
        DIV.format("<br>"),
        '<!DOCTYPE div [<!ENTITY a "b">]>' + DIV.format("&a;"),
        "<div>no namespace</div>",
        '<p xmlns="http://www.w3.org/1999/xhtml"/>',
        DIV.format("a") + "<b/>",
        "text",
    ],
)
def test_active_or_doubtful_narrative_is_refused(div: str) -> None:
    resource = _with(PATIENT, text={"status": "generated", "div": div})
    assert _places(resource) == ["Patient.text.div"]


@pytest.mark.parametrize(
    "resource_type", ["Nobody", "SubscriptionTopic", "HumanName", "Resource/x", "", "Élan", 5, None]
)
def test_what_r4_does_not_define_is_refused(resource_type: object) -> None:
    (fault,) = validate({"resourceType": resource_type})
    assert fault.at == ("resourceType",)


def test_every_served_type_is_defined() -> None:
    assert [name for name in sorted(SERVED_TYPES) if not is_r4(name)] == []


def test_faults_are_bounded() -> None:
    assert len(validate(_with(PATIENT, name=[{}] * 1000))) == MAX_FAULTS


def test_endless_nesting_is_a_fault() -> None:
    extension: dict[str, Any] = {"url": "http://a", "valueString": "a"}
    for _ in range(5000):
        extension = {"url": "http://a", "extension": [extension]}
    assert validate(_with(PATIENT, extension=[extension])) != ()


_MUTANTS: list[Any] = [
    None,
    "",
    [],
    {},
    True,
    5,
    "x y",
    ["a"],
    [{}],
    {"a": 1},
    {"reference": 5},
    "2026-13",
]


def _spots(value: Any) -> list[tuple[Any, Any]]:
    """Return (container, key) of everything inside a value."""
    keys = value.keys() if isinstance(value, dict) else range(len(value))
    found = [(value, key) for key in keys if key != "resourceType"]
    for key in keys:
        if isinstance(value[key], (dict, list)):
            found += _spots(value[key])
    return found


_SAMPLES = [
    path
    for path in sorted((Path(__file__).parents[2] / "data" / "fhir" / "jp-core").glob("*.json"))
    if path.stem.startswith(("Patient", "MedicationRequest", "AllergyIntolerance", "Coverage"))
]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_the_models_refuse_is_refused(data: st.DataObject) -> None:
    resource = json.loads(data.draw(st.sampled_from(_SAMPLES)).read_bytes())
    container, key = data.draw(st.sampled_from(_spots(resource)))
    container[key] = data.draw(st.sampled_from(_MUTANTS))
    ours = validate(parse(json.dumps(resource).encode()))
    try:
        model_of(resource["resourceType"]).model_validate(copy.deepcopy(resource))
    except ValidationError:
        assert ours != ()


@pytest.mark.parametrize("resource_type", sorted(SERVED_TYPES))
def test_subjects_are_the_types_hl7_lists_for_r4(resource_type: str) -> None:
    element = OWNERSHIP[resource_type].element
    defined = [
        parameter
        for parameter in search_parameters(resource_type).values()
        if parameter.type == "reference" and parameter.expression == f"{resource_type}.{element}"
    ]
    for parameter in defined:
        accepted = {
            name
            for name in SERVED_TYPES
            if not [
                place
                for place in _places(
                    {"resourceType": resource_type, str(element): {"reference": f"{name}/1"}}
                )
                if place.endswith(f"{element}.reference")
            ]
        }
        assert accepted | SEVERAL == set(parameter.target) | SEVERAL
