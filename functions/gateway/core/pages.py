"""What the gateway shows: the API's document, its interactive page, what each problem's type says.

`site/vendored` holds Swagger UI, which `npm ci` puts there; the rest of `site` is ours, the JSON generated.
"""

import hashlib
import html
import json
import re
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

from gateway.core.errors import UnknownFile, UnknownProblem

SITE = Path(__file__).parent / "site"
CACHE = "public, max-age=300"
JSON = "application/json"
HTML = "text/html; charset=utf-8"
FILES = {
    "start.js": (SITE / "start.js", "text/javascript; charset=utf-8"),
    "swagger-ui-bundle.js": (SITE / "vendored" / "swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    "swagger-ui.css": (SITE / "vendored" / "swagger-ui.css", "text/css; charset=utf-8"),
    "favicon-32x32.png": (SITE / "vendored" / "favicon-32x32.png", "image/png"),
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SHOWN = {"cache-control": CACHE, "x-content-type-options": "nosniff"}
PAGE = SHOWN | {"content-security-policy": _POLICY, "referrer-policy": "no-referrer"}


@cache
def document() -> tuple[bytes, str]:
    """The OpenAPI document, and its entity tag."""
    content = (SITE / "openapi.json").read_bytes()
    return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def methods(path: str) -> list[str]:
    """With which methods the path is a call of this API; none if it is no path of it."""
    return [method for pattern, known in _paths() if pattern.fullmatch(path) for method in known]


def index() -> bytes:
    """The interactive page."""
    return (SITE / "index.html").read_bytes()


def file(name: str) -> tuple[bytes, str]:
    """One of the page's files, and its type. Raises UnknownFile."""
    if name not in FILES:
        raise UnknownFile
    path, kind = FILES[name]
    return path.read_bytes(), kind


def problem(slug: str) -> bytes:
    """What a problem's type means and who answers it. Raises UnknownProblem."""
    known = _problems().get(slug)
    if known is None:
        raise UnknownProblem
    told = {name: html.escape(str(known[name])) for name in ("status", "meaning")}
    calls = "".join(f"<li><code>{html.escape(call)}</code></li>" for call in known["calls"])
    page = Template((SITE / "problem.html").read_text(encoding="utf-8"))
    return page.substitute(told, slug=slug, calls=calls).encode()


@cache
def _paths() -> list[tuple[re.Pattern[str], list[str]]]:
    paths: dict[str, dict[str, Any]] = json.loads(document()[0])["paths"]
    return [(re.compile(re.sub(r"{\w+}", "[^/]+", path)), sorted(map(str.upper, paths[path]))) for path in paths]


@cache
def _problems() -> dict[str, dict[str, Any]]:
    return dict(json.loads((SITE / "problems.json").read_text(encoding="utf-8")))
