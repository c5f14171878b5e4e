"""Clients as an operator writes them down: a JSON list, in the names of RFC 7591 where it has one.

https://www.rfc-editor.org/rfc/rfc7591#section-2
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from tasuki.auth.provisioning import ClientRegistration
from tasuki.shared.access.principal import Role
from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 4_000_000


class _Client(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    client_id: str
    client_name: str
    grant_types: tuple[str, ...]
    scope: str
    audiences: tuple[str, ...]
    redirect_uris: tuple[str, ...] = ()
    jwks: dict[str, Any] | None = None
    jwks_uri: str | None = None
    purpose: str | None = None
    role: Role | None = None
    region: str | None = None
    organization: str | None = None
    answers_at: tuple[str, ...] = ()
    dpop_bound_access_tokens: bool = False


_FILE = TypeAdapter(tuple[_Client, ...])


def read_registrations(path: Path) -> list[ClientRegistration]:
    """Return the clients of a file, in its order; one without keys is a public client.

    Raises:
        Fault: INVALID where the file cannot be read or says something else, with the places and
            without the values; or where a client is written twice.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise Fault(Category.TOO_LARGE, "The file of clients is too large.")
        clients = _FILE.validate_json(path.read_bytes())
    except OSError as error:
        raise Fault(Category.INVALID, "The file of clients cannot be read.") from error
    except ValidationError as error:
        wrong = sorted(
            f"{'.'.join(str(part) for part in one['loc']) or 'file'} ({one['type']})"
            for one in error.errors(include_input=False, include_url=False, include_context=False)
        )
        raise Fault(Category.INVALID, f"The file of clients is wrong: {', '.join(wrong)}") from None
    if len({client.client_id for client in clients}) != len(clients):
        raise Fault(Category.INVALID, "The file of clients has a client_id twice.")
    return [_registration(client) for client in clients]


def _registration(client: _Client) -> ClientRegistration:
    return ClientRegistration(
        client_id=client.client_id,
        name=client.client_name,
        jwks=client.jwks,
        jwks_uri=client.jwks_uri,
        redirect_uris=client.redirect_uris,
        grant_types=client.grant_types,
        scopes=client.scope,
        audiences=client.audiences,
        purpose=client.purpose,
        role=client.role,
        region=client.region,
        organization=client.organization,
        public=client.jwks is None and client.jwks_uri is None,
        answers_at=client.answers_at,
        proves_key=client.dpop_bound_access_tokens,
    )
