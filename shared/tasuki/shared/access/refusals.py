"""A refusal at the gate: a fault that the audit log keeps, with more than the caller is told."""

from __future__ import annotations

from tasuki.shared.faults import Category, Fault


class Refused(Fault):
    """The caller may not; `basis`, `owner` and `entities` go into the audit record only."""

    def __init__(
        self,
        category: Category,
        message: str,
        *,
        basis: str,
        owner: str = "",
        entities: tuple[str, ...] = (),
    ) -> None:
        super().__init__(category, message)
        self.basis = basis
        self.owner = owner
        self.entities = entities


def not_found(basis: str, *, owner: str = "", entities: tuple[str, ...] = ()) -> Refused:
    """Return the refusal that tells nothing, in the words of a true absence."""
    return Refused(
        Category.NOT_FOUND, "no such resource", basis=basis, owner=owner, entities=entities
    )


def forbidden(basis: str, *, owner: str = "", entities: tuple[str, ...] = ()) -> Refused:
    """Return the refusal that says so."""
    return Refused(
        Category.FORBIDDEN,
        "you may not see or change this record for this purpose",
        basis=basis,
        owner=owner,
        entities=entities,
    )


def out_of_scope(needed: str) -> Refused:
    """Return the refusal of a token that lacks a scope."""
    return Refused(
        Category.FORBIDDEN,
        f"the access token does not carry the scope this needs: {needed}",
        basis="scope",
    )
