"""What schemathesis loads: the token of the role, the recipes of positive cases, and a note of every answer."""

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
RECIPES = Recipes(json.loads(Path(os.environ["FUZZ_WORLD"]).read_text()), ROLE)
NOTES = Path(os.environ["FUZZ_NOTES"]).open("a", buffering=1)  # noqa: SIM115 - for the life of the process
_HEARD: set[object] = set()  # what answers have named: a linked case is about these
_TOKENS = ("next_token", "previous_token")  # of lists that were never asked for, or both at once
_SAID = {"from": "2030-01-01T00:00:00Z", "to": "2032-01-01T00:00:00Z"}  # sane years, in their order
_LINE = 3000  # characters of a query: an API never sees a request line beyond AWS's 10,240 bytes


if ROLE != "anyone":

    @schemathesis.auth(refresh_interval=600)
    class Token:
        """The role's access token."""

        def get(self, _case: Case, _context: AuthContext) -> str:
            return str(RECIPES.me.token)

        def set(self, case: Case, data: str, _context: AuthContext) -> None:
            case.headers["Authorization"] = _bearer(data)


@schemathesis.hook
def before_call(_context: HookContext, case: Case, _kwargs: dict[str, Any]) -> None:
    """A positive case is about what exists; where something else is wrong on purpose, that alone is wrong."""
    operation = case.operation.definition.raw["operationId"]
    case.query = {name: value[:_LINE] if isinstance(value, str) else value for name, value in case.query.items()}
    if operation not in RECIPES.calls:  # refused, whatever it is about
        return
    if _right(case, ParameterLocation.PATH) and case.path_parameters and not _known(case):
        found = {name: RECIPES.path(operation, name) for name in case.path_parameters}
        case.path_parameters = {
            name: value if found[name] is None else found[name] for name, value in case.path_parameters.items()
        }
    if _right(case, ParameterLocation.BODY) and isinstance(case.body, dict):
        case.body = _body(operation, case.body)
    if _right(case, ParameterLocation.QUERY):
        case.query = {name: _SAID.get(name, value) for name, value in case.query.items() if name not in _TOKENS}
    if _right(case, ParameterLocation.HEADER):
        _headed(operation, case)


def _headed(operation: str, case: Case) -> None:
    if "If-Match" in case.headers:
        case.headers["If-Match"] = "*"
    if case.headers.get("Idempotency-Key"):
        case.headers["Idempotency-Key"] = os.urandom(8).hex()
    if ROLE != "anyone" and case.headers.get("Authorization") == _bearer(RECIPES.me.token):
        case.headers["Authorization"] = _bearer(RECIPES.token(operation) or RECIPES.me.token)
    if operation == "receive_webhook" and isinstance(case.body, dict):
        case.headers["Stripe-Signature"] = _signature(case)


def _known(case: Case) -> bool:
    """Whether the case is about what an earlier answer has named; of others, an admin only reads."""
    theirs = "user_id" in case.path_parameters and case.method.upper() != "GET"
    return not theirs and _led(case) and _HEARD.issuperset(case.path_parameters.values())


@schemathesis.hook
def after_call(_context: HookContext, case: Case, response: Response) -> None:
    """One line per answer."""
    meta = case.meta
    asked = case.method.upper() == case.operation.method.upper()
    positive = bool(asked and meta and meta.generation.mode is GenerationMode.POSITIVE)
    told = {"call": case.operation.label, "positive": positive, "status": response.status_code, "role": ROLE}
    NOTES.write(json.dumps(told) + "\n")
    _HEARD.update(_ids(response))
    changed = case.operation.definition.raw["operationId"] == "change_password" and response.status_code == 204
    if changed and isinstance(case.body, dict):
        RECIPES.change_back(str(case.body["new"]))


def _bearer(token: str | None) -> str:
    return f"Bearer {token}"


def _right(case: Case, where: ParameterLocation) -> bool:
    component = case.meta.components.get(where) if case.meta else None
    return component is None or component.mode is GenerationMode.POSITIVE


def _led(case: Case) -> bool:
    """Whether an earlier answer may have led here; the case is about what that answer named, if it named it all."""
    return bool(case.meta and case.meta.phase.name is TestPhase.STATEFUL)


def _ids(response: Response) -> list[str]:
    """What an answer names, or the things in a page of answers."""
    if not response.content or "json" not in response.headers.get("content-type", [""])[0]:
        return []
    said = response.json()
    things = said.get("items", [said]) if isinstance(said, dict) else []
    return [value for one in things if isinstance(one, dict) for value in one.values() if isinstance(value, str)]


def _signature(case: Case) -> str:
    sent = case.as_transport_kwargs(base_url=RECIPES.world["api"])
    content, at = sent.get("data") or json.dumps(sent["json"]).encode(), int(time.time())
    key = RECIPES.world["provider_key"].encode()
    return f"t={at},v1={hmac.new(key, f'{at}.'.encode() + content, hashlib.sha256).hexdigest()}"


def _body(operation: str, body: dict[str, Any]) -> dict[str, Any]:
    fixed = RECIPES.body(operation)
    if fixed is None:
        return {name: _sane(value) for name, value in body.items()}
    return fixed if RECIPES.whole(operation) else {name: _sane(value) for name, value in body.items()} | fixed


def _sane(value: Any) -> Any:
    """Numbers as integers are written, and text that can be printed: what is asked beside the schema."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str):
        kept = "".join(char for char in value if char.isprintable()).strip()
        return kept or "word"
    if isinstance(value, dict):
        return {name: _sane(one) for name, one in value.items()}
    return [_sane(one) for one in value] if isinstance(value, list) else value
