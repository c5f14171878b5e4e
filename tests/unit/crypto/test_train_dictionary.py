"""Dictionary training: what is left out of the samples, and that it can be done again."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
import zstandard

from tasuki.shared.crypto import train_dictionary
from tasuki.shared.crypto.packing import dictionary_bytes

if TYPE_CHECKING:
    from pathlib import Path

SNOMED = {"system": "http://snomed.info/sct", "code": "716186003", "display": "No known allergy"}
RESOURCE: dict[str, Any] = {
    "resourceType": "Condition",
    "text": {"status": "generated", "div": "<div>narrative</div>"},
    "meta": {"tag": [{"code": "test-tag"}], "versionId": "1"},
    "code": {"coding": [SNOMED], "text": "高血圧"},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    bundle = {
        "resourceType": "Bundle",
        "entry": [{"resource": RESOURCE}, {"resource": {"resourceType": "ValueSet"}}, {}],
    }
    (tmp_path / "bundle.json").write_text(json.dumps(bundle))
    (tmp_path / "one.ndjson.gz").write_bytes(gzip.compress(b'{"resourceType":"Flag"}\n\n'))
    (tmp_path / "notes.txt").write_text("not read")
    return tmp_path


def test_samples_are_what_would_be_sealed(folder: Path) -> None:
    texts = sorted(train_dictionary.samples([folder]))
    assert texts == [
        '{"resourceType":"Condition","meta":{"versionId":"1"},"code":{"coding":[{"system":'
        '"http://snomed.info/sct"}],"text":"高血圧"}}'.encode(),
        b'{"resourceType":"Flag"}',
    ]


def test_no_source_drowns_the_others(tmp_path: Path) -> None:
    lines = [json.dumps({"resourceType": "Flag", "id": str(n)}) for n in range(1000)]
    (tmp_path / "flags.ndjson").write_text("\n".join(lines))
    assert len(train_dictionary.samples([tmp_path])) == train_dictionary.PER_KIND


def test_training_twice_gives_the_same_bytes() -> None:
    texts = train_dictionary.audit_samples()
    made = train_dictionary.trained(texts)
    assert made == train_dictionary.trained(texts)
    assert len(made) <= train_dictionary.DICTIONARY_BYTES
    assert zstandard.ZstdCompressionDict(made).dict_id() == 1


def test_a_shipped_dictionary_is_not_overwritten(folder: Path) -> None:
    out = folder / "2.zdict"
    out.write_bytes(b"shipped")
    with pytest.raises(FileExistsError):
        train_dictionary.main([str(folder), "--out", str(out)])
    assert out.read_bytes() == b"shipped"


def test_measuring_says_both_ratios(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train_dictionary.main([str(folder), "--measure", "1"]) == 0
    said = capsys.readouterr().out
    assert "without" in said
    assert "x with\n" in said


def test_the_shipped_dictionary_holds_no_snomed_code_of_the_samples() -> None:
    # The commonest SNOMED CT codes of the samples; Japan is no member, so none may ship.
    for code in (b"716186003", b"26643006", b"165747007", b"429577009", b"159541003"):
        assert code not in dictionary_bytes(1)
