"""The insured person's number 保険者番号:記号:番号:枝番, and how far two of them agree.

JP-CLINS identifier `http://jpfhir.jp/fhir/clins/Idsystem/JP_Insurance_memberID`:
https://jpfhir.jp/fhir/clins/igv1/
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum

from tasuki.shared.faults import Category, Fault

INSURED_ALONE = "39"  # 後期高齢者医療: the law number in front of the insurer's (法別番号)

_FULL_PARTS = 4
_COLONS = re.compile("[:\uff1a]")
_HYPHENS = str.maketrans(dict.fromkeys("\u2010\u2012\u2013\u2014\u2015\u2212", "-"))
# National health insurance gives its insurers six digits, everyone else eight.
_INSURER = re.compile("[0-9]{6}|[0-9]{8}")
_BRANCH = re.compile("[0-9]{1,2}")


class Comparison(Enum):
    """How far two members agree; only EQUAL speaks for one person, and even that merges nothing."""

    EQUAL = "equal"
    BRANCH_DIFFERS = "branch-differs"  # one household or employment, two people
    BRANCH_MISSING = "branch-missing"  # the same but for a branch that one or both lack
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class MemberId:
    """An insured person, as `parse_member_id` gives it.

    Attributes:
        insurer: 保険者番号, eight digits.
        symbol: 記号, width-folded; may be empty.
        number: 番号, width-folded.
        branch: 枝番, two digits, or None where it was not given.
    """

    insurer: str
    symbol: str
    number: str
    branch: str | None

    def __str__(self) -> str:
        return f"{self.same_household_key()}:{self.branch or ''}"

    def same_household_key(self) -> str:
        """Return the canonical `insurer:symbol:number`, which a household or an employee shares."""
        return f"{self.insurer}:{self.symbol}:{self.number}"

    def same_person_key(self) -> str | None:
        """Return the canonical `insurer:symbol:number:branch`, or None where the branch is missing.

        Without a branch the number stands for a family, so there is no key that means one person;
        except in the scheme of the over-75s, where everybody is insured alone and has no branch.
        """
        if self.branch is None and not self.insurer.startswith(INSURED_ALONE):
            return None
        return f"{self.same_household_key()}:{self.branch or ''}"


def parse_member_id(text: str) -> MemberId:
    """Return the member that `00012345:あいう:187:05` names.

    Full-width digits and colons are read too, spaces go, a six-digit insurer is padded to eight digits and a one-digit branch
    to two. The last colon may be left out together with the branch. Leading zeros of symbol and
    number count.

    Raises:
        Fault: INVALID if the parts are not three or four, the insurer is not six or eight digits,
            the number is empty, or the branch is not one or two digits.
    """
    parts = [_folded(part) for part in _COLONS.split(text)]
    if len(parts) == _FULL_PARTS - 1:
        parts.append("")
    if len(parts) != _FULL_PARTS:
        raise _fault("An insured person's number is insurer:symbol:number:branch.")
    insurer, symbol, number, branch = parts
    if not _INSURER.fullmatch(insurer):
        raise _fault("An insurer number has six or eight digits.")
    if not number:
        raise _fault("The number of the insured person is empty.")
    if any(not part.isprintable() for part in parts):
        raise _fault("An insured person's number holds no control characters.")
    if branch and not _BRANCH.fullmatch(branch):
        raise _fault("A branch number has two digits.")
    return MemberId(insurer.zfill(8), symbol, number, branch.zfill(2) if branch else None)


def compare(a: MemberId, b: MemberId) -> Comparison:
    """Return how far two members agree.

    Two members that both lack the branch are BRANCH_MISSING, never EQUAL.
    """
    if a.same_household_key() != b.same_household_key():
        return Comparison.DIFFERENT
    if a.branch is None or b.branch is None:
        return Comparison.BRANCH_MISSING
    return Comparison.EQUAL if a.branch == b.branch else Comparison.BRANCH_DIFFERS


def _folded(part: str) -> str:
    return "".join(unicodedata.normalize("NFKC", part).translate(_HYPHENS).split())


def _fault(message: str) -> Fault:
    return Fault(Category.INVALID, message)
