"""HTML pages: rendered from templates, in the reader's language, under a strict content policy.

No script at all: everything works without it. https://www.w3.org/TR/CSP3/, https://www.w3.org/TR/WCAG22/
"""

from __future__ import annotations

import base64
import hashlib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from tasuki.shared.web.words import COOKIE, Words, language_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from tasuki.shared.web.words import WordTable

OWN_TEMPLATES = Path(__file__).parent / "templates"
MAX_LANGUAGE_AGE = 365 * 24 * 3600  # seconds

_DIRECTION_MARKS = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))


class Pages:
    """The pages of one service.

    Args:
        folders: Template folders of the service; they may extend `base.html` from here.
        title: Name of the service, Japanese and English.
        words: The service's words; `tasuki.shared.web.words.COMMON` stands behind them.
        public_url: Absolute URL of the service's pages, without a trailing slash.
        form_origins: Other origins a form may lead to by redirect: the issuer's.
        extra_css: Style rules of the service, put behind the common ones.

    In a template: `t('key', n=3)` says words, `base` is the path of the service's pages, `language`
    is `ja` or `en`, `session` is the signed-in `Session` or None.
    """

    def __init__(
        self,
        *folders: Path,
        title: tuple[str, str],
        words: WordTable,
        public_url: str,
        form_origins: Sequence[str] = (),
        extra_css: str = "",
    ) -> None:
        self.title = title
        self.base = urlsplit(public_url).path.rstrip("/")
        self._words = words
        self._secure = public_url.startswith("https:")
        self._form_origins = tuple(_origin(url) for url in form_origins)
        self._extra_css = extra_css
        self._environment = Environment(
            loader=ChoiceLoader([FileSystemLoader(folder) for folder in (*folders, OWN_TEMPLATES)]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=without_direction_marks,
        )

    def words(self, request: Request) -> Words:
        """Return the service's words in the reader's language."""
        return Words(self._words, language_of(request))

    def render(
        self, request: Request, template: str, *, status: int = 200, **context: Any
    ) -> HTMLResponse:
        """Return a page; what was put into `request.state.session` shows in its header."""
        words = self.words(request)
        values = {
            "t": words,
            "language": words.language,
            "service_title": self.title[0 if words.language == "ja" else 1],
            "base": self.base,
            "css": Markup(self._css),  # noqa: S704 - our own file, no input
            "session": getattr(request.state, "session", None),
            "other_language_url": other_language_url(request, words.language),
            **context,
        }
        page = self._environment.get_template(template).render(values)
        response = HTMLResponse(page, status, headers=self._headers)
        chosen = request.query_params.get("lang")
        if chosen in ("ja", "en"):
            response.set_cookie(
                COOKIE,
                chosen,
                max_age=MAX_LANGUAGE_AGE,
                path=self.base or "/",
                secure=self._secure,
                httponly=True,
                samesite="lax",
            )
        return response

    @cached_property
    def _css(self) -> str:
        return (OWN_TEMPLATES / "style.css").read_text(encoding="utf-8") + self._extra_css

    @cached_property
    def _headers(self) -> dict[str, str]:
        digest = base64.b64encode(hashlib.sha256(self._css.encode()).digest()).decode()
        targets = " ".join(("'self'", *self._form_origins))
        return {
            "Content-Security-Policy": (
                f"default-src 'none'; style-src 'sha256-{digest}'; img-src 'self' data:;"
                f" form-action {targets}; base-uri 'none'; frame-ancestors 'none'"
            ),
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
        }


def other_language_url(request: Request, language: str) -> str:
    """Return the page's own query with the other language; a page that was posted keeps its path."""
    kept = [pair for pair in request.query_params.multi_items() if pair[0] != "lang"]
    return "?" + urlencode([*kept, ("lang", "en" if language == "ja" else "ja")])


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def without_direction_marks(value: object) -> object:
    """Return a text without the controls that turn the direction of what stands around it.

    A name that holds one could make the words after it read reversed (Unicode TR 36, 3.6).
    """
    return value.translate(_DIRECTION_MARKS) if isinstance(value, str) else value
