"""Which scopes a token is granted, whatever its client is registered for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasuki.shared.access.rights import scopes_of
from tasuki.shared.access.scopes import ScopeSet

if TYPE_CHECKING:
    from tasuki.auth.families import LaunchContext
    from tasuki.shared.access.principal import Role


def scopes_within(
    role: Role, asked: ScopeSet, *, patient: str | None, launch: LaunchContext | None = None
) -> ScopeSet:
    """Return what remains of the scopes a role asks for.

    Args:
        role: Whose token it will be.
        asked: Requested, and already narrowed to the client's registration.
        patient: The person the token is bound to; see `scopes_of`.
        launch: What the launch told; None without one. The scopes that ask for a context are left
            where the token response tells of it.
    """
    untold = set()
    if launch is None:
        untold.add("launch")
    if launch is None or launch.encounter is None:
        untold.add("launch/encounter")
    held = scopes_of(role, asked, patient=patient)
    return ScopeSet(held.resources, held.words - untold)
