"""Who looked, with proofs: checked by public keys alone, and every alteration of the file is found."""

from __future__ import annotations

import base64
import copy
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.rest.test_operations import PATIENT

from tasuki.deploy.checking import all_good, checked_file, lines_of
from tasuki.shared.audit import Frontier, sign_checkpoint
from tasuki.shared.audit.checking import BadHeads, Standing, check_bundle
from tasuki.shared.audit.leaf import LeafBody, canonical
from tasuki.shared.audit.notes import VerifierKey
from tasuki.shared.audit.proof_bundle import PROOF
from tasuki.shared.faults import Fault
from tasuki.shared.fhir.json import parse_resource
from tasuki.shared.fhir.models import validate
from tasuki.shared.store.logkeys import checkpoint_key
from tasuki.shared.store.stamper import SIGN_EVERY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.integration.rest.house import House

pytestmark = pytest.mark.anyio


async def looked(house: House) -> dict[str, Any]:
    """Return who looked at somebody: made, read thrice, asked about, all sealed."""
    mine = await house.create(PATIENT)
    for _ in range(3):
        await house.get(f"/Patient/{mine}", token="clinician")
    await house.world.store.wait_for_change(0, 20)
    changes = (await house.get("/$changes")).json()["changes"]
    (token,) = next(one["tokens"] for one in changes if one["id"] == mine)
    await house.get(f"/$disclosures?token={token}", token="service")
    house.world.clock.advance(SIGN_EVERY)
    await house.world.store.stamper.stamp_all()
    answer = await house.get(f"/$disclosures?token={token}&proof=true", token="service")
    assert answer.status_code == 200, answer.text
    return parse_resource(answer.content)


async def keys_of(house: House) -> list[VerifierKey]:
    """Return the published keys."""
    answer = await house.get("/$log-keys", token=None)
    return [VerifierKey.read(line) for line in answer.text.splitlines()]


def standings(bundle: dict[str, Any], keys: list[VerifierKey]) -> list[Standing]:
    return [one.standing for one in check_bundle(bundle, keys)]


async def test_every_event_is_proven_by_the_file_and_the_keys_alone(
    house: House, tmp_path: Path
) -> None:
    bundle, keys = await looked(house), await keys_of(house)
    assert validate(bundle) == ()
    assert standings(bundle, keys) == [Standing.PROVEN] * 5
    file, known = tmp_path / "looked.json", tmp_path / "keys.txt"
    file.write_text(json.dumps(bundle))
    known.write_text("".join(f"{key}\n" for key in keys))
    found = checked_file(file, known)
    assert all_good(found)
    assert next(lines_of(found)) == "5 events"
    file.write_text(json.dumps({**bundle, "resourceType": "List"}))
    with pytest.raises(Fault, match="cannot be read"):
        checked_file(file, known)


async def test_looking_with_proofs_is_recorded_like_any_other(house: House) -> None:
    bundle = await looked(house)
    assert bundle["total"] == 5
    kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    assert kinds == ["AuditEvent"] * 5 + ["Binary"]


def part(bundle: dict[str, Any], name: str) -> dict[str, Any]:
    """Return one part of the second event's proof."""
    (proof,) = bundle["entry"][1]["extension"]
    assert proof["url"] == PROOF
    found: dict[str, Any] = next(one for one in proof["extension"] if one["url"] == name)
    return found


def flipped(bundle: dict[str, Any], name: str) -> None:
    """Change one bit of what a part of the proof holds."""
    one = part(bundle, name)
    raw = bytearray(base64.b64decode(one["valueBase64Binary"]))
    raw[0] ^= 1
    one["valueBase64Binary"] = base64.b64encode(raw).decode()


def outcome_changed(bundle: dict[str, Any]) -> None:
    bundle["entry"][1]["resource"]["outcome"] = "8"


def entity_dropped(bundle: dict[str, Any]) -> None:
    bundle["entry"][1]["resource"]["entity"].pop()


