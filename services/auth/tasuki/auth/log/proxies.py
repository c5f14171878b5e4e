"""What the log says of who may act for whom: what is opened and until when, and no name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasuki.auth.log.events import OWN_PAGES, Event, What

if TYPE_CHECKING:
    from tasuki.auth.proxies.book import Given
    from tasuki.auth.proxies.grant import Terms


def offered(proxy: str, given: Given, terms: Terms) -> Event:
    """Return what is said of a grant that was offered; nobody can act by it before it is accepted."""
    return Event(
        what=What.PROXY_OFFERED,
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
            ("until", terms.ends_at.isoformat()),
            ("evidence", given.evidence or ""),
        ),
    )
