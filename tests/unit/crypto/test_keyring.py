"""The key file: who may read it, that it is replaced whole, and that old keys still unwrap."""

from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tasuki.shared.crypto import (
    CannotOpen,
    FileKeyRing,
    Place,
    network_token,
    new_data_key,
    open_data_key,
    seal,
    unseal,
)
from tasuki.shared.faults import Category, Fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BOUND = b"person-7|record|1"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


@pytest.fixture
def rings(path: Path) -> FileKeyRing:
    return FileKeyRing.create(path, ["chuo", "minato"])


def test_the_file_is_for_its_owner_only(rings: FileKeyRing, path: Path) -> None:
    assert rings.tenant("chuo").epoch == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610, 0o777])
def test_a_file_open_to_others_is_refused(rings: FileKeyRing, path: Path, mode: int) -> None:
    path.chmod(mode)
    with pytest.raises(Fault, match="0600") as refused:
        FileKeyRing(path)
    assert refused.value.category is Category.UNAVAILABLE
    with pytest.raises(Fault):
        rings.rotate("chuo")


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_for_its_owner_is_taken(rings: FileKeyRing, path: Path, mode: int) -> None:
    wrapped = rings.tenant("chuo").wrap(bytes(32), bound_to=BOUND)
    path.chmod(mode)
    assert FileKeyRing(path).tenant("chuo").unwrap(wrapped, bound_to=BOUND) == bytes(32)


