"""String parameters: start of the value, whatever the case and the accents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.conformance.r4.cases import Search, cases
from tests.conformance.r4.searching import require_found
from tests.conformance.r4.spec import ESCAPING, MODIFIERS, SEARCH, STRING

if TYPE_CHECKING:
    from tests.conformance.r4.world import World

ROWS = [
    Search("string-whole", "Patient?family=能登", "hanako taro", STRING),
    Search("string-start", "Patient?family=能", "hanako taro", STRING),
    Search("string-kana", "Patient?family=ノト", "hanako taro", STRING),
    Search("string-given", "Patient?given=花子", "hanako", STRING),
    Search("string-second-given", "Patient?given=Marie", "marie", STRING),
    Search("string-not-the-middle", "Patient?given=子", "", STRING, witness="Patient?given=花"),
    Search("string-upper-case", "Patient?family=MÜLLER", "marie", STRING),
    Search("string-lower-case", "Patient?family=müller", "marie", STRING),
    Search("string-no-accents", "Patient?family=muller", "marie", STRING),
    Search("string-combining-accents", "Patient?family=Mu\u0308ller", "marie", STRING),
    Search("string-accents-given", "Patient?given=RENEE", "marie", STRING),
    Search("string-beyond-bmp", "Patient?family=𠮷田", "umi", STRING),
    Search("string-beyond-bmp-start", "Patient?family=𠮷", "umi", STRING),
    Search("string-or", "Patient?family=能登,輪島", "hanako taro jiro", STRING),
    Search("string-and", "Patient?name=能登&name=太郎", "taro", STRING),
    Search("string-and-other", "Patient?family=能登&given=花", "hanako", STRING),
    Search("string-and-none", "Patient?family=能登&given=二郎", "", STRING,
           witness="Patient?family=輪島&given=二郎"),
    Search("string-name-family", "Patient?name=輪島", "jiro", STRING),
    Search("string-name-given", "Patient?name=ハナコ", "hanako", STRING),
    Search("string-name-prefix", "Patient?name=Dr", "marie", STRING),
    Search("string-alias", "Organization?name=wajima test", "wajima", STRING),
    Search("string-exact", "Patient?family:exact=能登", "hanako taro", MODIFIERS),
    Search("string-exact-accents", "Patient?given:exact=Renée", "marie", MODIFIERS),
    Search("string-exact-start", "Patient?family:exact=能", "", MODIFIERS,
           witness="Patient?family:exact=能登"),
    Search("string-exact-case", "Patient?family:exact=müller", "", MODIFIERS,
           witness="Patient?family:exact=Müller"),
    Search("string-exact-no-accents", "Patient?given:exact=Renee", "", MODIFIERS,
           witness="Patient?given:exact=Renée"),
    Search("string-exact-beyond-bmp", "Patient?family:exact=𠮷田", "umi", MODIFIERS),
    Search("string-exact-or", "Patient?family:exact=𠮷田,輪島", "umi jiro", MODIFIERS),
    Search("string-contains", "Patient?given:contains=子", "hanako", MODIFIERS),
    Search("string-contains-middle", "Patient?name:contains=ナコ", "hanako", MODIFIERS),
    Search("string-contains-case", "Patient?family:contains=ULL", "marie", MODIFIERS),
    Search("string-contains-accents", "Patient?given:contains=ENE", "marie", MODIFIERS),
    Search("string-contains-start", "Patient?family:contains=輪", "jiro", MODIFIERS),
    Search("string-address", "Patient?address=石川県", "hanako jiro", STRING),
    Search("string-address-city", "Patient?address-city=輪島市", "hanako", STRING),
    Search("string-address-city-accents", "Patient?address-city=quebec", "marie", STRING),
    Search("string-address-state", "Patient?address-state=石川", "hanako jiro", STRING),
    Search("string-address-postalcode", "Patient?address-postalcode=928", "hanako", STRING),
    Search("string-address-country", "Patient?address-country=CA", "marie", STRING),
    Search("string-address-line", "Patient?address:contains=上町", "hanako", MODIFIERS),
    Search("string-missing", "Patient?address:missing=true", "taro umi", MODIFIERS),
    Search("string-not-missing", "Patient?address:missing=false", "hanako jiro marie", MODIFIERS),
    Search("string-escaped-comma", r"Organization?name=七尾\, 中島", "nanao", ESCAPING),
    Search("string-comma-is-or", "Organization?name=七尾,輪島", "nanao wajima", ESCAPING),
    Search("string-of-organization", "Organization?name=輪島試験", "wajima", STRING),
    Search("string-of-location", "Location?name=三階", "ward", STRING),
    Search("string-of-practitioner", "Practitioner?family=佐藤", "sato", STRING),
    Search("string-of-observation", "Observation?value-string=rice", "memo", STRING),
    Search("string-related-person", "RelatedPerson?name=桜", "sakura", STRING),
    Search("string-repeated-or-and", "Patient?name=能登,輪島&name=花,二", "hanako jiro", SEARCH),
]  # fmt: skip


@cases(ROWS)
def test_string(world: World, case: Search) -> None:
    require_found(world, case)
