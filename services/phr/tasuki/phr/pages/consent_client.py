"""Asks the consent service on the resident's behalf: their Consents, decisions, who looked.

Three endings are kept apart: it was done, it was not done (a fault), and nobody knows (`Unsure`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import httpx2

from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import parse, parse_resource, render

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tasuki.shared.fhir.json import Resource

FHIR_JSON: Final = "application/fhir+json"
MOST_CONSENTS: Final = 1_000
SECONDS: Final = 15.0  # it asks every holder who looked, each of which has its own time
_REFUSALS: Final = {
    400: Category.INVALID,
    401: Category.UNAUTHENTICATED,
    403: Category.FORBIDDEN,
    404: Category.NOT_FOUND,
    409: Category.CONFLICT,
    412: Category.PRECONDITION,
    422: Category.STRUCTURE,
    429: Category.TOO_MANY,
    503: Category.UNAVAILABLE,
}

MOST_PAGES = 10  # of a thousand looks each; the page says how many more there are


class Unsure(Fault):
    """The service was told to change something and gave no answer: it may or may not be done."""

    def __init__(self) -> None:
        super().__init__(Category.UNAVAILABLE, "It is not known whether the change was made.")


class ConsentClient:
    """The consent service, as one resident at a time.

    Args:
        http: Must not follow redirects.
        fhir_url: Its FHIR base URL; `/decide` and `/overrides` lie beside it.
    """

    def __init__(self, http: httpx2.AsyncClient, fhir_url: str) -> None:
        self._http = http
        self._fhir_url = fhir_url
        self._decide_url = f"{fhir_url.removesuffix('/fhir')}/decide"
        self._overrides_url = f"{fhir_url.removesuffix('/fhir')}/overrides"

    async def consents(self, token: str, patient: str) -> list[Resource]:
        """Return every Consent of the resident, any status.

        Raises:
            Fault: UNAVAILABLE where it does not answer, or not wholly.
        """
        asked = {"patient": patient, "_count": str(MOST_CONSENTS)}
        found = await self._resource("/Consent", token, asked)
        resources = [entry["resource"] for entry in found.get("entry", [])]
        consents = [one for one in resources if one.get("resourceType") == "Consent"]
        if found.get("total", len(consents)) != len(consents):
            raise _unavailable()  # acting on a part could leave a wish standing unseen
        return consents

    async def decide(self, token: str, question: Mapping[str, object]) -> dict[str, Any]:
        """Return the answer of `POST /decide`."""
        answer = await self._sent(
            "POST", self._decide_url, token, content=render(question), kind="application/json"
        )
        return _parsed(answer)

    async def record(self, token: str, consent: Resource) -> None:
        """Record a new Consent.

        Raises:
            Fault: It was not done.
            Unsure: Nobody knows.
        """
        await self._change("POST", "/Consent", token, consent, {})

    async def change(self, token: str, consent: Resource, version: str) -> None:
        """Record a further version, if `version` is still the newest; see `record`."""
        path = f"/Consent/{consent['id']}"
        await self._change("PUT", path, token, consent, {"If-Match": f'W/"{version}"'})

    async def looked(self, token: str, patient: str, *, proof: bool = False) -> Resource:
        """Return the Bundle of AuditEvents about the resident, newest first, its pages joined.

        With `proof`, each has its proof, and the signed heads come with them.
        """
        of = {"patient": patient, **({"_proof": "true"} if proof else {})}
        whole = await self._resource("/AuditEvent", token, of)
        page, last = 1, whole
        while page < MOST_PAGES and any(
            link.get("relation") == "next" for link in last.get("link", ())
        ):
            page += 1
            last = await self._resource("/AuditEvent", token, {**of, "_page": str(page)})
            events = [
                entry
                for entry in last.get("entry", ())
                if entry.get("search", {}).get("mode") != "outcome"
            ]
            whole["entry"] = [*whole.get("entry", ()), *events]
        return whole

    async def overrides(self, token: str) -> list[dict[str, Any]]:
        """Return the emergency overrides of the resident's record they may know of, newest first.

        Raises:
            Fault: UNAVAILABLE where it does not answer.
        """
        answer = await self._sent("GET", f"{self._overrides_url}/about-me", token)
        found = _parsed(answer).get("overrides")
        if not isinstance(found, list):
            raise _unavailable()
        return found

    async def override_seen(self, token: str, id_: str) -> None:
        """Say that the resident has read of an override.

        Raises:
            Fault: It was not done.
            Unsure: Nobody knows.
        """
        await self._step(f"{id_}/seen", token, {})

    async def dispute(self, token: str, id_: str, text: str) -> None:
        """Object to an override; see `override_seen`."""
        await self._step(f"{id_}/dispute", token, {"text": text})

    async def _step(self, path: str, token: str, body: Mapping[str, object]) -> None:
        try:
            await self._sent(
                "POST",
                f"{self._overrides_url}/{path}",
                token,
                content=render(dict(body)),
                kind="application/json",
            )
        except _Lost as lost:
            raise Unsure from lost

    async def _resource(self, path: str, token: str, asked: Mapping[str, str]) -> Resource:
        answer = await self._sent("GET", self._fhir_url + path, token, params=asked)
        return _parsed(answer, resource=True)

    async def _change(
        self, method: str, path: str, token: str, consent: Resource, headers: Mapping[str, str]
    ) -> None:
        try:
            await self._sent(
                method,
                self._fhir_url + path,
                token,
                content=render(consent),
                kind=FHIR_JSON,
                headers=headers,
            )
        except _Lost as lost:
            raise Unsure from lost

    async def _sent(  # noqa: PLR0913 - the parts of one request
        self,
        method: str,
        url: str,
        token: str,
        *,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        kind: str = FHIR_JSON,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        given = {"Authorization": f"Bearer {token}", "Content-Type": kind, **(headers or {})}
        try:
            answer = await self._http.request(
                method, url, params=params, content=content, headers=given, timeout=SECONDS
            )
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise _unavailable() from error  # nothing was sent
        except (httpx2.HTTPError, OSError) as error:
            raise _Lost from error
        if answer.is_success:
            return answer
        category = _REFUSALS.get(answer.status_code)
        if category is None:
            raise _Lost
        raise Fault(category, "The consent service did not do it.")


class _Lost(Fault):
    """A request was sent, and no answer that can be relied on came back."""

    def __init__(self) -> None:
        super().__init__(Category.UNAVAILABLE, "The consent service does not answer.")


def _parsed(answer: httpx2.Response, *, resource: bool = False) -> dict[str, Any]:
    try:
        return parse_resource(answer.content) if resource else parse(answer.content)
    except Fault as fault:
        raise _unavailable() from fault


def _unavailable() -> Fault:
    return Fault(Category.UNAVAILABLE, "The consent service does not answer.")
