"""One booking's way through the services: its items, and the steps that their logs tell."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from common import ids
from local.progress import CannotGoOn
from tools.ticketing.deployment import Deployment, Item, consumers

_AROUND = timedelta(minutes=15)
_OUTCOMES = ("refused", "gave_up", "later")


@dataclass(frozen=True)
class Step:
    """Somebody did something with an item; `caused` are the bus events of its latest step, `cause` what led to it."""

    at: str
    what: str
    did: str
    by: str
    version: int
    caused: tuple[str, ...] = ()
    cause: str = ""
    correlation_id: str = ""


def items(deployment: Deployment, booking_id: str) -> dict[str, Item]:
    """The booking's items by what they are, the booking first. Raises CannotGoOn if there is no such booking."""
    booking = deployment.item("bookings", booking_id, "booking")
    if booking is None:
        raise CannotGoOn(f"There is no booking {booking_id} in stage {deployment.stage}.")
    return {"booking": booking} | dict(_beside(deployment, booking))


def steps(found: dict[str, Item]) -> list[Step]:
    """What was done with the items, in the order of time."""
    told = [step for what, item in found.items() for step in _steps(what, item)]
    return sorted(told, key=lambda one: one.at)


def messages(deployment: Deployment, told: Sequence[Step]) -> list[Step]:
    """What the consumers' logs say of the same journeys: which message, and what became of it."""
    since = datetime.fromisoformat(min(one.at for one in told)) - _AROUND
    until = datetime.fromisoformat(max(one.at for one in told)) + _AROUND
    journeys = {one.correlation_id for one in told} - {""}
    return [
        _heard(one.function, line)
        for one in consumers()
        for journey in journeys
        for line in deployment.lines(one.function, journey, since, until)
        if line.get("message") in ("handled", "failed") and "timestamp" in line
    ]


def table(told: list[Step]) -> Iterator[tuple[str, ...]]:
    yield "at", "what", "did", "by", "bus events", "because of", "correlation"
    for one in told:
        yield one.at, one.what, one.did, one.by, " ".join(one.caused), one.cause, one.correlation_id


def _heard(consumer: str, line: Item) -> Step:
    outcome = "failed" if line["message"] == "failed" else next((k for k in _OUTCOMES if k in line), "handled")
    at = datetime.strptime(line["timestamp"], "%Y-%m-%d %H:%M:%S,%f%z").astimezone(UTC)
    return Step(
        at=at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        what=consumer,
        did=f"{outcome} {line.get('bus_event', '')}".strip(),
        by="queue",
        version=0,
        cause=str(line.get("bus_event_id", "")),
        correlation_id=str(line.get("correlation_id", "")),
    )


def _beside(deployment: Deployment, booking: Item) -> Iterator[tuple[str, Item]]:
    payment = deployment.item("payments", ids.derive("payment", booking["id"]), "payment")
    if payment:
        yield "payment", payment
    issue = deployment.item("tickets", booking["id"], "issue")
    if issue:
        yield "issue", issue
    for at, ticket_id in enumerate(_tickets(issue or {}), start=1):
        ticket = deployment.item("tickets", ticket_id, "ticket")
        if ticket:
            yield f"ticket {at}", ticket
    for one in deployment.of_user("notifications", booking["user_id"]):
        if one["sk"] == "notification" and one.get("booking_id") == booking["id"]:
            yield f"notification {one['kind']} {one['id'][:8]}", one


def _tickets(issue: Item) -> list[str]:
    return [str(one) for one in issue.get("ticket_ids", [])]


def _steps(what: str, item: Item) -> Iterator[Step]:
    logs: list[dict[str, Any]] = item.get("logs", [])
    for version, line in enumerate(logs, start=1):
        latest = version == len(logs) == item.get("outbox_version")
        outbox = item.get("outbox", []) if latest else []
        yield Step(
            at=line["at"],
            what=what,
            did=line["did"],
            by=line["by"],
            version=version,
            caused=tuple(one["bus_event"] for one in outbox),
            cause=outbox[0]["cause"] if outbox else "",
            correlation_id=item.get("correlation_id") or (outbox[0]["correlation"] if outbox else ""),
        )
