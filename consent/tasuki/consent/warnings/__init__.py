"""Warning feeds: documents of others are read, and some of them propose a declaration.

    bulletin = read_bulletin(body)        # JMA XML, L-Alert or CAP; a Fault for anything else
    verdict = judged(bulletin)            # proposes, withdraws, or nothing, and why

A feed never opens anything, and never closes anything: an officer does.
"""

from __future__ import annotations

from tasuki.consent.warnings.bulletin import Bulletin, Hazard, Place, Source
from tasuki.consent.warnings.reading import read_bulletin
from tasuki.consent.warnings.verdict import Judged, Verdict, Why, judged

__all__ = [
    "Bulletin",
    "Hazard",
    "Judged",
    "Place",
    "Source",
    "Verdict",
    "Why",
    "judged",
    "read_bulletin",
]
