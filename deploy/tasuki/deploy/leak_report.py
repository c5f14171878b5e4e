"""Who may be affected by a leak, what of, and by when it must be reported: the sums, and in words.

個人情報の保護に関する法律 第26条, 施行規則 第7条 (one person's sensitive data are enough; more than 1,000
people; possibly malicious), 第8条 (preliminary promptly, final 30 days, 60 where malicious);
ガイドライン (通則編) 3-5-3: promptly is about 3 to 5 days. Days are counted from the day of knowing as
the first, which is the stricter reading; a last day that is no working day is left as it is.
https://laws.e-gov.go.jp/law/415AC0000000057
https://www.ppc.go.jp/personalinfo/legal/guidelines_tsusoku/
https://www.businesslawyers.jp/practices/1433
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from tasuki.shared.clock import TOKYO

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

PRELIMINARY_DAYS: Final = (3, 5)
FINAL_DAYS: Final = 30
MALICIOUS_DAYS: Final = 60
MANY: Final = 1_000
# What tells nothing of anybody's health. All else counts as sensitive, what is unknown too.
ADMINISTRATIVE: Final = frozenset(
    {"AuditEvent", "Consent", "Coverage", "Location", "Organization", "Patient", "Practitioner"}
    | {"PractitionerRole", "RelatedPerson"}
)
UNKNOWN: Final = "?"


@dataclass
class Person:
    """One affected person, as the services know them.

    Attributes:
        handles: `tenant Patient/id` in every service whose log names them.
        kinds: How often each kind of data was touched.
        refused: How often it was asked for and refused.
        name: As a service told it to who asked; empty where it did not.
    """

    handles: set[str] = field(default_factory=set)
    kinds: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    name: str = ""

    @property
    def sensitive(self) -> bool:
        """Return whether anything but administrative data was touched."""
        return bool(set(self.kinds) - ADMINISTRATIVE)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Days by which to report, the day of knowing counted as the first."""

    knew: date
    preliminary: tuple[date, date]
    final: date


@dataclass(frozen=True, slots=True)
class Report:
    """What a report is made of.

    Attributes:
        people: Those of whom data left or were changed.
        refused_only: How many people were only asked about and refused.
        unplaced: Events that name no person: what they gave out must be looked at by hand.
        searched: How many records of how many logs were read.
        unreadable: Records that do not open, which may be about anybody.
    """

    people: Sequence[Person]
    refused_only: int
    unplaced: int
    searched: Mapping[str, int]
    unreadable: int
    malicious: bool
    deadlines: Deadlines

    @property
    def sensitive(self) -> int:
        """Return of how many people sensitive data were touched."""
        return sum(one.sensitive for one in self.people)

    @property
    def grounds(self) -> list[tuple[str, str]]:
        """Return why it must be reported (Japanese, English); empty where the log shows no reason."""
        found = []
        if self.sensitive:
            found.append(("要配慮個人情報を含む（規則7条1号）", "sensitive data (Rules Art 7 (i))"))
        if self.malicious and self.people:
            found.append(("不正の目的のおそれ（規則7条3号）", "possibly malicious (Art 7 (iii))"))
        if len(self.people) > MANY:
            found.append(("1,000人を超える（規則7条4号）", "over 1,000 people (Art 7 (iv))"))
        return found


def deadlines(knew: datetime, *, malicious: bool) -> Deadlines:
    """Return by when to report what was known at a moment."""
    day = knew.astimezone(TOKYO).date()
    early, late = (day + timedelta(days=days - 1) for days in PRELIMINARY_DAYS)
    final = day + timedelta(days=(MALICIOUS_DAYS if malicious else FINAL_DAYS) - 1)
    return Deadlines(day, (early, late), final)


def lines_of(report: Report) -> Iterator[str]:
    """Yield the report, each line in Japanese and English."""
    dates, total = report.deadlines, len(report.people)
    yield "漏えい等報告の下書き / Draft for a leak report (個人情報保護法 26条 / APPI Art 26)"
    yield f"知った日 / known since: {dates.knew}"
    early, late = dates.preliminary
    yield f"速報 / preliminary report: {early} / {late}"
    longer = "不正の目的のおそれ・60日 / possibly malicious, 60 days"
    yield f"確報 / final report: {dates.final} ({longer if report.malicious else '30日 / 30 days'})"
    yield f"影響を受けた人 / people affected: {total}"
    yield f"  うち要配慮個人情報 / of these with sensitive data: {report.sensitive}"
    yield f"拒否だけの人 / people asked about and refused only: {report.refused_only}"
    reasons = [f"{ja} / {en}" for ja, en in report.grounds]
    yield f"報告の理由 / reasons to report: {'; '.join(reasons) or '記録からは見当たらない / none in the log'}"
    kinds = sum((one.kinds for one in report.people), Counter[str]())
    for kind, count in sorted(kinds.items()):
        people = sum(kind in one.kinds for one in report.people)
        yield f"  {kind}: {people} 人 / people, {count} 回 / times"
    for number, person in enumerate(report.people, 1):
        mark = "要配慮 / sensitive" if person.sensitive else "-"
        named = f"{person.name}  " if person.name else ""
        yield f"{number:>5}. {named}{', '.join(sorted(person.handles))}  {mark}"
    yield from _limits(report)


def _limits(report: Report) -> Iterator[str]:
    read = ", ".join(f"{tenant} {count:,}" for tenant, count in report.searched.items())
    yield f"調べた記録 / records read: {read}"
    if report.unplaced:
        yield f"人を名指ししない記録 / records that name nobody, to be looked at by hand: {report.unplaced}"
    if report.unreadable:
        yield f"読めない記録 / RECORDS THAT CANNOT BE READ: {report.unreadable}"
    yield "auth のサインイン記録は含まない / the sign-in log of auth is not included"
    yield (
        "期限は知った日を1日目として数え、休日も動かさない / "
        "days are counted with the day of knowing as the first; holidays move nothing"
    )
    yield (
        "高度な暗号化の例外に当たるか、業務規則は別に確かめる / "
        "whether strong encryption exempts, and what else binds, is for a lawyer"
    )
