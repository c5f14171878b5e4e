"""Hostile bodies as data; `MARK` stands in most of them, and must stand in no answer."""

from __future__ import annotations

import json
from typing import Any

MARK = "ZQXmarkZQX"
NEEDLE = MARK.encode()
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">%s</div>'
LONG = 150_000  # characters; a body may have 200,000 bytes here


def patient(inside: bytes) -> bytes:
    """Return a Patient with this after its type."""
    return b'{"resourceType":"Patient",' + inside + b"}"


def named(**elements: Any) -> bytes:
    return json.dumps({"resourceType": "Patient", **elements}).encode()


def _nested(depth: int) -> bytes:
    return b'"extension":' + b'[{"url":"u","extension":' * depth + b"[]" + b"}]" * depth


JSON_TEXTS: dict[str, bytes] = {
    "brackets": patient(b'"x":' + b"[" * 90_000 + b"]" * 90_000),
    "brackets never closed": b"[" * LONG,
    "objects": patient(b'"x":' + b'{"a":' * 30_000 + b"1" + b"}" * 30_000),
    "objects never closed": b'{"a":' * 30_000,
    "extensions": patient(_nested(200)),
    "extensions at the limit": patient(_nested(14)),
    "digits": patient(b'"x":' + b"9" * LONG),
    "fraction": patient(b'"x":0.' + b"1" * LONG),
    "exponent": patient(b'"x":1e' + b"9" * 100),
    "exponent of digits": patient(b'"x":1e' + b"9" * LONG),
    "overflow": patient(b'"x":1e400'),
    "underflow": patient(b'"x":-1e-400'),
    "leading zero": patient(b'"x":01'),
    "plus": patient(b'"x":+1'),
    "hexadecimal": patient(b'"x":0x10'),
    "not a number": patient(b'"x":NaN'),
    "infinity": patient(b'"x":-Infinity'),
    "key twice": patient(b'"active":true,"active":false'),
    "key twice by escape": patient(b'"active":true,"\\u0061ctive":false'),
    "key twice inside": patient(b'"name":[{"family":"a","family":"b"}]'),
    "type twice": patient(b'"resourceType":"Observation"'),
    "strange key twice": patient(b'"%b ":1,"%b ":2' % (NEEDLE, NEEDLE)),
    "surrogate": patient(b'"name":[{"text":"%b\\ud800"}]' % NEEDLE),
    "surrogate in a key": patient(b'"%b\\udfff":1' % NEEDLE),
    "surrogates the wrong way": patient(b'"name":[{"text":"\\udc00\\ud800"}]'),
    "surrogate in bytes": patient(b'"name":[{"text":"\xed\xa0\x80"}]'),
    "overlong bytes": patient(b'"name":[{"text":"\xc0\xaf"}]'),
    "beyond Unicode": patient(b'"name":[{"text":"\xf4\x90\x80\x80"}]'),
    "NUL": patient(b'"name":[{"text":"%b\\u0000"}]' % NEEDLE),
    "NUL in a key": patient(b'"%b\\u0000":1' % NEEDLE),
    "NUL byte": patient(b'"name":[{"text":"\x00"}]'),
    "NUL after": named() + b"\x00",
    "control byte": patient(b'"name":[{"text":"\x1b"}]'),
    "two BOMs": b"\xef\xbb\xbf\xef\xbb\xbf" + named(),
    "UTF-16": named().decode().encode("utf-16"),
    "UTF-16 without BOM": named().decode().encode("utf-16-le"),
    "UTF-32": named().decode().encode("utf-32"),
    "Shift_JIS": '{"resourceType":"Patient","name":[{"text":"能登"}]}'.encode("shift_jis"),
    "EUC-JP": '{"resourceType":"Patient","name":[{"text":"能登"}]}'.encode("euc_jp"),
    "two values": named() + named(),
    "comment": b"/* %b */" % NEEDLE + named(),
    "trailing comma": b'{"resourceType":"Patient",}',
    "single quotes": b"{'resourceType':'%b'}" % NEEDLE,
    "array": b"[" + named() + b"]",
    "nothing": b"",
    "white space": b" " * LONG,
    "a form": b"resourceType=Patient&name=%b" % NEEDLE,
    "type of a list": b'{"resourceType":["Patient"]}',
    "type of a path": b'{"resourceType":"../%b"}' % NEEDLE,
    "type too long": b'{"resourceType":"A' + b"a" * LONG + b'"}',
    "XML": b"<Patient xmlns='http://hl7.org/fhir'/>",
    "an XML bomb": b'<!DOCTYPE x [<!ENTITY a "%b">]><x>&a;</x>' % NEEDLE,
}
UNSOUND: dict[str, bytes] = {
    "unknown elements": named(**{f"{number} {MARK}": 1 for number in range(5_000)}),
    "prototype": named(__proto__={"admin": True}, constructor=MARK),
    "meta of text": named(meta=MARK),
    "id of text": named(id=f"{MARK}/../x"),
    "id too long": named(id="a" * 65),
    "id with a line": named(id="a\r\nX-Evil: 1"),
    "control characters": named(name=[{"text": f"{MARK}\x1b[2J"}]),
    "C1 characters": named(name=[{"text": f"{MARK}\x9b2J"}]),
    "noncharacters": named(name=[{"text": f"{MARK}\uffff"}]),
    "faults by the thousand": named(name=[{} for _ in range(20_000)]),
    "empty extensions": named(extension=[{"url": MARK} for _ in range(2_000)]),
    "address of a script": named(photo=[{"url": f"java\tscript:{MARK}"}]),
    "address of data": named(managingOrganization={"reference": f"data:text/html,{MARK}"}),
    "address of a file": named(managingOrganization={"reference": f"FILE:///etc/{MARK}"}),
}
NARRATIVES: dict[str, str] = {
    "script": DIV % f"<script>{MARK}</script>",
    "upper-case script": DIV % f"<ScRiPt>{MARK}</ScRiPt>",
    "handler": DIV % f'<b onclick="{MARK}">a</b>',
    "handler behind a slash": DIV % f"<b/onmouseover='{MARK}'/>",
    "link to a script": DIV % f'<a href="java&#9;script:{MARK}">a</a>',
    "link to data": DIV % f'<a href="data:text/html;base64,{MARK}">a</a>',
    "picture from a script": DIV % f'<img src="x:{MARK}" />',
    "frame": DIV % f'<iframe srcdoc="{MARK}"/>',
    "object": DIV % f'<object data="{MARK}"/>',
    "form": DIV % f'<form action="{MARK}"/>',
    "base": DIV % f'<base href="{MARK}"/>',
    "meta": DIV % f'<meta http-equiv="refresh" content="0;{MARK}"/>',
    "svg": DIV % f'<svg xmlns="http://www.w3.org/2000/svg" onload="{MARK}"/>',
    "MathML": DIV % f"<math><mtext>{MARK}</mtext></math>",
    "template": DIV % f"<template>{MARK}</template>",
    "style that loads": DIV % f'<p style="background:u\\72l({MARK})">a</p>',
    "style that runs": DIV % f'<p style="width:expression ({MARK})">a</p>',
    "CDATA": DIV % f"<![CDATA[<script>{MARK}</script>]]>",
    "comment that ends early": DIV % f"<!--><script>{MARK}</script>-->",
    "processing instruction": DIV % f"<?php {MARK} ?>",
    "entities": f'<!DOCTYPE div [<!ENTITY a "{MARK}">]>' + DIV % "&a;",
    "entities from elsewhere": f'<!DOCTYPE div SYSTEM "http://127.0.0.1/{MARK}">' + DIV % "a",
    "another root": f'<p xmlns="http://www.w3.org/1999/xhtml">{MARK}</p>',
    "two roots": DIV % MARK + DIV % MARK,
    "never closed": f'<div xmlns="http://www.w3.org/1999/xhtml">{MARK}',
    "elements never closed": DIV % ("<b>" * 40_000),
    "attributes": DIV % ("<b " + " ".join(f'a{number}=""' for number in range(9_000)) + "/>"),
}
# What a pattern could choke on: long, and wrong at the very end.
LONG_TEXTS: dict[str, dict[str, Any]] = {
    "code": {"gender": "a " * (LONG // 2) + "\t"},
    "date": {"birthDate": "1" * LONG},
    "instant": {"meta": {"lastUpdated": "2026-01-05T00:00:00." + "1" * LONG + "x"}},
    "uri": {"implicitRules": "a" * LONG + " "},
    "oid": {"identifier": [{"system": "urn:oid:1" + ".1" * (LONG // 2) + " "}]},
    "base64": {"photo": [{"contentType": "image/png", "data": "QUJD " * (LONG // 5) + "*"}]},
    "id": {"id": "a" * LONG},
    "language": {"language": "a" * LONG + " "},
    "style": {"text": {"status": "generated", "div": DIV % f'<p style="{"url " * 30_000}(">a</p>'}},
    "link": {"text": {"status": "generated", "div": DIV % f'<a href="{"a" * LONG}:x">a</a>'}},
    "comments": {"text": {"status": "generated", "div": DIV % ("<!--" * 30_000)}},
}


def _bundle(*entries: Any, kind: str = "transaction") -> bytes:
    return json.dumps({"resourceType": "Bundle", "type": kind, "entry": entries}).encode()


def _entry(method: Any, url: Any, **more: Any) -> dict[str, Any]:
    resource = {"resourceType": "Patient"} if method == "POST" else {}
    made = {"request": {"method": method, "url": url}, "resource": resource}
    return {**made, **more}


BUNDLES: dict[str, bytes] = {
    "entries of text": _bundle(MARK),
    "entry of nothing": _bundle(None),
    "entries of an object": b'{"resourceType":"Bundle","type":"batch","entry":{"a":1}}',
    "request of a list": _bundle({"request": [MARK]}),
    "method of a list": _bundle(_entry([MARK], "Patient")),
    "method of an object": _bundle(_entry({"a": MARK}, "Patient")),
    "method in small letters": _bundle(_entry("post", "Patient")),
    "another method": _bundle(_entry("TRACE", "Patient")),
    "url of a list": _bundle(_entry("POST", [MARK])),
    "url elsewhere": _bundle(_entry("POST", f"http://{MARK}.example/Patient")),
    "url of a path": _bundle(_entry("GET", f"Patient/../{MARK}")),
    "url with a query": _bundle(_entry("GET", f"Patient?_count={MARK}")),
    "url with a line": _bundle(_entry("GET", f"Patient/a\r\n{MARK}")),
    "url too long": _bundle(_entry("GET", "Patient/" + "a" * 100_000)),
    "type of the resource of a list": _bundle(_entry("POST", "Patient", resource=[MARK])),
    "version of a number": _bundle(
        {"request": {"method": "DELETE", "url": "Patient/x", "ifMatch": 1}}
    ),
    "version of a list": _bundle(
        {"request": {"method": "DELETE", "url": "Patient/x", "ifMatch": [MARK]}}
    ),
    "a type of a list": b'{"resourceType":"Bundle","type":["transaction"]}',
    "too many": _bundle(*(_entry("POST", "Patient") for _ in range(21))),
    "names twice": _bundle(*(_entry("POST", "Patient", fullUrl=MARK) for _ in range(2))),
    "a reference to nowhere": _bundle(
        _entry(
            "POST",
            "Patient",
            resource={
                "resourceType": "Patient",
                "link": [{"type": "seealso", "other": {"reference": f"Patient/{MARK}"}}],
            },
        )
    ),
    "references by the thousand": _bundle(
        _entry(
            "POST",
            "Patient",
            resource={
                "resourceType": "Patient",
                "generalPractitioner": [
                    {"reference": f"Practitioner/{number}"} for number in range(3_000)
                ],
            },
        )
    ),
}
