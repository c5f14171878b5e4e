"""Role and operator policy in Cedar: may this role ask this at all? Consent is asked after.

https://docs.cedarpolicy.com/
"""

from __future__ import annotations

from tasuki.consent.operator.asking import Answer, Answers, OperatorPolicy, Question
from tasuki.consent.operator.roles import Place, RoleRules, is_own, is_represented, refusal

__all__ = [
    "Answer",
    "Answers",
    "OperatorPolicy",
    "Place",
    "Question",
    "RoleRules",
    "is_own",
    "is_represented",
    "refusal",
]
