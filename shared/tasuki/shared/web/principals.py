"""A principal as JSON, so that a session can keep one."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from tasuki.shared.access.principal import Principal, Role
from tasuki.shared.access.scopes import parse_scopes

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLAIN = (
    *("subject", "client_id", "purpose", "patient", "organization", "region"),
    *("token_id", "issuer", "display"),
)


def written(principal: Principal) -> dict[str, Any]:
    """Return a principal as JSON values."""
    return {
        **{name: getattr(principal, name) for name in _PLAIN},
        "role": principal.role.value,
        "scopes": str(principal.scopes),
        "actor": list(principal.actor),
        "expires_at": principal.expires_at.isoformat(),
    }


def read(data: Mapping[str, Any]) -> Principal:
    """Return the principal that `written` wrote."""
    return Principal(
        **{name: data[name] for name in _PLAIN},
        role=Role(data["role"]),
        scopes=parse_scopes(data["scopes"]),
        actor=tuple(data["actor"]),
        expires_at=datetime.fromisoformat(data["expires_at"]),
    )
