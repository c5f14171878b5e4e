"""Brings the sample in through the real doors: hospitals load, residents register, officers declare.

Nothing here writes to a service's database, but for accounts, which have no public door.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tasuki.deploy.clients import client_key
from tasuki.shared.access.client import ServiceCredentials, TokenClient
from tasuki.shared.clock import today_in_japan
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import parse_resource, render

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import httpx2

    from tasuki.deploy.composing import House
    from tasuki.deploy.sample.sample import (
        ConsentSeed,
        DemoAccount,
        Person,
        Sample,
    )
    from tasuki.shared.fhir.json import Resource

CHUNK = 500  # lines of one load request
ACROSS_REGIONS = ("TREAT", "ETREAT")
FROM_SHELTERS = ("DISASTER", "ETREAT")
LOCAL_PRACTITIONER = "urn:oid:1.2.392.100495.20.3.41.1"  # + the institution number
MEMBER_ID = "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID"


@dataclass(frozen=True, slots=True)
class Seeder:
    """Seeds one demo.

    Attributes:
        said: Told what is going on, and how much of it is done.
    """

    house: House
    sample: Sample
    http: httpx2.AsyncClient
    said: Callable[[str, int], None]

    async def hospitals(self) -> dict[str, dict[str, int]]:
        """Load every region's export; return the counts by region."""
        today = today_in_japan(self.house.clock)
        totals = {}
        for region in self.house.regions:
            base = self.house.at.ehr[region.code]
            token = await self._token(f"{region.code}-hospital", "system/*.cruds", base)
            resources = self.sample.resources(region.code, today)
            totals[region.code] = await self._load(base, token, region.code, resources)
        return totals

    async def residents(self) -> dict[str, int]:
        """Register the residents of the PHR with what they wrote down themselves."""
        today = today_in_japan(self.house.clock)
        base = self.house.at.phr_fhir
        token = await self._token("registrar", "system/*.cruds", base)
        return await self._load(base, token, "sample", self.sample.phr_resources(today))

    async def patient_of(self, person: Person) -> str:
        """Return the PHR's own Patient reference of a person, found by insurer identity."""
        base = self.house.at.phr_fhir
        token = await self._token("registrar", "system/*.cruds", base)
        answer = await self.http.post(
            f"{base}/Patient/_search",
            data={"identifier": f"{MEMBER_ID}|{person.member_id}"},
            headers={"Authorization": f"Bearer {token}"},
        )
        entries = _checked(answer).get("entry", [])
        if len(entries) != 1:
            raise Fault(Category.CONFLICT, "a person of the sample is not in the PHR exactly once")
        return f"Patient/{entries[0]['resource']['id']}"

    async def practitioner_of(self, account: DemoAccount) -> str:
        """Return the Practitioner reference of a member of staff, in their hospital's records."""
        region = account.region or ""
        base = self.house.at.ehr[region]
        token = await self._token(f"{region}-hospital", "system/*.cruds", base)
        number = f"{LOCAL_PRACTITIONER}{account.institution}|{account.practitioner}"
        answer = await self.http.get(
            f"{base}/Practitioner",
            params={"identifier": number},
            headers={"Authorization": f"Bearer {token}"},
        )
        entries = _checked(answer).get("entry", [])
        if len(entries) != 1:
            raise Fault(Category.CONFLICT, "a member of staff is not in the records exactly once")
        return f"Practitioner/{entries[0]['resource']['id']}"

    async def consents(self) -> int:
        """Record the wishes people gave on paper before the demo began."""
        base = self.house.at.consent_fhir
        token = await self._token("registrar", "system/*.cruds", base)
        people = {person.key: person for person in self.sample.people()}
        count = 0
        await self._register([people[seed.person] for seed in self.sample.consents()])
        for seed in self.sample.consents():
            if seed.kind == "share-across-regions" and seed.decision == "deny":
                continue  # other regions need an opt-in; a refusal would bind the own one too
            person = people[seed.person]
            body = self._consent(seed, await self.patient_of(person))
            answer = await self.http.post(
                f"{base}/Consent",
                content=render(body),
                headers={
                    "Authorization": f"Bearer {token}",
                    "Content-Type": "application/fhir+json",
                },
            )
            _checked(answer)
            count += 1
        return count

    async def declare(self, token: str) -> str:
        """Declare the sample's disaster with an officer's token; return the declaration's id."""
        told = self.sample.declaration()
        now = self.house.clock.now()
        answer = await self.http.post(
            f"{self.house.at.consent}/declarations",
            json={
                "areas": list(told.municipalities),
                "start": now.isoformat(),
                "end": (now + timedelta(days=told.lasts_days)).isoformat(),
                "authority": told.issuer_ja,
                "legal_basis": "災害救助法（見本）",
            },
            headers={"Authorization": f"Bearer {token}"},
        )
        return str(_checked(answer)["id"])

    async def _register(self, people: Iterable[Person]) -> None:
        """Register those without a log of their own: whoever has a wish has a place to keep it."""
        base = self.house.at.phr_fhir
        token = await self._token("registrar", "system/*.cruds", base)
        unknown = [registered(person) for person in people if person.phr is None]
        await self._load(base, token, "paper", unknown)

    def _consent(self, seed: ConsentSeed, patient: str) -> Resource:
        at = self.house.clock.now() - timedelta(days=seed.days_ago)
        emergency = seed.kind == "withhold-from-shelters"
        purposes = FROM_SHELTERS if emergency else ACROSS_REGIONS
        system = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
        return consent(
            patient,
            at.isoformat(timespec="seconds"),
            decision=seed.decision,
            purposes=[{"system": system, "code": code} for code in purposes],
            policy="urn:tasuki:policy:emergency" if emergency else "urn:tasuki:policy:everyday",
        )

    async def _token(self, client_id: str, scope: str, audience: str) -> str:
        key = client_key(self.house.folder.client_key(client_id))
        credentials = ServiceCredentials(client_id, key, f"{self.house.at.auth}/token")
        tokens = TokenClient(self.http, credentials, clock=self.house.clock, ids=self.house.ids)
        return await tokens.client_credentials(scope, audience, "HOPERAT")

    async def _load(
        self, base: str, token: str, source: str, resources: Iterable[Resource]
    ) -> dict[str, int]:
        totals: dict[str, int] = {}
        first = 1
        for chunk in _chunks(resources):
            answer = await self.http.post(
                f"{base}/$load",
                params={"source": source, "firstLine": str(first)},
                content=b"\n".join(chunk),
                headers={
                    "Authorization": f"Bearer {token}",
                    "Content-Type": "application/fhir+ndjson",
                },
                timeout=120.0,
            )
            for parameter in _checked(answer)["parameter"]:
                if "valueInteger" in parameter:
                    name = parameter["name"]
                    totals[name] = totals.get(name, 0) + parameter["valueInteger"]
            first += len(chunk)
            self.said(source, len(chunk))
        return totals


