"""The deployed reconciler: it leaves a sound system alone, and makes again what a hand took out of the tables."""

from typing import Any

import pytest

from local.client import Client
from local.people import Organiser, Person, checkout, choose, held, mails_to, payment_of, settled, tickets_of, until
from local.stack import Stack
from local.tables import items
from reconcile.core.invariants import violations
from tools.ticketing.rounds import whole_round

PAID = {"prices": 2500, "currency": "EUR"}


def take_out(stack: Stack, table: str, found: list[dict[str, Any]]) -> None:
    for one in found:
        key = {"pk": {"S": one["pk"]}, "sk": {"S": one["sk"]}}
        stack.client("dynamodb").delete_item(TableName=stack.table(table), Key=key)


def mended(stack: Stack, *names: str) -> list[str]:
    """What rounds have logged of mending these things; what other tests leave behind is not counted."""
    group = stack.functions["reconcile.make_round"]["LoggingConfig"]["LogGroup"]
    pages = stack.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    lines = [one["message"] for page in pages for one in page["events"]]
    return [line for line in lines if '"mending"' in line and any(name in line for name in names)]


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
    mine = booking["id"]
    until(lambda: not [one for one in violations(items(stack)) if mine in one] or None, "quiet tables")
    whole_round(stack, 0)
    tickets = [one for one in items(stack, "tickets")["tickets"] if one.get("booking_id", one["pk"]) == booking["id"]]
    notices = [one for one in items(stack, "notifications")["notifications"] if one.get("booking_id") == booking["id"]]
    take_out(stack, "tickets", [one for one in tickets if one["sk"] in ("issue", "ticket")])
    take_out(stack, "notifications", [one for one in notices if one["sk"] == "notification"])

    ours = (mine, payment_of(buyer, booking)["id"])
    assert mended(stack, *ours) == []
    found = whole_round(stack, 0)

    assert found["wrong"] > 0
    until(lambda: mended(stack, *ours) or None, "the round's word of it")
    made = until(lambda: tickets_of(buyer, booking) or None, "tickets made again")
    assert sorted(one["id"] for one in made) == before
    assert until(lambda: len(mails_to(Client(stack.mailbox), buyer)) > 1 or None, "the mail again")
    until(lambda: not [one for one in violations(items(stack)) if mine in one] or None, "quiet tables again")
    told = mended(stack, *ours)
    whole_round(stack, 0)
    assert mended(stack, *ours) == told
