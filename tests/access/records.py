"""The records the matrix plants: each with marks of its own, by which it is known wherever it leaks.

A mark is `mk`, six digits and a letter: the word in a version's text, the version's tag, the
resource's identifier. A Binary carries its word in base64.
"""

from __future__ import annotations

import base64
import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.access.labels import LIVES, Life

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.access.labels import Label
    from tests.access.wishes import State

Body = dict[str, Any]
NUMBERS = itertools.count(1)
SYSTEM = "urn:mark"
CODE = {"system": "urn:code", "code": "measured"}
# Ids are found by their form; so a response is searched in one pass, whatever the world holds.
MARK = re.compile(
    r"mk[0-9]{6}[a-z]|bWsw[A-Za-z0-9+/]{8}"
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
)
KANA = "アイウエオカキクケコ"


@dataclass(eq=False, repr=False)  # they refer to each other
class Row:
    """One planted resource.

    Attributes:
        about: What it is about, and so as secret as (Binary, Provenance).
        links: Everything it refers to, by element.
        person: Whose it is; None for nobody's.
        members: Whom a Group names.
    """

    type: str
    label: str
    person: Person | None
    life: Life
    body: Body
    number: int = field(default_factory=lambda: next(NUMBERS))
    id: str = ""
    about: tuple[Row, ...] = ()
    members: tuple[Person, ...] = ()
    links: dict[str, tuple[Row, ...]] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """`Type/id`."""
        return f"{self.type}/{self.id}"

    @property
    def identifier(self) -> str:
        """The mark that is its business number."""
        return f"mk{self.number:06d}i"

    @property
    def last(self) -> Label:
        """What it says of itself last."""
        return self.life.versions[-1]

    def category(self, version: int) -> str:
        """Return of which kind a result is in a version; some change theirs."""
        turns = {"N, then R": ("laboratory", "survey"), "R, then N": ("survey", "laboratory")}
        kinds = turns.get(self.label) or (
            ("laboratory", "survey")[tuple(LIVES).index(self.label) % 2],
        )
        return kinds[min(version, len(kinds)) - 1]

    def word(self, version: int) -> str:
        """Return the mark in the text of a version."""
        return f"mk{self.number:06d}{'ab'[version - 1]}"

    def tag(self, version: int) -> str:
        """Return the mark that is the tag of a version."""
        return f"mk{self.number:06d}{'pq'[version - 1]}"

    def written(self, version: int) -> Body:
        """Return the body of a version; references are to `urn:uuid` names while there is no id."""
        word, label = self.word(version), self.life.versions[version - 1]
        body = {"resourceType": self.type, "meta": label.written(self.tag(version)), **self.body}
        if self.type == "Binary":
            body["data"] = base64.b64encode(word.encode()).decode()
        elif self.type != "Provenance":
            body["identifier"] = [{"system": SYSTEM, "value": self.identifier}]
        if self.type == "Observation":
            coding = {"system": "urn:category", "code": self.category(version)}
            body["category"] = [{"coding": [coding]}]
        for name, text in _TEXTS.get(self.type, {}).items():
            body[name] = [{"text": word}] if text == "[]" else {"text": word}
        if self.type == "Patient":
            body = _named(body, self.number, word)
        for element, rows in self.links.items():
            references = [{"reference": row.path if row.id else row.name} for row in rows]
            body[element] = references if element in _LISTS else references[0]
        if self.type == "Group":
            body["member"] = [{"entity": {"reference": one.patient.path}} for one in self.members]
        return {**body, "id": self.id} if self.id else body

    @property
    def name(self) -> str:
        """What it is called within a transaction."""
        return f"urn:uuid:00000000-0000-4000-8000-{self.number:012d}"

    def marks(self) -> Iterator[tuple[str, int | None]]:
        """Yield its marks, each with the version that says it; None for all of them."""
        yield self.identifier, None
        for number in range(1, len(self.life.versions) + 1):
            yield self.word(number), number
            yield self.tag(number), number
            yield base64.b64encode(self.word(number).encode()).decode(), number


@dataclass(eq=False, repr=False)  # they refer to each other
class Person:
    """Somebody with a record: what they have said, and what is planted about them."""

    said: str
    state: State
    holder: str
    rows: list[Row] = field(default_factory=list)
    number: int = field(default_factory=lambda: next(NUMBERS))
    drill: bool = False

    @property
    def patient(self) -> Row:
        """Their Patient."""
        return self.rows[0]

    @property
    def id(self) -> str:
        """Their Patient id."""
        return self.patient.id

    def of(self, *types: str) -> list[Row]:
        """Return what is planted of these types and was not deleted."""
        return [row for row in self.all_of(*types) if not row.life.deleted]

    def all_of(self, *types: str) -> list[Row]:
        """Return what is planted of these types."""
        return [row for row in self.rows if row.type in types]