def registered(person: Person) -> Resource:
    """Return a Patient as a registrar writes it down at a counter: identity, and no more."""
    names = []
    for text, code in ((person.name, "IDE"), (person.kana, "SYL")):
        family, _, given = text.partition(" ")
        representation = {
            "url": "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation",
            "valueCode": code,
        }
        names.append(
            {
                "extension": [representation],
                "use": "official",
                "text": text,
                "family": family,
                **({"given": [given]} if given else {}),
            }
        )
    return {
        "resourceType": "Patient",
        "id": person.key,
        "identifier": [{"system": MEMBER_ID, "value": person.member_id}],
        "name": names,
        "gender": person.sex,
        "birthDate": person.birth_date.isoformat(),
    }


def consent(
    patient: str, at: str, *, decision: str, purposes: list[dict[str, str]], policy: str
) -> Resource:
    """Return a Consent as a person would record it."""
    return {
        "resourceType": "Consent",
        "status": "active",
        "scope": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/consentscope",
                    "code": "patient-privacy",
                }
            ]
        },
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": {"reference": patient},
        "dateTime": at,
        "performer": [{"reference": patient}],
        "organization": [{"display": "Tasuki demo"}],
        "sourceAttachment": {"title": "同意書（見本）"},
        "policy": [{"uri": policy}],
        "provision": {"type": decision, "purpose": purposes},
    }


def _chunks(resources: Iterable[Resource]) -> Iterator[list[bytes]]:
    chunk: list[bytes] = []
    for resource in resources:
        chunk.append(render(resource))
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _checked(answer: httpx2.Response) -> dict[str, Any]:
    if not answer.is_success:
        raise Fault(
            Category.UNAVAILABLE, f"seeding was refused with {answer.status_code}: {answer.text}"
        )
    return parse_resource(answer.content) if b"resourceType" in answer.content else answer.json()
