"""Every bulletin of `tests/data/jma-xml` and what it is expected to do, by our own reading.

https://xml.kishou.go.jp/tec_material.html
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tasuki.consent.warnings import Source, Verdict, Why, judged, read_bulletin
from tasuki.shared.faults import Category, Fault

DATA = Path(__file__).parents[3] / "data/jma-xml"
P, W, N = Verdict.PROPOSES, Verdict.WITHDRAWS, Verdict.NOTHING

# What it is; what it does; why; how many places it is about, how many of them municipalities.
EXPECTED = {
    # warnings below a special warning
    "15_15_01_220314_VPWW54.xml": (N, Why.NOT_GRAVE, 0, 0),  # storm surge warning
    "15_16_08_250630_VPWW57.xml": (N, Why.NOT_GRAVE, 0, 0),  # storm surge, level 4 of 2026
    "16_02_02_220728_VXKOii.xml": (N, Why.NOT_GRAVE, 0, 0),  # river, level 3
    "16_05_01_210630_VXKOii.xml": (N, Why.NOT_GRAVE, 0, 0),
    "17_03_03_190529_VXWW50.xml": (N, Why.NOT_GRAVE, 0, 0),  # landslide, level 4: orders follow
    "18_01_01_100806_VPOA50.xml": (N, Why.NOT_GRAVE, 0, 0),  # record rain
    "45_01_01_200522_VFVO50.xml": (N, Why.NOT_GRAVE, 0, 0),  # volcano, level 3: the crater only
    # earthquakes
    "20210217140808_0_VXSE51_010000.xml": (N, Why.NOT_GRAVE, 0, 0),  # intensity 3
    "32-39_11_01_120615_VXSE51.xml": (
        P,
        Why.GRAVE,
        5,
        0,
    ),  # 11 March 2011: areas, no municipalities
    "32-35_01_02_240613_VXSE52.xml": (N, Why.NOT_REAL, 0, 0),  # drill
    "32-35_01_03_240613_VXSE53.xml": (N, Why.NOT_REAL, 0, 0),  # drill
    "32-39_05_12_100915_VXSE53.xml": (W, Why.CANCELLED, 0, 0),
    "37_04_01_110311_VXSE43.xml": (N, Why.NOT_GRAVE, 0, 0),  # early warning: seconds, a forecast
    "54_01_01_100514_VXSE42.xml": (N, Why.NOT_REAL, 0, 0),  # test
    # tsunami
    "20231009082436_00085500_VTSE41.xml": (N, Why.NOT_GRAVE, 0, 0),  # advisory
    "20231009120003_08446949_VTSE41.xml": (N, Why.LIFTED, 0, 0),  # forecast
    "32-39_11_02_120615_VTSE41.xml": (P, Why.GRAVE, 1, 0),  # 11 March 2011: a coast
    "32-39_11_13_120615_VTSE41.xml": (N, Why.LIFTED, 0, 0),  # lifted two days later
    "32-39_12_02_250206_VTSE41.xml": (N, Why.NOT_REAL, 0, 0),  # drill
    "38-39_03_01_210805_VTSE41.xml": (W, Why.CANCELLED, 0, 0),
    # special warnings
    "62_01_01_130412_VPNO50.xml": (P, Why.GRAVE, 27, 27),  # rain, Nara 2011
    "62_01_05_130412_VPNO50.xml": (N, Why.LIFTED, 0, 0),  # lifted
}


def body(name: str) -> bytes:
    return (DATA / name).read_bytes()


def test_every_document_of_the_folder_is_expected() -> None:
    assert {path.name for path in DATA.glob("*.xml")} == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_document_does_what_is_expected(name: str) -> None:
    verdict, why, places, coded = EXPECTED[name]
    found = judged(read_bulletin(body(name)))
    about = {place for hazard in found.grave for place in hazard.places}
    assert (found.verdict, found.why) == (verdict, why)
    assert (len(about), sum(place.code is not None for place in about)) == (places, coded)


@pytest.mark.parametrize("word", ["訓練", "試験", "", "通常 訓練", "normal", "Actual"])
@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_no_drill_no_test_and_no_unknown_status_ever_proposes(name: str, word: str) -> None:
    text = body(name).decode().replace("<Status>通常<", f"<Status>{word}<")
    found = judged(read_bulletin(text.replace("<Status>訓練<", f"<Status>{word}<").encode()))
    assert (found.verdict, found.why) == (Verdict.NOTHING, Why.NOT_REAL)


@pytest.mark.parametrize("name", [one for one, what in EXPECTED.items() if what[0] is P])
def test_a_cancellation_of_each_proposal_is_of_the_same_event(name: str) -> None:
    real = read_bulletin(body(name))
    text = body(name).decode().replace("<InfoType>発表<", "<InfoType>取消<")
    cancelled = read_bulletin(text.encode())
    assert judged(cancelled).verdict is Verdict.WITHDRAWS
    assert cancelled.event == real.event
    assert cancelled.document != real.document


def test_a_cancelled_tsunami_warning_says_nothing_of_the_earthquake() -> None:
    """Both have the EventID of the earthquake."""
    shaking = read_bulletin(body("32-39_11_01_120615_VXSE51.xml"))
    wave = read_bulletin(body("32-39_11_02_120615_VTSE41.xml"))
    assert shaking.event != wave.event


def test_a_special_warning_names_municipalities_and_says_where_it_means_a_part() -> None:
    (hazard,) = judged(read_bulletin(body("62_01_01_130412_VPNO50.xml"))).grave
    assert hazard.kind == "大雨特別警報"
    assert ("奈良市", "292010", False) in {(p.name, p.code, p.part) for p in hazard.places}
    assert {p.name for p in hazard.places if p.part} == {"五條市北部", "五條市南部"}
    assert {p.code for p in hazard.places if p.part} == {"292079"}


def test_areas_that_are_no_municipalities_stay_words() -> None:
    grave = judged(read_bulletin(body("32-39_11_01_120615_VXSE51.xml"))).grave
    assert {hazard.kind: [p.name for p in hazard.places] for hazard in grave} == {
        "震度６強": ["宮城県北部", "宮城県中部"],
        "震度６弱": ["岩手県沿岸南部", "岩手県内陸南部", "宮城県南部"],
    }


def test_old_codes_are_todays_and_divided_ones_stay_words() -> None:
    """浜松北区 of 2009 lies in two wards today."""
    real = body("32-35_01_03_240613_VXSE53.xml").decode().replace("訓練", "通常")
    places = {p for h in read_bulletin(real.encode()).hazards for p in h.places}
    assert {(p.name, p.code) for p in places if "浜松北" in p.name} == {("浜松北区", None)}
    assert ("西伊豆町", "223069") in {(p.name, p.code) for p in places}


def test_what_a_document_is_about_is_told() -> None:
    found = read_bulletin(body("32-39_11_02_120615_VTSE41.xml"))
    assert found.source is Source.JMA
    assert found.publisher == "気象庁"
    assert found.sent.isoformat() == "2011-03-11T05:49:59+00:00"
    assert found.headline.startswith("東日本大震災クラスの津波が来襲します。")


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("<Title>気象特別警報報知</Title>", "", "Report/Control/Title"),
        ("<DateTime>2011-09-03T03:00:00Z<", "<DateTime>2011-09-03<", "Report/Control/DateTime"),
        ("<DateTime>2011-09-03T03:00:00Z<", "<DateTime>soon<", "Report/Control/DateTime"),
        ("<InfoType>発表</InfoType>", "", "Report/Head/InfoType"),
        ("<Serial/>", "<Serial>x</Serial>", None),
        ("<Serial/>", "<Serial>-1</Serial>", None),
        ("<Serial/>", "<Serial>99999999999999999999</Serial>", None),
    ],
)
def test_a_document_without_what_it_needs_is_refused(old: str, new: str, path: str | None) -> None:
    text = body("62_01_01_130412_VPNO50.xml").decode()
    assert old in text
    with pytest.raises(Fault) as caught:
        read_bulletin(text.replace(old, new).encode())
    assert caught.value.category is Category.INVALID
    assert caught.value.at == (() if path is None else (path,))


@pytest.mark.parametrize(
    ("kind", "grave"),
    [
        *((k, True) for k in ("大雨特別警報", "レベル５大雨特別警報", "レベル５土砂災害特別警報")),
        *((k, True) for k in ("震度７", "震度６弱", "大津波警報", "噴火警報", "レベル５（避難）")),
        *((k, False) for k in ("震度５強", "震度５弱以上未入電", "津波警報", "火口周辺警報")),
        *((k, False) for k in ("レベル４高潮危険警報", "大雨警報", "レベル３（入山規制）", "解除")),
        *((k, False) for k in ("特別警報ではない", "大雨特別警報の可能性", "特別警報")),
    ],
)
def test_the_table_of_what_is_grave(kind: str, grave: bool) -> None:
    text = body("62_01_01_130412_VPNO50.xml").decode().replace("大雨特別警報", kind)
    assert (judged(read_bulletin(text.encode())).verdict is Verdict.PROPOSES) is grave
