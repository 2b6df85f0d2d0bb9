"""docs/openapi.json: OpenAPI 3.1, generated from routes, handlers and models."""

import json
import re
import tomllib
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from common.api import IdempotencyKey, IfMatch, IfNoneMatch, RawRequest
from infra.topology_types import Access, Route
from tools.docs import introspection
from tools.docs.answers import build_responses, examples, general_responses, shared_responses, success_type

_MODULE_PREFIX = re.compile(r"\b(?:common__states__([a-z]+)|([a-z]+)__core__[a-z]+)__(\w+)")
_LICENSES = {"Apache-2.0": "Apache License 2.0"}
_PAGE_MODEL = re.compile(r"\bPageResponse_(\w+?)(?:View)?_(?=\W)")  # pydantic's name of `PageResponse[TicketView]`
_REF = "#/components/schemas/{model}"
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Repeats of the request with the same key get the same answer; without it, each makes another.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
}
_CONDITIONS = {
    IfMatch: ("If-Match", "The ETag that the thing was read with; the edit is refused if it has changed since."),
    IfNoneMatch: ("If-None-Match", "The ETag of the answer that the client has; 304 if it is still right."),
}
_ID = {"minLength": 1, "maxLength": 255, "pattern": "^[A-Za-z0-9._~-]+$"}  # other ids cannot exist
_ADMIN_SUFFIX = "; an admin in the place of any organiser"
_SIGNATURE = {
    "name": "Stripe-Signature",
    "in": "header",
    "required": True,
    "description": "The provider's signature of the body, and of when it was sent.",
    "schema": {"type": "string", "pattern": "^[!-~]+$"},
}
_PARAMETER_DESCRIPTIONS = {  # parameters with the same meaning on every route
    "available": "Whether to leave out what has no free place.",
    "category": "A category's id or name.",
    "category_id": "A category's id.",
    "city": "The city, as the event has it.",
    "ends_before": "Only what ends before this moment (RFC 3339).",
    "file": "The name of one of the page's files.",
    "format": "The picture's format.",
    "from": "Only what starts at this moment (RFC 3339) or later.",
    "limit": "How many to answer at the most.",
    "mine": "The caller's own instead of everybody's.",
    "next_token": "The token of the page before the wanted one, as it came.",
    "previous_token": "The token of the page after the wanted one, as it came.",
    "price_max": "The highest price, in minor units.",
    "q": "Words to search for.",
    "slug": "The last part of a problem's `type`.",
    "sort": "What to order by.",
    "status": "Only what is in this state.",
    "to": "Only what starts at this moment (RFC 3339) or earlier.",
}
_PROBLEM = {
    "type": "object",
    "description": "Why the request was refused (RFC 9457); its `type` is the address of an explanation.",
    "required": ["type", "title", "status", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "examples": ["/problems/sold-out"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}
_GATEWAY_MESSAGE = {
    "type": "object",
    "description": "The gateway's own answer.",
    "properties": {"message": {"type": ["string", "null"]}},
}


def text() -> str:
    """The OpenAPI document as JSON."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


def document() -> dict[str, Any]:
    """The OpenAPI document."""
    # Models of different services may share a name; pydantic then qualifies them with their module.
    text = _MODULE_PREFIX.sub(lambda match: (match[1] or match[2]).capitalize() + match[3], json.dumps(_document()))
    result: dict[str, Any] = json.loads(_PAGE_MODEL.sub(r"\1Page", text))
    for name, schema in result["components"]["schemas"].items():
        schema["title"] = name  # code generators use it as the type name, so it must be unique
    return result


def _document() -> dict[str, Any]:
    schemas = _Schemas(introspection.routes())
    paths: dict[str, dict[str, Any]] = {}
    for row in introspection.routes():
        paths.setdefault(row.path, {})[row.method.lower()] = _operation(row, schemas)
    return {
        "openapi": "3.1.0",
        "info": _info(),
        "servers": [{"url": "/", "description": "where this document is served"}],
        "tags": [
            {"name": name, "description": _tag(name)} for name in sorted({r.service for r in introspection.routes()})
        ],
        "x-any-call-answers": general_responses(),
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "schemas": {"Problem": _PROBLEM, "GatewayMessage": _GATEWAY_MESSAGE} | schemas.components,
            "responses": shared_responses(),
            "examples": examples(),
        },
    }


class _Schemas:
    """The JSON schemas of all bodies, under unique names."""

    def __init__(self, rows: list[Route]) -> None:
        models: list[tuple[type[BaseModel], Any]] = []
        for endpoint in map(introspection.endpoint, rows):
            view = success_type(endpoint)[1]
            models += [(endpoint.body_parameter[1], "validation")] if endpoint.body_parameter else []
            models += [(view, "serialization")] if view else []
        self._refs, definitions = models_json_schema(list(dict.fromkeys(models)), ref_template=_REF)
        self.components: dict[str, Any] = definitions.get("$defs", {})

    def reference(self, model: type[BaseModel], mode: Any) -> dict[str, Any]:
        return self._refs[model, mode]

    def parameters(self, model: type[BaseModel]) -> dict[str, Any]:
        """The parameter schemas by name; adds the definitions that they reference to the components."""
        schema = model.model_json_schema(ref_template=_REF)
        for name, one in schema.get("$defs", {}).items():
            if self.components.setdefault(name, one) != one:
                raise ValueError(f"two parameters' types are named {name}")
        return dict(schema.get("properties", {}))


def _operation(row: Route, schemas: _Schemas) -> dict[str, Any]:
    endpoint = introspection.endpoint(row)
    summary, _, rest = " ".join((endpoint.__doc__ or "").split()).partition(". ")
    access_note = f"Who may call it: {row.access}{_ADMIN_SUFFIX if row.access is Access.ORGANISER else ''}."
    operation: dict[str, Any] = {
        "operationId": row.file,
        "tags": [row.service],
        "summary": summary.rstrip("."),
        "description": " ".join(filter(None, (rest, access_note))),
        "security": [{"bearer": []}] if row.access.requires_token else [],
        "parameters": _parameters(row, schemas),
        "requestBody": _body(row, schemas),
        "responses": build_responses(row, lambda model: schemas.reference(model, "serialization")),
    }
    return {name: value for name, value in operation.items() if value or name == "security"}


def _parameters(row: Route, schemas: _Schemas) -> list[dict[str, Any]]:
    endpoint = introspection.endpoint(row)
    parameters = []
    for name, schema in schemas.parameters(endpoint.params).items():
        in_path = f"{{{name}}}" in row.path
        place = {"in": "path", "required": True} if in_path else {"in": "query"}
        description = schema.pop("description", None) or _parameter_description(name)
        schema.pop("title", None)
        parameters.append(
            {"name": name}
            | place
            | {"description": description}
            | {"schema": _without_null(schema) | (_ID if in_path else {})}
        )
    injected = endpoint.injected.values()
    conditions = [_conditional_header(*_CONDITIONS[one]) for one in _CONDITIONS if one in injected]
    signature = [_SIGNATURE] if row.access is Access.PROVIDER else []
    return parameters + ([_IDEMPOTENCY_KEY] if IdempotencyKey in injected else []) + conditions + signature


def _parameter_description(name: str) -> str:
    if name not in _PARAMETER_DESCRIPTIONS and not name.endswith("_id"):
        raise ValueError(f"the parameter {name} has no description")
    return _PARAMETER_DESCRIPTIONS.get(name) or f"The {name.removesuffix('_id').replace('_', ' ')}'s id."


def _conditional_header(name: str, description: str) -> dict[str, Any]:
    required = {"required": True} if name == "If-Match" else {}
    return {"name": name, "in": "header"} | required | {"description": description, "schema": {"type": "string"}}


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    # An optional parameter may be absent, but not null.
    kinds = [one for one in schema.get("anyOf", []) if one != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name != "anyOf" and (name, value) != ("default", None)}
    return rest | (kinds[0] if len(kinds) == 1 else {"anyOf": kinds} if kinds else {})


def _body(row: Route, schemas: _Schemas) -> dict[str, Any] | None:
    endpoint = introspection.endpoint(row)
    if endpoint.body_parameter:
        schema = schemas.reference(endpoint.body_parameter[1], "validation")
    elif RawRequest in endpoint.injected.values():
        schema = {"type": "object", "description": "as its sender signed it"}
    else:
        return None
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _info() -> dict[str, Any]:
    project = tomllib.loads((introspection.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {
        "title": "Ticketing",
        "version": project["version"],
        "description": (
            "JSON in snake_case; times in UTC; money in minor units of an ISO 4217 currency. Lists answer `next_token` "
            "and `previous_token`, to be sent back as they came. Refusals are problem documents (RFC 9457), whose "
            "`type` is the address of an explanation.\n\nAny call may answer what "
            "`x-any-call-answers` lists: too large a request (413), too many (429), a fault of ours (500), and not "
            "at this moment (503); the last three may be repeated, with the same Idempotency-Key."
        ),
        "contact": {"name": "Whoever runs this installation"},
        "license": {"name": _LICENSES[project["license"]], "url": "https://www.apache.org/licenses/LICENSE-2.0"},
    }


def _tag(service: str) -> str:
    return introspection.first_line(__import__(service).__doc__)
