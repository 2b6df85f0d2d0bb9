"""The API's documentation: the OpenAPI document, its interactive page, and a page per problem type.

`site/vendored` holds Swagger UI, put there by `npm ci`; the JSON files in `site` are generated.
"""

import hashlib
import html
import json
import re
from functools import cache
from pathlib import Path
from string import Template
from typing import Any

from gateway.core.errors import FileNotFound, ProblemNotFound

SITE = Path(__file__).parent / "site"
CACHE_CONTROL = "public, max-age=300"
JSON_TYPE = "application/json"
HTML_TYPE = "text/html; charset=utf-8"
FILES = {
    "start.js": (SITE / "start.js", "text/javascript; charset=utf-8"),
    "swagger-ui-bundle.js": (SITE / "vendored" / "swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    "swagger-ui.css": (SITE / "vendored" / "swagger-ui.css", "text/css; charset=utf-8"),
    "favicon-32x32.png": (SITE / "vendored" / "favicon-32x32.png", "image/png"),
}
_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
FILE_HEADERS = {"cache-control": CACHE_CONTROL, "x-content-type-options": "nosniff"}
PAGE_HEADERS = FILE_HEADERS | {"content-security-policy": _CONTENT_SECURITY_POLICY, "referrer-policy": "no-referrer"}


@cache
def openapi_document() -> tuple[bytes, str]:
    """The OpenAPI document and its ETag."""
    content = (SITE / "openapi.json").read_bytes()
    return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def allowed_methods(path: str) -> list[str]:
    """The methods that the API has for the path; empty if it does not have the path."""
    return [method for pattern, methods_of_path in _paths() if pattern.fullmatch(path) for method in methods_of_path]


def index_page() -> bytes:
    return (SITE / "index.html").read_bytes()


def read_file(name: str) -> tuple[bytes, str]:
    """One of the page's files and its content type. Raises FileNotFound."""
    if name not in FILES:
        raise FileNotFound
    path, kind = FILES[name]
    return path.read_bytes(), kind


def problem_page(slug: str) -> bytes:
    """HTML: what the problem means and which routes return it. Raises ProblemNotFound."""
    details = _problems().get(slug)
    if details is None:
        raise ProblemNotFound
    escaped = {name: html.escape(str(details[name])) for name in ("status", "meaning")}
    calls = "".join(f"<li><code>{html.escape(call)}</code></li>" for call in details["calls"])
    page = Template((SITE / "problem.html").read_text(encoding="utf-8"))
    return page.substitute(escaped, slug=slug, calls=calls).encode()


@cache
def _paths() -> list[tuple[re.Pattern[str], list[str]]]:
    paths: dict[str, dict[str, Any]] = json.loads(openapi_document()[0])["paths"]
    return [(re.compile(re.sub(r"{\w+}", "[^/]+", path)), sorted(map(str.upper, paths[path]))) for path in paths]


@cache
def _problems() -> dict[str, dict[str, Any]]:
    return dict(json.loads((SITE / "problems.json").read_text(encoding="utf-8")))
