"""Makes the sample from a folder of generated patients; run once by a maintainer.

    python -m tasuki.deploy.sample.build FOLDER [--out FOLDER]

FOLDER holds the NDJSON export of clinosim 0.6.5 (MIT), a generator of synthetic Japanese patients,
made with `clinosim simulate --country JP --population 1500 --seed 20160 --start 2025-04-01
--end 2026-03-31 --format fhir-r4`, of Observations only some key tests. What is altered and why
stands in `README.md`. The same folder and seed give the same bytes.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasuki.deploy.sample.authoring import desk, generated, residents, stories
from tasuki.deploy.sample.authoring.hospital import Collection, Hospital
from tasuki.deploy.sample.authoring.lots import Lots
from tasuki.deploy.sample.authoring.source import Source
from tasuki.shared.fhir.json import render

if TYPE_CHECKING:
    from tasuki.deploy.sample.authoring.identities import Identity

Json = dict[str, Any]

SEED = "tasuki-sample-1"
GENERATED = {"noto": 96, "kaga": 80}  # generated residents per region, beside the written ones
_PHR_EVERY = 7  # every seventh generated resident also keeps a PHR log
_INSURED = ("2025-08-01", "2026-07-31")
_LOADING_ORDER = (  # what is referred to comes first
    "Organization",
    "Practitioner",
    "PractitionerRole",
    "Patient",
    "Coverage",
    "Condition",
    "AllergyIntolerance",
    "MedicationRequest",
    "Observation",
    "Immunization",
    "Procedure",
)
_STAMP = f"{desk.REFERENCE_DAY.isoformat()}T06:00:00+09:00"


@dataclass
class Sample:
    """The sample while it is made."""

    lots: Lots
    hospitals: dict[str, Hospital]
    phr: Collection = field(default_factory=lambda: Collection(_STAMP))
    charts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    people: list[Json] = field(default_factory=list)
    residents: int = 0

    def admit(self, region: str, who: Identity) -> Json:
        """Add a resident to a region's hospital; return the Reference."""
        self.charts[region] += 1
        chart = 10_000 * (1 + list(self.hospitals).index(region)) + 7 * self.charts[region]
        return residents.admit(self.hospitals[region], who, chart, _INSURED)

    def enrol(self, who: Identity, log: Json) -> str:
        """Add a resident and their log to the PHR; return `Patient/id`."""
        reference = self.phr.add(residents.patient(who))
        stories.keep_log(self.phr, {"reference": reference}, log)
        return reference


def make(source: Source, seed: str = SEED) -> Sample:
    """Return the sample made from a source."""
    lots = Lots(seed)
    sample = Sample(lots, {code: Hospital(code, _STAMP) for code in GENERATED})
    for story in stories.told():
        _tell_story(sample, story)
    keys = source.chosen(sum(GENERATED.values()), lots)
    for order, key in enumerate(keys):
        _tell_generated(sample, source, order, key)
    return sample


def _tell_story(sample: Sample, story: Json) -> None:
    who = stories.identity(story, sample.lots)
    places: Json = {}
    for region, part in story["regions"].items():
        patient = sample.admit(region, who)
        places[region] = patient["reference"]
        ticket = sample.lots.number(100, "doctor", who.key)
        stories.tell(sample.hospitals[region], patient, part, ticket)
    enrolled = sample.enrol(who, story["phr"]) if "phr" in story else None
    sample.residents += 1
    sample.people.append(_person(who, story, places, enrolled))


def _person(who: Identity, story: Json, places: Json, enrolled: str | None) -> Json:
    written = who.romaji if who.romaji is not None else (who.family[0], who.given[0])
    return {
        "key": who.key,
        "name": " ".join(written),
        "kana": f"{who.family[1]} {who.given[1]}",
        "birth_date": who.birth_date.isoformat(),
        "sex": who.sex,
        "municipality": who.municipality,
        "member_id": who.insurance.member_id,
        "regions": places,
        "phr": enrolled,
        "why": story["why"],
    }


def _tell_generated(sample: Sample, source: Source, order: int, key: str) -> None:
    cycle = sum(GENERATED.values())
    region = "noto" if order * GENERATED["noto"] % cycle < GENERATED["noto"] else "kaga"
    who = generated.identity(source, key, region, sample.lots)
    patient = sample.admit(region, who)
    records = source.records(key, region)
    generated.tell(sample.hospitals[region], patient, records, sample.lots, key)
    sample.residents += 1
    if order % _PHR_EVERY == 0:
        sample.enrol(who, generated.log(sample.lots, key))


def write(sample: Sample, folder: Path) -> None:
    """Write the files of a sample, one per type and region, and `people.json`."""
    sums: dict[str, str] = {}
    for region, hospital in sample.hospitals.items():
        for kind, resources in _by_type(hospital.resources).items():
            path = Path(region) / f"{kind}.ndjson.gz"
            sums[path.as_posix()] = _write_lines(folder / path, resources)
    sums["phr.ndjson.gz"] = _write_lines(folder / "phr.ndjson.gz", sample.phr.resources)
    text = json.dumps(_people_file(sample, sums), ensure_ascii=False, indent=1)
    (folder / "people.json").write_text(text + "\n", encoding="utf-8")


def _by_type(resources: list[Json]) -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = {kind: [] for kind in _LOADING_ORDER}
    for resource in resources:
        found[resource["resourceType"]].append(resource)
    return {kind: some for kind, some in found.items() if some}


def _write_lines(path: Path, resources: list[Json]) -> str:
    """Write NDJSON, gzipped without a time stamp; return the SHA-256 of the plain text."""
    plain = b"".join(render(resource) + b"\n" for resource in resources)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(plain, compresslevel=9, mtime=0))
    return hashlib.sha256(plain).hexdigest()


def _people_file(sample: Sample, sums: dict[str, str]) -> Json:
    places = desk.table("places")
    scenes = desk.table("scenes")
    return {
        "reference_day": desk.REFERENCE_DAY.isoformat(),
        "seed": sample.lots.seed,
        "residents": sample.residents,
        "prefecture": places["prefecture"],
        "municipalities": [
            {"code": code, "name": name, "region": region}
            for region, place in places["regions"].items()
            for code, name, *_ in place["cities"]
        ],
        "regions": [
            {
                "code": region,
                **{
                    key: place[key]
                    for key in ("title_ja", "title_en", "institution", "hospital", "hospital_en")
                },
                "files": [name for name in sums if name.startswith(f"{region}/")],
            }
            for region, place in places["regions"].items()
        ],
        "people": sample.people,
        "accounts": scenes["accounts"],
        "declaration": scenes["declaration"],
        "consents": scenes["consents"],
        "sha256": sums,
    }


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Make the demo sample.")
    parser.add_argument("folder", type=Path, help="the generator's NDJSON export")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    chosen = parser.parse_args()
    sample = make(Source(chosen.folder))
    write(sample, chosen.out)
    counted = {code: len(one.resources) for code, one in sample.hospitals.items()}
    print(f"{sample.residents} residents, {counted}, phr {len(sample.phr.resources)}")


if __name__ == "__main__":
    main()
