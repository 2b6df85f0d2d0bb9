"""The operator's command line, on the deployed system."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common import ids
from local.people import held, settled, tickets_of, until
from local.stack import Stack
from local.tables import items
from tests.support.house import House

ROOT = Path(__file__).parents[2]
SENDING = "notify.on_noti_pending"
Run = Callable[..., Any]


@pytest.fixture(scope="module")
def ticketing(stack: Stack) -> Run:
    """`bin/ticketing` with these arguments: what it prints with --json, or what it says as it fails."""

    def run(*arguments: str, fails: bool = False) -> Any:
        done = subprocess.run(
            [ROOT / "bin/ticketing", *arguments, *([] if fails else ["--json"])],
            env=os.environ | {"TICKETING_EMULATOR_PORT": str(stack.ports.emulator)},
            capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        assert done.returncode == (1 if fails else 0), done.stderr
        return done.stderr if fails else json.loads(done.stdout)

    return run


@pytest.fixture(scope="module")
def booking(house: House) -> dict[str, Any]:
    made = settled(house.buyer, held(house.buyer, house.party["id"], 2), "CONFIRMED")
    until(lambda: made if _told(house, made) else None, "the mail")
    return made


def _told(house: House, booking: dict[str, Any]) -> bool:
    known = house.buyer.client.must("GET", "/v1/notifications?limit=100")["items"]
    return any(one["booking_id"] == booking["id"] and one["status"] == "CREATED" for one in known)


def test_a_trace_tells_who_did_what_when_and_because_of_what(ticketing: Run, booking: dict[str, Any]) -> None:
    told = ticketing("trace", booking["id"], "--messages")

    steps = [(one["what"].split()[0], one["did"]) for one in told]
    assert [one for one in steps if one[0] == "booking"] == [("booking", "order"), ("booking", "confirm")]
    assert steps.count(("ticket", "issue")) == 2
    assert ("payment", "open") in steps
    assert ("notification", "send") in steps
    assert ("ticket.on_booking_confirmed", "handled BookingConfirmed") in steps
    assert [one["at"] for one in told] == sorted(one["at"] for one in told)
    published = {name for one in told for name in one["caused"]}
    assert {"BookingConfirmed.v1", "PaymentSucceeded.v1", "TicketCreated.v1"} <= published
    confirmed = next(one for one in told if (one["what"], one["did"]) == ("booking", "confirm"))
    assert len({one["correlation_id"] for one in told if one["correlation_id"]}) == 1
    assert confirmed["cause"] in {one["cause"] for one in told if one["by"] == "queue"}


def test_a_replay_tells_the_same_again_and_changes_nothing(
    ticketing: Run, stack: Stack, booking: dict[str, Any]
) -> None:
    before = _versions(stack, booking["id"])

    first, second = (ticketing("replay", booking["id"]) for _ in range(2))

    assert first == second
    assert "BookingConfirmed.v1" in {one["bus_event"] for one in first}
    handled = ids.derive("ticketing.booking", booking["id"], "booking", 2, "BookingConfirmed.v1")
    assert handled in {one["bus_event_id"] for one in first}
    until(lambda: True if _heard(ticketing, booking, handled) >= 3 else None, "both replays")
    assert _versions(stack, booking["id"]) == before


@pytest.mark.spoils
def test_a_message_that_was_given_up_is_listed_with_its_reason_and_given_back_once(
    ticketing: Run, stack: Stack, house: House, booking: dict[str, Any]
) -> None:
    envelope = _unsendable(house, stack, booking)
    mine = envelope["detail"]["bus_event_id"]  # others may have died there, too
    assert about(ticketing("dlq", SENDING), mine) == []
    dead = stack.dead_letters(SENDING)
    stack.client("sqs").send_message(QueueUrl=dead, MessageBody=json.dumps(envelope))

    [letter] = about(ticketing("dlq", SENDING), mine)
    again = about(ticketing("dlq", SENDING), mine)
    given = [ticketing("redrive", SENDING)[SENDING] for _ in range(2)]

    assert "ContactMissing" in letter["reason"]
    assert again == [letter], "looking at it has changed it"
    assert given[0] > given[1] == 0
    assert about(ticketing("dlq", SENDING), mine) == []


def test_a_sound_system_is_looked_at_and_left_alone(ticketing: Run, stack: Stack, booking: dict[str, Any]) -> None:
    before = _versions(stack, booking["id"])

    told = ticketing("reconcile", "--grace", "1800")

    assert told["judged"] + told["young"] > 0
    assert told["wrong"] == told["learnt"] == 0
    assert _versions(stack, booking["id"]) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["trace", "7f4c522e-e592-5ee3-b0f3-a657bdc9d698"], "There is no booking"),
        (["dlq", "booking.on_nothing"], "No consumer is called booking.on_nothing"),
        (["redrive"], "Name a consumer, or say --all"),
        (["redrive", "--all", "booking.expire_hold"], "Name a consumer, or say --all"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(ticketing: Run, arguments: list[str], said: str) -> None:
    told = ticketing(*arguments, fails=True)

    assert told.startswith(said)
    assert len(told.splitlines()) == 1


def about(letters: list[dict[str, Any]], bus_event_id: str) -> list[dict[str, Any]]:
    return [one for one in letters if one["bus_event_id"] == bus_event_id]


def _unsendable(house: House, stack: Stack, booking: dict[str, Any]) -> dict[str, Any]:
    """The message of a mail to somebody whom nobody knows; its consumer has failed on it once."""
    ticket = tickets_of(house.buyer, booking)[0]["id"]
    house.buyer.client.must("POST", f"/v1/tickets/{ticket}/transfer", {"to_user_id": ids.new()})
    notice = until(lambda: _offered(stack, ticket), "the notification")
    said = notice["outbox"][0]
    detail = {
        "bus_event_id": ids.derive("ticketing.notify", notice["id"], "notification", 1, "NotiPending.v1"),
        "occurred_at": notice["updated_at"],
        "correlation_id": said["correlation"],
        "causation_id": said["cause"],
        "notification_id": notice["id"],
        "user_id": notice["user_id"],
    }
    return {"detail-type": "NotiPending.v1", "source": "ticketing.notify", "detail": detail}


def _offered(stack: Stack, ticket_id: str) -> dict[str, Any] | None:
    known = items(stack, "notifications")["notifications"]
    return next((one for one in known if one.get("ticket_id") == ticket_id and one["kind"] == "ticket_offered"), None)


def _heard(ticketing: Run, booking: dict[str, Any], bus_event_id: str) -> int:
    told = ticketing("trace", booking["id"], "--messages")
    return sum(one["what"] == "ticket.on_booking_confirmed" and one["cause"] == bus_event_id for one in told)


def _versions(stack: Stack, booking_id: str) -> list[tuple[str, str, int]]:
    return sorted(
        (table, one["pk"], one["version"])
        for table, found in items(stack).items()
        for one in found
        if booking_id in (one["pk"], one.get("booking_id")) and "version" in one
    )
