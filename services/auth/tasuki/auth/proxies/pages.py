"""What pages show of grants: in words, for either side; and the page that asks for whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from tasuki.auth.pages import rendered
from tasuki.auth.proxies.people import MUNICIPALITY
from tasuki.auth.proxies.waiting import may_confirm
from tasuki.auth.words import words_for
from tasuki.consent.vocabulary import DataClass
from tasuki.shared.clock import TOKYO
from tasuki.shared.text import municipality

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from starlette.responses import Response

    from tasuki.auth.proxies.grant import Grant
    from tasuki.auth.proxies.waiting import Office, Waiting


@dataclass(frozen=True, slots=True)
class Shown:
    """A grant in words.

    Attributes:
        opens: What of the record it opens.
        since: Day it was accepted; None while it is only offered.
        until: Its last day.
    """

    id: str
    name: str
    person: str
    relationship: str
    opens: str
    basis: str
    since: str | None
    until: str


@dataclass(frozen=True, slots=True)
class ShownWaiting:
    """What waits for a second person, in words.

    Attributes:
        by: Who recorded it.
        at: When they did.
        until: When it is over.
        may_confirm: Whether whoever reads it is a second person for it.
        is_own: Whether they recorded it themselves.
    """

    grant: Shown
    papers: str
    birth: str
    by: str
    at: str
    until: str
    may_confirm: bool
    is_own: bool


@dataclass(frozen=True, slots=True)
class WhomForm:
    """The page on which somebody who has signed in says for whom.

    Attributes:
        action: Where the form goes: the authorization request, as received.
        ticket: What shows that they signed in.
        locales: `ui_locales` of the request.
    """

    action: str
    client_name: str
    redirect_uri: str
    csrf: str
    ticket: str
    grants: Sequence[Grant]
    locales: str


def whom_page(form: WhomForm) -> Response:
    """Return the page."""
    words = words_for(form.locales)
    return rendered(
        "for_whom.html",
        words,
        redirect_uri=form.redirect_uri,
        action=form.action,
        client_name=form.client_name,
        csrf=form.csrf,
        ticket=form.ticket,
        grants=[shown(grant, words) for grant in form.grants],
    )


def _basis(grant: Grant, words: Mapping[str, str]) -> str:
    said = words[f"basis_{grant.basis.value}"]
    office = (grant.organization or "").removeprefix(MUNICIPALITY)
    place = municipality(office) if office else None
    return said if place is None else f"{said} ({place.name})"


def shown(grant: Grant, words: Mapping[str, str]) -> Shown:
    """Return a grant in words."""
    terms = grant.terms
    opens = [words[f"class_{one.value}"] for one in DataClass if one in terms.classes]
    opens += [words["proxy_writes"]] if terms.writes else []
    opens += [words["proxy_wishes"]] if terms.wishes else []
    since, last = grant.accepted_at, terms.ends_at - timedelta(seconds=1)
    return Shown(
        id=grant.id,
        name=terms.name,
        person=terms.person,
        relationship=words[f"relationship_{terms.relationship.value}"],
        opens=words["comma"].join(opens),
        basis=_basis(grant, words),
        since=None if since is None else f"{since.astimezone(TOKYO):%Y-%m-%d}",
        until=f"{last.astimezone(TOKYO):%Y-%m-%d}",
    )


def shown_waiting(
    entry: Waiting, words: Mapping[str, str], office: Office, reader: str
) -> ShownWaiting:
    """Return an entry in words.

    Args:
        entry: What waits.
        words: Of the page.
        office: Whose entry it is.
        reader: Account of who reads the page.
    """
    return ShownWaiting(
        grant=shown(entry.grant, words),
        papers=words[f"papers_{entry.papers}"],
        birth=entry.birth.isoformat(),
        by=office.names.get(entry.recorded_by, "-"),
        at=_minute(entry.grant.made_at),
        until=_minute(entry.until),
        may_confirm=may_confirm(entry, office, reader),
        is_own=entry.recorded_by == reader,
    )


def _minute(at: datetime) -> str:
    return f"{at.astimezone(TOKYO):%Y-%m-%d %H:%M}"
