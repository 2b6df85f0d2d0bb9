"""Gateway: health, documentation, problem pages and unknown routes."""

from infra.topology_types import Access, FunctionSpec, Route

ROWS: tuple[FunctionSpec, ...] = (
    Route("GET /v1/health", "gateway.get_health", Access.PUBLIC),
    Route("GET /v1/openapi.json", "gateway.get_openapi", Access.PUBLIC),
    Route("GET /v1/docs", "gateway.get_docs", Access.PUBLIC),
    Route("GET /v1/docs/{file}", "gateway.get_docs_file", Access.PUBLIC),
    Route("GET /problems/{slug}", "gateway.get_problem", Access.PUBLIC),
    Route("$default", "gateway.not_found", Access.PUBLIC),
)
