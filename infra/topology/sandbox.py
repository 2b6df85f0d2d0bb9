"""Sandbox: a payment provider with Stripe's wire contract, deployed only where no live key is set."""

from infra.topology.resources import GET_SECRET, PROVIDER, PROVIDER_FAULTS, PUBLIC_URL, SANDBOX
from infra.topology_types import Access, FunctionSpec, Route

GET_PUT_UPDATE = SANDBOX.grant("GetItem", "PutItem", "UpdateItem")
GET = SANDBOX.grant("GetItem")

ROWS: tuple[FunctionSpec, ...] = (
    Route(
        "POST /sandbox/v1/checkout/sessions",
        "sandbox.create_session",
        Access.PROVIDER,
        grants=(GET_PUT_UPDATE, PROVIDER.grant(GET_SECRET), PUBLIC_URL, PROVIDER_FAULTS),
        timeout=29,
    ),
    Route(
        "GET /sandbox/v1/checkout/sessions/{session_id}",
        "sandbox.get_session",
        Access.PROVIDER,
        grants=(GET_PUT_UPDATE, PROVIDER.grant(GET_SECRET), PROVIDER_FAULTS),
        timeout=29,
    ),
    Route(
        "POST /sandbox/v1/checkout/sessions/{session_id}/expire",
        "sandbox.expire_session",
        Access.PROVIDER,
        grants=(GET_PUT_UPDATE, PROVIDER.grant(GET_SECRET), PROVIDER_FAULTS),
        timeout=29,
    ),
    Route(
        "POST /sandbox/v1/refunds",
        "sandbox.create_refund",
        Access.PROVIDER,
        grants=(GET_PUT_UPDATE, PROVIDER.grant(GET_SECRET), PUBLIC_URL, PROVIDER_FAULTS),
        timeout=29,
    ),
    Route(
        "GET /sandbox/v1/refunds",
        "sandbox.list_refunds",
        Access.PROVIDER,
        grants=(
            SANDBOX.grant("GetItem", "BatchGetItem", "PutItem", "UpdateItem"),
            PROVIDER.grant(GET_SECRET),
            PROVIDER_FAULTS,
        ),
        timeout=29,
    ),
    Route("GET /sandbox/pay/{session_id}", "sandbox.get_checkout_page", Access.PUBLIC, grants=(GET,)),
    Route(
        "POST /sandbox/pay/{session_id}",
        "sandbox.submit_checkout_page",
        Access.PUBLIC,
        grants=(GET_PUT_UPDATE, PROVIDER.grant(GET_SECRET), PUBLIC_URL, PROVIDER_FAULTS),
        timeout=29,
    ),
    Route("GET /sandbox/faults", "sandbox.get_faults", Access.PUBLIC, grants=(GET, PROVIDER_FAULTS)),
    Route(
        "PUT /sandbox/faults",
        "sandbox.set_faults",
        Access.PUBLIC,
        grants=(SANDBOX.grant("GetItem", "PutItem"), PROVIDER_FAULTS),
    ),
)
