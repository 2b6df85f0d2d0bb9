"""The demo's journey on the deployed system, and what it leaves in the tables."""

from typing import Any

from local import demo
from local.client import Client
from local.stack import Stack
from local.tables import items
from reconcile.core.invariants import violations
from tests.support.stack import ADMIN

PACE = 5  # times as long as at a demo: a busy machine needs longer than a hold of three seconds


def test_the_whole_journey_ends_with_sound_tables(stack: Stack, api: Client) -> None:
    demo.drive(api, Client(stack.mailbox), ADMIN, stack, pace=PACE)  # which ends when the tables are sound


def test_a_place_that_got_lost_is_noticed(stack: Stack) -> None:
    shard = next(item for item in items(stack, "bookings")["bookings"] if item["sk"].startswith("stock#"))
    lose_a_place(stack, shard, 1)
    try:
        found = violations(items(stack))
    finally:
        lose_a_place(stack, shard, -1)

    mine = [said for said in found if said.startswith("I1") and shard["pk"] in said]
    assert mine, found


def lose_a_place(stack: Stack, shard: dict[str, Any], places: int) -> None:
    """Take places out of a stock item, as no code of ours may."""
    stack.client("dynamodb").update_item(
        TableName=stack.table("bookings"),
        Key={"pk": {"S": shard["pk"]}, "sk": {"S": shard["sk"]}},
        UpdateExpression="ADD available :less",
        ExpressionAttributeValues={":less": {"N": str(-places)}},
    )
