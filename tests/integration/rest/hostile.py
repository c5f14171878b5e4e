"""Hostile requests as data: name, the status each must get, and the request.

Each row of "hostile input" of the threat model. `MARK` stands in most of them, and in no answer.
"""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.integration.rest.hostile_bodies import (
    BUNDLES,
    JSON_TEXTS,
    LONG,
    LONG_TEXTS,
    NARRATIVES,
    NEEDLE,
    UNSOUND,
    named,
)
from tests.integration.rest.wire import FHIR, Wire

if TYPE_CHECKING:
    from collections.abc import Iterator

FORM = (b"content-type", b"application/x-www-form-urlencoded")


class Hostile(NamedTuple):
    """One request, and the status it must get."""

    name: str
    status: int
    wire: Wire


def _case(name: str, status: int, **more: Any) -> Hostile:
    return Hostile(name, status, Wire(**more))


def _json() -> Iterator[Hostile]:
    for name, body in JSON_TEXTS.items():
        status = 422 if name == "extensions at the limit" else 400
        yield _case(f"json: {name}", status, body=body)
        yield _case(f"json in a Bundle: {name}", 400, path="/", body=body)
    for name, body in UNSOUND.items():
        yield _case(f"unsound: {name}", 422, body=body)
    for name, text in NARRATIVES.items():
        yield _case(
            f"narrative: {name}", 422, body=named(text={"status": "generated", "div": text})
        )
    for name, elements in LONG_TEXTS.items():
        yield _case(f"long: {name}", 422, body=named(**elements))


def _bundles() -> Iterator[Hostile]:
    for name, body in BUNDLES.items():
        status = {"too many": 413, "url too long": 404, "url with a line": 404}.get(name, 400)
        if "reference" in name:
            status = 422
        yield _case(f"bundle: {name}", status, path="/", body=body)


def _media() -> Iterator[Hostile]:
    bomb = gzip.compress(b"0" * 20_000_000)
    for coding in (b"gzip", b"br", b"deflate", b"zstd", b"GZIP", b"gzip, identity", b"x\x00"):
        yield _case(
            f"coding {coding!r}", 415, headers=(FHIR, (b"content-encoding", coding)), body=bomb
        )
    for kind in (
        b"",
        b"text/html",
        b"application/json\x00",
        b"application/fhir+xml",
        b"*/*",
        b"multipart/form-data; boundary=x",
        b"application/jsonp",
        b"\xff\xfe",
        b"application/json; charset=shift_jis",
        b"application/fhir+json;charset=UTF-16",
        b"application/json; charset=utf-7",
        b'application/json; x=1; CHARSET="euc-jp"',
    ):
        yield _case(f"kind {kind!r}", 415, headers=((b"content-type", kind),), body=named())
    yield _case("no kind", 415, headers=(), body=named())
    for accept in (b"application/fhir+xml", b"text/html", b"", b"\xff", b"application/xml"):
        yield _case(f"accept {accept!r}", 406, headers=(FHIR, (b"accept", accept)), body=named())
    for form in (b"xml", b"html", b"ttl", b"application%2Ffhir%2Bxml", b"js", b"%00", b"%ff"):
        yield _case(f"_format {form!r}", 406, method="GET", query=b"_format=" + form)
    yield _case("_format twice", 406, method="GET", query=b"_format=json&_format=xml")


def _paths() -> Iterator[Hostile]:
    for id_ in (
        "..",
        ".",
        "../../etc/passwd",
        "..\\..\\x",
        "%2e%2e",
        "a b",
        "a\r\nX-Evil: 1",
        "a\x00",
        "\ud83d",
        "𠮷",
        "a" * 65,
        "a" * LONG,
        "a_b",
        "'--",
        "${jndi:x}",
        "*",
        "a;b",
        "_histories",
        "$validate",
        "~",
    ):
        for method in ("GET", "DELETE"):
            yield _case(f"{method} id {id_[:20]!r}", 404, method=method, path=f"/Patient/{id_}")
        yield _case(
            f"history of {id_[:20]!r}", 404, method="GET", path=f"/Patient/{id_}/_history/1"
        )
        yield _case(
            f"everything of {id_[:20]!r}", 404, method="GET", path=f"/Patient/{id_}/$everything"
        )
        yield _case(f"validate {id_[:20]!r}", 404, method="GET", path=f"/Patient/{id_}/$validate")
    for path in (
        "/patient",
        "/Patient/",
        "//Patient",
        "/Patient/x/y",
        "/Patient/x/_history/1/2",
        "/__proto__",
        "/../etc/passwd",
        "/Patient\x00",
        "/%2e%2e",
        "/\ufeff",
        "/Pat\u0456ent",
        "/$nonsense",
        "/Patient/$nonsense/x",
        "/.git/config",
        "/openapi.json",
        "/docs",
    ):
        yield _case(f"path {path!r}", 404, method="GET", path=path)
    for method in ("TRACE", "CONNECT", "PROPFIND", "FOO", "get", "OPTIONS", "", "GET\r\nX: 1"):
        yield _case(f"method {method!r}", 405, method=method, path="/Patient/x")


