"""What the log says of who may act for whom: what is opened and until when, and no name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tasuki.auth.log.events import OWN_PAGES, Event, What
from tasuki.shared.clock import TOKYO

if TYPE_CHECKING:
    from tasuki.auth.proxies.book import Given
    from tasuki.auth.proxies.grant import Terms


def offered(proxy: str, given: Given, terms: Terms) -> Event:
    """Return what is said of a grant that was offered; nobody can act by it before it is accepted."""
    return _told(What.PROXY_OFFERED, proxy, given, terms)


def recorded(proxy: str, given: Given, terms: Terms) -> Event:
    """Return what is said of what one person recorded from papers; it waits for a second one."""
    return _told(What.PROXY_RECORDED, proxy, given, terms)


def confirmed(proxy: str, given: Given, terms: Terms, by: str) -> Event:
    """Return what is said of what a second person confirmed, which offers it.

    Args:
        proxy: Id of the grant.
        given: Who recorded it, about whom, from what.
        terms: What is offered.
        by: Account of who confirmed it.
    """
    told = _told(What.PROXY_OFFERED, proxy, given, terms)
    both = (("recorded-by", given.by), ("confirmed-by", by))
    return replace(told, actor=by, details=(*told.details, *both))


def _told(what: What, proxy: str, given: Given, terms: Terms) -> Event:
    return Event(
        what=what,
        actor=given.by,
        account=given.by,
        client_id=OWN_PAGES,
        basis=f"proxy/{given.basis.value}",
        patient=given.patient,
        organization=given.organization,
        details=(
            ("proxy", proxy),
            ("relationship", terms.relationship.value),
            ("classes", " ".join(sorted(terms.classes))),
            ("writes", "yes" if terms.writes else "no"),
            ("wishes", "yes" if terms.wishes else "no"),
            ("until", terms.ends_at.astimezone(TOKYO).isoformat()),
            ("evidence", given.evidence or ""),
        ),
    )
