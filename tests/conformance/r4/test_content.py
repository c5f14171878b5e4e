"""What came in goes out: digits, characters, extensions, references."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.conformance.r4.cases import Case, case, cases
from tests.conformance.r4.checks import require_status
from tests.conformance.r4.spec import DATATYPES, DECIMAL, JSON, R4, REFERENCES, STRING_TYPE

if TYPE_CHECKING:
    from tests.conformance.r4.world import World

LEXEMES = {
    "decimal-trailing-zero": "72.50",
    "decimal-zeros": "1.00",
    "decimal-zero": "0.00",
    "decimal-exponent": "1.0e3",
    "decimal-small-exponent": "2.50e-7",
    "decimal-tiny": "0.000000001",
    "decimal-negative": "-0.10",
    "decimal-long": "3.14159265358979323",
    "decimal-large": "123456789012345678",
    "decimal-integer": "100",
}


@cases([Case(id_, DECIMAL) for id_ in LEXEMES])
def test_a_decimal_keeps_its_precision(world: World, case: Case) -> None:
    lexeme = LEXEMES[case.id]
    given = json.dumps(world.new_weight(world.patient(), 7777)).replace("7777", lexeme)
    answer = world.client.post("Observation", given)
    assert answer.status_code == 201, answer.text
    read = world.client.get(world.client.place(answer))
    assert read.status_code == 200, read.text
    kept = json.loads(read.text, parse_float=str, parse_int=str)["valueQuantity"]["value"]
    if world.client.target.is_ours:
        assert kept == lexeme
    assert Decimal(kept).as_tuple() == Decimal(lexeme).as_tuple()


CHARACTERS = {
    "characters-beyond-bmp": "𠮷田",
    "characters-variation": "葛\U000e0100城",
    "characters-variant": "髙﨑",
    "characters-compatibility": "神\ufa19",
    "characters-half-width": "ﾊﾅｺ",
    "characters-full-width": "ハロ　１２３",
    "characters-decomposed": "か\u3099",
    "characters-combining": "Mu\u0308ller",
    "characters-emoji": "👩\u200d👩\u200d👧",
    "characters-marks": '<b> & "quotes" \\ back/slash',
    "characters-line-separator": "a\u2028b",
    "characters-right-to-left": "שלום",
    "characters-private-use": "山\ue000田",
    "characters-spaces": "a  b　c",
}


@cases([Case(id_, STRING_TYPE) for id_ in CHARACTERS])
def test_characters_stay_as_they_are(world: World, case: Case) -> None:
    text = CHARACTERS[case.id]
    made = world.patient(name=[{"family": text, "given": [text]}])
    assert made["name"] == [{"family": text, "given": [text]}]


@case("characters-escaped", JSON)
def test_escapes_mean_what_they_escape(world: World) -> None:
    given = '{"resourceType":"Patient","name":[{"family":"\\ud842\\udfb7\\u7530"}]}'
    answer = world.client.post("Patient", given)
    assert answer.status_code == 201, answer.text
    assert world.client.get(world.client.place(answer)).json()["name"] == [{"family": "𠮷田"}]


@dataclass(frozen=True, slots=True)
class Kept:
    """Elements of a Patient that must come back as they were sent."""

    id: str
    given: dict[str, Any]
    spec: str
    needs: tuple[str, ...] = ()
    probe: None = None


def extension(**value: Any) -> dict[str, Any]:
    """Return an extension nobody knows."""
    return {"url": "https://tasuki.example/unheard-of", **value}


NARRATIVE = '<div xmlns="http://www.w3.org/1999/xhtml"><p>能登 <b>花子</b><br/>様</p></div>'
ROWS = [
    Kept("kept-extension", {"extension": [extension(valueString="x")]}, R4 + "extensibility.html"),
    Kept("kept-extension-inside", {"extension": [
        {"url": "https://tasuki.example/outer", "extension": [
            {"url": "inner", "valueCode": "a"}, {"url": "inner", "valueBoolean": False}]}]},
         R4 + "extensibility.html"),
    Kept("kept-extension-types", {"extension": [
        extension(valueInteger=0), extension(valueDate="2026-01"), extension(valueTime="10:00:00"),
        extension(valuePeriod={"start": "2026"}), extension(valueMoney={"value": 5.5,
        "currency": "JPY"})]}, R4 + "extensibility.html"),
    Kept("kept-primitive-extension", {"birthDate": "1960-01-01", "_birthDate": {
        "extension": [extension(valueDateTime="1960-01-01T10:00:00+09:00")]}}, JSON),
    Kept("kept-extension-for-value", {"_gender": {"extension": [
        {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
         "valueCode": "unknown"}]}}, JSON),
    Kept("kept-null-padding", {"name": [{"given": ["a", None, "c"],
         "_given": [None, {"extension": [extension(valueString="b")]}, None]}]}, JSON),
    Kept("kept-element-id", {"name": [{"id": "n1", "family": "珠洲"}]}, R4 + "element.html"),
    Kept("kept-order", {"telecom": [{"system": "phone", "value": str(n)} for n in (3, 1, 2, 1)]},
         JSON),
    Kept("kept-year", {"birthDate": "1935"}, DATATYPES),
    Kept("kept-month", {"birthDate": "1935-01"}, DATATYPES),
    Kept("kept-offset", {"deceasedDateTime": "2026-01-01T00:00:00+09:00"}, DATATYPES),
    Kept("kept-fraction", {"deceasedDateTime": "2026-01-01T00:00:00.120+09:00"}, DATATYPES),
    Kept("kept-utc", {"deceasedDateTime": "2026-01-01T00:00:00Z"}, DATATYPES),
    Kept("kept-false", {"active": False, "deceasedBoolean": False}, DATATYPES),
    Kept("kept-zero", {"multipleBirthInteger": 0}, DATATYPES),
    Kept("kept-narrative", {"text": {"status": "generated", "div": NARRATIVE}},
         R4 + "narrative.html"),
    Kept("kept-contained", {"contained": [{"resourceType": "Organization", "id": "o",
         "name": "組合"}], "managingOrganization": {"reference": "#o"}}, REFERENCES),
    Kept("kept-logical-reference", {"managingOrganization": {"identifier": {
         "system": "https://tasuki.example/org", "value": "1"}, "display": "組合"}}, REFERENCES),
    Kept("kept-display-only", {"generalPractitioner": [{"display": "佐藤 一"}]}, REFERENCES),
    Kept("kept-long-text", {"maritalStatus": {"text": "長い文" * 20_000}}, STRING_TYPE),
    Kept("kept-many", {"identifier": [{"system": "https://tasuki.example/many", "value": str(n)}
         for n in range(300)]}, JSON),
    Kept("kept-base64", {"photo": [{"contentType": "image/png", "data": "iVBORw0KGgo="}]},
         DATATYPES),
    Kept("kept-language", {"language": "ja-JP"}, R4 + "resource.html"),
    Kept("kept-codings", {"maritalStatus": {"coding": [
         {"system": "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", "version": "2018",
          "code": "W", "display": "Widowed", "userSelected": True}, {"code": "寡婦"}]}},
         DATATYPES),
]  # fmt: skip


@cases(ROWS)
def test_what_came_in_goes_out(world: World, case: Kept) -> None:
    given = {**world.new_patient(), **case.given}
    answer = world.client.post("Patient", given)
    assert answer.status_code == 201, answer.text
    read = require_status(world.client.get(world.client.place(answer)), 200)
    assert {name: read.get(name) for name in given} == given


@case("content-type", JSON)
def test_answers_are_utf_8_without_a_mark(world: World) -> None:
    answer = world.client.get(world.places["umi"])
    assert not answer.content.startswith(b"\xef\xbb\xbf")
    assert json.loads(answer.content.decode("utf-8"))["name"][0]["family"] == "𠮷田"
    assert answer.headers["content-type"].startswith("application/fhir+json")
