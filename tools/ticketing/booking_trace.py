"""One booking across the services: its items, and the steps in their logs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from common import ids
from local.progress import CommandError
from tools.ticketing.deployment import Deployment, Item, consumers

_LOG_MARGIN = timedelta(minutes=15)
_OUTCOMES = ("problem", "exhausted", "retry_at")


@dataclass(frozen=True)
class Step:
    """One logged step of an item; `published` and `cause` are known for the latest step only."""

    at: str
    subject: str
    action: str
    actor: str
    version: int
    published: tuple[str, ...] = ()
    cause: str = ""
    correlation_id: str = ""


def booking_items(deployment: Deployment, booking_id: str) -> dict[str, Item]:
    """The booking's items by description, the booking first. Raises CommandError if there is no such booking."""
    booking = deployment.item("bookings", booking_id, "booking")
    if booking is None:
        raise CommandError(f"There is no booking {booking_id} in stage {deployment.stage}.")
    return {"booking": booking} | dict(_related_items(deployment, booking))


def steps(found: dict[str, Item]) -> list[Step]:
    """The items' steps in order of time."""
    trace = [step for what, item in found.items() for step in _item_steps(what, item)]
    return sorted(trace, key=lambda one: one.at)


def consumer_steps(deployment: Deployment, trace: Sequence[Step]) -> list[Step]:
    """The consumers' log lines with the same correlation ids: the message and its outcome."""
    since = datetime.fromisoformat(min(one.at for one in trace)) - _LOG_MARGIN
    until = datetime.fromisoformat(max(one.at for one in trace)) + _LOG_MARGIN
    correlation_ids = {one.correlation_id for one in trace} - {""}
    return [
        _consumer_step(one.function, line)
        for one in consumers()
        for correlation_id in correlation_ids
        for line in deployment.log_lines(one.function, correlation_id, since, until)
        if line.get("message") in ("handled", "failed") and "timestamp" in line
    ]


def table(trace: list[Step]) -> Iterator[tuple[str, ...]]:
    yield "at", "subject", "action", "actor", "bus events", "caused by", "correlation"
    for one in trace:
        yield one.at, one.subject, one.action, one.actor, " ".join(one.published), one.cause, one.correlation_id


def _consumer_step(consumer: str, line: Item) -> Step:
    outcome = "failed" if line["message"] == "failed" else next((k for k in _OUTCOMES if k in line), "handled")
    at = datetime.strptime(line["timestamp"], "%Y-%m-%d %H:%M:%S,%f%z").astimezone(UTC)
    return Step(
        at=at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        subject=consumer,
        action=f"{outcome} {line.get('bus_event', '')}".strip(),
        actor="queue",
        version=0,
        cause=str(line.get("bus_event_id", "")),
        correlation_id=str(line.get("correlation_id", "")),
    )


def _related_items(deployment: Deployment, booking: Item) -> Iterator[tuple[str, Item]]:
    payment = deployment.item("payments", ids.derive("payment", booking["id"]), "payment")
    if payment:
        yield "payment", payment
    issue = deployment.item("tickets", booking["id"], "issue")
    if issue:
        yield "issue", issue
    for at, ticket_id in enumerate(_ticket_ids(issue or {}), start=1):
        ticket = deployment.item("tickets", ticket_id, "ticket")
        if ticket:
            yield f"ticket {at}", ticket
    for one in deployment.items_by_user("notifications", booking["user_id"]):
        if one["sk"] == "notification" and one.get("booking_id") == booking["id"]:
            yield f"notification {one['kind']} {one['id'][:8]}", one


def _ticket_ids(issue: Item) -> list[str]:
    return [str(one) for one in issue.get("ticket_ids", [])]


def _item_steps(what: str, item: Item) -> Iterator[Step]:
    logs: list[dict[str, Any]] = item.get("logs", [])
    for version, line in enumerate(logs, start=1):
        latest = version == len(logs) == item.get("outbox_version")
        outbox = item.get("outbox", []) if latest else []
        yield Step(
            at=line["at"],
            subject=what,
            action=line["action"],
            actor=line["actor"],
            version=version,
            published=tuple(one["bus_event"] for one in outbox),
            cause=outbox[0]["cause"] if outbox else "",
            correlation_id=item.get("correlation_id") or (outbox[0]["correlation"] if outbox else ""),
        )
