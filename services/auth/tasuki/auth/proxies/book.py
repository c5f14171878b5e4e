"""The grants as they are kept: offered with a code, accepted with it once, ended by either side.

Names and evidence lie sealed, codes as keyed hashes. A grant that the person gave stands only as long
as the account that gave it is theirs.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, exists, func, insert, or_, select, update

from tasuki.auth.log.accounts import by_account
from tasuki.auth.log.events import What
from tasuki.auth.log.proxies import offered
from tasuki.auth.proxies.grant import Basis, Grant, Relationship, Terms
from tasuki.auth.sealing import PROXY_CODE as LABEL
from tasuki.auth.tables import ACCOUNT, PERSON_LINK, PROXY, PROXY_GUESS, TOKEN_FAMILY
from tasuki.auth.vouching import typed_code
from tasuki.consent.vocabulary import DataClass
from tasuki.shared.access.principal import Role

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, RowMapping

    from tasuki.auth.accounts import Account
    from tasuki.auth.means import Means
    from tasuki.auth.sealing import SecretBox

CODE_LIFE = timedelta(minutes=30)  # the two speak with each other, or stand at a counter
DIGITS = 10
GUESSES = 5  # wrong codes of one account in ...
GUESSING = timedelta(hours=1)
MOST = 10  # grants and offers about one person at once


@dataclass(frozen=True, slots=True)
class Given:
    """Who gives, about whom, on what.

    Attributes:
        organization: Of who checked papers.
        evidence: What was shown, in words; never a number of a person.
    """

    patient: str
    by: str
    basis: Basis
    organization: str | None = None
    evidence: str | None = None


def offer(connection: Connection, context: Means, given: Given, terms: Terms) -> str | None:
    """Return the code of a new offer, shown once; None where there are too many about this person.

    Raises:
        ValueError: From papers: that is recorded and waits (`waiting.record`), so that nobody offers it alone.
    """
    if given.basis is Basis.PAPERS:
        raise ValueError("what rests on papers waits for a second person")
    now, id_ = context.clock.now(), context.ids.new()
    if is_full(connection, given.patient, now):
        return None
    code, offering = new_code(context.box, now)
    row = row_of(context, id_, given, terms)
    connection.execute(insert(PROXY).values(row | offering))
    context.log.record(connection, offered(id_, given, terms))
    return code


def is_full(connection: Connection, patient: str, now: datetime) -> bool:
    """Return whether there are as many grants and offers about a person as there may be."""
    count = select(func.count()).where(PROXY.c.patient == patient, _standing_or_offered(now))
    return (connection.execute(count).scalar() or 0) >= MOST


def new_code(box: SecretBox, now: datetime) -> tuple[str, dict[str, Any]]:
    """Return a code, and the columns of the grant that it offers from now on."""
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    return code, {"code_mac": _mac(box, code), "offered_until": now + CODE_LIFE}


def row_of(context: Means, id_: str, given: Given, terms: Terms) -> dict[str, Any]:
    """Return the columns of a grant that is made now, which nobody is offered yet."""
    box, evidence = context.box, given.evidence
    return {
        "id": id_,
        "patient": given.patient,
        "given_by": given.by,
        "basis": given.basis.value,
        "organization": given.organization,
        "relationship": terms.relationship.value,
        "name_sealed": box.seal(terms.name.encode(), bound_to=place(id_, "name")),
        "person_sealed": box.seal(terms.person.encode(), bound_to=place(id_, "person")),
        "evidence_sealed": None
        if evidence is None
        else box.seal(evidence.encode(), bound_to=place(id_, "evidence")),
        "classes": sorted(terms.classes),
        "writes": terms.writes,
        "wishes": terms.wishes,
        "made_at": context.clock.now(),
        "ends_at": terms.ends_at,
    }


def accept(connection: Connection, context: Means, account: Account, typed: str) -> bool:
    """Take up the offer of a code; False where it is none that this account can take up now.

    Every wrong code counts, and is answered as every other; after some the account waits. A newer
    grant takes the place of an older one.
    """
    now = context.clock.now()
    # Held, so that guesses of one account come one after the other.
    held = select(ACCOUNT.c.id).where(ACCOUNT.c.id == account.id).with_for_update()
    connection.execute(held)
    waits = guesses_too_often(connection, account.id, now)
    open_offer = (
        PROXY.c.code_mac == _mac(context.box, typed_code(typed)),
        PROXY.c.offered_until > now,
        PROXY.c.ends_at > now,
        PROXY.c.ended_at.is_(None),
        PROXY.c.given_by != account.id,
        PROXY.c.confirmed_by.is_distinct_from(account.id),
        PROXY.c.patient != (account.patient or ""),
        _giver_stands(),
    )
    found = connection.execute(select(PROXY.c.id, PROXY.c.patient).where(*open_offer)).one_or_none()
    if waits or found is None or account.role is not Role.RESIDENT:
        if not waits:
            guessed(connection, context, account.id)
        refused = by_account(What.PROXY_ACCEPTED, account, account.id, done=False)
        context.log.record(connection, refused)
        return False
    older = and_(PROXY.c.account == account.id, PROXY.c.patient == found.patient)
    _end(connection, context, older, account)
    taken = update(PROXY).where(PROXY.c.id == found.id, PROXY.c.account.is_(None))
    values = {"account": account.id, "accepted_at": now, "code_mac": None, "offered_until": None}
    made = connection.execute(taken.values(values).returning(PROXY.c.id))
    if made.scalar_one_or_none() is None:
        return False
    told = by_account(
        What.PROXY_ACCEPTED, account, account.id, {"proxy": found.id}, patient=found.patient
    )
    context.log.record(connection, told)
    return True


def guesses_too_often(connection: Connection, account: str, now: datetime) -> bool:
    """Return whether an account has guessed wrong so often that it waits."""
    mine = (PROXY_GUESS.c.account == account, PROXY_GUESS.c.expires_at > now)
    count = connection.execute(select(func.count()).where(*mine)).scalar() or 0
    return count >= GUESSES


def guessed(connection: Connection, context: Means, account: str) -> None:
    """Count a wrong guess."""
    ends = context.clock.now() + GUESSING
    guess = {"id": context.ids.new(), "account": account, "expires_at": ends}
    connection.execute(insert(PROXY_GUESS).values(guess))


def acting_for(connection: Connection, box: SecretBox, account: str, now: datetime) -> list[Grant]:
    """Return the grants by which an account may act for others now."""
    return _grants(connection, box, PROXY.c.account == account, _stands(now))


def standing(
    connection: Connection, box: SecretBox, id_: str, account: str, now: datetime
) -> Grant | None:
    """Return a grant by which an account may act now."""
    mine = (PROXY.c.id == id_, PROXY.c.account == account)
    found = _grants(connection, box, *mine, _stands(now))
    return found[0] if found else None


def about(connection: Connection, box: SecretBox, patient: str, now: datetime) -> list[Grant]:
    """Return the grants about a person, and what is offered, newest first."""
    return _grants(connection, box, PROXY.c.patient == patient, _standing_or_offered(now))


def recorded_by(
    connection: Connection, box: SecretBox, organization: str, now: datetime
) -> list[Grant]:
    """Return the grants an institution recorded that still stand, and what is offered."""
    theirs = (PROXY.c.organization == organization, PROXY.c.basis == Basis.PAPERS.value)
    return _grants(connection, box, *theirs, _standing_or_offered(now))


def end(connection: Connection, context: Means, account: Account, id_: str) -> bool:
    """End a grant or offer, as the person, the proxy, or who administers the institution it is of.

    What was signed in to by it ends at once. False where it is none of theirs.

    Args:
        connection: Of the transaction.
        context: What it is done with.
        account: Who ends it; an administering one's organisation counts.
        id_: Of the grant.
    """
    theirs = [PROXY.c.account == account.id]
    if account.role is Role.RESIDENT and account.patient is not None:
        theirs.append(PROXY.c.patient == account.patient)
    administering = select(ACCOUNT.c.organization).where(
        ACCOUNT.c.id == account.id, ACCOUNT.c.administers, ACCOUNT.c.disabled.is_(False)
    )
    theirs.append(PROXY.c.organization == administering.scalar_subquery())
    return _end(connection, context, and_(PROXY.c.id == id_, or_(*theirs)), account)


def _end(connection: Connection, context: Means, which: ColumnElement[bool], by: Account) -> bool:
    now = context.clock.now()
    living = update(PROXY).where(which, PROXY.c.ended_at.is_(None))
    over = {"code_mac": None, "offered_until": None, "waits_until": None}
    values = {"ended_at": now, "ended_by": by.id, **over}
    told = living.values(values).returning(PROXY.c.id, PROXY.c.patient, PROXY.c.account)
    ended = connection.execute(told).all()
    table = TOKEN_FAMILY
    families = update(table).where(
        table.c.proxy.in_([row.id for row in ended]), table.c.revoked_at.is_(None)
    )
    connection.execute(families.values(revoked_at=now))
    for row in ended:
        whose = by_account(
            What.PROXY_ENDED, by, row.account or by.id, {"proxy": row.id}, patient=row.patient
        )
        context.log.record(connection, whose)
    return bool(ended)


def _giver_stands() -> ColumnElement[bool]:
    link, giver = PERSON_LINK, ACCOUNT
    bound = exists().where(
        link.c.account == PROXY.c.given_by,
        link.c.patient == PROXY.c.patient,
        link.c.ended_at.is_(None),
        giver.c.id == link.c.account,
        giver.c.disabled.is_(False),
    )
    return or_(PROXY.c.basis == Basis.PAPERS.value, bound)


def _unended(now: datetime) -> ColumnElement[bool]:
    return and_(PROXY.c.ended_at.is_(None), PROXY.c.ends_at > now, _giver_stands())


def _stands(now: datetime) -> ColumnElement[bool]:
    return and_(PROXY.c.accepted_at.is_not(None), _unended(now))


def _standing_or_offered(now: datetime) -> ColumnElement[bool]:
    offered = PROXY.c.offered_until > now
    return and_(or_(PROXY.c.accepted_at.is_not(None), offered), _unended(now))


def _grants(connection: Connection, box: SecretBox, *which: ColumnElement[bool]) -> list[Grant]:
    query = select(PROXY).where(*which).order_by(PROXY.c.made_at.desc(), PROXY.c.id)
    return [grant_of(row, box) for row in connection.execute(query).mappings()]


def grant_of(row: RowMapping, box: SecretBox) -> Grant:
    """Return the grant of a row."""
    id_ = row["id"]
    return Grant(
        id=id_,
        patient=row["patient"],
        account=row["account"],
        basis=Basis(row["basis"]),
        organization=row["organization"],
        terms=Terms(
            relationship=Relationship(row["relationship"]),
            name=box.unseal(row["name_sealed"], bound_to=place(id_, "name")).decode(),
            person=box.unseal(row["person_sealed"], bound_to=place(id_, "person")).decode(),
            classes=frozenset(DataClass(one) for one in row["classes"]),
            writes=row["writes"],
            wishes=row["wishes"],
            ends_at=row["ends_at"],
        ),
        made_at=row["made_at"],
        accepted_at=row["accepted_at"],
        offered_until=row["offered_until"],
    )


def place(id_: str, column: str) -> str:
    """Return the place a sealed column of a grant is bound to."""
    return f"auth/proxy/{id_}/{column}"


def _mac(box: SecretBox, code: str) -> bytes:
    return box.mac(code.encode("utf-8", "surrogatepass"), label=LABEL)
