"""The JSON form of a held proposal, at rest. The form is append-only."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from tasuki.consent.warnings.bulletin import Hazard, Place
from tasuki.consent.warnings.held import Decision, HeldProposal, State, Word

if TYPE_CHECKING:
    from collections.abc import Mapping

FORM = "tasuki-proposal/1"


def write_proposal(held: HeldProposal) -> dict[str, Any]:
    """Return the JSON form."""
    return {
        "form": FORM,
        "id": held.id,
        "source": held.source,
        "heard_at": held.heard_at.isoformat(),
        "documents": list(held.documents),
        "proposed": _write_word(held.proposed),
        "cancelled": _write_word(held.cancelled),
        "lowered": _write_word(held.lowered),
        "decision": _write_decision(held.decision),
    }


def read_proposal(document: Mapping[str, Any]) -> HeldProposal:
    """Return the proposal that `write_proposal` wrote."""
    return HeldProposal(
        id=document["id"],
        source=document["source"],
        heard_at=datetime.fromisoformat(document["heard_at"]),
        documents=tuple(document["documents"]),
        proposed=_read_word(document["proposed"]),
        cancelled=_read_word(document["cancelled"]),
        lowered=_read_word(document["lowered"]),
        decision=_read_decision(document["decision"]),
    )


def _write_word(word: Word | None) -> dict[str, Any] | None:
    if word is None:
        return None
    return {
        "rank": list(word.rank),
        "title": word.title,
        "headline": word.headline,
        "publisher": word.publisher,
        "sent": word.sent.isoformat(),
        "hazards": [
            {
                "kind": hazard.kind,
                "weight": hazard.weight,
                "places": [[place.name, place.code, place.part] for place in hazard.places],
            }
            for hazard in word.hazards
        ],
    }


def _read_word(document: Mapping[str, Any] | None) -> Word | None:
    if document is None:
        return None
    first, second, name = document["rank"]
    return Word(
        rank=(first, second, name),
        title=document["title"],
        headline=document["headline"],
        publisher=document["publisher"],
        sent=datetime.fromisoformat(document["sent"]),
        hazards=tuple(
            Hazard(one["kind"], tuple(Place(*place) for place in one["places"]), one["weight"])
            for one in document["hazards"]
        ),
    )


def _write_decision(decision: Decision | None) -> dict[str, str] | None:
    if decision is None:
        return None
    return {
        "state": decision.state.value,
        "by": decision.by,
        "at": decision.at.isoformat(),
        "words": decision.words,
        "declaration": decision.declaration,
    }


def _read_decision(document: Mapping[str, str] | None) -> Decision | None:
    if document is None:
        return None
    return Decision(
        State(document["state"]),
        document["by"],
        datetime.fromisoformat(document["at"]),
        document["words"],
        document["declaration"],
    )
