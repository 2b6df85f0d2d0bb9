"""What an endpoint may ask for: body, path and query parameters, key, raw request. Who is calling: caller.py."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from common import body
from common.problems import Invalid, Malformed, NotFound, Unsupported


class Request(BaseModel):
    """A JSON body that comes in: nothing unknown, nothing converted."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True, hide_input_in_errors=True)


@dataclass(frozen=True)
class Address:
    """Which call was meant, as it came."""

    method: str
    path: str


class BadKey(Malformed):
    """The Idempotency-Key is empty, longer than 255 characters, or not printable ASCII."""


# The type of a handler's parameter that receives the Idempotency-Key header, None without one.
IdempotencyKey = Annotated[str, "idempotency-key"] | None


@dataclass(frozen=True)
class RawRequest:
    """The request as it came, for bodies that are signed or are not JSON. Header names are lower case."""

    body: bytes
    headers: Mapping[str, str]


M = TypeVar("M", bound=BaseModel)

_SURROGATE = re.compile("[\ud800-\udfff]")
_PATH = 255  # characters of a path parameter; nothing here has a longer name, and a key has its limit, too


def raw(event: Mapping[str, Any]) -> RawRequest:
    """The bytes and headers of an HTTP API event (payload 2.0). Raises Malformed."""
    text = event.get("body") or ""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    try:
        content = base64.b64decode(text) if event.get("isBase64Encoded") else text.encode("utf-8", "surrogatepass")
    except ValueError:
        raise Malformed("The body is not what its encoding says.") from None
    return RawRequest(content, headers)


def address(event: Mapping[str, Any]) -> Address:
    """The method and the path of an HTTP API event (payload 2.0)."""
    asked = event["requestContext"]["http"]
    return Address(asked["method"], asked["path"])


def json_body(request: RawRequest, model: type[BaseModel]) -> BaseModel:
    """The body as the model. Raises Unsupported, Malformed or Invalid."""
    kind = request.headers.get("content-type", "application/json").split(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise Unsupported(f"The body must be application/json, not {kind or 'nothing'}.")
    body.check(request.body)
    try:
        return model.model_validate_json(request.body)
    except ValidationError as error:
        raise invalid(error) from None


def parameters(event: Mapping[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    """Path and query parameters as the model's fields. Raises NotFound, Malformed or Invalid."""
    path, query = (dict(event.get(f"{kind}Parameters") or {}) for kind in ("path", "queryString"))
    if any(len(value) > _PATH or not value.isprintable() for value in path.values()):
        raise NotFound
    if any(_SURROGATE.search(text) for pair in query.items() for text in pair):
        raise Malformed("The query is not UTF-8.")
    try:
        found = model.model_validate(query | path)
    except ValidationError as error:
        raise invalid(error) from None
    return {name: getattr(found, name) for name in type(found).model_fields}


def composed(model: type[M], fields: dict[str, Any]) -> M:
    """Parameters that belong together, judged together. Raises Invalid."""
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise invalid(error) from None


def idempotency_key(request: RawRequest) -> str | None:
    """The Idempotency-Key, if there is one. Raises BadKey."""
    key = request.headers.get("idempotency-key")
    if key is not None and not (0 < len(key) <= 255 and key.isascii() and key.isprintable()):
        raise BadKey
    return key


def invalid(error: ValidationError) -> Invalid:
    """Every wrong field, by JSON pointer (RFC 6901; "" is the whole body); values sent are not repeated."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return Invalid.fields([("".join(map(_step, one["loc"])), one["msg"]) for one in found])


def _step(part: str | int) -> str:
    return "/" + str(part).replace("~", "~0").replace("/", "~1")
