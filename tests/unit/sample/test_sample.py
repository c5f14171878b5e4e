"""The people, accounts, consents and the disaster of the demo, checked against the records."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tasuki.deploy.seeding import LOCAL_PRACTITIONER

if TYPE_CHECKING:
    from tasuki.deploy.sample.sample import Person, Sample

Json = dict[str, Any]
Sources = dict[str, list[Json]]

MEMBER = "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID"


def about(sources: Sources, person: Person, source: str, kind: str) -> list[Json]:
    patient = person.phr if source == "phr" else person.regions[source]
    return [
        one
        for one in sources[source]
        if one["resourceType"] == kind
        and (one.get("subject") or one["patient"])["reference"] == patient
    ]


def patient_of(sources: Sources, source: str, reference: str) -> Json:
    (found,) = [
        one
        for one in sources[source]
        if one["resourceType"] == "Patient" and f"Patient/{one['id']}" == reference
    ]
    return found


def kana_of(patient: Json) -> str:
    (kana,) = [one["text"] for one in patient["name"] if one["extension"][0]["valueCode"] == "SYL"]
    return str(kana)


def drug_codes(medicines: list[Json]) -> set[str]:
    return {one["medicationCodeableConcept"]["coding"][0]["code"] for one in medicines}


def test_regions_have_titles_and_files(sample: Sample) -> None:
    titles = {one.code: one.title_ja for one in sample.regions()}
    assert titles == {"noto": "能登北部医療圏", "kaga": "南加賀医療圏"}
    for region in sample.regions():
        assert all(path.is_file() for path in region.files)
        assert region.files[0].name == "Organization.ndjson.gz"


def test_an_unknown_region_is_refused(sample: Sample) -> None:
    with pytest.raises(KeyError):
        sample.resources("atlantis", date(2026, 1, 1))


def test_every_person_is_the_same_in_every_source(sample: Sample, sources: Sources) -> None:
    for person in sample.people():
        places = dict(person.regions)
        if person.phr is not None:
            places["phr"] = person.phr
        assert places, person.key
        for source, reference in places.items():
            patient = patient_of(sources, source, reference)
            assert patient["birthDate"] == person.birth_date.isoformat()
            assert patient["gender"] == person.sex
            assert kana_of(patient) == person.kana
            assert person.name in {one["text"] for one in patient["name"]}
            assert {"system": MEMBER, "value": person.member_id} in patient["identifier"]


def test_insurance_identity_tells_people_apart(sources: Sources) -> None:
    owners: dict[str, set[tuple[str, str]]] = {}
    for resources in sources.values():
        for one in resources:
            if one["resourceType"] == "Patient":
                (value,) = [i["value"] for i in one["identifier"] if i["system"] == MEMBER]
                owners.setdefault(value, set()).add((kana_of(one), one["birthDate"]))
    assert [value for value, people in owners.items() if len(people) > 1] == []


def test_hanako(sample: Sample, sources: Sources) -> None:
    hanako = sample.people()[0]
    assert (hanako.name, hanako.kana, hanako.sex) == ("能登 花子", "ノト ハナコ", "female")
    assert hanako.birth_date == date(1938, 4, 5)
    assert hanako.municipality == "172049"
    noto = about(sources, hanako, "noto", "MedicationRequest")
    kaga = about(sources, hanako, "kaga", "MedicationRequest")
    assert {"3332001", "2171022", "2456001"} == {one[:7] for one in drug_codes(noto)}
    assert "2492416" in {one[:7] for one in drug_codes(kaga)}
    both = {one[:7] for one in drug_codes(noto)} & {one[:7] for one in drug_codes(kaga)}
    assert both == {"2171022"}
    assert {one[:9] for one in drug_codes(noto)}.isdisjoint({one[:9] for one in drug_codes(kaga)})
    allergies = {
        one["code"]["coding"][0]["code"]
        for one in about(sources, hanako, "noto", "AllergyIntolerance")
    }
    assert allergies == {"YCM6131001C1210", "J9FA19140000"}
    assert about(sources, hanako, "kaga", "AllergyIntolerance") == []
    suspected = [
        one
        for one in about(sources, hanako, "noto", "Condition")
        if one["verificationStatus"]["coding"][0]["code"] == "unconfirmed"
    ]
    (one,) = suspected
    assert one["code"]["extension"][0]["valueCodeableConcept"]["text"] == "の疑い"


def test_nine_people_are_in_both_regions_with_different_drugs(
    sample: Sample, sources: Sources
) -> None:
    both = [one for one in sample.people() if len(one.regions) == 2]
    assert len(both) == 9
    again = 0
    for person in both:
        noto, kaga = (
            drug_codes(about(sources, person, region, "MedicationRequest"))
            for region in ("noto", "kaga")
        )
        assert noto.isdisjoint(kaga)
        again += bool({one[:7] for one in noto} & {one[:7] for one in kaga})
    assert again >= 4


def test_names_that_need_care(sample: Sample) -> None:
    names = "".join(one.name for one in sample.people())
    for character in "髙﨑邊𠮷":
        assert character in names
    assert re.search("辻[\U000e0100-\U000e01ef]", names)


def test_namesakes_share_a_birth_year(sample: Sample) -> None:
    found = [
        one
        for one in sample.people()
        if (one.kana, one.birth_date.year, one.sex) == ("タナカ ヒロシ", 1950, "male")
    ]
    assert len(found) == 7
    assert len({one.birth_date for one in found}) == 7
    assert Counter(region for one in found for region in one.regions)["noto"] == 6


def test_three_ways_of_having_no_allergy_on_record(sample: Sample, sources: Sources) -> None:
    (none,) = about(sources, sample.person("ishida"), "noto", "AllergyIntolerance")
    assert none["code"] == {"text": "アレルギー歴なし"}
    assert none["clinicalStatus"]["coding"][0]["code"] == "active"
    assert about(sources, sample.person("ueda"), "noto", "AllergyIntolerance") == []


def test_dosing_that_needs_care(sample: Sample, sources: Sources) -> None:
    (unknown_end,) = about(sources, sample.person("maeda"), "noto", "MedicationRequest")
    assert "expectedSupplyDuration" not in unknown_end["dispenseRequest"]
    assert "boundsDuration" not in unknown_end["dosageInstruction"][0]["timing"]["repeat"]
    needed = [
        one["dosageInstruction"][0]
        for one in about(sources, sample.person("okada"), "noto", "MedicationRequest")
    ]
    assert [one["asNeededBoolean"] for one in needed if "asNeededBoolean" in one] == [True]
    supplements = {
        one["coding"][0]["code"]
        for resource in about(sources, sample.person("hasegawa"), "noto", "MedicationRequest")
        for one in resource["dosageInstruction"][0].get("additionalInstruction", [])
    }
    assert supplements == {"V12NNNNN", "V21NNNNN", "W0100100"}


def test_an_untold_diagnosis_is_marked(sample: Sample, sources: Sources) -> None:
    tags = [
        tag["code"]
        for one in about(sources, sample.person("inoue"), "kaga", "Condition")
        for tag in one["meta"].get("tag", [])
    ]
    assert tags == ["UNINFORMED"]


def test_dialysis_infant_and_foreign_resident(sample: Sample, sources: Sources) -> None:
    sessions = about(sources, sample.person("mori"), "noto", "Procedure")
    assert len(sessions) == 3
    infant = sample.person("hayashi")
    assert sample.reference_day - infant.birth_date < timedelta(days=365)
    maria = sample.person("santos")
    patient = patient_of(sources, "noto", maria.regions["noto"])
    assert patient["communication"][0]["language"]["coding"][0]["code"] == "en"
    forms = {one["extension"][0]["valueCode"] for one in patient["name"]}
    assert forms == {"ABC", "SYL"}


def test_residents_log_what_hospitals_do_not_have(sources: Sources) -> None:
    kinds = Counter(one["resourceType"] for one in sources["phr"])
    assert kinds["Patient"] >= 20
    assert kinds["Observation"] >= 60
    assert kinds["MedicationStatement"] >= 8
    assert kinds["AllergyIntolerance"] >= 4
    assert "MedicationRequest" not in kinds
    own = [one for one in sources["phr"] if one["resourceType"] == "AllergyIntolerance"]
    assert all(one["recorder"] == one["patient"] == one["asserter"] for one in own)


def test_one_account_for_each_role(sample: Sample) -> None:
    accounts = {one.role: one for one in sample.demo_accounts()}
    assert set(accounts) == {"nurse", "clinician", "resident", "officer", "privacy", "hospital"}
    assert len(accounts) == len(sample.demo_accounts())
    assert accounts["resident"].person == "hanako"
    assert sample.person("hanako").phr is not None
    assert accounts["nurse"].municipality == "172049"
    institutions = {one.code: one.institution for one in sample.regions()}
    for role in ("clinician", "hospital"):
        account = accounts[role]
        assert account.region is not None
        assert account.institution == institutions[account.region]


def test_a_clinician_is_one_of_the_hospitals_own_practitioners(
    sample: Sample, sources: dict[str, list[dict[str, Any]]]
) -> None:
    (account,) = [one for one in sample.demo_accounts() if one.practitioner is not None]
    number = {
        "system": f"{LOCAL_PRACTITIONER}{account.institution}",
        "value": account.practitioner,
    }
    named = [
        one["name"][0]["text"]
        for one in sources[account.region or ""]
        if one["resourceType"] == "Practitioner" and number in one["identifier"]
    ]
    assert named == [account.name]


def test_the_disaster_is_in_one_municipality_and_running(sample: Sample) -> None:
    declared = sample.declaration()
    names = {one.code: one.name for one in sample.municipalities()}
    assert [names[code] for code in declared.municipalities] == ["輪島市"]
    today = date(2026, 11, 23)
    first = declared.first_day(today)
    assert first <= today < first + timedelta(days=declared.lasts_days)
    assert declared.declared_by in {one.username for one in sample.demo_accounts()}


def test_consents_cover_everybody_in_both_regions(sample: Sample) -> None:
    shared = {
        one.person: one.decision for one in sample.consents() if one.kind == "share-across-regions"
    }
    assert shared.keys() == {one.key for one in sample.people() if len(one.regions) == 2}
    assert [key for key, decision in shared.items() if decision == "deny"] == ["sakamoto"]
    withheld = [one for one in sample.consents() if one.kind == "withhold-from-shelters"]
    assert [(one.person, one.decision) for one in withheld] == [("kobayashi", "deny")]
