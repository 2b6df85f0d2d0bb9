"""Stripe's HTTP format: form bodies with brackets, API keys, idempotency keys, error objects."""

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
from common.json_body import MAX_BYTES
from common.request import RawRequest
from common.responses import Response
from sandbox.core.errors import InvalidApiKey, StripeProblem

M = TypeVar("M", bound=BaseModel)

_MAX_FIELDS = 200
_MAX_DEPTH = 8  # parts of a field's name, for example five in `line_items[0][price_data][product_data][name]`
_MAX_KEY_LENGTH = 255  # characters of an idempotency key


class Document(Response[dict[str, Any]]):
    """An object of Stripe's."""


class BadRequest(Document):
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


_ERROR_DOCUMENTS: tuple[type[Document], ...] = (BadRequest, Unauthorized, NotFound, InternalError, Unavailable)


def respond_authenticated(request: RawRequest, work: Callable[[], dict[str, Any]]) -> Document:
    """Return the result of `work` to a caller with the API key, or an error object."""

    def authenticated() -> dict[str, Any]:
        _authenticate(request)
        return work()

    return respond(authenticated)


def respond(work: Callable[[], dict[str, Any]]) -> Document:
    """Return the result of `work`, or its error object."""
    try:
        return Document(work())
    except StripeProblem as problem:
        document = next(one for one in _ERROR_DOCUMENTS if one.status == problem.status)
        return document(problem.document())


def parse_params(request: RawRequest, model: type[M]) -> M:
    """Validate the form body. Raises StripeProblem."""
    try:
        return model.model_validate(parse_form(request.body))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = first["loc"][0] if first["loc"] else None
        name = str(field) + "".join(f"[{part}]" for part in first["loc"][1:])
        raise StripeProblem(f"{name}: {first['msg']}", code="parameter_invalid", param=name) from None


def parse_form(content: bytes) -> dict[str, Any]:
    """`a[b][0]=c` is {"a": {"b": {"0": "c"}}}. Raises StripeProblem."""
    if len(content) > MAX_BYTES:
        raise StripeProblem(
            f"The body has {len(content)} bytes; at most {MAX_BYTES} are taken.", code="parameter_invalid"
        )
    try:
        pairs = parse_qsl(content.decode("ascii"), keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict")
    except ValueError:
        raise StripeProblem("The body is not a form.", code="parameter_invalid") from None
    fields: dict[str, Any] = {}
    for name, value in pairs:
        *parents, last = _field_path(name)
        node = fields
        for parent in parents:
            node = node.setdefault(parent, {})
            if not isinstance(node, dict):
                raise StripeProblem(f"{name} is given twice.", code="parameter_invalid", param=name)
        node[last] = value
    return fields


def _field_path(name: str) -> list[str]:
    # Limit the depth before any code recurses into it.
    parts = name.replace("]", "").split("[", _MAX_DEPTH)
    if len(parts) > _MAX_DEPTH:
        raise StripeProblem("A field is nested too deep.", code="parameter_invalid", param=parts[0])
    return parts


def id_suffix(request: RawRequest, fallback: str) -> str:
    """The random part of a new object's id; equal idempotency keys give equal ids. Raises StripeProblem."""
    key = request.headers.get("idempotency-key")
    if key and len(key) > _MAX_KEY_LENGTH:
        raise StripeProblem(f"Idempotency keys have at most {_MAX_KEY_LENGTH} characters.")
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:32] if key else fallback.replace("-", "")


def params_digest(request: RawRequest) -> str:
    """Hash of the parameters, to distinguish a replay from a reused key. Raises StripeProblem."""
    return hashlib.sha256(json.dumps(parse_form(request.body), sort_keys=True).encode()).hexdigest()


def _authenticate(request: RawRequest) -> None:
    scheme, _, api_key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        api_key = _basic_user(api_key)
    expected = json.loads(env.secret("provider"))["api_key"]
    if not hmac.compare_digest(api_key.encode("utf-8", "replace"), str(expected).encode()):
        raise InvalidApiKey("Invalid API key provided.")


def _basic_user(credentials: str) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""
