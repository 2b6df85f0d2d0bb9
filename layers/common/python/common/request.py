"""Parsing of requests: body, path and query parameters, Idempotency-Key, raw request. The caller: caller.py."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from common import json_body
from common.problems import BadRequest, NotFound, Unprocessable, UnsupportedMediaType


class Request(BaseModel):
    """A JSON request body: unknown fields are rejected and values are not coerced."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True, hide_input_in_errors=True)


@dataclass(frozen=True)
class RequestTarget:
    """The method and path of the request, as received."""

    method: str
    path: str


class InvalidIdempotencyKey(BadRequest):
    """The Idempotency-Key is empty, longer than 255 characters, or not printable ASCII."""


# The type of a handler's parameter that receives the Idempotency-Key header, None without one.
IdempotencyKey = Annotated[str, "idempotency-key"] | None


@dataclass(frozen=True)
class RawRequest:
    """The request as received, for bodies that are signed or not JSON. Header names are lower case."""

    body: bytes
    headers: Mapping[str, str]


M = TypeVar("M", bound=BaseModel)

_SURROGATE = re.compile("[\ud800-\udfff]")
_MAX_PATH_PARAMETER = (
    255  # characters of a path parameter: no id or slug is longer, and DynamoDB limits the length of keys
)


def raw_request(event: Mapping[str, Any]) -> RawRequest:
    """The bytes and headers of an HTTP API event (payload 2.0). Raises BadRequest."""
    text = event.get("body") or ""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    try:
        content = base64.b64decode(text) if event.get("isBase64Encoded") else text.encode("utf-8", "surrogatepass")
    except ValueError:
        raise BadRequest("The body is not what its encoding says.") from None
    return RawRequest(content, headers)


def request_target(event: Mapping[str, Any]) -> RequestTarget:
    """The method and the path of an HTTP API event (payload 2.0)."""
    http = event["requestContext"]["http"]
    return RequestTarget(http["method"], http["path"])


def parse_body(request: RawRequest, model: type[BaseModel]) -> BaseModel:
    """Parse the JSON body into the model. Raises UnsupportedMediaType, BadRequest or Unprocessable."""
    content_type = request.headers.get("content-type", "application/json").split(";")[0].strip().lower()
    if content_type != "application/json" and not (
        content_type.startswith("application/") and content_type.endswith("+json")
    ):
        raise UnsupportedMediaType(f"The body must be application/json, not {content_type or 'nothing'}.")
    json_body.validate(request.body)
    try:
        return model.model_validate_json(request.body)
    except ValidationError as error:
        raise unprocessable(error) from None


def parameters(event: Mapping[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    """Path and query parameters as the model's fields. Raises NotFound, BadRequest or Unprocessable."""
    path, query = (dict(event.get(f"{kind}Parameters") or {}) for kind in ("path", "queryString"))
    if any(len(value) > _MAX_PATH_PARAMETER or not value.isprintable() for value in path.values()):
        raise NotFound
    if any(_SURROGATE.search(text) for pair in query.items() for text in pair):
        raise BadRequest("The query is not UTF-8.")
    try:
        values = model.model_validate(query | path)
    except ValidationError as error:
        raise unprocessable(error) from None
    return {name: getattr(values, name) for name in type(values).model_fields}


def validate_group(model: type[M], fields: dict[str, Any]) -> M:
    """Validate parameters that depend on each other as one model. Raises Unprocessable."""
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise unprocessable(error) from None


def idempotency_key(request: RawRequest) -> str | None:
    """The Idempotency-Key header or None. Raises InvalidIdempotencyKey."""
    key = request.headers.get("idempotency-key")
    if key is not None and not (0 < len(key) <= 255 and key.isascii() and key.isprintable()):
        raise InvalidIdempotencyKey
    return key


def unprocessable(error: ValidationError) -> Unprocessable:
    """All invalid fields by JSON pointer (RFC 6901; "" is the whole body), without their values (personal data)."""
    errors = error.errors(include_url=False, include_input=False, include_context=False)
    return Unprocessable.from_errors([("".join(map(_pointer_segment, one["loc"])), one["msg"]) for one in errors])


def _pointer_segment(part: str | int) -> str:
    return "/" + str(part).replace("~", "~0").replace("/", "~1")
