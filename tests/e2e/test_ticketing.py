"""The operators' commands on the deployed system."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common import ids
from local.actors import hold_places, wait_for, wait_for_booking, wait_for_tickets
from local.stack import Stack
from local.tables import scan_tables
from tests.support.fixtures.e2e_fixture import E2EFixture

ROOT = Path(__file__).parents[2]
SEND_FUNCTION = "notify.send_notification"
CommandRunner = Callable[..., Any]


@pytest.fixture(scope="module")
def ticketing(stack: Stack) -> CommandRunner:
    """Run `bin/ticketing`. Returns its JSON output, or its error output if it fails."""

    def run(*arguments: str, fails: bool = False) -> Any:
        result = subprocess.run(
            [ROOT / "bin/ticketing", *arguments, *([] if fails else ["--json"])],
            env=os.environ | {"TICKETING_EMULATOR_PORT": str(stack.ports.emulator)},
            capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        assert result.returncode == (1 if fails else 0), result.stderr
        return result.stderr if fails else json.loads(result.stdout)

    return run


@pytest.fixture(scope="module")
def booking(e2e: E2EFixture) -> dict[str, Any]:
    created = wait_for_booking(e2e.buyer, hold_places(e2e.buyer, e2e.party["id"], 2), "CONFIRMED")
    wait_for(lambda: created if _is_notified(e2e, created) else None, "the mail")
    return created


def _is_notified(e2e: E2EFixture, booking: dict[str, Any]) -> bool:
    stored = e2e.buyer.client.request_json("GET", "/v1/notifications?limit=100")["items"]
    return any(one["booking_id"] == booking["id"] and one["status"] == "SENT" for one in stored)


def test_trace_shows_actions_actors_times_and_causes(ticketing: CommandRunner, booking: dict[str, Any]) -> None:
    output = ticketing("trace", booking["id"], "--messages")

    steps = [(one["subject"].split()[0], one["action"]) for one in output]
    assert [one for one in steps if one[0] == "booking"] == [("booking", "order"), ("booking", "confirm")]
    assert steps.count(("ticket", "issue")) == 2
    assert ("payment", "open") in steps
    assert ("notification", "send") in steps
    assert ("ticket.on_booking_confirmed", "handled BookingConfirmed") in steps
    assert [one["at"] for one in output] == sorted(one["at"] for one in output)
    published = {name for one in output for name in one["published"]}
    assert {"BookingConfirmed.v1", "PaymentSucceeded.v1", "TicketCreated.v1"} <= published
    confirmed = next(one for one in output if (one["subject"], one["action"]) == ("booking", "confirm"))
    assert len({one["correlation_id"] for one in output if one["correlation_id"]}) == 1
    assert confirmed["cause"] in {one["cause"] for one in output if one["actor"] == "queue"}


def test_replay_republishes_without_changing_anything(
    ticketing: CommandRunner, stack: Stack, booking: dict[str, Any]
) -> None:
    before = _versions(stack, booking["id"])

    first, second = (ticketing("replay", booking["id"]) for _ in range(2))

    assert first == second
    assert "BookingConfirmed.v1" in {one["bus_event"] for one in first}
    handled = ids.derive("ticketing.booking", booking["id"], "booking", 2, "BookingConfirmed.v1")
    assert handled in {one["bus_event_id"] for one in first}
    wait_for(lambda: True if _count_deliveries(ticketing, booking, handled) >= 3 else None, "both replays")
    assert _versions(stack, booking["id"]) == before


@pytest.mark.spoils
def test_dead_letter_is_listed_and_redriven_once(
    ticketing: CommandRunner, stack: Stack, e2e: E2EFixture, booking: dict[str, Any]
) -> None:
    envelope = _unsendable_message(e2e, stack, booking)
    own_id = envelope["detail"]["bus_event_id"]  # the queue may have other dead letters
    assert with_event_id(ticketing("dlq", SEND_FUNCTION), own_id) == []
    dead = stack.dead_letters(SEND_FUNCTION)
    stack.client("sqs").send_message(QueueUrl=dead, MessageBody=json.dumps(envelope))

    [dead_letter] = with_event_id(ticketing("dlq", SEND_FUNCTION), own_id)
    again = with_event_id(ticketing("dlq", SEND_FUNCTION), own_id)
    redriven = [ticketing("redrive", SEND_FUNCTION)[SEND_FUNCTION] for _ in range(2)]

    assert "ContactMissing" in dead_letter["reason"]
    assert again == [dead_letter], "listing changed the dead letter"
    assert redriven[0] > redriven[1] == 0
    assert with_event_id(ticketing("dlq", SEND_FUNCTION), own_id) == []


def test_reconcile_leaves_sound_system_unchanged(
    ticketing: CommandRunner, stack: Stack, booking: dict[str, Any]
) -> None:
    before = _versions(stack, booking["id"])

    output = ticketing("reconcile", "--grace", "1800")

    assert output["checked"] + output["skipped"] > 0
    assert output["violated"] == output["synced"] == 0
    assert _versions(stack, booking["id"]) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trace", "7f4c522e-e592-5ee3-b0f3-a657bdc9d698"], "There is no booking"),
        (["dlq", "booking.on_nothing"], "No consumer is called booking.on_nothing"),
        (["redrive"], "Name a consumer or pass --all"),
        (["redrive", "--all", "booking.expire_hold_backstop"], "Name a consumer or pass --all"),
    ],
)
def test_command_error_is_one_sentence(ticketing: CommandRunner, arguments: list[str], message: str) -> None:
    output = ticketing(*arguments, fails=True)

    assert output.startswith(message)
    assert len(output.splitlines()) == 1


def with_event_id(dead_letters: list[dict[str, Any]], bus_event_id: str) -> list[dict[str, Any]]:
    return [one for one in dead_letters if one["bus_event_id"] == bus_event_id]


def _unsendable_message(e2e: E2EFixture, stack: Stack, booking: dict[str, Any]) -> dict[str, Any]:
    """The message of a notification to an unknown user; its consumer fails on it."""
    ticket = wait_for_tickets(e2e.buyer, booking)[0]["id"]
    e2e.buyer.client.request_json("POST", f"/v1/tickets/{ticket}/transfer", {"to_user_id": ids.new()})
    notification = wait_for(lambda: _find_offer_notification(stack, ticket), "the notification")
    outbox_entry = notification["outbox"][0]
    detail = {
        "bus_event_id": ids.derive("ticketing.notify", notification["id"], "notification", 1, "NotiPending.v1"),
        "occurred_at": notification["updated_at"],
        "correlation_id": outbox_entry["correlation"],
        "causation_id": outbox_entry["cause"],
        "notification_id": notification["id"],
        "user_id": notification["user_id"],
    }
    return {"detail-type": "NotiPending.v1", "source": "ticketing.notify", "detail": detail}


def _find_offer_notification(stack: Stack, ticket_id: str) -> dict[str, Any] | None:
    stored = scan_tables(stack, "notifications")["notifications"]
    return next((one for one in stored if one.get("ticket_id") == ticket_id and one["kind"] == "ticket_offered"), None)


def _count_deliveries(ticketing: CommandRunner, booking: dict[str, Any], bus_event_id: str) -> int:
    output = ticketing("trace", booking["id"], "--messages")
    return sum(one["subject"] == "ticket.on_booking_confirmed" and one["cause"] == bus_event_id for one in output)


def _versions(stack: Stack, booking_id: str) -> list[tuple[str, str, int]]:
    return sorted(
        (table, one["pk"], one["version"])
        for table, items in scan_tables(stack).items()
        for one in items
        if booking_id in (one["pk"], one.get("booking_id")) and "version" in one
    )
