"""Who the residents are: a name, a birth date, a home and an insurance card, none of them real."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasuki.deploy.sample.authoring import desk

if TYPE_CHECKING:
    from datetime import date

    from tasuki.deploy.sample.authoring.lots import Lots

_LATE_ELDERLY = 75  # years; from then on everybody is in the system of 後期高齢者医療
_OLD, _YOUNG = 1956, 1990  # birth years between which given names change fashion
_CITY_INSURED_SHARE = 60  # percent of those below 75 in the city's plan, the others at work


@dataclass(frozen=True, slots=True)
class Insurance:
    """An insurance card: the four parts of `JP_Insurance_memberID`, and the plan's name."""

    insurer: str  # 8 digits
    symbol: str
    number: str
    branch: str
    plan: str

    @property
    def member_id(self) -> str:
        """Return `insurer:symbol:number:branch`; empty parts keep their colons."""
        return f"{self.insurer}:{self.symbol}:{self.number}:{self.branch}"


@dataclass(frozen=True, slots=True)
class Identity:
    """One resident. `family` and `given` are (written, kana); romaji only for foreign names."""

    key: str
    family: tuple[str, str]
    given: tuple[str, str]
    birth_date: date
    sex: str  # FHIR administrative gender
    municipality: str  # 6-digit code
    street: str
    insurance: Insurance
    mobile: str
    romaji: tuple[str, str] | None = None
    language: str = "ja"


def drawn(lots: Lots, key: str, sex: str, birth_date: date, region: str) -> Identity:
    """Return a resident of a region, with name, home and insurance drawn by lot."""
    municipality = _municipality(lots, key, region)
    return Identity(
        key=key,
        family=_pair(lots.one_of(desk.table("names")["surnames"], "family", key)),
        given=_pair(lots.one_of(_given_names(sex, birth_date), "given", key)),
        birth_date=birth_date,
        sex=sex,
        municipality=municipality,
        street=street(lots, key),
        insurance=insurance(lots, key, birth_date, municipality),
        mobile=mobile(lots, key),
    )


def street(lots: Lots, key: str) -> str:
    """Return a made-up street and house number."""
    name: str = lots.one_of(desk.table("names")["streets"], "street", key)
    return f"{name}{lots.number(9, 'block', key) + 1}-{lots.number(30, 'house', key) + 1}"


def mobile(lots: Lots, key: str) -> str:
    """Return a phone number that is given to nobody: 090-0000 is not in use."""
    return f"090-0000-{lots.number(10_000, 'mobile', key):04d}"


def insurance(lots: Lots, key: str, birth_date: date, municipality: str) -> Insurance:
    """Return an insurance card that fits the age; insurer numbers have a true check digit."""
    city, _ = desk.city_of(municipality)
    plans = desk.table("words")["plans"]
    serial = lots.number(900_000, "insured", key) + 100_000
    if birth_date.year + _LATE_ELDERLY <= desk.REFERENCE_DAY.year:
        return Insurance(
            _insurer("3917", city), "", f"{serial:08d}", "", plans["elderly"].format(city=city)
        )
    branch = f"{lots.number(4, 'branch', key) + 1:02d}"
    if lots.percent(_CITY_INSURED_SHARE, "plan", key):
        return Insurance(
            _insurer("0017", city),
            f"石{city[0]}",
            str(serial),
            branch,
            plans["city"].format(city=city),
        )
    return Insurance(_insurer("0117", city), str(serial)[:4], str(serial), branch, plans["work"])


def _insurer(head: str, city: str) -> str:
    # Numbers from 900 on are not given out, so no real insurer is named.
    names = [
        name
        for place in desk.table("places")["regions"].values()
        for _, name, *_ in place["cities"]
    ]
    body = f"{head}{900 + names.index(city):03d}"
    return body + str(insurer_check_digit(body))


def insurer_check_digit(body: str) -> int:
    """Return the check digit of an insurer number: weights 2 and 1 from the right, modulus 10."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        product = int(digit) * (2 if place % 2 == 0 else 1)
        total += product // 10 + product % 10
    return -total % 10


def _municipality(lots: Lots, key: str, region: str) -> str:
    ticket = lots.number(100, "city", key)
    for code, _, _, share in desk.region(region)["cities"]:
        ticket -= share
        if ticket < 0:
            return str(code)
    raise ValueError("the shares of a region's cities must add up to 100")


def _given_names(sex: str, birth_date: date) -> list[list[str]]:
    year = birth_date.year
    age = "old" if year < _OLD else "young" if year >= _YOUNG else "mid"
    names: list[list[str]] = desk.table("names")["given"][f"{sex}-{age}"]
    return names


def _pair(written_and_kana: list[str]) -> tuple[str, str]:
    written, kana = written_and_kana
    return written, kana
