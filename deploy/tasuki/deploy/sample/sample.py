"""Reading the sample: its regions, residents' logs, and the people a demo is about.

    sample = open_sample()
    for resource in sample.resources("noto", today): ...

Resources come out one at a time, with their dates moved so that the sample's reference day is
`today`. Their ids are those of the hospital that sent them and mean nothing elsewhere.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tasuki.deploy.sample.shifting import shifted
from tasuki.shared.fhir.json import Resource, parse_resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PHR_FILE = "phr.ndjson.gz"

Role = Literal["nurse", "clinician", "resident", "officer", "privacy", "hospital"]
ConsentKind = Literal["share-across-regions", "withhold-from-shelters"]


@dataclass(frozen=True, slots=True)
class RegionSample:
    """A medical region and the files its hospital exported, in an order that loads.

    Args:
        code: Short name, as in URLs.
        title_ja: Name of the medical region.
        title_en: The same in English.
        institution: The hospital's 10-digit number.
        hospital: The hospital's name.
        hospital_en: The same in English.
        files: NDJSON, gzipped; referred-to types come first.
    """

    code: str
    title_ja: str
    title_en: str
    institution: str
    hospital: str
    hospital_en: str
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Municipality:
    """A municipality of the sample, by its 6-digit code (JIS X 0402 with check digit)."""

    code: str
    name: str
    region: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody a demo or a test is about.

    Args:
        key: Short name within the sample.
        name: As written, family name first, one space between.
        kana: The same in katakana.
        birth_date: Never moved.
        sex: FHIR administrative gender.
        municipality: 6-digit code of the home.
        member_id: Value of the `JP_Insurance_memberID` identifier.
        regions: Region code to the hospital's own `Patient/id`.
        phr: The PHR's own `Patient/id`, if the person keeps a log.
        why: What the person is there to show.
    """

    key: str
    name: str
    kana: str
    birth_date: date
    sex: str
    municipality: str
    member_id: str
    regions: dict[str, str]
    phr: str | None
    why: str


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An account the demo creates; secrets are made when it starts.

    Args:
        role: What the account may be used for.
        username: Sign-in name; for `hospital` the client's name.
        name: Shown to people.
        name_en: The same in English.
        region: Where a clinician or a hospital works.
        municipality: Where a nurse or an officer works; a prefecture's code for the officer.
        person: `Person.key` whose own account this is.
        institution: 10-digit number of a clinician's or hospital client's institution.
        practitioner: The institution's own number of who the account is, as its records have it.
    """

    role: Role
    username: str
    name: str
    name_en: str
    region: str | None
    municipality: str | None
    person: str | None
    institution: str | None
    practitioner: str | None


@dataclass(frozen=True, slots=True)
class Declaration:
    """The disaster the demo declares; `declared_by` is the username of the officer."""

    title_ja: str
    title_en: str
    issuer_ja: str
    issuer_en: str
    municipalities: tuple[str, ...]
    began_days_ago: int
    lasts_days: int
    declared_by: str

    def first_day(self, today: date) -> date:
        """Return the day from which the declaration holds."""
        return today - timedelta(days=self.began_days_ago)


@dataclass(frozen=True, slots=True)
class ConsentSeed:
    """A wish the demo records for a person before it starts.

    Args:
        person: `Person.key`.
        kind: What it is about.
        decision: `permit` or `deny`; without any, nothing is shared across regions.
        days_ago: When it was given.
    """

    person: str
    kind: ConsentKind
    decision: Literal["permit", "deny"]
    days_ago: int


class Sample:
    """The committed sample.

    Args:
        folder: Where `people.json` and the NDJSON files lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _facts(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads((self._folder / "people.json").read_text("utf-8"))
        return read

    @property
    def reference_day(self) -> date:
        """Return the day on which the files are told."""
        return date.fromisoformat(self._facts["reference_day"])

    def regions(self) -> list[RegionSample]:
        """Return the medical regions."""
        return [
            RegionSample(**{**one, "files": tuple(self._folder / name for name in one["files"])})
            for one in self._facts["regions"]
        ]

    def resources(self, region: str, today: date) -> Iterator[Resource]:
        """Yield a region's resources in loading order, moved to `today`.

        Raises:
            KeyError: There is no such region.
        """
        files = {one.code: one.files for one in self.regions()}[region]
        return self._moved(files, today)

    def phr_resources(self, today: date) -> Iterator[Resource]:
        """Yield the residents' own entries, each Patient before what refers to it."""
        return self._moved((self._folder / _PHR_FILE,), today)

    def people(self) -> list[Person]:
        """Return the people worth looking at; the first is 能登 花子."""
        return [
            Person(**{**one, "birth_date": date.fromisoformat(one["birth_date"])})
            for one in self._facts["people"]
        ]

    def person(self, key: str) -> Person:
        """Return one of `people`.

        Raises:
            KeyError: There is no such person.
        """
        return {one.key: one for one in self.people()}[key]

    def municipalities(self) -> list[Municipality]:
        """Return the municipalities in which residents of the sample live."""
        return [Municipality(**one) for one in self._facts["municipalities"]]

    def demo_accounts(self) -> list[DemoAccount]:
        """Return the accounts a demo needs, one for each role."""
        return [DemoAccount(**one) for one in self._facts["accounts"]]

    def declaration(self) -> Declaration:
        """Return the disaster the demo declares."""
        told = self._facts["declaration"]
        return Declaration(**{**told, "municipalities": tuple(told["municipalities"])})

    def consents(self) -> list[ConsentSeed]:
        """Return the wishes recorded before the demo starts."""
        return [ConsentSeed(**one) for one in self._facts["consents"]]

    def _moved(self, files: Iterable[Path], today: date) -> Iterator[Resource]:
        days = (today - self.reference_day).days
        for file in files:
            with gzip.open(file) as lines:
                for line in lines:
                    yield shifted(parse_resource(line), days)


def open_sample() -> Sample:
    """Return the sample that ships with this package."""
    return Sample(Path(__file__).parent)
