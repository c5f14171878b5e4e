"""$validate. https://hl7.org/fhir/R4/resource-operation-validate.html"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.house import BASE, issue, require_outcome

from tasuki.shared.access.rulings import Ruling
from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio

PATIENT: dict[str, Any] = {"resourceType": "Patient"}
SOUND = (
    "No fault was found. Checked: structure, types, cardinality, formats, characters and the code "
    "lists R4 closes. Not checked: profiles, terminologies, where references lead."
)
VALID = issue("informational", SOUND, severity="information")
NOT_FOUND = issue("not-found", "no such resource")
FOREIGN = "http://jpfhir.jp/fhir/core/StructureDefinition/JP_Patient"
NOT_HELD = issue(
    "not-supported",
    "this server does not hold the profile that was asked for, so whether the resource meets it is "
    "unknown",
    "profile",
)
WRONG = {**PATIENT, "gender": "x", "name": [{"family": 5}]}
WRONG_AT = ["Patient.gender", "Patient.name[0].family"]

UNREADABLE: list[Any] = [
    5,
    [5],
    [{}],
    [{"name": "other", "valueCode": "x"}],
    [{"name": ["mode"]}],
    [{"name": "mode", "valueString": "create"}],
    [{"name": "mode", "valueCode": {"a": 1}}],
    [{"name": "mode", "valueCode": "create", "valueString": "x"}],
    [{"name": "resource", "resource": [PATIENT]}],
    [{"name": "profile", "valueUri": "x", "valueCanonical": "x"}],
]


def could(words: str, *, looked: bool = True) -> dict[str, Any]:
    return issue("informational", f"{SOUND} {words}" if looked else words, severity="information")


def asking(resource: dict[str, Any] | None = None, **more: str) -> dict[str, Any]:
    """Return Parameters: `mode` and `profile` as R4 types them."""
    elements = {"mode": "valueCode", "profile": "valueUri"}
    parameters: list[dict[str, Any]] = [
        {"name": name, elements[name]: value} for name, value in more.items()
    ]
    if resource is not None:
        parameters.append({"name": "resource", "resource": resource})
    return {"resourceType": "Parameters", "parameter": parameters}


def flag(patient: str, **more: Any) -> dict[str, Any]:
    subject = {"reference": f"Patient/{patient}"}
    return {
        "resourceType": "Flag",
        "status": "active",
        "code": {"text": "x"},
        "subject": subject,
        **more,
    }


@pytest.mark.parametrize("body", [PATIENT, asking(PATIENT), asking(PATIENT, mode="create")])
async def test_sound_content_is_told_what_was_and_was_not_looked_at(
    house: House, body: dict[str, Any]
) -> None:
    words = "As things are now it could be created." if "parameter" in str(body) else ""
    created = "create" in str(body)
    answer = await house.post("/Patient/$validate", json=body)
    require_outcome(answer, 200, could(words) if created else VALID)
    assert await house.world.count("resource_head") == 0


@pytest.mark.parametrize("body", [WRONG, asking(WRONG), asking(WRONG, mode="create")])
async def test_faults_come_with_their_places_and_no_values(
    house: House, body: dict[str, Any]
) -> None:
    answer = await house.post("/Patient/$validate", json=body)
    assert answer.status_code == 200
    told = answer.json()["issue"]
    assert [one["expression"] for one in told] == [[place] for place in WRONG_AT]
    assert {(one["severity"], one["code"]) for one in told} == {("error", "structure")}


async def test_characters_are_looked_at_too(house: House) -> None:
    body = {**PATIENT, "name": [{"text": "a\x07", "family": "\ue000"}]}
    told = (await house.post("/Patient/$validate", json=body)).json()["issue"]
    assert [(one["severity"], one["expression"]) for one in told] == [
        ("error", ["Patient.name[0].text"]),
        ("warning", ["Patient.name[0].family"]),
    ]


@pytest.mark.parametrize("profile", [FOREIGN, f"{BASE}/x", "", "patient", "StructureDefinition/1"])
@pytest.mark.parametrize("by", ["query", "parameters"])
async def test_a_profile_that_is_not_held_is_never_called_met(
    house: House, profile: str, by: str
) -> None:
    asked: dict[str, Any] = {"json": PATIENT, "params": {"profile": profile}}
    if by == "parameters":
        asked = {"json": asking(PATIENT, profile=profile)}
    require_outcome(await house.post("/Patient/$validate", **asked), 200, NOT_HELD)


async def test_other_faults_are_told_beside_the_profile(house: House) -> None:
    answer = await house.post("/Patient/$validate", json=asking({**WRONG}, profile=FOREIGN))
    told = [one["expression"] for one in answer.json()["issue"]]
    assert told == [*([place] for place in WRONG_AT), ["profile"]]


@pytest.mark.parametrize("version", ["", "|4.0.1"])
async def test_the_type_s_own_base_profile_is_what_is_checked(house: House, version: str) -> None:
    base = f"http://hl7.org/fhir/StructureDefinition/Patient{version}"
    body = asking(PATIENT, profile=base, mode="profile")
    require_outcome(await house.post("/Patient/$validate", json=body), 200, VALID)
    other = asking(flag("x"), profile=base)
    require_outcome(await house.post("/Flag/$validate", json=other), 200, NOT_HELD)


async def test_a_service_adds_rules_of_its_own(house: House) -> None:
    rule = Fault(Category.STRUCTURE, "Patient.name is required here", at=("Patient.name",))
    house.with_checks(lambda resource: () if "name" in resource else (rule,))
    answer = await house.post("/Patient/$validate", json=PATIENT)
    require_outcome(answer, 200, issue("structure", rule.message, "Patient.name"))
    named = {**PATIENT, "name": [{"family": "能登"}]}
    answer = await house.post("/Patient/$validate", json=named)
    more = SOUND.replace("closes.", "closes, and the rules of this server.")
    require_outcome(answer, 200, issue("informational", more, severity="information"))
    # The rules of a service see nothing that is not R4, and writing does not ask them.
    answer = await house.post("/Patient/$validate", json={**PATIENT, "gender": "x"})
    assert [one["expression"] for one in answer.json()["issue"]] == [["Patient.gender"]]
    assert await house.create(PATIENT)


@pytest.mark.parametrize("mode", ["create", "update"])
async def test_a_rehearsal_answers_as_the_thing_itself_and_writes_nothing(
    house: House, mode: str
) -> None:
    mine, theirs = await house.create(PATIENT), await house.create(PATIENT)
    held = await house.create(flag(mine))
    before = await house.world.count("resource_version")
    for subject in (mine, theirs, "nobody"):
        body = flag(subject) if mode == "create" else flag(subject, id=held)
        path = "/Flag" if mode == "create" else f"/Flag/{held}"
        asked = await house.post(f"{path}/$validate", json=asking(body, mode=mode))
        assert await house.world.count("resource_version") == before
        done = await house.ask("POST" if mode == "create" else "PUT", path, json=body)
        assert asked.status_code == 200
        if done.is_success:
            before += 1
            words = {
                "create": "As things are now it could be created.",
                "update": "As things are now the update would be accepted.",
            }
            require_outcome(asked, 200, could(words[mode]))
        else:
            assert asked.json() == done.json()


async def test_an_update_is_held_to_the_version_the_caller_saw(house: House) -> None:
    id_ = await house.create(PATIENT)
    body = asking({**PATIENT, "id": id_}, mode="update")
    stale = {"If-Match": 'W/"2"'}
    answer = await house.post(f"/Patient/{id_}/$validate", json=body, headers=stale)
    told = issue("conflict", "the newest version is 1; read it before changing it")
    require_outcome(answer, 200, told)
    seen = {"If-Match": 'W/"1"'}
    answer = await house.post(f"/Patient/{id_}/$validate", json=body, headers=seen)
    require_outcome(answer, 200, could("As things are now the update would be accepted."))


async def test_a_deletion_is_asked_about_without_the_content(house: House) -> None:
    patient = await house.create(PATIENT)
    held = await house.create(flag(patient))
    words = "As things are now it could be deleted. Its content was not looked at."
    for path in (f"/Flag/{held}/$validate?mode=delete",):
        require_outcome(await house.get(path), 200, could(words, looked=False))
    answer = await house.post(f"/Patient/{patient}/$validate", json=asking(mode="delete"))
    text = "other resources still refer to this patient; delete those first"
    require_outcome(answer, 200, issue("conflict", text))
    assert (await house.get(f"/Flag/{held}")).is_success


async def test_what_is_stored_is_looked_at_and_what_is_sent_must_be_named_alike(
    house: House,
) -> None:
    id_ = await house.create(PATIENT)
    require_outcome(await house.get(f"/Patient/{id_}/$validate"), 200, VALID)
    answer = await house.get(f"/Patient/{id_}/$validate?mode=profile&profile={FOREIGN}")
    require_outcome(answer, 200, NOT_HELD)
    answer = await house.post(f"/Patient/{id_}/$validate", json={**PATIENT, "id": id_})
    require_outcome(answer, 200, VALID)
    answer = await house.post(f"/Patient/{id_}/$validate", json={**PATIENT, "id": "other"})
    told = issue("structure", "the id in the body is not the id in the path", "id")
    require_outcome(answer, 200, told)


@pytest.mark.parametrize(
    ("method", "path", "body", "text"),
    [
        ("POST", "/Patient/$validate", asking(), "a resource to validate is missing"),
        ("POST", "/Patient/$validate", {"resourceType": "Parameters"}, "a resource to validate"),
        ("POST", "/Patient/$validate", flag("x"), "the resource is not a Patient"),
        ("POST", "/Patient/$validate", asking(flag("x")), "the resource is not a Patient"),
        ("POST", "/Patient/$validate", asking({"a": 1}), "the resource is not a Patient"),
        ("POST", "/Patient/$validate?mode=delete", PATIENT, "this mode is asked of [type]/[id]"),
        ("POST", "/Patient/$validate?mode=update", PATIENT, "this mode is asked of [type]/[id]"),
        ("POST", "/Patient/$validate?mode=other", PATIENT, "mode must be one of: create, update"),
        ("POST", "/Patient/$validate?mode=profile", PATIENT, "the mode profile needs a profile"),
        ("POST", "/Patient/$validate?mode=create&mode=create", PATIENT, "each parameter may be"),
        ("POST", "/Patient/$validate?mode=create", asking(PATIENT, mode="create"), "each param"),
        ("POST", "/Patient/$validate?resource=x", PATIENT, "the query may have mode and profile"),
        ("GET", "/Patient/x/$validate?mode=create", None, "this mode is asked of [type]/$valid"),
        ("GET", "/Patient/x/$validate?mode=update", None, "a resource to validate is missing"),
        ("GET", "/Patient/x/$validate?nonsense", None, "the query may have mode and profile only"),
        *(
            (
                "POST",
                "/Patient/$validate",
                {"resourceType": "Parameters", "parameter": parameter},
                "Parameters may have: resource; mode (valueCode); profile (valueUri)",
            )
            for parameter in UNREADABLE
        ),
    ],
)
async def test_a_question_that_cannot_be_understood_is_400(
    house: House, method: str, path: str, body: dict[str, Any] | None, text: str
) -> None:
    answer = await house.ask(method, path, **({} if body is None else {"json": body}))
    assert answer.status_code == 400, answer.text
    (told,) = answer.json()["issue"]
    assert told["diagnostics"].startswith(text)


async def test_content_is_looked_at_for_who_may_create_or_read_the_type(house: House) -> None:
    answer = await house.post("/Patient/$validate", json=PATIENT, token="reader")
    require_outcome(answer, 200, VALID)
    needed = "the access token does not carry the scope this needs: "
    answer = await house.post("/Flag/$validate", json=flag("x"), token="reader")
    require_outcome(answer, 403, issue("forbidden", f"{needed}Flag.c or Flag.r"))
    body = asking(PATIENT, mode="create")
    answer = await house.post("/Patient/$validate", json=body, token="reader")
    require_outcome(answer, 403, issue("forbidden", f"{needed}Patient.c"))
    id_ = await house.create(PATIENT)
    body = asking({**PATIENT, "id": id_}, mode="update")
    answer = await house.post(f"/Patient/{id_}/$validate", json=body, token="reader")
    require_outcome(answer, 403, issue("forbidden", f"{needed}Patient.u"))
    answer = await house.get(f"/Patient/{id_}/$validate?mode=delete", token="reader")
    require_outcome(answer, 403, issue("forbidden", f"{needed}Patient.d"))
    answer = await house.get("/Flag/x/$validate", token="reader")
    require_outcome(answer, 403, issue("forbidden", f"{needed}Flag.r"))


async def test_another_person_s_record_is_as_if_it_were_not_there(house: House) -> None:
    mine, theirs = await house.create(PATIENT), await house.create(PATIENT)
    held = await house.create(flag(theirs))
    token = await house.resident(mine)
    for id_ in (held, "00000000-0000-4000-8000-000000000000"):
        for mode in ("", "?mode=delete"):
            answer = await house.get(f"/Flag/{id_}/$validate{mode}", token=token)
            require_outcome(answer, 404, NOT_FOUND)
        for body in (flag(mine, id=id_), asking(flag(mine, id=id_), mode="update")):
            answer = await house.post(f"/Flag/{id_}/$validate", json=body, token=token)
            require_outcome(answer, 404, NOT_FOUND)
    for subject in (theirs, "nobody"):
        body = asking(flag(subject), mode="create")
        answer = await house.post("/Flag/$validate", json=body, token=token)
        require_outcome(answer, 404, NOT_FOUND)
    house.decider.rulings[theirs] = Ruling.refuse("Consent/c1")
    answer = await house.get(f"/Flag/{held}/$validate", token="clinician")
    told = issue("forbidden", "you may not see or change this record for this purpose")
    require_outcome(answer, 403, told)


async def test_what_was_deleted_or_never_was_cannot_be_validated(house: House) -> None:
    id_ = await house.create(PATIENT)
    await house.ask("DELETE", f"/Patient/{id_}")
    answer = await house.get(f"/Patient/{id_}/$validate")
    require_outcome(answer, 410, issue("deleted", "the resource has been deleted"))
    require_outcome(await house.get("/Patient/a_b/$validate"), 404, NOT_FOUND)
    told = issue("not-found", "this server has no such resource type")
    require_outcome(await house.post("/Account/$validate", json={}), 404, told)
    require_outcome(await house.get("/Account/1/$validate"), 404, told)


async def test_looking_at_a_record_leaves_a_leaf_and_looking_at_content_none(house: House) -> None:
    patient = await house.create(PATIENT)

    async def leaves(method: str, path: str, **more: Any) -> int:
        before = await house.world.count("audit_leaf")
        await house.ask(method, path, **more)
        return await house.world.count("audit_leaf") - before

    at = f"/Patient/{patient}/$validate"
    update = asking({**PATIENT, "id": patient}, mode="update")
    assert await leaves("POST", "/Patient/$validate", json=PATIENT) == 0
    assert await leaves("POST", "/Flag/$validate", json=asking(flag(patient), mode="create")) == 1
    assert await leaves("GET", at) == 1
    assert await leaves("POST", at, json={**PATIENT, "id": patient}) == 1
    assert await leaves("POST", at, json=update) == 2
    assert await leaves("GET", f"{at}?mode=delete") == 2
    assert await leaves("GET", "/Flag/x/$validate", token="reader") == 1  # the refusal
