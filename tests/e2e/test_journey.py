"""The demo on the deployed system, and the invariants of its tables."""

from typing import Any

from local import demo
from local.client import Client
from local.stack import Stack
from local.tables import scan_tables
from reconcile.core.invariants import violations
from tests.support.system.e2e_stack import ADMIN

PACE = 5  # factor of the demo's hold times, for a busy machine


def test_demo_leaves_invariants_intact(stack: Stack, api: Client) -> None:
    demo.run_demo(api, Client(stack.mailbox), ADMIN, stack, pace=PACE)  # ends when the tables have no violations


def test_lost_place_violates_invariant(stack: Stack) -> None:
    shard = next(item for item in scan_tables(stack, "bookings")["bookings"] if item["sk"].startswith("stock#"))
    remove_places(stack, shard, 1)
    try:
        found = violations(scan_tables(stack))
    finally:
        remove_places(stack, shard, -1)

    own = [violation for violation in found if violation.startswith("I1") and shard["pk"] in violation]
    assert own, found


def remove_places(stack: Stack, shard: dict[str, Any], places: int) -> None:
    """Remove places from an inventory item, which violates an invariant."""
    stack.client("dynamodb").update_item(
        TableName=stack.table("bookings"),
        Key={"pk": {"S": shard["pk"]}, "sk": {"S": shard["sk"]}},
        UpdateExpression="ADD available :less",
        ExpressionAttributeValues={":less": {"N": str(-places)}},
    )
