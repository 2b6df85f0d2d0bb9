"""What an endpoint may ask for: body, path and query parameters, caller, key, raw request."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from common import body
from common.problems import Forbidden, Invalid, Malformed, Unsupported


class Request(BaseModel):
    """A JSON body that comes in: nothing unknown, nothing converted."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


@dataclass(frozen=True)
class Caller:
    """Who is calling, as the authorizer knows them."""

    user_id: str
    session_id: str
    roles: frozenset[str] = frozenset()

    def needs(self, role: str) -> None:
        """Raises RoleMissing unless the caller has the role; an admin has every role."""
        if not self.roles & {role, "admin"}:
            raise RoleMissing(role)


class RoleMissing(Forbidden):
    """The caller lacks the role that this call needs."""

    def __init__(self, role: str) -> None:
        super().__init__(f"This call needs the role {role}.", role=role)


class BadKey(Malformed):
    """The Idempotency-Key is empty, longer than 255 characters, or not printable ASCII."""


# The type of a handler's parameter that receives the Idempotency-Key header, None without one.
IdempotencyKey = Annotated[str, "idempotency-key"] | None


@dataclass(frozen=True)
class RawRequest:
    """The request as it came, for bodies that are signed or are not JSON. Header names are lower case."""

    body: bytes
    headers: Mapping[str, str]


Limit = Annotated[int, Field(ge=1, le=100)]
Token = Annotated[str, Field(min_length=1, max_length=1024)]


def raw(event: Mapping[str, Any]) -> RawRequest:
    """The bytes and headers of an HTTP API event (payload 2.0)."""
    text = event.get("body") or ""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    content = base64.b64decode(text) if event.get("isBase64Encoded") else text.encode("utf-8", "surrogatepass")
    return RawRequest(content, headers)


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
    """Path and query parameters as the model's fields. Raises Invalid."""
    given = dict(event.get("queryStringParameters") or {}) | dict(event.get("pathParameters") or {})
    try:
        found = model.model_validate(given)
    except ValidationError as error:
        raise invalid(error) from None
    return {name: getattr(found, name) for name in type(found).model_fields}


def caller(event: Mapping[str, Any]) -> Caller:
    """Whom the authorizer found behind the token."""
    known = event["requestContext"]["authorizer"]["lambda"]
    return Caller(known["user_id"], known["session_id"], frozenset(filter(None, known["roles"].split(" "))))


def idempotency_key(request: RawRequest) -> str | None:
    """The Idempotency-Key, if there is one. Raises BadKey."""
    key = request.headers.get("idempotency-key")
    if key is not None and not (0 < len(key) <= 255 and key.isascii() and key.isprintable()):
        raise BadKey
    return key


def invalid(error: ValidationError) -> Invalid:
    """Every wrong field, by JSON pointer; what was sent is not repeated."""
    found = error.errors(include_url=False, include_input=False, include_context=False)
    return Invalid.fields([("".join(f"/{part}" for part in one["loc"]) or "/", one["msg"]) for one in found])
