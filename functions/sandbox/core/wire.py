"""Stripe's wire contract: form bodies with brackets, API keys, idempotency keys, error objects."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, ValidationError

from common import env
from common.body import MAX_BYTES
from common.reply import Reply
from common.request import RawRequest
from sandbox.core.errors import BadKey, Refusal

M = TypeVar("M", bound=BaseModel)

_FIELDS = 200
_PARTS = 8  # of a field's name, e.g. five in `line_items[0][price_data][product_data][name]`
_KEY = 255  # characters of an idempotency key


class Document(Reply[dict[str, Any]]):
    """An object of Stripe's."""


class Bad(Document):
    """The error object of a bad request."""

    status = 400


class Unauthorized(Document):
    """The error object of a wrong API key."""

    status = 401


class NotFound(Document):
    """The error object of something that is not there."""

    status = 404


class InternalError(Document):
    """The error object of a request of which nothing is known."""

    status = 500


class Unavailable(Document):
    """The error object of a provider that does nothing."""

    status = 503


_ANSWERS: tuple[type[Document], ...] = (Bad, Unauthorized, NotFound, InternalError, Unavailable)


def answer(request: RawRequest, work: Callable[[], dict[str, Any]]) -> Document:
    """What the work returns, for a caller who has the API key; or the error object."""

    def authenticated() -> dict[str, Any]:
        _authenticate(request)
        return work()

    return told(authenticated)


def told(work: Callable[[], dict[str, Any]]) -> Document:
    """What the work returns, or the error object."""
    try:
        return Document(work())
    except Refusal as refusal:
        refused = next(one for one in _ANSWERS if one.status == refusal.status)
        return refused(refusal.document())


def params(request: RawRequest, model: type[M]) -> M:
    """The form body as the model. Raises Refusal."""
    try:
        return model.model_validate(form(request.body))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = first["loc"][0] if first["loc"] else None
        name = str(place) + "".join(f"[{part}]" for part in first["loc"][1:])
        raise Refusal(f"{name}: {first['msg']}", code="parameter_invalid", param=name) from None


def form(content: bytes) -> dict[str, Any]:
    """`a[b][0]=c` is {"a": {"b": {"0": "c"}}}. Raises Refusal."""
    if len(content) > MAX_BYTES:
        raise Refusal(f"The body has {len(content)} bytes; at most {MAX_BYTES} are taken.", code="parameter_invalid")
    try:
        pairs = parse_qsl(content.decode("ascii"), keep_blank_values=True, max_num_fields=_FIELDS, errors="strict")
    except ValueError:
        raise Refusal("The body is not a form.", code="parameter_invalid") from None
    found: dict[str, Any] = {}
    for name, value in pairs:
        *parents, last = _parts(name)
        place = found
        for parent in parents:
            place = place.setdefault(parent, {})
            if not isinstance(place, dict):
                raise Refusal(f"{name} is given twice.", code="parameter_invalid", param=name)
        place[last] = value
    return found


def _parts(name: str) -> list[str]:
    # Bounded before anything walks down into it.
    parts = name.replace("]", "").split("[", _PARTS)
    if len(parts) > _PARTS:
        raise Refusal("A field is nested too deep.", code="parameter_invalid", param=parts[0])
    return parts


def named(request: RawRequest, fresh: str) -> str:
    """The random part of a new object's id: equal idempotency keys, equal ids."""
    key = request.headers.get("idempotency-key")
    if key and len(key) > _KEY:
        raise Refusal(f"Idempotency keys have at most {_KEY} characters.")
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:32] if key else fresh.replace("-", "")


def digest(request: RawRequest) -> str:
    """Of the parameters, to tell a repetition from a misused key."""
    return hashlib.sha256(json.dumps(form(request.body), sort_keys=True).encode()).hexdigest()


def _authenticate(request: RawRequest) -> None:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        given = _basic(given)
    expected = json.loads(env.secret("provider"))["api_key"]
    if not hmac.compare_digest(given.encode("utf-8", "replace"), str(expected).encode()):
        raise BadKey("Invalid API key provided.")


def _basic(given: str) -> str:
    try:
        return base64.b64decode(given, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""
