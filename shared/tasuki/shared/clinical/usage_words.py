"""Says a decoded usage code in plain Japanese or English."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from tasuki.shared.clinical.usage_code import Schedule, Timing
from tasuki.shared.clinical.usage_tables import (
    BEDTIME,
    DAILY_OCCASIONS,
    MEALS,
    METHODS,
    NEEDED_WHEN,
    RELATIONS,
    WAKING,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasuki.shared.clinical.language import Language

_TIMES_EN = {0: "several times a day", 1: "once a day", 2: "twice a day"}
_NOON = 12


def schedule_words(schedule: Schedule, language: Language) -> str:
    """Return what a decoded code says; empty for a code that says nothing by itself."""
    when = _WHEN.get(schedule.timing, _occasion)(schedule, language)
    times = "" if schedule.times is None else times_words(schedule.times, language)
    method = METHODS.get(schedule.method, ("", ""))[0 if language == "ja" else 1]
    if language == "ja":
        return " ".join(part for part in (times, when, method) if part)
    said = ", ".join(part for part in (times, when) if part)
    return f"{said} ({method})" if said and method else said


def times_words(times: int, language: Language) -> str:
    """Return how often a day, e.g. `1日3回` or `3 times a day`."""
    if language == "ja":
        return f"1日{times}回" if times else "1日数回"
    return _TIMES_EN.get(times, f"{times} times a day")


def _moments_joined(schedule: Schedule, language: Language) -> str:
    moments = _moments(schedule, language)
    return _joined_ja(moments) if language == "ja" else _joined_en(moments)


def _clock(schedule: Schedule, language: Language) -> str:
    if language == "ja":
        return "、".join(f"{hour}時" for hour in schedule.hours)
    return _joined_en([f"at {hour}:00" for hour in schedule.hours])


def _every_n_hours(schedule: Schedule, language: Language) -> str:
    hours = schedule.hours[0]
    return f"{hours}時間毎" if language == "ja" else f"every {hours} hours"


def _hours_range(schedule: Schedule, language: Language) -> str:
    shortest, longest = schedule.hours
    if language == "ja":
        return f"{shortest}〜{longest}時間毎"
    return f"every {shortest} to {longest} hours"


def _empty_stomach(schedule: Schedule, language: Language) -> str:
    del schedule
    return "空腹時" if language == "ja" else "on an empty stomach"


def _occasion(schedule: Schedule, language: Language) -> str:
    words = {**NEEDED_WHEN, **DAILY_OCCASIONS}.get(schedule.occasion, ("", ""))
    return words[0 if language == "ja" else 1]


def _moments(schedule: Schedule, language: Language) -> list[str]:
    """Return the moments in the order of the day; meals with one relation are said together."""
    index = 0 if language == "ja" else 1
    clock = [
        (hour, f"{hour}時" if language == "ja" else f"at {hour}:00") for hour in schedule.hours
    ]
    said = [words for hour, words in clock if hour < _NOON]
    said = ([WAKING[index]] if schedule.waking else []) + said
    said += _meals(schedule, language)
    said += [words for hour, words in clock if hour >= _NOON]
    return said + ([BEDTIME[index]] if schedule.bedtime else [])


def _meals(schedule: Schedule, language: Language) -> list[str]:
    groups = groupby(schedule.meals, key=lambda meal: meal[1])
    if language == "ja":
        return [
            "".join(MEALS[meal][0] for meal, _ in meals) + RELATIONS[digit][0]
            for digit, meals in groups
        ]
    return [
        f"{RELATIONS[digit][1]} " + _joined_en([MEALS[meal][1] for meal, _ in meals])
        for digit, meals in groups
    ]


def _joined_ja(parts: list[str]) -> str:
    pair = 2
    return "と".join(parts) if len(parts) <= pair else "、".join(parts)


def _joined_en(parts: list[str]) -> str:
    return ", ".join(parts[:-1]) + f" and {parts[-1]}" if len(parts) > 1 else "".join(parts)


_WHEN: Final[dict[Timing, Callable[[Schedule, Language], str]]] = {
    Timing.MOMENTS: _moments_joined,
    Timing.CLOCK: _clock,
    Timing.EVERY_N_HOURS: _every_n_hours,
    Timing.HOURS_RANGE: _hours_range,
    Timing.EMPTY_STOMACH: _empty_stomach,
}
