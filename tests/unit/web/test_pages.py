"""Pages: nothing in them runs, nothing from outside is obeyed, every word is there twice."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING

import pytest
from starlette.requests import Request

from tasuki.shared.faults import Category
from tasuki.shared.web.pages import OWN_TEMPLATES, Pages
from tasuki.shared.web.session import _is_local
from tasuki.shared.web.words import COMMON, Words, language_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def request(query: str = "", headers: Mapping[str, str] | None = None) -> Request:
    pairs = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    scope = {"type": "http", "method": "GET", "path": "/desk/", "query_string": query.encode()}
    return Request({**scope, "headers": pairs, "state": {}})


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    folder: Path = tmp_path_factory.mktemp("templates")
    (folder / "one.html").write_text(
        '{% extends "base.html" %}{% block main %}{{ t("hello", who=who) }}{% endblock %}',
        encoding="utf-8",
    )
    return Pages(
        folder,
        title=("題", "Title"),
        words={"hello": ("やあ {who}", "Hello {who}")},
        public_url="https://desk.example.jp/desk",
        form_origins=("https://auth.example.jp/auth",),
    )


def test_what_came_from_outside_is_never_markup(pages: Pages) -> None:
    page = bytes(pages.render(request(), "one.html", who="<script>x</script>").body).decode()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    page = bytes(pages.render(request('a="><script>'), "one.html", who="").body).decode()
    assert "<script>" not in page


def test_the_policy_allows_our_own_style_and_nothing_else(pages: Pages) -> None:
    answer = pages.render(request(), "one.html", who="")
    policy = dict(
        part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";")
    )
    style = re.search("<style>(.*?)</style>", bytes(answer.body).decode(), re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy["style-src"] == f"'sha256-{digest}'"
    assert policy["default-src"] == "'none'"
    assert policy["form-action"] == "'self' https://auth.example.jp"
    assert policy["frame-ancestors"] == "'none'"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("query", "headers", "language"),
    [
        ("", {}, "ja"),
        ("", {"accept-language": "fr, de"}, "ja"),
        ("", {"accept-language": "en-US,en;q=0.9,ja;q=0.8"}, "en"),
        ("", {"accept-language": "en;q=0.5,ja;q=0.8"}, "ja"),
        ("", {"accept-language": "en;q=0"}, "ja"),
        ("", {"accept-language": "en;q=much"}, "ja"),
        ("lang=en", {}, "en"),
        ("lang=xx", {}, "ja"),
        ("lang=ja", {"cookie": "tasuki-lang=en"}, "ja"),
        ("", {"cookie": "tasuki-lang=en", "accept-language": "ja"}, "en"),
    ],
)
def test_the_reader_chooses_the_language(
    query: str, headers: dict[str, str], language: str
) -> None:
    assert language_of(request(query, headers)) == language


def test_a_chosen_language_is_kept_in_a_cookie(pages: Pages) -> None:
    answer = pages.render(request("lang=en"), "one.html", who="you")
    assert 'lang="en"' in bytes(answer.body).decode()
    assert "Hello you" in bytes(answer.body).decode()
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    "path",
    [
        *("", "/", "/other/", "//evil.example/desk/", "https://evil.example/desk/", "/desk"),
        *("/desk\\evil", "/desk/\\evil", "\\desk/", "/desk/\r\nSet-Cookie: a=b", "javascript:1"),
    ],
)
def test_nobody_is_sent_elsewhere_after_signing_in(path: str) -> None:
    assert not _is_local(path, "/desk")


def test_a_page_of_the_service_is_returned_to() -> None:
    assert _is_local("/desk/profile/x?lang=en", "/desk")


def test_every_category_of_fault_has_words() -> None:
    assert {f"fault.{category.value}" for category in Category} <= set(COMMON)


def test_every_word_is_there_in_both_languages_with_the_same_places() -> None:
    for key, (japanese, english) in COMMON.items():
        assert japanese, key
        assert english, key
        assert set(re.findall("{.*?}", japanese)) == set(re.findall("{.*?}", english)), key


def test_an_unknown_word_is_a_defect() -> None:
    with pytest.raises(KeyError):
        Words({}, "ja")("no-such-word")


def test_the_templates_hold_no_script_and_no_inline_style() -> None:
    for template in OWN_TEMPLATES.glob("*.html"):
        text = template.read_text(encoding="utf-8")
        assert "<script" not in text
        assert " style=" not in text
        assert not re.search(r"\son\w+=", text)
