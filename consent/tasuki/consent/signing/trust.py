"""Which of the declarations a service holds count: those the consent service's keys have signed.

Asked anew whenever the feed was, so that a key learned late opens what waited for it, and a key
that was withdrawn closes what it had signed. Without the consent service the last known keys hold.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import structlog
from prometheus_client import Gauge

from tasuki.consent.signing.objects import (
    Reason,
    Untrusted,
    key_id_of,
    signature_of,
    verify_declaration,
)
from tasuki.shared.access.jwks import HttpJwks
from tasuki.shared.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterable

    from joserfc.jwk import ECKey
    from prometheus_client import CollectorRegistry

    from tasuki.consent.declarations import Declaration
    from tasuki.shared.access.jwks import JwksSource
    from tasuki.shared.clock import Clock
    from tasuki.shared.rest.neighbours import Neighbours
    from tasuki.shared.settings import ServiceSettings

LOG = structlog.get_logger()
PATH = "/.well-known/declaration-keys"


class Trust:
    """Whose declarations count.

    Args:
        jwks: The consent service's declaration keys.
        issuer: Its FHIR base URL.
        clock: The time.
    """

    def __init__(self, jwks: JwksSource, issuer: str, clock: Clock) -> None:
        self._jwks = jwks
        self._issuer = issuer
        self._clock = clock
        self._told: set[tuple[str, str]] = set()
        self._checked: dict[str, tuple[ECKey, Declaration]] = {}
        self.counted = 0
        self.refused = 0

    async def of(self, bodies: Iterable[bytes]) -> tuple[Declaration, ...]:
        """Return the declarations that count; the others are counted and logged by id, once each."""
        good: list[Declaration] = []
        checked: dict[str, tuple[ECKey, Declaration]] = {}
        refused = 0
        for body in bodies:
            document = json.loads(body)
            try:
                signed = signature_of(document)
                checked[signed] = await self._verified(signed)
                good.append(checked[signed][1])
            except Untrusted as why:
                refused += 1
                self._tell(document, why.reason)
        self._checked = checked
        self.counted, self.refused = len(good), refused
        return tuple(good)

    def metered(self, registry: CollectorRegistry) -> None:
        """Tell in these metrics how many declarations count and how many do not."""
        gauge = Gauge(
            "tasuki_declarations",
            "Versions of declarations held, by whether their signature counts here.",
            ("signature",),
            registry=registry,
        )
        gauge.labels("counts").set_function(lambda: self.counted)
        gauge.labels("refused").set_function(lambda: self.refused)

    async def _verified(self, signed: str) -> tuple[ECKey, Declaration]:
        kid = key_id_of(signed)
        try:
            key = await self._jwks.key(kid)
        except Fault:  # no key was ever learned, and the consent service does not answer
            key = None
        if key is None:
            raise Untrusted(Reason.UNKNOWN_KEY)
        held = self._checked.get(signed)
        if held is not None and held[0].thumbprint() == key.thumbprint():
            return held
        found = verify_declaration(signed, {kid: key}, self._clock.now(), issuer=self._issuer)
        return key, found.declaration

    def _tell(self, document: dict[str, Any], reason: Reason) -> None:
        about = (str(document.get("id", ""))[:64], str(reason))
        if about not in self._told:
            self._told.add(about)
            LOG.error("declaration.refused", declaration=about[0], reason=about[1])


def trust_for(settings: ServiceSettings, consent_url: str, near: Neighbours, clock: Clock) -> Trust:
    """Return the trust of a service in the consent service at this FHIR base URL.

    The last good key set lies in the cache folder, where an operator may also put it beforehand.
    """
    cache = settings.cache_folder
    kept = None if cache is None else cache / f"jwks-{settings.tenant}-declarations.json"
    return Trust(HttpJwks(f"{consent_url}{PATH}", near.http, kept, clock), consent_url, clock)
