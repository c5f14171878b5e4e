"""A shelter region's staff in the morning: 2,600 people sign in within two minutes.

The whole of it over HTTP, each person with an account of their own: the authorization request and
its page, password and one-time code, the code for a token with PKCE. First as fast as answers come,
then spread over the two minutes.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import secrets
import time
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

from pyotp.totp import TOTP
from tests.bench.lean import Connection

from tasuki.auth.one_time_codes import new_secret
from tasuki.auth.provisioning import AccountSpec, create_account
from tasuki.deploy.auditing import opened_house
from tasuki.deploy.composing import auth_means
from tasuki.deploy.folder import DataFolder
from tasuki.deploy.signing_in import CLIENT_ID
from tasuki.shared.access.principal import Role
from tasuki.shared.clock import SystemClock
from tasuki.shared.engines import engine_for

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine
    from tests.bench.house import House

    from tasuki.deploy.composing import House as Deployed

STAFF = 2_600
SECONDS = 120.0
AT_ONCE = 16
PURPOSE = "DISASTER"
SCOPE = "openid fhirUser tasuki/desk tasuki/match tasuki/profile"
HASHING_AT_ONCE = 2
_CSRF = re.compile(rb'name="csrf" value="([^"]+)"')
_COOKIE = re.compile(rb"set-cookie: ([^;\r]+)", re.IGNORECASE)
_LOCATION = re.compile(rb"location: ([^\r]+)", re.IGNORECASE)


class Failed(Exception):
    """A step of a sign-in was not answered as it should be."""


@dataclass(frozen=True, slots=True)
class Nurse:
    """One account."""

    username: str
    password: str
    totp_secret: str


async def sign_ins(house: House) -> dict[str, Any]:
    """2,600 full sign-ins flat out, and again at an even pace over two minutes."""
    began = time.perf_counter()
    staff = await _staff(house)
    opened = time.perf_counter() - began
    used, began = house.used(), time.perf_counter()
    flat_out = await _flat_out(house, staff)
    told: dict[str, Any] = {"accounts": len(staff), "opened_in_seconds": round(opened, 1)}
    told["flat_out"] = _told(house, flat_out, time.perf_counter() - began, used)
    used, began = house.used(), time.perf_counter()
    paced = await _paced(house, staff)
    told["over_two_minutes"] = _told(house, paced, time.perf_counter() - began, used)
    return told


def _told(
    house: House, ends: list[tuple[float, str]], taken: float, used: tuple[float, float]
) -> dict[str, Any]:
    latencies = [seconds for seconds, why in ends if not why]
    failures: dict[str, int] = {}
    for _, why in ends:
        if why:
            failures[why] = failures.get(why, 0) + 1
    told = house.with_cost((latencies, {200: len(latencies)}, taken), used)
    told["seconds"] = round(taken, 1)
    return {**told, "failures": failures}


async def _flat_out(house: House, staff: list[Nurse]) -> list[tuple[float, str]]:
    ends: list[tuple[float, str]] = []
    waiting = iter(staff)

    async def one() -> None:
        ends.extend([await _timed(house, nurse, time.perf_counter()) for nurse in waiting])

    await asyncio.gather(*(one() for _ in range(AT_ONCE)))
    return ends


async def _paced(house: House, staff: list[Nurse]) -> list[tuple[float, str]]:
    """Let each begin at a moment of their own, whatever becomes of the others."""
    began, tasks = time.perf_counter(), []
    for number, nurse in enumerate(staff):
        due = began + number * SECONDS / len(staff)
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(_timed(house, nurse, due)))
    return await asyncio.gather(*tasks)


async def _timed(house: House, nurse: Nurse, due: float) -> tuple[float, str]:
    """Return how long one sign-in took from when it was due, and why it failed; empty if not."""
    connection, why = Connection(*house.address), ""
    try:
        await _signed_in(house, connection, nurse)
    except Failed as failed:
        why = str(failed)
    except (OSError, EOFError):
        why = "no answer"
    connection.close()
    return time.perf_counter() - due, why


async def _signed_in(house: House, connection: Connection, nurse: Nurse) -> None:
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    digest = hashlib.sha256(verifier.encode()).digest()
    base = house.base
    redirect = f"{base}/command-line"
    query = urlencode(
        {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": redirect,
            "scope": SCOPE,
            "state": state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            "purpose": PURPOSE,
            "resource": f"{base}/shelter/fhir",
        }
    )
    page = f"/auth/authorize?{query}"
    status, head, body = await connection.exchange(_wire("GET", page))
    csrf, cookie = _CSRF.search(body), _COOKIE.search(head)
    if status != 200 or csrf is None or cookie is None:
        raise Failed(f"page {status}")
    typed = {
        "csrf": unescape(csrf.group(1).decode()),
        "username": nurse.username,
        "password": nurse.password,
        "code": TOTP(nurse.totp_secret).at(SystemClock().now()),
        "purpose": PURPOSE,
    }
    status, head, _ = await connection.exchange(_wire("POST", page, typed, cookie.group(1)))
    location = _LOCATION.search(head)
    back = parse_qs(urlsplit(location.group(1).decode() if location else "").query)
    if status != 303 or back.get("state") != [state] or "code" not in back:
        raise Failed(f"form {status}")
    asked = {
        "grant_type": "authorization_code",
        "code": back["code"][0],
        "redirect_uri": redirect,
        "client_id": CLIENT_ID,
        "code_verifier": verifier,
    }
    status, _, body = await connection.exchange(_wire("POST", "/auth/token", asked))
    if status != 200 or not json.loads(body).get("access_token"):
        raise Failed(f"token {status}")


def _wire(
    method: str, target: str, form: dict[str, str] | None = None, cookie: bytes = b""
) -> bytes:
    body = b"" if form is None else urlencode(form).encode()
    head = f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n".encode()
    if cookie:
        head += b"Cookie: " + cookie + b"\r\n"
    if form is not None:
        head += b"Content-Type: application/x-www-form-urlencoded\r\n"
        head += f"Content-Length: {len(body)}\r\n".encode()
    return head + b"\r\n" + body


async def _staff(house: House) -> list[Nurse]:
    """Open the accounts, as an operator's own program would."""
    async with opened_house(DataFolder(house.folder)) as deployed:
        engine = engine_for(deployed.postgres.url(deployed.database("auth")))
        turns = asyncio.Semaphore(HASHING_AT_ONCE)
        staff = await asyncio.gather(
            *(_opened(deployed, engine, number, turns) for number in range(STAFF))
        )
        await engine.dispose()
    return staff


async def _opened(
    deployed: Deployed, engine: AsyncEngine, number: int, turns: asyncio.Semaphore
) -> Nurse:
    nurse = Nurse(f"morning-{number}", secrets.token_urlsafe(12), new_secret())
    spec = AccountSpec(
        username=nurse.username,
        password=nurse.password,
        totp_secret=nurse.totp_secret,
        role=Role.NURSE,
        display=f"朝 {number}",
    )
    async with turns, engine.begin() as connection:
        await create_account(connection, auth_means(deployed), spec)
    return nurse