_LISTS = frozenset({"result", "hasMember", "target"})
_TEXTS = {
    "Observation": {"note": "[]"},
    "Condition": {"code": "{}"},
    "AllergyIntolerance": {"code": "{}"},
    "DiagnosticReport": {"code": "{}"},
    "DocumentReference": {"type": "{}"},
    "Encounter": {"serviceType": "{}"},
    "MedicationStatement": {"medicationCodeableConcept": "{}"},
    "MedicationRequest": {"medicationCodeableConcept": "{}"},
    "Medication": {"code": "{}"},
    "Organization": {"type": "[]"},
}


def _named(body: Body, number: int, word: str) -> Body:
    kana = "".join(KANA[int(digit)] for digit in f"{number:06d}")
    syllables = {
        "url": "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation",
        "valueCode": "SYL",
    }
    insured = {
        "system": "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID",
        "value": f"{number:08d}:あいう:187:05",
    }
    names = [{"extension": [syllables], "family": "ノト", "given": [kana]}, {"text": word}]
    return {**body, "name": names, "identifier": [*body["identifier"], insured]}


def observation(person: Person, label: str, day: int) -> Row:
    """Return a result with a number and a date of its own."""
    body = {
        "status": "final",
        "code": {"coding": [CODE]},
        "effectiveDateTime": f"2025-11-{day:02d}",
    }
    row = Row("Observation", label, person, LIVES[label], body)
    row.body["valueQuantity"] = {"value": row.number}
    return row


def condition(person: Person, label: str) -> Row:
    """Return a diagnosis."""
    system = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    body = {
        "clinicalStatus": {"coding": [{"system": system, "code": "active"}]},
        "recordedDate": "2025-11-01",
    }
    return Row("Condition", label, person, LIVES[label], body)


def allergy(person: Person, label: str) -> Row:
    """Return an allergy."""
    system = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
    body = {"clinicalStatus": {"coding": [{"system": system, "code": "active"}]}}
    return Row("AllergyIntolerance", label, person, LIVES[label], body)


def intake(person: Person, label: str) -> Row:
    """Return a medicine somebody takes."""
    return Row("MedicationStatement", label, person, LIVES[label], {"status": "active"})


def groups_of(people: list[Person]) -> list[Row]:
    """Return Groups of one and of two people; a label hides some of them."""
    body = {"type": "person", "actual": True}
    rows = []
    for number, person in enumerate(people):
        label = ("plain", "R", "UNINFORMED")[number % 3]
        pair = (person, people[(number + 1) % len(people)])
        rows.append(Row("Group", label, None, LIVES[label], body, members=(person,)))
        rows.append(Row("Group", "plain", None, LIVES["plain"], body, members=pair))
    return rows


def record_of(person: Person, types: frozenset[str], patient_label: str = "plain") -> None:
    """Plant one person's record, as far as a service keeps its types."""
    patient = Row(
        "Patient", patient_label, person, LIVES[patient_label], {"birthDate": "1950-01-01"}
    )
    results = [observation(person, label, day) for day, label in enumerate(LIVES, start=1)]
    for one, following in itertools.pairwise(results):
        one.links["hasMember"] = (following,)
    rows = [patient, *results, *(condition(person, label) for label in LIVES)]
    rows += [allergy(person, label) for label in ("plain", "R", "UNINFORMED")]
    if person.number % 2:  # of others nothing is masked
        rows += [intake(person, label) for label in ("HIV", "R, deleted")]
    rows += list(_around(person, results))
    by_label = {row.label: row for row in results}
    for label in ("plain", "R", "UNINFORMED"):
        rows.append(_about("Provenance", "target", by_label[label], person))
        rows.append(_about("Binary", "securityContext", by_label[label], person))
    person.rows = [row for row in rows if row.type in types]
    for row in person.rows:
        if row.type not in {"Patient", "Provenance", "Binary"}:
            row.links["patient" if row.type == "AllergyIntolerance" else "subject"] = (patient,)


def _around(person: Person, results: list[Row]) -> Iterator[Row]:
    """What points to results, and what they point to."""
    visit = {
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
    }
    encounter = Row("Encounter", "R", person, LIVES["R"], visit)
    yield encounter
    for label in ("plain", "R"):
        report = Row("DiagnosticReport", label, person, LIVES[label], {"status": "final"})
        report.links = {"result": tuple(results), "encounter": (encounter,)}
        yield report
    yield intake(person, "plain")


def _about(type_: str, element: str, target: Row, person: Person) -> Row:
    body: Body = {"contentType": "text/plain"}
    if type_ == "Provenance":
        body = {"recorded": "2025-12-01T00:00:00Z", "agent": [{"who": {"display": "x"}}]}
    row = Row(type_, f"about {target.label}", person, LIVES["plain"], body)
    row.about, row.links = (target,), {element: (target,)}
    return row
