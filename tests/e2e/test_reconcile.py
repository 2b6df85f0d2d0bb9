"""The deployed reconciler changes nothing in a sound system, and recreates deleted items."""

from typing import Any

import pytest

from local.actors import (
    Actor,
    Organiser,
    choose_outcome,
    find_payment,
    hold_places,
    list_mails_to,
    open_checkout,
    wait_for,
    wait_for_booking,
    wait_for_tickets,
)
from local.client import Client
from local.stack import Stack
from local.tables import scan_tables
from reconcile.core.invariants import violations
from tools.ticketing.reconcile import run_full_sweep

PAID = {"prices": 2500, "currency": "EUR"}


def delete_items(stack: Stack, table: str, items: list[dict[str, Any]]) -> None:
    for one in items:
        key = {"pk": {"S": one["pk"]}, "sk": {"S": one["sk"]}}
        stack.client("dynamodb").delete_item(TableName=stack.table(table), Key=key)


def repairs(stack: Stack, *names: str) -> list[str]:
    """The log lines about repairs of these items; other tests may cause repairs, too."""
    group = stack.functions["reconcile.run_reconciliation"]["LoggingConfig"]["LogGroup"]
    pages = stack.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    lines = [one["message"] for page in pages for one in page["events"]]
    return [line for line in lines if '"repairing"' in line and any(name in line for name in names)]


@pytest.mark.spoils
def test_sweep_recreates_items_of_lost_bus_event(stack: Stack, api: Client, admin: Client) -> None:
    organiser = Organiser.appoint(admin, Actor.register(api, "olga"))
    category = admin.request_json("POST", "/v1/categories", {"name": "Reconciliation", "type": "paid"})["id"]
    event = organiser.publish_event(category, "Reconciliation", [{"name": "Seat", "capacity": 5, **PAID}])
    buyer = Actor.register(api, "bea")
    booking = hold_places(buyer, event["id"], {event["types"][0]["id"]: 2})
    choose_outcome(open_checkout(buyer, booking), "paid")
    wait_for_booking(buyer, booking, "CONFIRMED")
    before = sorted(one["id"] for one in wait_for_tickets(buyer, booking))
    own = booking["id"]
    wait_for(
        lambda: not [one for one in violations(scan_tables(stack)) if own in one] or None, "tables without violations"
    )
    run_full_sweep(stack, 0)
    tickets = [
        one for one in scan_tables(stack, "tickets")["tickets"] if one.get("booking_id", one["pk"]) == booking["id"]
    ]
    notifications = [
        one for one in scan_tables(stack, "notifications")["notifications"] if one.get("booking_id") == booking["id"]
    ]
    delete_items(stack, "tickets", [one for one in tickets if one["sk"] in ("issue", "ticket")])
    delete_items(stack, "notifications", [one for one in notifications if one["sk"] == "notification"])

    own_ids = (own, find_payment(buyer, booking)["id"])
    assert repairs(stack, *own_ids) == []
    summary = run_full_sweep(stack, 0)

    assert summary["violated"] > 0
    wait_for(lambda: repairs(stack, *own_ids) or None, "the log of the repair")
    recreated = wait_for(lambda: wait_for_tickets(buyer, booking) or None, "the recreated tickets")
    assert sorted(one["id"] for one in recreated) == before
    assert wait_for(lambda: len(list_mails_to(Client(stack.mailbox), buyer)) > 1 or None, "the second mail")
    wait_for(
        lambda: not [one for one in violations(scan_tables(stack)) if own in one] or None, "tables without violations"
    )
    repairs_before = repairs(stack, *own_ids)
    run_full_sweep(stack, 0)
    assert repairs(stack, *own_ids) == repairs_before
