"""What must not be accepted, and how it is said: 4xx, an OperationOutcome, the path."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.conformance.r4.cases import Probe, Refused, case, cases
from tests.conformance.r4.checks import require_outcome
from tests.conformance.r4.spec import (
    DATATYPES,
    HTTP,
    JSON,
    MIME,
    OPERATIONS,
    OUTCOME,
    R4,
    RESOURCE,
    STATUS,
    VALIDATION,
)

if TYPE_CHECKING:
    from tests.conformance.r4.world import World

NARRATIVE = R4 + "narrative.html"
OBSERVATION = R4 + "observation.html#invs"
BAD = (400, 422)
PERSON = '"resourceType":"Patient","name":[{"family":"珠洲"}]'


def text(id_: str, body: str | bytes, spec: str = JSON, names: str = "") -> Refused:
    """Return a body that is no FHIR JSON."""
    return Refused(id_, Probe("POST", "Patient", body), (400, 422), spec, names)


UNREADABLE = [
    text("error-not-json", "family: 珠洲"),
    text("error-empty", ""),
    text("error-truncated", "{" + PERSON),
    text("error-array", "[{" + PERSON + "}]"),
    text("error-string", '"Patient"'),
    text("error-null", "null"),
    text("error-trailing-comma", "{" + PERSON + ",}"),
    text("error-trailing-text", "{" + PERSON + "} {}"),
    text("error-comment", "{/* a comment */" + PERSON + "}"),
    text("error-single-quotes", "{'resourceType':'Patient'}"),
    text("error-duplicate-key", "{" + PERSON + ',"active":true,"active":false}'),
    text("error-duplicate-key-inside",
         '{"resourceType":"Patient","name":[{"family":"a","family":"b"}]}'),
    text("error-nul", '{"resourceType":"Patient","name":[{"family":"a\\u0000b"}]}'),
    text("error-control", '{"resourceType":"Patient","name":[{"family":"a\\u0007b"}]}'),
    text("error-lone-surrogate", '{"resourceType":"Patient","name":[{"family":"\\ud842"}]}'),
    text("error-not-utf-8", b'{"resourceType":"Patient","name":[{"family":"\xff\xfe"}]}'),
    text("error-nan", '{"resourceType":"Patient","multipleBirthInteger":NaN}'),
    text("error-leading-zero", '{"resourceType":"Patient","multipleBirthInteger":01}'),
    text("error-no-type", '{"name":[{"family":"珠洲"}]}', RESOURCE),
    text("error-other-type", '{"resourceType":"Organization","name":"x"}', RESOURCE),
    text("error-no-such-type", '{"resourceType":"Favourite"}', RESOURCE),
]  # fmt: skip


def patient(id_: str, names: str, spec: str = DATATYPES, **more: Any) -> Refused:
    """Return a Patient with something wrong, and what the outcome must name."""
    body = {"resourceType": "Patient", "name": [{"family": "珠洲"}], **more}
    return Refused(id_, Probe("POST", "Patient", json.dumps(body)), BAD, spec, names)


PATIENTS = [
    patient("error-unknown-element", "favourite", VALIDATION, favourite="tea"),
    patient("error-unknown-inside", "favourite", VALIDATION, name=[{"favourite": "tea"}]),
    patient("error-element-case", "Gender", VALIDATION, Gender="male"),
    patient("error-boolean", "active", active="true"),
    patient("error-boolean-number", "active", active=1),
    patient("error-string-number", "family", name=[{"family": 7}]),
    patient("error-object-for-array", "name", JSON, name={"family": "珠洲"}),
    patient("error-array-for-object", "maritalStatus", JSON, maritalStatus=[{"text": "x"}]),
    patient("error-array-for-primitive", "birthDate", JSON, birthDate=["1960-01-01"]),
    patient("error-primitive-for-object", "maritalStatus", JSON, maritalStatus="W"),
    patient("error-code", "gender", gender="favourite"),
    patient("error-code-case", "gender", gender="Female"),
    patient("error-date-number", "birthDate", birthDate=1960),
    patient("error-date-words", "birthDate", birthDate="yesterday"),
    patient("error-date-era", "birthDate", birthDate="昭和13年4月5日"),
    patient("error-date-slashes", "birthDate", birthDate="1960/01/01"),
    patient("error-date-compact", "birthDate", birthDate="19600101"),
    patient("error-date-impossible", "birthDate", birthDate="1960-02-30"),
    patient("error-date-month", "birthDate", birthDate="1960-13"),
    patient("error-date-time", "birthDate", birthDate="1960-01-01T00:00:00Z"),
    patient("error-time-no-zone", "deceased", deceasedDateTime="2026-01-01T10:00:00"),
    patient("error-time-hour", "deceased", deceasedDateTime="2026-01-01T25:00:00Z"),
    patient("error-empty-string", "family", name=[{"family": ""}]),
    patient("error-empty-array", "name", JSON, name=[]),
    patient("error-empty-object", "maritalStatus", JSON, maritalStatus={}),
    patient("error-null", "birthDate", JSON, birthDate=None),
    patient("error-null-in-array", "given", JSON, name=[{"given": ["a", None]}]),
    patient("error-two-choices", "deceased", R4 + "formats.html#choice", deceasedBoolean=True,
            deceasedDateTime="2026-01-01"),
    patient("error-choice-type", "deceased", R4 + "formats.html#choice", deceasedString="yes"),
    patient("error-integer-fraction", "multipleBirth", multipleBirthInteger=1.5),
    patient("error-integer-string", "multipleBirth", multipleBirthInteger="1"),
    patient("error-positive-zero", "rank", telecom=[{"system": "phone", "value": "1", "rank": 0}]),
    patient("error-base64", "data", photo=[{"contentType": "image/png", "data": "***"}]),
    patient("error-uri", "system", identifier=[{"system": "not a uri", "value": "1"}]),
    patient("error-extension-url", "extension", R4 + "extensibility.html",
            extension=[{"valueString": "x"}]),
    patient("error-extension-both", "extension", R4 + "extensibility.html",
            extension=[{"url": "https://tasuki.example/x", "valueString": "x",
                        "extension": [{"url": "y", "valueString": "y"}]}]),
    patient("error-required-inside", "communication", VALIDATION,
            communication=[{"preferred": True}]),
    patient("error-link-type", "link", VALIDATION,
            link=[{"other": {"reference": "Patient/1"}, "type": "favourite"}]),
    patient("error-period", "period", DATATYPES,
            name=[{"family": "a", "period": {"start": "2026-01-02", "end": "2026-01-01"}}]),
    patient("error-narrative-script", "text", NARRATIVE, text={"status": "generated",
            "div": '<div xmlns="http://www.w3.org/1999/xhtml"><script>x()</script></div>'}),
    patient("error-narrative-no-div", "text", NARRATIVE, text={"status": "generated"}),
    patient("error-narrative-not-xhtml", "text", NARRATIVE,
            text={"status": "generated", "div": "能登 花子"}),
]  # fmt: skip

CODE = {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}
WEIGHT = {"status": "final", "code": CODE, "subject": {"reference": "@umi"}}


def observation(id_: str, names: str, spec: str = VALIDATION, **more: Any) -> Refused:
    """Return an Observation with something wrong; None leaves an element out."""
    body = {"resourceType": "Observation", **WEIGHT, **more}
    body = {name: value for name, value in body.items() if value is not None}
    return Refused(id_, Probe("POST", "Observation", json.dumps(body)), BAD, spec, names)


OBSERVATIONS = [
    observation("error-no-status", "status", status=None),
    observation("error-no-code", "code", code=None),
    observation("error-status", "status", status="favourite"),
    observation("error-two-values", "value", valueString="x", valueBoolean=True),
    observation("error-decimal-string", "value", DATATYPES, valueQuantity={"value": "72.5"}),
    observation("error-comparator", "comparator", DATATYPES,
                valueQuantity={"value": 72.5, "comparator": "="}),
    observation("error-range", "low", OBSERVATION, referenceRange=[{"text": "x",
                "low": {"value": "low"}}]),
    observation("error-instant", "issued", DATATYPES, issued="2026-01-01"),
    observation("error-component-code", "component", component=[{"valueString": "x"}]),
]  # fmt: skip


@cases([*UNREADABLE, *PATIENTS, *OBSERVATIONS])
def test_a_wrong_body_is_refused(world: World, case: Refused) -> None:
    require_outcome(world.send(case.probe), case.statuses, case.names)


GOOD = "{" + PERSON + "}"
XML = '<Patient xmlns="http://hl7.org/fhir"><active value="true"/></Patient>'


def media(id_: str, type_: str, body: str, *statuses: int) -> Refused:
    """Return a body of another media type."""
    return Refused(id_, Probe("POST", "Patient", body, (("Content-Type", type_),)), statuses, MIME)


MEDIA = [
    media("error-media-xml", "application/fhir+xml", XML, 415),
    media("error-media-text", "text/plain", GOOD, 415),
    media("error-media-form", "application/x-www-form-urlencoded", "a=b", 415, 400),
    media("error-media-none", "", GOOD, 415, 400),
    media("error-media-html", "text/html", "<p>珠洲</p>", 415),
]


@cases(MEDIA)
def test_another_media_type_is_refused(world: World, case: Refused) -> None:
    answer = world.send(case.probe)
    if case.id == "error-media-xml" and answer.status_code == 201:
        declared = world.client.get("metadata").json()["format"]
        assert any("xml" in one for one in declared), "XML is taken, and not declared"
        return
    require_outcome(answer, case.statuses)


PLACES = [
    Refused("error-post-type", Probe("POST", "Favourite", '{"resourceType":"Favourite"}'),
            (404, 400, 422), STATUS),
    Refused("error-post-to-id", Probe("POST", "{umi}", GOOD), (404, 405, 400), HTTP),
    Refused("error-put-to-type", Probe("PUT", "Patient", GOOD), (400, 404, 405, 412), HTTP),
    Refused("error-operation", Probe("GET", "{umi}/$favourite"), (404, 400, 405), OPERATIONS),
    Refused("error-operation-type", Probe("GET", "Patient/$favourite"), (404, 400, 405),
            OPERATIONS),
    Refused("error-operation-system", Probe("POST", "$favourite",
            '{"resourceType":"Parameters"}'), (404, 400, 405), OPERATIONS),
    Refused("error-path", Probe("GET", "{umi}/favourite/more"), (404, 400, 405), HTTP),
    Refused("error-bad-id", Probe("GET", "Patient/a_b"), (404, 400), R4 + "datatypes.html#id"),
]  # fmt: skip


@cases(PLACES)
def test_a_request_to_nowhere_is_refused(world: World, case: Refused) -> None:
    require_outcome(world.send(case.probe), case.statuses)


@case("error-too-deep", STATUS)
def test_what_is_nested_without_end_is_refused(world: World) -> None:
    deep = '{"url":"https://tasuki.example/x","extension":['
    depth = 3_000
    body = "{" + PERSON + ',"extension":[' + deep * depth + "]}" * depth + "]}"
    require_outcome(world.client.post("Patient", body), (400, 413, 422))


@case("error-several", OUTCOME)
def test_every_fault_is_told(world: World) -> None:
    given = world.new_patient(gender="favourite", birthDate="yesterday", active="perhaps")
    outcome = require_outcome(world.client.post("Patient", given), BAD)
    told = str(outcome["issue"])
    assert all(name in told for name in ("gender", "birthDate", "active"))
    assert len(outcome["issue"]) >= 3


@case("error-expression", OUTCOME)
def test_a_fault_has_its_place(world: World) -> None:
    given = world.new_patient(name=[{"family": "珠洲"}, {"family": "珠洲", "given": ["a", 7]}])
    outcome = require_outcome(world.client.post("Patient", given), BAD)
    places = [
        place
        for issue in outcome["issue"]
        for place in [*issue.get("expression", ()), *issue.get("location", ())]
    ]
    assert any("name[1].given[1]" in place for place in places), places


@case("error-no-token", HTTP + "#security")
def test_without_a_token_nothing_is_told(world: World) -> None:
    """Where the server asks for a token at all; without one everybody reads."""
    path = world.places["hanako"]
    for given in ("", "Bearer no-such-token"):
        answer = world.client.ask("GET", path, headers={"Authorization": given})
        if world.client.target.token():
            require_outcome(answer, (401,))
        else:
            assert answer.status_code in (200, 401)
    assert world.client.get(path).json() == world.seeded["hanako"]