def test_an_existing_file_is_never_overwritten(rings: FileKeyRing, path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(Fault) as refused:
        FileKeyRing.create(path, ["chuo"])
    assert refused.value.category is Category.CONFLICT
    assert path.read_bytes() == before
    assert rings.tenant("minato").epoch == 1


def test_nothing_is_left_beside_the_file(rings: FileKeyRing, path: Path) -> None:
    rings.rotate("chuo")
    assert [file.name for file in path.parent.iterdir()] == ["keys.json"]


def test_a_missing_file_is_said_plainly(path: Path) -> None:
    with pytest.raises(Fault, match="cannot be read"):
        FileKeyRing(path)


def without(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda document: document.pop(name)


MALFORMED: dict[str, Callable[[dict[str, Any]], object]] = {
    "another format": lambda document: document.update(format=2),
    "no format": without("format"),
    "no tenants": without("tenants"),
    "tenants empty": lambda document: document["tenants"].clear(),
    "tenants a list": lambda document: document.update(tenants=[]),
    "no network": without("network"),
    "network empty": lambda document: document["network"].clear(),
    "no index key": lambda document: document["tenants"]["chuo"].pop("index"),
    "no wrapping key": lambda document: document["tenants"]["chuo"]["wrapping"].clear(),
    "version 0": lambda document: document["tenants"]["chuo"]["wrapping"].update(
        {"0": "A" * 43 + "="}
    ),
    "version a word": lambda document: document["network"].update(first="A" * 43 + "="),
    "short key": lambda document: document["network"].update({"2": "AAAA"}),
    "not base64": lambda document: document["network"].update({"2": "?" * 44}),
    "key a number": lambda document: document["network"].update({"2": 5}),
}


@pytest.mark.parametrize("change", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_file_is_refused(
    rings: FileKeyRing, path: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    with pytest.raises(Fault, match="format 1"):
        FileKeyRing(path)
    with pytest.raises(Fault, match="format 1"):
        rings.rotate("chuo")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '"x"'])
def test_what_is_not_an_object_is_refused(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(Fault, match="format 1"):
        FileKeyRing(path)


def test_no_tenant_no_file(path: Path) -> None:
    with pytest.raises(Fault):
        FileKeyRing.create(path, [])
    assert not path.exists()


def test_an_unknown_tenant_has_no_ring(rings: FileKeyRing) -> None:
    with pytest.raises(Fault, match="no keys of this tenant"):
        rings.tenant("kita")
    with pytest.raises(Fault, match="no keys of this tenant"):
        rings.rotate("kita")


def test_rows_sealed_before_a_rotation_open_after_it(rings: FileKeyRing, path: Path) -> None:
    place = Place("chuo", "person-7", "Observation", "1", 1)
    new = new_data_key()
    wrapped = rings.tenant("chuo").wrap(new.secret, bound_to=BOUND)
    sealed = seal(b"{}", key=new.key, place=place)
    tag = rings.tenant("chuo").mac("lookup/identifier", b"x")

    assert [rings.rotate("chuo"), rings.rotate("chuo")] == [2, 3]

    for reader in (rings, FileKeyRing(path)):
        ring = reader.tenant("chuo")
        secret = ring.unwrap(wrapped, bound_to=BOUND)
        key = open_data_key(secret, version=1, commitment=new.key.commitment)
        assert unseal(sealed, key=key, place=place) == b"{}"
        assert ring.epoch == 3
        assert ring.mac("lookup/identifier", b"x") == tag  # stored tokens must keep matching
        rewrapped = ring.wrap(secret, bound_to=BOUND)
        assert int.from_bytes(rewrapped[1:5]) == 3
        assert ring.unwrap(rewrapped, bound_to=BOUND) == secret
    assert rings.tenant("minato").epoch == 1


def test_a_ring_that_lost_a_wrapping_key_cannot_unwrap(rings: FileKeyRing, path: Path) -> None:
    wrapped = rings.tenant("chuo").wrap(bytes(32), bound_to=BOUND)
    rings.rotate("chuo")
    document = json.loads(path.read_text())
    del document["tenants"]["chuo"]["wrapping"]["1"]
    path.write_text(json.dumps(document))
    with pytest.raises(CannotOpen):
        FileKeyRing(path).tenant("chuo").unwrap(wrapped, bound_to=BOUND)


def test_rotations_at_the_same_time_are_all_kept(rings: FileKeyRing, path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        versions = list(pool.map(lambda _: FileKeyRing(path).rotate("chuo"), range(16)))
    assert sorted(versions) == list(range(2, 18))
    assert rings.rotate("chuo") == 18


def test_tenants_share_no_key(rings: FileKeyRing) -> None:
    chuo, minato = rings.tenant("chuo"), rings.tenant("minato")
    assert chuo.mac("source", b"x") != minato.mac("source", b"x")
    with pytest.raises(CannotOpen):
        minato.unwrap(chuo.wrap(bytes(32), bound_to=BOUND), bound_to=BOUND)


def test_purposes_share_no_key(rings: FileKeyRing) -> None:
    ring = rings.tenant("chuo")
    assert len({ring.mac(purpose, b"x") for purpose in ("", "a", "b", "ab")}) == 4


@pytest.mark.parametrize("length", [0, 31, 33])
def test_only_data_keys_are_wrapped(rings: FileKeyRing, length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        rings.tenant("chuo").wrap(bytes(length), bound_to=BOUND)


def test_two_regions_with_one_network_key_make_one_token(tmp_path: Path) -> None:
    shared = {4: bytes(range(32))}
    one = FileKeyRing.create(tmp_path / "one.json", ["chuo"], network=shared)
    other = FileKeyRing.create(tmp_path / "other.json", ["minato"], network=shared)
    parts = ["ヤマダタロウ", "1950-04-01"]
    assert network_token(one.network, 4, parts) == network_token(other.network, 4, parts)
    stranger = FileKeyRing.create(tmp_path / "third.json", ["kita"])
    assert network_token(stranger.network, 1, parts) != network_token(one.network, 4, parts)


def test_network_epochs_are_added_and_kept(rings: FileKeyRing, path: Path) -> None:
    parts = ["ヤマダタロウ", "1950-04-01"]
    old = network_token(rings.network, 1, parts)
    rings.add_network_epoch(2, bytes(range(32)))
    again = FileKeyRing(path)
    assert again.network.epoch == 2
    assert network_token(again.network, 1, parts) == old
    assert network_token(again.network, 2, parts) != old
    with pytest.raises(Fault) as refused:
        rings.add_network_epoch(2, bytes(32))
    assert refused.value.category is Category.CONFLICT
    with pytest.raises(Fault, match="format 1"):
        rings.add_network_epoch(3, bytes(31))
    with pytest.raises(Fault, match="epoch"):
        network_token(again.network, 3, parts)


def test_a_folder_that_cannot_be_written_leaves_the_old_file(
    rings: FileKeyRing, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = path.read_bytes()

    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tasuki.shared.crypto.keyfile.os.fsync", full)
    with pytest.raises(Fault, match="cannot be written"):
        rings.rotate("chuo")
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["keys.json"]
