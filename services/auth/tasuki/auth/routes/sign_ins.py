"""`/account/sign-ins` and `/account/staff/sign-ins`: one's own sign-ins, and those of one's staff."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from tasuki.auth.log.accounts import by_account
from tasuki.auth.log.events import OWN_PAGES, What
from tasuki.auth.log.reading import PAGE, Page, Seen, page_of
from tasuki.auth.routes.account_desk import Desk
from tasuki.auth.staff import administers, staff_of
from tasuki.auth.words import words_for
from tasuki.shared.clock import TOKYO

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from tasuki.auth.accounts import Account
    from tasuki.auth.context import AuthContext

FURTHEST = 1_000_000


class SignInPages:
    """The pages on which sign-ins are read."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._context = desk.context

    async def own(self, request: Request, skip: int = Query(0, ge=0, le=FURTHEST)) -> Response:
        """Return one's own sign-ins."""
        async with self._desk.engine.connect() as connection:
            session = await self._desk.session(request, connection)
            if session is None:
                return self._desk.back(request)
            accounts = [session.account.id]
            page = await connection.run_sync(page_of, self._context.log, accounts, skip=skip)
        return self._page(request, page, skip, "sign_ins", {})

    async def staff(self, request: Request, skip: int = Query(0, ge=0, le=FURTHEST)) -> Response:
        """Return the sign-ins of the institution's staff; that they were read is recorded first."""
        async with self._desk.engine.begin() as connection:
            session = await self._desk.session(request, connection)
            if session is None:
                return self._desk.back(request)
            read = await connection.run_sync(_of_staff, self._context, session.account, skip)
        if read is None:
            return self._desk.back(request)
        page, names = read
        return self._page(request, page, skip, "sign_ins_staff", names)

    def _page(
        self, request: Request, page: Page, skip: int, title: str, names: Mapping[str, str]
    ) -> Response:
        words = words_for(request.query_params.get("ui_locales", ""))
        path = "sign-ins" if title == "sign_ins" else "staff/sign-ins"
        return self._desk.render(
            request,
            "sign_ins.html",
            title="sign_ins_title" if title == "sign_ins" else title,
            what=f"{title}_what",
            rows=[_shown(one, names, words) for one in page.rows],
            here=f"{self._context.issuer.url}/account/{path}",
            skip=skip,
            older=skip + PAGE if page.has_older else None,
        )


def _of_staff(
    connection: Connection, context: AuthContext, by: Account, skip: int
) -> tuple[Page, dict[str, str]] | None:
    """Return a page of sign-ins, and names by account; None for who administers nothing."""
    organization = administers(connection, by)
    if organization is None:
        return None
    members = staff_of(connection, context.box, organization)
    names = {member.id: member.display or member.username for member in members}
    page = page_of(connection, context.log, list(names), skip=skip)
    details = {"organization": organization, "skipped": str(skip), "shown": str(len(page.rows))}
    context.log.record(connection, by_account(What.SIGN_INS_READ, by, by.id, details))
    return page, names


def _shown(one: Seen, names: Mapping[str, str], words: Mapping[str, str]) -> dict[str, Any]:
    signed_out = one.kind == What.SIGN_OUT.value
    locked = one.locked_until
    return {
        "at": one.at.astimezone(TOKYO),
        "who": names.get(one.account, ""),
        "said": f"kind_{one.kind}" if signed_out else f"ended_{one.ended}",
        "method": f"method_{one.method}" if one.method else "",
        "app": words["app_account"] if one.app == OWN_PAGES else one.app,
        "locked_until": None if locked is None else locked.astimezone(TOKYO),
    }


def sign_in_routes(desk: Desk) -> APIRouter:
    """Return the routes on which sign-ins are read."""
    router, pages = APIRouter(), SignInPages(desk)
    router.add_api_route("/account/sign-ins", pages.own, methods=["GET"])
    router.add_api_route("/account/staff/sign-ins", pages.staff, methods=["GET"])
    return router