def proofs_exchanged(bundle: dict[str, Any]) -> None:
    one, other = bundle["entry"][1], bundle["entry"][2]
    one["extension"], other["extension"] = other["extension"], one["extension"]
    bundle["entry"][2] = copy.deepcopy(bundle["entry"][3])  # so that one alone is wrong


def head_dropped(bundle: dict[str, Any]) -> None:
    bundle["entry"].append(bundle["entry"][0])
    part(bundle, "size")["valueString"] = "1"


ALTERATIONS = [
    outcome_changed,
    entity_dropped,
    proofs_exchanged,
    head_dropped,
    lambda bundle: flipped(bundle, "salt"),
    lambda bundle: flipped(bundle, "path"),
    lambda bundle: part(bundle, "path").update(valueBase64Binary="AAAA"),
    lambda bundle: part(bundle, "salt").update(valueBase64Binary="?"),
    lambda bundle: part(bundle, "index").update(valueString="0"),
    lambda bundle: part(bundle, "index").update(valueString="-1"),
    lambda bundle: part(bundle, "log").update(valueString="tasuki.example/audit/other"),
]


@pytest.mark.parametrize("alter", ALTERATIONS)
async def test_what_was_altered_is_bad_and_named(
    house: House, alter: Callable[[dict[str, Any]], None]
) -> None:
    bundle, keys = await looked(house), await keys_of(house)
    alter(bundle)
    found = check_bundle(bundle, keys)
    assert [one.place for one in found if one.standing is Standing.BAD] == [2]
    assert not all_good(found)
    assert "event 2: bad" in lines_of(found)


async def test_without_the_right_key_nothing_is_proven(house: House) -> None:
    bundle, (log, witness) = await looked(house), await keys_of(house)
    assert set(standings(bundle, [witness])) == {Standing.BAD}
    assert set(standings(bundle, [replace(log, public=witness.public)])) == {Standing.BAD}


async def test_without_proofs_nothing_is_proven_and_the_new_are_told_apart(house: House) -> None:
    bundle, keys = await looked(house), await keys_of(house)
    for entry in bundle["entry"]:
        entry.pop("extension", None)
    assert set(standings(bundle, keys)) == {Standing.UNPROVEN}
    mine = await house.create(PATIENT)
    await house.world.store.stamper.stamp_all()  # numbered; no head is due yet
    changes = (await house.get("/$changes")).json()["changes"]
    (token,) = next(one["tokens"] for one in changes if one["id"] == mine)
    answer = await house.get(f"/$disclosures?token={token}&proof=true", token="service")
    found = check_bundle(parse_resource(answer.content), keys)
    assert found[0].standing is Standing.UNSEALED
    assert {one.standing for one in found} == {Standing.UNSEALED, Standing.PROVEN}
    assert all_good(found)


async def test_a_log_with_two_histories_proves_nothing(house: House) -> None:
    bundle, keys = await looked(house), await keys_of(house)
    world, size = house.world, int(part(bundle, "size")["valueString"])
    frontier = Frontier()
    for number in range(size):
        frontier.append(bytes([number]) * 32)
    key = checkpoint_key(world.ring.tenant(world.tenant), world.tenant)
    note = sign_checkpoint(keys[0].name, size, frontier.root(), key, world.clock.now())
    data = base64.b64encode(note.encode()).decode()
    bundle["entry"].append({"resource": {"resourceType": "Binary", "data": data}})
    with pytest.raises(BadHeads):
        check_bundle(bundle, keys)


async def test_what_is_withheld_is_proven_without_its_salt(house: House) -> None:
    bundle, keys = await looked(house), await keys_of(house)
    entry = bundle["entry"][1]
    salt = part(bundle, "salt")
    event = entry["resource"]
    leaf = LeafBody(base64.b64decode(salt["valueBase64Binary"]), canonical(event)).commitment
    salt.update(url="leaf", valueBase64Binary=base64.b64encode(leaf).decode())
    event["entity"].pop()
    assert standings(bundle, keys)[1] is Standing.WITHHELD
