"""The data a run works on: seeded once under a tag of its own, found again by label."""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    import httpx2
    from tests.conformance.r4.capability import Capability
    from tests.conformance.r4.cases import Probe
    from tests.conformance.r4.client import Client

DATA = Path(__file__).parent / "data"
# In the order of who refers to whom.
FILES = ("places.json", "people.json", "encounters.json", "observations.json", "records.json")
TAGS = "https://tasuki.example/conformance"
SAFE = "=&?/:,$%!*'()-._~;@"


class Place(str):
    """`Type/id`; `{label:id}` writes the id alone, `{label:type}` the type alone."""

    __slots__ = ()

    def __format__(self, wanted: str) -> str:
        type_, _, id_ = self.partition("/")
        return {"id": id_, "type": type_}.get(wanted, str(self))


@dataclass(slots=True)
class World:
    """What was seeded.

    Attributes:
        run: Unique code of this run; part of every identifier, and the tag of seeded data.
        places: By label.
        seeded: The resources as the server returned them, by label.
    """

    client: Client
    capability: Capability
    run: str = field(default_factory=lambda: f"r{secrets.token_hex(6)}")
    places: dict[str, Place] = field(default_factory=dict)
    seeded: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def tag(self) -> str:
        return f"{TAGS}|{self.run}"

    @property
    def chart(self) -> str:
        """The identifier system of this run's chart numbers."""
        return f"https://tasuki.example/{self.run}/chart"

    def declares(self, need: str) -> bool:
        """Return whether an optional feature is declared; our own server must declare it."""
        told = self.capability.has(need)
        assert told or not self.client.target.is_ours, f"not declared: {need}"
        return told

    def fill(self, text: str) -> str:
        """Return text with `{run}` and labels filled in."""
        known = {"run": self.run, "base": self.client.base, "chart": self.chart, "tag": self.tag}
        return text.format_map({**known, **self.places})

    def path(self, query: str, *, scoped: bool = False) -> str:
        """Return the path of a query, percent-encoded; `scoped` adds the tag of this run."""
        text = self.fill(query)
        if scoped:
            text += f"{'&' if '?' in text else '?'}_tag={self.tag}"
        return quote(text, safe=SAFE)

    def search(self, query: str, *, scoped: bool = True, **headers: str) -> list[dict[str, Any]]:
        """Return all pages of a search for this run's data; unknown parameters are refused."""
        path = self.path(query, scoped=scoped)
        return list(self.client.pages(path, **{"prefer": "handling=strict", **headers}))

    def search_first(self, query: str) -> dict[str, Any]:
        """Return the first page of a search, not confined to the seeded data."""
        answer = self.client.get(self.path(query), prefer="handling=strict")
        assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
        page: dict[str, Any] = answer.json()
        assert page["type"] == "searchset", page
        return page

    def send(self, probe: Probe, *, scoped: bool = False) -> httpx2.Response:
        """Send a probe."""
        body = probe.body
        if body is not None and not isinstance(body, bytes):
            text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
            body = self.filled_json(text)
        headers = {name: self.fill(value) for name, value in probe.headers}
        if probe.method == "GET":
            headers = {"Prefer": "handling=strict", **headers}
        path = self.path(probe.path, scoped=scoped)
        return self.client.ask(probe.method, path, body=body, headers=headers)

    def labels(self, places: list[str]) -> list[str]:
        """Return the labels of places; a place that was not seeded stays as it is."""
        known = {place: label for label, place in self.places.items()}
        return [known.get(Place(place), place) for place in places]

    def filled_json(self, text: str) -> str:
        """Return JSON text with `@label` (Type/id), `@label.id` and `{run}` filled in."""
        text = re.sub(r"@([a-z][a-z0-9]+)(\.id)?\b", self._place, text)
        return text.replace("{run}", self.run)

    def _place(self, found: re.Match[str]) -> str:
        place = self.places.get(found[1])
        if place is None:
            return found[0]
        return f"{place:id}" if found[2] else str(place)

    def seed(self) -> None:
        """Create the data, file by file."""
        for name in FILES:
            given: dict[str, Any] = json.loads((DATA / name).read_text("utf-8"))
            for label, resource in given.items():
                if self.capability.type(resource["resourceType"]):
                    self._seed(label, resource)

    def _seed(self, label: str, resource: dict[str, Any]) -> None:
        meta = resource.get("meta", {})
        tags = [*meta.get("tag", ()), {"system": TAGS, "code": "{run}"}]
        whole = {**resource, "meta": {**meta, "tag": tags}}
        self.add(label, json.loads(self.filled_json(json.dumps(whole, ensure_ascii=False))))

    def add(self, label: str, resource: dict[str, Any]) -> dict[str, Any]:
        """Create a resource under a label and return it."""
        made = self.client.created(resource)
        self.places[label] = Place(f"{made['resourceType']}/{made['id']}")
        self.seeded[label] = made
        return made

    def patient(self, number: str = "", **more: Any) -> dict[str, Any]:
        """Create and return a person of a test's own, outside the seeded tag."""
        return self.client.created(self.new_patient(number, **more))

    def new_patient(self, number: str = "", **more: Any) -> dict[str, Any]:
        """Return a made-up person with a chart number of this run."""
        number = number or secrets.token_hex(4)
        return {
            "resourceType": "Patient",
            "identifier": [{"system": self.chart, "value": number}],
            "name": [{"family": "珠洲", "given": ["試"]}],
            **more,
        }

    def new_weight(
        self, patient: dict[str, Any], kilograms: float = 60, **more: Any
    ) -> dict[str, Any]:
        """Return a body weight of a person."""
        return {
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
            "subject": {"reference": f"Patient/{patient['id']}"},
            "effectiveDateTime": "2026-04-01T09:00:00+09:00",
            "valueQuantity": {
                "value": kilograms,
                "unit": "kg",
                "system": "http://unitsofmeasure.org",
                "code": "kg",
            },
            **more,
        }
