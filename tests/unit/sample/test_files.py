"""What must hold for every committed line of the sample."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tasuki.deploy.sample.sample as module
from tasuki.shared.fhir.json import parse_resource, render
from tasuki.shared.fhir.models import validate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasuki.deploy.sample.sample import Sample

Json = dict[str, Any]
Sources = dict[str, list[Json]]

FOLDER = Path(module.__file__).parent
MEMBER = "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID"
LOCAL = "urn:oid:1.2.392.100495.20.3.51.1"
YJ = "http://capstandard.jp/iyaku.info/CodeSystem/YJ-code"
GENERAL = "http://jpfhir.jp/fhir/core/mhlw/CodeSystem/MedicationGeneralOrderCode"
INSTITUTION = "http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no"


def everything(sources: Sources) -> Iterator[Json]:
    for resources in sources.values():
        yield from resources


def objects(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        yield value
        for child in value.values():
            yield from objects(child)
    elif isinstance(value, list):
        for child in value:
            yield from objects(child)


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for child in value.values():
            yield from strings(child)
    elif isinstance(value, list):
        for child in value:
            yield from strings(child)
    elif isinstance(value, str):
        yield value


def test_size_stays_small(sources: Sources) -> None:
    assert sum(map(len, sources.values())) <= 8000
    assert sum(path.stat().st_size for path in FOLDER.rglob("*.gz")) <= 1_500_000


def test_about_two_hundred_residents(sources: Sources) -> None:
    people = {
        one["value"]
        for resource in everything(sources)
        if resource["resourceType"] == "Patient"
        for one in resource["identifier"]
        if one["system"] == MEMBER
    }
    assert 190 <= len(people) <= 220


def test_files_are_those_the_build_recorded() -> None:
    recorded = json.loads((FOLDER / "people.json").read_text("utf-8"))["sha256"]
    found = {
        path.relative_to(FOLDER).as_posix(): hashlib.sha256(
            gzip.decompress(path.read_bytes())
        ).hexdigest()
        for path in FOLDER.rglob("*.gz")
    }
    assert found == recorded


def test_every_line_is_rendered_as_we_render() -> None:
    for path in FOLDER.rglob("*.gz"):
        for line in gzip.decompress(path.read_bytes()).splitlines():
            assert render(parse_resource(line)) == line


def test_every_resource_is_valid_r4(sources: Sources) -> None:
    faults = [
        (resource["resourceType"], resource["id"], fault.at, fault.message)
        for resource in everything(sources)
        for fault in validate(resource)
    ]
    assert faults == []


def test_every_reference_resolves_in_its_own_source(sources: Sources) -> None:
    for source, resources in sources.items():
        seen: set[str] = set()
        for resource in resources:
            for one in objects(resource):
                if "reference" in one:
                    # earlier in loading order: a loader can resolve each at once
                    own = f"{resource['resourceType']}/{resource['id']}"
                    assert one["reference"] in seen | {own}, (source, own, one)
            seen.add(f"{resource['resourceType']}/{resource['id']}")
        assert len(seen) == len(resources)


def test_the_regions_collide_on_ids_on_purpose(sources: Sources) -> None:
    ids = [
        {(one["resourceType"], one["id"]) for one in sources[region]} for region in ("noto", "kaga")
    ]
    assert ("Patient", "1") in ids[0] & ids[1]


def test_no_licensed_or_made_up_code_system(sources: Sources) -> None:
    systems = {
        one["system"]
        for resource in everything(sources)
        for one in objects(resource)
        if "system" in one
    }
    assert not [one for one in systems if re.search(r"snomed|ama-assn|clinosim|HOT", one)]
    text = b"".join(render(resource) for resource in everything(sources))
    assert b"snomed" not in text.lower()
    assert b"clinosim" not in text


def test_drug_codes_are_whole(sources: Sources) -> None:
    drugs = Counter(
        (one["system"], one["code"])
        for resource in everything(sources)
        if resource["resourceType"] == "MedicationRequest"
        for one in resource["medicationCodeableConcept"]["coding"]
    )
    for system, code in drugs:
        if system == YJ:
            assert re.fullmatch(r"[1-8]\d{6}[A-Z]\d[0-9]{3}", code)
        elif system == GENERAL:
            assert re.fullmatch(r"[1-8]\d{6}[A-Z]\dZZZ", code)
        else:
            assert code == "NOCODED"
    coded = sum(count for (system, _), count in drugs.items() if system in {YJ, GENERAL})
    assert coded / drugs.total() > 0.6


def test_every_drug_has_words(sources: Sources) -> None:
    for resource in everything(sources):
        for key in ("medicationCodeableConcept",):
            if key in resource:
                assert resource[key]["text"]


def check_digit(code: str) -> int:
    """JIS X 0402: weights 6 to 2; 11 minus the remainder, its last digit."""
    total = sum(int(digit) * weight for digit, weight in zip(code, range(6, 1, -1), strict=False))
    return (11 - total % 11) % 10


def test_municipality_codes_pass_their_check_digit(sample: Sample) -> None:
    facts = (FOLDER / "people.json").read_text("utf-8")
    codes = set(re.findall(r'"(\d{6})"', facts))
    assert {one.code for one in sample.municipalities()} | {"170003"} == codes
    assert len(codes) == 10
    for code in codes:
        assert check_digit(code) == int(code[5]), code


def insurer_is_right(number: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(number)):
        product = int(digit) * (1 if place % 2 == 0 else 2)
        total += product // 10 + product % 10
    return total % 10 == 0


def test_insurance_identity_has_the_form_of_jp_clins(sources: Sources) -> None:
    for resource in everything(sources):
        if resource["resourceType"] in {"Patient", "Coverage"}:
            (value,) = [one["value"] for one in resource["identifier"] if one["system"] == MEMBER]
            insurer, symbol, number, branch = value.split(":")
            assert re.fullmatch(r"\d{8}", insurer)
            assert insurer_is_right(insurer)
            assert number
            assert re.fullmatch(r"(\d{2})?", branch)
            assert "　" not in symbol


def test_institution_numbers_and_local_ids_fit_the_region(sample: Sample, sources: Sources) -> None:
    for region in sample.regions():
        assert re.fullmatch(r"^[0-4][0-9][1-3][0-9]{7}$", region.institution)
        assert region.institution.startswith("171")
        numbers = {
            one["value"]
            for resource in sources[region.code]
            for one in objects(resource)
            if one.get("system") == INSTITUTION
        }
        assert numbers == {region.institution}
        charts = [
            one["system"]
            for resource in sources[region.code]
            if resource["resourceType"] == "Patient"
            for one in resource["identifier"]
            if one["system"].startswith(LOCAL)
        ]
        assert set(charts) == {LOCAL + region.institution}
        assert len(charts) == sum(r["resourceType"] == "Patient" for r in sources[region.code])


def test_nothing_looks_like_a_my_number(sources: Sources) -> None:
    for resource in everything(sources):
        for text in strings(resource):
            digits = re.sub(r"(?<=\d)[- ](?=\d)", "", text)
            assert re.search(r"(?<![0-9A-Za-z.])\d{12}(?![0-9A-Za-z])", digits) is None, text


def test_phone_numbers_are_given_to_nobody(sources: Sources) -> None:
    phones = [
        one["value"]
        for resource in everything(sources)
        for one in objects(resource)
        if one.get("system") == "phone"
    ]
    assert phones
    assert [one for one in phones if not re.match(r"0[89]0-0000-|076[18]-00-", one)] == []


def test_addresses_are_in_the_sample_s_municipalities(sample: Sample, sources: Sources) -> None:
    cities = {one.name for one in sample.municipalities()}
    for resource in everything(sources):
        if resource["resourceType"] == "Patient":
            (address,) = resource["address"]
            assert address["state"] == "石川県"
            assert address["city"] in cities
            assert address["text"].startswith("石川県" + address["city"])


def supplied_days(resource: Json) -> int:
    dispense = resource["dispenseRequest"]
    once = int(dispense.get("expectedSupplyDuration", {"value": 0})["value"])
    return once * (1 + int(dispense.get("numberOfRepeatsAllowed", 0)))


def test_most_people_have_a_current_medicine(sources: Sources, reference_day: date) -> None:
    for region in ("noto", "kaga"):
        patients = {
            f"Patient/{one['id']}" for one in sources[region] if one["resourceType"] == "Patient"
        }
        current = {
            resource["subject"]["reference"]
            for resource in sources[region]
            if resource["resourceType"] == "MedicationRequest"
            and date.fromisoformat(resource["authoredOn"][:10])
            <= reference_day
            < date.fromisoformat(resource["authoredOn"][:10])
            + timedelta(days=supplied_days(resource))
        }
        assert 0.60 <= len(current) / len(patients) <= 0.85, region


def test_a_prescription_says_its_days_in_one_way_only(sources: Sources) -> None:
    for resource in everything(sources):
        if "expectedSupplyDuration" in resource.get("dispenseRequest", {}):
            (dosage,) = resource["dosageInstruction"]
            bounds = dosage["timing"].get("repeat", {}).get("boundsDuration")
            supply = resource["dispenseRequest"]["expectedSupplyDuration"]
            assert bounds is None or bounds == supply


def test_nothing_happens_after_the_reference_day(sources: Sources, reference_day: date) -> None:
    for resource in everything(sources):
        for one in objects(resource):
            for key in ("authoredOn", "recordedDate", "effectiveDateTime", "onsetDateTime"):
                if key in one:
                    assert date.fromisoformat(one[key][:10]) <= reference_day


def test_status_of_a_hospital_s_prescription_says_nothing(sources: Sources) -> None:
    for resource in everything(sources):
        if resource["resourceType"] == "MedicationRequest":
            assert (resource["status"], resource["intent"]) == ("completed", "order")
