"""Japan's exchange rules (JP-CLINS) that plain R4 does not have, as pure checks.

Most exist only in the guide's prose, and a validator that works from profiles passes over them.
https://jpfhir.jp/fhir/clins/igv1/
"""

from __future__ import annotations

from tasuki.shared.fhir.jp.bundles import BUNDLE_RULES
from tasuki.shared.fhir.jp.judging import RESOURCE_RULES, jp_advice, jp_faults
from tasuki.shared.fhir.jp.systems import claims_clins

RULES = (*BUNDLE_RULES, *RESOURCE_RULES)

__all__ = ["RULES", "claims_clins", "jp_advice", "jp_faults"]
