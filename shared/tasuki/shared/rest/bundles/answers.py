"""Answers to the entries of a transaction or batch.

https://hl7.org/fhir/R4/http.html#transaction-response
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasuki.shared.access.writing import instant
from tasuki.shared.faults import Category, Fault, Faults
from tasuki.shared.fhir.json import parse_resource, render, verbatim
from tasuki.shared.fhir.outcome import information, outcome
from tasuki.shared.rest.answers import CREATED, done, etag
from tasuki.shared.rest.outcome import STATUS
from tasuki.shared.rest.prefer import Wanted

if TYPE_CHECKING:
    from tasuki.shared.access.records import Stored

ANSWER_BYTES = 32 * 1024 * 1024  # of the resources in the answer to one Bundle


class Room:
    """How much the answer to one Bundle may still hold."""

    def __init__(self) -> None:
        self._left = ANSWER_BYTES

    def for_read(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to an entry that reads, ready to be sent.

        Raises:
            Fault: TOO_COSTLY where there is no room for it.
        """
        kept = self._kept(answer)
        if kept is None:
            raise Fault(
                Category.TOO_COSTLY,
                f"the answer to a Bundle has {ANSWER_BYTES // 1024 // 1024} MB at most;"
                " ask for this by itself",
            )
        return kept

    def for_write(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to an entry that wrote; without the resource where there is no room.

        It is done and cannot be refused any more, and a preference is no demand.
        """
        kept = self._kept(answer)
        return {"response": answer["response"]} if kept is None else kept

    def _kept(self, answer: dict[str, Any]) -> dict[str, Any] | None:
        if "resource" not in answer:
            return answer
        body = render(answer["resource"])
        if len(body) > self._left:
            return None
        self._left -= len(body)
        return {**answer, "resource": verbatim(body)}


def response(status: str, stored: Stored) -> dict[str, Any]:
    """Return the response part of what tells of a version."""
    return {"status": status, "etag": etag(stored), "lastModified": instant(stored.at)}


def written_answer(
    stored: Stored, base: str, asked: Wanted | None, *, status: int
) -> dict[str, Any]:
    """Return the answer to an entry that wrote this version, or found it there."""
    told = response(str(status), stored)
    told["location"] = f"{stored.type}/{stored.id}/_history/{stored.version}"
    answer: dict[str, Any] = {}
    if status == CREATED:
        answer["fullUrl"] = f"{base}/{stored.type}/{stored.id}"
    if asked is Wanted.REPRESENTATION:
        answer["fullUrl"] = f"{base}/{stored.type}/{stored.id}"
        answer["resource"] = parse_resource(stored.body or b"{}")
    if asked is Wanted.OUTCOME:
        told["outcome"] = information(done(status))
    return {**answer, "response": told}


def deleted_answer(gone: Stored | None, asked: Wanted | None) -> dict[str, Any]:
    """Return the answer to an entry that deleted; None where there was nothing to delete."""
    told: dict[str, Any] = {"status": "204"}
    if gone is not None:
        told = response("204", gone)
    if asked is Wanted.OUTCOME:
        told = {**told, "status": "200", "outcome": information(done(200))}
    return {"response": told}


def failed_answer(fault: Fault) -> dict[str, Any]:
    """Return the answer to an entry of a batch that was not done."""
    parts = fault.faults if isinstance(fault, Faults) else (fault,)
    return {"response": {"status": str(STATUS[fault.category]), "outcome": outcome(*parts)}}