def _headers() -> Iterator[Hostile]:
    one = named(id="x")
    for tag in (
        b"*",
        b'W/"1',
        b"1",
        b'W/"1"\r\nX-Evil: 1',
        b'W/"' + b"9" * LONG + b'"',
        b"\xff",
        b'"\xd9\xa1"',
        NEEDLE,
    ):
        yield _case(
            f"If-Match {tag[:12]!r}",
            400,
            method="PUT",
            path="/Patient/x",
            headers=(FHIR, (b"if-match", tag)),
            body=one,
        )
    for token in (
        b"Bearer",
        b"Bearer " + b"a" * LONG,
        b"Bearer \xff\x00",
        b"Bearer a\r\nX-Evil: 1",
        b"\x00",
        b"Bearer hospital hospital",
        b"Basic aG9zcGl0YWw6",
    ):
        yield _case(
            f"token {token[:12]!r}",
            401,
            authorization=((b"authorization", token),),
            body=one,
        )


def _searches() -> Iterator[Hostile]:
    for query in (
        b"name=%ff",
        b"name=%ed%a0%80",
        b"name=a%00b",
        b"%ff=a",
        b"name=\xff",
        b"name=%c0%af",
        b"&".join([b"name=a"] * 101),
        b"name=a&" * 30_000,
        b"nonsense%0d%0a=1",
        b"_count=" + b"9" * LONG,
        b"_count=1e9",
        b"_page=" + b"9" * LONG,
        b"_count=%D9%A1",
        b"_sort=nonsense",
        b"birthdate=" + b"1" * LONG,
        b"birthdate=ge0000",
        b"birthdate=2026-02-30",
        b"_lastUpdated=xx2026",
        b"name:nonsense=a",
        b"name:exact:exact=a",
        b"general-practitioner.nonsense=a",
        b"_has:Observation:nonsense:code=a",
        b"=a",
        b"_include=*",
        b"_filter=name%20eq%20a",
        b"_query=a",
        b"_elements=<script>",
    ):
        yield _case(f"search {query[:24]!r} of {len(query)}", 400, method="GET", query=query)
        if b"\xff" not in query and len(query) < 60_000:
            yield _case(
                f"posted search {query[:24]!r}",
                400,
                path="/Patient/_search",
                headers=(FORM,),
                body=query,
            )
    yield _case(
        "posted search too large", 413, path="/Patient/_search", headers=(FORM,), body=b"a" * 70_000
    )
    yield _case(
        "posted search of bytes", 400, path="/Patient/_search", headers=(FORM,), body=b"name=\xff"
    )
    for what in (b"_sort=" + b"birthdate," * 5_000 + b"name", b"_id=" + b"a," * 20_000):
        yield _case(f"too many of {what[:6]!r}", 422, method="GET", query=what)
        headers = (FORM,)
        more = {"path": "/Patient/_search", "headers": headers, "body": what}
        yield _case(f"too many posted of {what[:6]!r}", 422, **more)
    for value in (
        b"1e400",
        b"1e-400",
        b"1" * LONG,
        b"1e" + b"9" * 40,
        b"1.5e999999999",
        b"NaN",
        b"Infinity",
        b"0x1",
        b"1_000",
        b"%EF%BC%91",
        b"gege1",
        b"1|2|3|4",
        b"-",
    ):
        yield _case(
            f"quantity {value[:16]!r}",
            400,
            method="GET",
            path="/Observation",
            query=b"value-quantity=" + value,
        )


CASES = [*_json(), *_bundles(), *_media(), *_paths(), *_headers(), *_searches()]
