"""Seal and unseal bodies, wrap keys, make blind tokens: no options, one way to do each.

    sealed = seal(body, key=key, place=Place(tenant, owner, type_, id_, version))
    body = unseal(sealed, key=key, place=...)        raises CannotOpen, and never says why

The layout is permanent and written down byte by byte in `docs/sealed-format.md`.
"""

from __future__ import annotations

from tasuki.shared.crypto.keyring import FileKeyRing, KeyRing, NetworkKeys
from tasuki.shared.crypto.keys import CannotOpen, DataKey, NewDataKey, new_data_key, open_data_key
from tasuki.shared.crypto.seal import Place, seal, unseal
from tasuki.shared.crypto.tokens import lookup_token, network_token, person_token, source_key

__all__ = [
    "CannotOpen",
    "DataKey",
    "FileKeyRing",
    "KeyRing",
    "NetworkKeys",
    "NewDataKey",
    "Place",
    "lookup_token",
    "network_token",
    "new_data_key",
    "open_data_key",
    "person_token",
    "seal",
    "source_key",
    "unseal",
]
