"""The deployed reconciler: it leaves a sound system alone, and makes again what a hand took out of the tables."""

from collections.abc import Mapping
from typing import Any

import pytest

from local.client import Client
from local.people import Organiser, Person, checkout, choose, held, mails_to, settled, tickets_of, until
from local.stack import Stack
from local.tables import items
from reconcile.core.invariants import violations
from tools.ticketing.rounds import whole_round

PAID = {"prices": 2500, "currency": "EUR"}


def take_out(stack: Stack, table: str, found: list[dict[str, Any]]) -> None:
    for one in found:
        key = {"pk": {"S": one["pk"]}, "sk": {"S": one["sk"]}}
        stack.client("dynamodb").delete_item(TableName=stack.table(table), Key=key)


def rests(stack: Stack) -> Mapping[str, int] | None:
    """What a round finds that learns nothing and finds what the one before found: others' late mending is over."""
    first, second = whole_round(stack, 0), whole_round(stack, 0)
    return second if second["learnt"] == 0 and first["wrong"] == second["wrong"] else None


@pytest.mark.spoils
def test_what_a_lost_bus_event_would_have_made_is_made_by_a_round(stack: Stack, api: Client, admin: Client) -> None:
    organiser = Organiser.appointed(admin, Person.registers(api, "olga"))
    category = admin.must("POST", "/v1/categories", {"name": "Rounds", "type": "paid"})["id"]
    event = organiser.publishes(category, "Rounds", [{"name": "Seat", "capacity": 5, **PAID}])
    buyer = Person.registers(api, "bea")
    booking = held(buyer, event["id"], {event["types"][0]["id"]: 2})
    choose(checkout(buyer, booking), "paid")
    settled(buyer, booking, "CONFIRMED")
    before = sorted(one["id"] for one in tickets_of(buyer, booking))
    mine = booking["id"]  # what other tests have left behind is not looked at
    until(lambda: not [one for one in violations(items(stack)) if mine in one] or None, "quiet tables")
    quiet = until(lambda: rests(stack), "rounds that find the same, one after another")
    tickets = [one for one in items(stack, "tickets")["tickets"] if one.get("booking_id", one["pk"]) == booking["id"]]
    notices = [one for one in items(stack, "notifications")["notifications"] if one.get("booking_id") == booking["id"]]
    take_out(stack, "tickets", [one for one in tickets if one["sk"] in ("issue", "ticket")])
    take_out(stack, "notifications", [one for one in notices if one["sk"] == "notification"])

    found = whole_round(stack, 0)

    assert found["wrong"] == quiet["wrong"] + 1
    made = until(lambda: tickets_of(buyer, booking) or None, "tickets made again")
    assert sorted(one["id"] for one in made) == before
    assert until(lambda: len(mails_to(Client(stack.mailbox), buyer)) > 1 or None, "the mail again")
    until(lambda: whole_round(stack, 0)["wrong"] == quiet["wrong"] or None, "a quiet round")
