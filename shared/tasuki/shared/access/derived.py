"""Everything a resource is found by, derived from its content in one place.

The person keys follow docs/sealed-format.md: only compounds, never a name alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasuki.shared.faults import Fault
from tasuki.shared.fhir.identifiers import identifiers_of
from tasuki.shared.text import fold_kana, fold_kanji, is_kana, parse_member_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tasuki.shared.fhir.json import Resource

MEMBER_ID_SYSTEMS = frozenset(
    {
        "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID",
        "http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberid",
    }
)
REPRESENTATION = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-representation"
SEXES = {"male": "m", "female": "f"}

PersonKeys = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Derived:
    """See `NewVersion` for what each is."""

    identifiers: tuple[tuple[str, str], ...]
    person_keys: PersonKeys
    network_keys: tuple[tuple[str, ...], ...]


def derive(resource: Resource) -> Derived:
    """Return what the store needs to find this resource again."""
    identifiers = tuple(identifiers_of(resource))
    if resource.get("resourceType") != "Patient":
        return Derived(identifiers, (), ())
    return Derived(identifiers, person_keys(resource), network_keys(resource))


def person_keys(patient: Mapping[str, Any]) -> PersonKeys:
    """Return the compound look-up keys of a Patient; none without a full birth date."""
    birth = str(patient.get("birthDate", ""))
    if len(birth) != len("YYYY-MM-DD"):
        return ()
    keys: list[tuple[str, tuple[str, ...]]] = []
    sex = SEXES.get(str(patient.get("gender", "")), "")
    for kana in _kana_names(patient):
        keys.append(("kana+birth", (kana, birth)))
        if sex:
            keys.append(("kana+year+sex", (kana, birth[:4], sex)))
    keys.extend(("kanji+birth", (name, birth)) for name in _other_names(patient))
    keys.extend(("insurer", (member, birth)) for member in member_ids(patient))
    return tuple(dict.fromkeys(keys))


def name_keys(name: str, birth: str) -> PersonKeys:
    """Return the keys under which whoever has this whole name and birth date is found.

    Names in Latin letters are kept as they were recorded, so their usual spellings are tried too.

    Args:
        name: Family and given name in any script, in the order they are recorded.
        birth: A full date, `YYYY-MM-DD`.
    """
    spellings = {name, name.upper(), name.title()} if name.isascii() else {name}
    return tuple(
        key
        for spelling in sorted(spellings)
        for key in person_keys({"name": [{"text": spelling}], "birthDate": birth})
    )


def network_keys(patient: Mapping[str, Any]) -> tuple[tuple[str, ...], ...]:
    """Return what links records between regions: exact insurer identity + kana + birth date."""
    birth = str(patient.get("birthDate", ""))
    return tuple(
        ("link-1", member, kana, birth)
        for member in member_ids(patient)
        for kana in _kana_names(patient)
        if len(birth) == len("YYYY-MM-DD")
    )


def member_ids(patient: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the normalised insurer identities, with branch number; unreadable ones are left out.

    One without its branch number names a household, not a person, and links nothing.
    """
    found = []
    for identifier in patient.get("identifier") or ():
        if identifier.get("system") not in MEMBER_ID_SYSTEMS:
            continue
        try:
            key = parse_member_id(str(identifier.get("value", ""))).same_person_key()
        except Fault:
            continue
        if key is not None:
            found.append(key)
    return tuple(dict.fromkeys(found))


def _kana_names(patient: Mapping[str, Any]) -> tuple[str, ...]:
    folded = (fold_kana(name) for name in _names(patient) if is_kana(name))
    return tuple(dict.fromkeys(name for name in folded if name))


def _other_names(patient: Mapping[str, Any]) -> tuple[str, ...]:
    folded = (fold_kanji(name) for name in _names(patient) if not is_kana(name))
    return tuple(dict.fromkeys(name for name in folded if name))


def _names(patient: Mapping[str, Any]) -> Iterator[str]:
    for name in patient.get("name") or ():
        # A name part may be null where only an extension stands for it.
        given = " ".join(part for part in name.get("given") or () if part)
        whole = f"{name.get('family', '')} {given}".strip() or str(name.get("text", ""))
        if whole:
            yield whole
