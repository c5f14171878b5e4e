"""The implicit policy of one region. A policy that says nothing denies everything.

The everyday answers and the emergency answers stand apart: a region may ask for opt-in before
records cross to another region, and still open the emergency profile in a declared disaster.

https://profiles.ihe.net/ITI/PCF/volume-1.html
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from tasuki.consent.reading import Element, as_element, refuse
from tasuki.consent.vocabulary import EMERGENCY_CLASSES, DataClass, Effect

if TYPE_CHECKING:
    from collections.abc import Mapping

_ANSWERS = ("everyday_within", "everyday_across", "disaster", "break_glass")


@dataclass(frozen=True, slots=True)
class ImplicitPolicy:
    """What a region's holders answer when the resident has not spoken.

    Attributes:
        region: The region whose holders this binds.
        everyday_within: Care (TREAT, ETREAT) by clinicians of the same region.
        everyday_across: Care by clinicians of another region; deny means opt-in is needed.
        disaster: The emergency profile in a declared disaster; deny means opt-in is needed.
        break_glass: Emergency override by a clinician where no Consent provides for it.
        break_glass_classes: What an override shows: the emergency summary.
    """

    region: str
    everyday_within: Effect = Effect.DENY
    everyday_across: Effect = Effect.DENY
    disaster: Effect = Effect.DENY
    break_glass: Effect = Effect.DENY
    break_glass_classes: frozenset[DataClass] = EMERGENCY_CLASSES


def read_implicit_policy(document: Mapping[str, object]) -> ImplicitPolicy:
    """Return a policy from configuration; an answer left out is deny.

    Raises:
        Fault: STRUCTURE with the path of what is not understood.
    """
    policy = as_element("policy", document)
    policy.only(*(field.name for field in fields(ImplicitPolicy)))
    answers = {name: _answer(policy, name) for name in _ANSWERS if policy.has(name)}
    classes = _classes(policy) if policy.has("break_glass_classes") else EMERGENCY_CLASSES
    return ImplicitPolicy(region=policy.text("region"), break_glass_classes=classes, **answers)


def _answer(policy: Element, name: str) -> Effect:
    try:
        return Effect(policy.text(name))
    except ValueError:
        raise refuse(policy.at(name), "Only permit and deny are known here.") from None


def _classes(policy: Element) -> frozenset[DataClass]:
    values = policy.members["break_glass_classes"]
    known = {member.value: member for member in DataClass}
    if not isinstance(values, list) or any(value not in known for value in values):
        raise refuse(policy.at("break_glass_classes"), "A list of data classes is needed here.")
    return frozenset(known[value] for value in values)
