"""The demo's journey on the deployed system, and what it leaves in the tables."""

from local import demo
from local.client import Client
from local.stack import Stack
from local.tables import items
from reconcile.core.invariants import violations
from tests.support.stack import ADMIN


def test_the_whole_journey_ends_with_sound_tables(stack: Stack, api: Client) -> None:
    demo.drive(api, Client(stack.mailbox), ADMIN, stack)

    assert violations(items(stack)) == []


def test_a_place_that_got_lost_is_noticed(stack: Stack) -> None:
    lose_a_place(stack, 1)
    try:
        found = violations(items(stack))
    finally:
        lose_a_place(stack, -1)

    assert any(said.startswith("I1") for said in found), found


def lose_a_place(stack: Stack, places: int) -> None:
    """Take places out of a stock item, as no code of ours may."""
    table = stack.table("bookings")
    shard = next(item for item in items(stack, "bookings")["bookings"] if item["sk"].startswith("stock#"))
    stack.client("dynamodb").update_item(
        TableName=table,
        Key={"pk": {"S": shard["pk"]}, "sk": {"S": shard["sk"]}},
        UpdateExpression="ADD available :less",
        ExpressionAttributeValues={":less": {"N": str(-places)}},
    )
