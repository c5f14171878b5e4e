"""Kana as search forms: two spellings of one sound give one string.

`fold_kana` is the first tag and `loose_kana` the second, coarser one. Both are for comparing and
for blind indexes, never for display.
Unicode normalisation: https://www.unicode.org/reports/tr15/
"""

from __future__ import annotations

import re
import unicodedata

_LONG = "ー"  # the katakana-hiragana prolonged sound mark, U+30FC

# NFKC turns a spacing voiced mark into a space and a combining one, which would tear it off its kana.
_SPACING_MARKS = str.maketrans({"\u309b": "\u3099", "\u309c": "\u309a"})
_TO_KATAKANA = {code: code + 0x60 for code in (*range(0x3041, 0x3097), 0x309D, 0x309E)}
_TO_UPPER = {code: code - 0x20 for code in range(ord("a"), ord("z") + 1)}
_FULL_SIZE = str.maketrans(
    "ァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ",
    "アイウエオツヤユヨワカケクシストヌハヒフヘホムラリルレロ",
)
_SAME_SOUND = str.maketrans(
    {"ヂ": "ジ", "ヅ": "ズ", "ヲ": "オ", "ヰ": "イ", "ヱ": "エ"}
    | {"ヷ": "バ", "ヸ": "ビ", "ヹ": "ベ", "ヺ": "ボ"}
)
_V_SOUNDS = {"ヴア": "バ", "ヴイ": "ビ", "ヴエ": "ベ", "ヴオ": "ボ", "ヴユ": "ビユ", "ヴ": "ブ"}
_V_SOUND = re.compile("ヴ[アイエオユ]?")
_REPEAT = re.compile("([ァ-ヺ])([ヽヾ])")
_LONG_AFTER = re.compile(f"([ア-ヴ]?){_LONG}+")

_ROWS = {
    "ア": "アカガサザタダナハバパマヤラワ",
    "イ": "イキギシジチニヒビピミリ",
    "ウ": "ウクグスズツヌフブプムユル",
    "エ": "エケゲセゼテデネヘベペメレ",
    "オ": "オコゴソゾトドノホボポモヨロ",
}
_VOWEL_OF = {kana: vowel for vowel, row in _ROWS.items() for kana in row}
# What lengthens a vowel in writing: オウ and オオ both stand for a long オ, エイ and エエ for a long エ.
_LENGTHENED_BY = {"ア": "ア", "イ": "イ", "ウ": "ウ", "エ": "エイ", "オ": "オウ"}
_LENGTHENED = re.compile("|".join(f"(?<=[{_ROWS[v]}])[{_LENGTHENED_BY[v]}]+" for v in _ROWS))


def fold_kana(s: str) -> str:
    """Return the search form of a reading.

    Half-width kana, hiragana and full-width Latin letters become full-width katakana and ASCII
    capitals; small kana become large; ヂ ヅ ヲ ヴ become the kana that sounds alike; a long vowel mark
    becomes the vowel it lengthens (サトー is サトオ, ユーコ is ユウコ); iteration marks are written out;
    spaces, middle dots, hyphens and all other punctuation go. Kanji and other scripts stay as they are.
    """
    text = unicodedata.normalize("NFKC", s.translate(_SPACING_MARKS))
    text = text.translate(_TO_KATAKANA).translate(_TO_UPPER)
    text = "".join(c for c in text if unicodedata.category(c)[0] in "LN")
    text = _REPEAT.sub(_repeated, text).replace("ヽ", "").replace("ヾ", "")
    text = text.translate(_FULL_SIZE).translate(_SAME_SOUND)
    text = _V_SOUND.sub(lambda found: _V_SOUNDS[found[0]], text)
    text = _LONG_AFTER.sub(_vowel_written_out, text)
    return unicodedata.normalize("NFKC", text)


def loose_kana(s: str) -> str:
    """Return the second, coarser search form of a reading: long vowels are short.

    オウ, オオ and オー all become オ, ウウ becomes ウ, エイ and エエ become エ. 大野 and 小野 meet here, so this
    form finds candidates for a person to choose from and never decides.
    """
    return _LENGTHENED.sub("", fold_kana(s))


def is_kana(s: str) -> bool:
    """Return whether a text is written in kana only; spaces and long vowel marks may be among them."""
    text = unicodedata.normalize("NFKC", s.translate(_SPACING_MARKS))
    kana = [c for c in text if not c.isspace() and c != _LONG]
    return bool(kana) and all(_is_one_kana(c) for c in kana)


def _is_one_kana(c: str) -> bool:
    return "ぁ" <= c <= "ゖ" or "ァ" <= c <= "ヺ" or "ㇰ" <= c <= "ㇿ" or c in "ゝゞヽヾ"


def _repeated(found: re.Match[str]) -> str:
    kana, mark = found[1], found[2]
    if mark == "ヽ":
        return kana + kana
    # ヾ repeats the kana voiced: スヾ is スズ. A kana that has no voiced form is repeated plainly.
    voiced = unicodedata.normalize("NFC", kana + "\u3099")
    return kana + (voiced if len(voiced) == 1 else kana)


def _vowel_written_out(found: re.Match[str]) -> str:
    return found[1] + _VOWEL_OF.get(found[1], "")
