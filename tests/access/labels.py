"""The labels a resource may carry in the matrix: one line each.

https://hl7.org/fhir/R4/security-labels.html, https://jpfhir.jp/fhir/clins/igv1/
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
INDICATION = "http://jpfhir.jp/fhir/clins/CodeSystem/JP_ehrshrs_indication"
ELSEWHERE = "urn:example:labels"


@dataclass(frozen=True)
class Label:
    """What a resource says of its own secrecy.

    Attributes:
        levels: v3-Confidentiality codes.
        kinds: Any other label: what the content is sensitive for.
        untold: JP-CLINS tags, which keep it from the patient.
        untold_as_label: Those tags as security labels, where JP-CLINS 1.12 puts them too.
    """

    levels: tuple[str, ...] = ()
    kinds: tuple[tuple[str, str], ...] = ()
    untold: tuple[str, ...] = ()
    untold_as_label: tuple[str, ...] = ()

    def written(self, own_tag: str) -> dict[str, Any]:
        """Return it as `meta`, with a tag of the resource's own."""
        security = [
            *({"system": CONFIDENTIALITY, "code": code} for code in self.levels),
            *({"system": system, "code": code} for system, code in self.kinds),
            *({"system": INDICATION, "code": code} for code in self.untold_as_label),
        ]
        tags = [
            {"system": "urn:mark", "code": own_tag},
            *({"system": INDICATION, "code": code} for code in self.untold),
        ]
        return {"tag": tags, **({"security": security} if security else {})}


@dataclass(frozen=True)
class Life:
    """The labels of a resource's versions, oldest first, and whether it was deleted after them."""

    versions: tuple[Label, ...]
    deleted: bool = False


PLAIN = Label()
R = Label(levels=("R",))
UNINFORMED = Label(untold=("UNINFORMED",))

LIVES: Mapping[str, Life] = MappingProxyType(
    {
        "plain": Life((PLAIN,)),
        "N": Life((Label(levels=("N",)),)),
        "L": Life((Label(levels=("L",)),)),
        "R": Life((R,)),
        "V": Life((Label(levels=("V",)),)),
        "HIV": Life((Label(kinds=((ACT_CODE, "HIV"),)),)),
        "R+PSY": Life((Label(levels=("R",), kinds=((ACT_CODE, "PSY"),)),)),
        "of a system unknown": Life((Label(kinds=((ELSEWHERE, "ODD"),)),)),
        "UNDELIVERED": Life((Label(untold=("UNDELIVERED",)),)),
        "UNINFORMED": Life((UNINFORMED,)),
        "UNINFORMED, a label": Life((Label(untold_as_label=("UNINFORMED",)),)),
        "N, then R": Life((PLAIN, R)),
        "R, then N": Life((R, PLAIN)),
        "told, then UNINFORMED": Life((PLAIN, UNINFORMED)),
        "deleted": Life((PLAIN,), deleted=True),
        "R, deleted": Life((R,), deleted=True),
        "UNINFORMED, deleted": Life((UNINFORMED,), deleted=True),
    }
)
