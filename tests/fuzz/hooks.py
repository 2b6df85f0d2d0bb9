"""Schemathesis hooks: the role's token, the recipes of positive cases, and a record of every response."""

import hashlib
import hmac
import json
import os
import time
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis import AuthContext, GenerationMode, HookContext, Response
from schemathesis import Case as AnyCase
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import TestPhase

from tests.fuzz.recipes import Recipes

Case = AnyCase[Any]
ROLE = os.environ["FUZZ_ROLE"]
RECIPES = Recipes(json.loads(Path(os.environ["FUZZ_FIXTURE"]).read_text()), ROLE)
RESPONSES = Path(os.environ["FUZZ_RESPONSES"]).open("a", buffering=1)  # noqa: SIM115 - open until the process exits
_RESPONSE_VALUES: set[object] = set()  # values of earlier responses: a linked case uses only these
_PAGE_TOKENS = ("next_token", "previous_token")  # generated tokens are never valid
_FIXED_QUERY = {"from": "2030-01-01T00:00:00Z", "to": "2032-01-01T00:00:00Z"}  # valid years, in order
_MAX_QUERY_LENGTH = 3000  # characters: API Gateway rejects request lines beyond 10,240 bytes


if ROLE != "anyone":

    @schemathesis.auth(refresh_interval=600)
    class Token:
        """The role's access token."""

        def get(self, _case: Case, _context: AuthContext) -> str:
            return str(RECIPES.client_of_role.token)

        def set(self, case: Case, data: str, _context: AuthContext) -> None:
            case.headers["Authorization"] = _bearer(data)


@schemathesis.hook
def before_call(_context: HookContext, case: Case, _kwargs: dict[str, Any]) -> None:
    """Apply the recipes to the positive parts of a case; the negative part stays the only error."""
    operation = case.operation.definition.raw["operationId"]
    case.query = {
        name: value[:_MAX_QUERY_LENGTH] if isinstance(value, str) else value for name, value in case.query.items()
    }
    if operation not in RECIPES.calls:  # always rejected for this role
        return
    if _is_positive(case, ParameterLocation.PATH) and case.path_parameters and not _is_linked(case):
        recipe_values = {name: RECIPES.path(operation, name) for name in case.path_parameters}
        case.path_parameters = {
            name: value if recipe_values[name] is None else recipe_values[name]
            for name, value in case.path_parameters.items()
        }
    if _is_positive(case, ParameterLocation.BODY) and isinstance(case.body, dict):
        case.body = _body(operation, case.body)
    if _is_positive(case, ParameterLocation.QUERY):
        case.query = {
            name: _FIXED_QUERY.get(name, value) for name, value in case.query.items() if name not in _PAGE_TOKENS
        }
    if _is_positive(case, ParameterLocation.HEADER):
        _set_headers(operation, case)


def _set_headers(operation: str, case: Case) -> None:
    if "If-Match" in case.headers:
        case.headers["If-Match"] = "*"
    if case.headers.get("Idempotency-Key"):
        case.headers["Idempotency-Key"] = os.urandom(8).hex()
    if ROLE != "anyone" and case.headers.get("Authorization") == _bearer(RECIPES.client_of_role.token):
        case.headers["Authorization"] = _bearer(RECIPES.token(operation) or RECIPES.client_of_role.token)
    if operation == "receive_webhook" and isinstance(case.body, dict):
        case.headers["Stripe-Signature"] = _signature(case)


def _is_linked(case: Case) -> bool:
    """Whether all path parameters come from earlier responses; other users are only read, not changed."""
    changes_other_user = "user_id" in case.path_parameters and case.method.upper() != "GET"
    return not changes_other_user and _is_stateful(case) and _RESPONSE_VALUES.issuperset(case.path_parameters.values())


@schemathesis.hook
def after_call(_context: HookContext, case: Case, response: Response) -> None:
    """Record the response as a line of JSON."""
    meta = case.meta
    same_method = case.method.upper() == case.operation.method.upper()
    positive = bool(same_method and meta and meta.generation.mode is GenerationMode.POSITIVE)
    record = {"call": case.operation.label, "positive": positive, "status": response.status_code, "role": ROLE}
    RESPONSES.write(json.dumps(record) + "\n")
    _RESPONSE_VALUES.update(_response_values(response))
    password_changed = case.operation.definition.raw["operationId"] == "change_password" and response.status_code == 204
    if password_changed and isinstance(case.body, dict):
        RECIPES.restore_password(str(case.body["new"]))


def _bearer(token: str | None) -> str:
    return f"Bearer {token}"


def _is_positive(case: Case, location: ParameterLocation) -> bool:
    component = case.meta.components.get(location) if case.meta else None
    return component is None or component.mode is GenerationMode.POSITIVE


def _is_stateful(case: Case) -> bool:
    """Whether the case belongs to the stateful phase, which links responses to requests."""
    return bool(case.meta and case.meta.phase.name is TestPhase.STATEFUL)


def _response_values(response: Response) -> list[str]:
    """The text values of a response, or of the items of a page."""
    if not response.content or "json" not in response.headers.get("content-type", [""])[0]:
        return []
    content = response.json()
    items = content.get("items", [content]) if isinstance(content, dict) else []
    return [value for one in items if isinstance(one, dict) for value in one.values() if isinstance(value, str)]


def _signature(case: Case) -> str:
    request = case.as_transport_kwargs(base_url=RECIPES.fixture["api"])
    content, timestamp = request.get("data") or json.dumps(request["json"]).encode(), int(time.time())
    key = RECIPES.fixture["provider_key"].encode()
    return f"t={timestamp},v1={hmac.new(key, f'{timestamp}.'.encode() + content, hashlib.sha256).hexdigest()}"


def _body(operation: str, body: dict[str, Any]) -> dict[str, Any]:
    fixed_fields = RECIPES.body(operation)
    if fixed_fields is None:
        return {name: _clean_value(value) for name, value in body.items()}
    return (
        fixed_fields
        if RECIPES.replaces_body(operation)
        else {name: _clean_value(value) for name, value in body.items()} | fixed_fields
    )


def _clean_value(value: Any) -> Any:
    """Integers instead of integral floats, and printable text, which a schema cannot require."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str):
        printable = "".join(char for char in value if char.isprintable()).strip()
        return printable or "word"
    if isinstance(value, dict):
        return {name: _clean_value(one) for name, one in value.items()}
    return [_clean_value(one) for one in value] if isinstance(value, list) else value
