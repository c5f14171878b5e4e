"""`tasuki audit check`: a resident's file of who looked, checked by keys from before, asking nobody."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tasuki.shared.audit.checking import BadHeads, Checked, Standing, check_bundle
from tasuki.shared.audit.checkpoint import BadCheckpoint
from tasuki.shared.audit.notes import VerifierKey
from tasuki.shared.faults import Category, Fault
from tasuki.shared.fhir.json import parse_resource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

WORDS = {
    Standing.PROVEN: "stand in the log exactly as they are in the file",
    Standing.WITHHELD: "stand in the log; part of them is not shown to their reader",
    Standing.UNSEALED: "were too new to be sealed",
    Standing.UNPROVEN: "have no proof in the file",
    Standing.BAD: "DO NOT FIT their proof",
}


def checked_file(file: Path, keys: Path) -> list[Checked]:
    """Return what is known of every event in a file, by the keys in another.

    Raises:
        Fault: INVALID where either cannot be read, or a log signed two histories.
    """
    try:
        lines = keys.read_text(encoding="ascii").splitlines()
        known = [VerifierKey.read(line) for line in lines if line.strip()]
        return check_bundle(parse_resource(file.read_bytes()), known)
    except BadHeads as bad:
        words = f"the log {bad.log} signed two histories: nothing it says can be believed"
        raise Fault(Category.INVALID, words) from None
    except (OSError, ValueError, BadCheckpoint, Fault):
        raise Fault(Category.INVALID, "one of the two files cannot be read") from None


def all_good(found: Sequence[Checked]) -> bool:
    """Return whether nothing in the file is bad or without proof."""
    return not {one.standing for one in found} & {Standing.BAD, Standing.UNPROVEN}


def lines_of(found: Sequence[Checked]) -> Iterator[str]:
    """Yield what was found, in plain words for a terminal."""
    yield f"{len(found)} events"
    counted = Counter(one.standing for one in found)
    for standing, words in WORDS.items():
        if counted[standing]:
            yield f"{counted[standing]:>6} {words}"
    for log in sorted({one.log for one in found if one.log}):
        proven = [one for one in found if one.log == log and one.standing in _SEALED]
        witnessed = sum(bool(one.witnesses) for one in proven)
        yield f"{log}: {len(proven)} sealed, {witnessed} of them under a head that others signed"
    for one in found:
        if one.standing in {Standing.BAD, Standing.UNPROVEN}:
            yield f"event {one.place}: {one.standing.value}"


_SEALED = {Standing.PROVEN, Standing.WITHHELD}
