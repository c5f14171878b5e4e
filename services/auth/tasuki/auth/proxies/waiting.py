"""What one person of an office recorded from papers, until a second one has compared them.

It opens nothing, and there is no code for it before. docs/adr/0027-two-persons-record-a-representative.md
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, insert, select, update

from tasuki.auth.log.proxies import confirmed, recorded
from tasuki.auth.proxies.book import MOST, Given, grant_of, is_full, new_code, place, row_of
from tasuki.auth.proxies.grant import Basis, Grant, Terms, fault_of
from tasuki.auth.staff import staff_of
from tasuki.auth.tables import PROXY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, Connection, RowMapping

    from tasuki.auth.accounts import Account
    from tasuki.auth.means import Means
    from tasuki.auth.sealing import SecretBox

WAITING = timedelta(days=7)  # long enough for holidays; the family still has the papers at hand


@dataclass(frozen=True, slots=True)
class Waiting:
    """One entry that waits.

    Attributes:
        grant: What it would become.
        recorded_by: Account of who recorded it.
        papers: Kind of papers that were shown.
        birth: The person's birth date.
        until: When it is over.
    """

    grant: Grant
    recorded_by: str
    papers: str
    birth: date
    until: datetime


@dataclass(frozen=True, slots=True)
class Office:
    """The people of an office.

    Attributes:
        names: Of all its accounts, by id, also of withdrawn ones.
        administrators: Accounts that administer it and are in use.
    """

    names: Mapping[str, str]
    administrators: frozenset[str]


def office_of(connection: Connection, box: SecretBox, organization: str) -> Office:
    """Return the people of an office as they are now."""
    members = staff_of(connection, box, organization)
    return Office(
        {one.id: one.display or one.username for one in members},
        frozenset(
            one.id
            for one in members
            if one.administers and not one.disabled and one.invited_until is None
        ),
    )


def may_record(office: Office, by: str) -> bool:
    """Return whether an account records, which it does only where another one can confirm."""
    return by in office.administrators and len(office.administrators) > 1


def may_confirm(entry: Waiting, office: Office, by: str) -> bool:
    """Return whether an account is the second person of an entry of its own office.

    Who recorded it must administer the office still: two persons stand behind it when it is confirmed. An
    account holds no more of who somebody is than a name, so the proxy is known by that.
    """
    return (
        by != entry.recorded_by
        and {by, entry.recorded_by} <= office.administrators
        and _folded(office.names[by]) != _folded(entry.grant.terms.name)
    )


def evidence_of(papers: str, birth: date) -> str:
    """Return what was shown, as it is kept; never a number of a person."""
    return json.dumps({"papers": papers, "birth_date": birth.isoformat()})


def record(connection: Connection, context: Means, given: Given, terms: Terms) -> bool:
    """Keep what somebody recorded from papers; False where there is too much about this person.

    Args:
        connection: Of the transaction.
        context: What it is done with.
        given: With `evidence_of` what was shown.
        terms: In order, by `fault_of`.
    """
    now, id_ = context.clock.now(), context.ids.new()
    about = (PROXY.c.patient == given.patient, *_waits(now))
    waiting = connection.execute(select(func.count()).where(*about)).scalar() or 0
    if waiting >= MOST or is_full(connection, given.patient, now):
        return False
    row = row_of(context, id_, given, terms)
    connection.execute(insert(PROXY).values(row | {"waits_until": now + WAITING}))
    context.log.record(connection, recorded(id_, given, terms))
    return True


def waiting_at(
    connection: Connection, box: SecretBox, organization: str, now: datetime
) -> list[Waiting]:
    """Return what waits for a second person of an office, newest first."""
    query = select(PROXY).where(PROXY.c.organization == organization, *_waits(now))
    rows = connection.execute(query.order_by(PROXY.c.made_at.desc(), PROXY.c.id)).mappings()
    return [_entry(row, box) for row in rows]


def confirm(connection: Connection, context: Means, by: Account, id_: str) -> str:
    """Return the code of what a second person confirms, shown once; or a key of the words (`proxy_…`).

    Whatever is not theirs to confirm reads the same: their own, another office's, one confirmed, ended or over
    before, and none at all. Their terms are looked at anew.
    """
    now, box, organization = context.clock.now(), context.box, by.organization or ""
    # Held, so that of two who confirm at once one finds it done.
    theirs = (PROXY.c.id == id_, PROXY.c.organization == organization, *_waits(now))
    held = select(PROXY).where(*theirs).with_for_update()
    row = connection.execute(held).mappings().one_or_none()
    entry = None if row is None else _entry(row, box)
    if entry is None or not may_confirm(entry, office_of(connection, box, organization), by.id):
        return "proxy_not_confirmed"
    grant = entry.grant
    wrong = fault_of(grant.terms, Basis.PAPERS, now, birth=entry.birth)
    if wrong is not None:
        return wrong
    if is_full(connection, grant.patient, now):
        return "proxy_too_many"
    code, offering = new_code(box, now)
    done = {"waits_until": None, "confirmed_by": by.id, "confirmed_at": now}
    connection.execute(update(PROXY).where(PROXY.c.id == id_).values(done | offering))
    evidence = evidence_of(entry.papers, entry.birth)
    given = Given(grant.patient, entry.recorded_by, grant.basis, grant.organization, evidence)
    context.log.record(connection, confirmed(id_, given, grant.terms, by.id))
    return code


def _waits(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (PROXY.c.waits_until > now, PROXY.c.ended_at.is_(None))


def _entry(row: RowMapping, box: SecretBox) -> Waiting:
    shown = json.loads(box.unseal(row["evidence_sealed"], bound_to=place(row["id"], "evidence")))
    return Waiting(
        grant=grant_of(row, box),
        recorded_by=row["given_by"],
        papers=shown["papers"],
        birth=date.fromisoformat(shown["birth_date"]),
        until=row["waits_until"],
    )


def _folded(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())
