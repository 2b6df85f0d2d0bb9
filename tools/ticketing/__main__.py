"""The commands. Each prints a table, or JSON with --json; errors end with exit code 1."""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

import typer
from botocore.exceptions import BotoCoreError, ClientError

from local.progress import CommandError
from tools.ticketing import booking_trace, dead_letters
from tools.ticketing.deployment import LOCAL, Deployment
from tools.ticketing.reconcile import run_full_sweep
from tools.ticketing.replay import replay as replay_booking

app = typer.Typer(
    help="Inspect and repair a running system. Every command can be repeated.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


def _stage_name(name: str) -> str:
    if not name.replace("-", "").isalnum():
        raise typer.BadParameter(f"{name!r} cannot be the name of a stage.")
    return name


def _booking_id(name: str) -> str:
    try:
        return str(UUID(name))
    except ValueError:
        raise typer.BadParameter(f"{name[:80]!r} is not the id of a booking, which is a UUID.") from None


Stage = Annotated[
    str,
    typer.Option("--stage", envvar="STAGE", callback=_stage_name, help="local, or a stage in the current AWS account."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Consumers = Annotated[
    list[str] | None, typer.Argument(metavar="[CONSUMER]...", help="Only these consumers; default: all.")
]
Grace = Annotated[int, typer.Option(help="Check only items unchanged for so many seconds.", min=0, max=7 * 24 * 3600)]
Booking = Annotated[str, typer.Argument(metavar="BOOKING", callback=_booking_id, help="The booking's id.")]


@app.command(epilog="Example: ticketing dlq payment.on_booking_ordered --stage prod --json")
def dlq(
    consumer: Consumers = None,
    *,
    limit: Annotated[int, typer.Option(help="Messages per consumer.", min=1, max=1000)] = 100,
    stage: Stage = LOCAL,
    as_json: Json = False,
) -> None:
    """List dead letters and undelivered messages, with the reasons."""
    letters = dead_letters.list_dead_letters(Deployment(stage), consumer or (), limit=limit)
    print_result([asdict(one) for one in letters], dead_letters.table(letters), as_json=as_json)


@app.command(epilog="Example: ticketing redrive ticket.on_booking_confirmed")
def redrive(
    consumer: Annotated[list[str] | None, typer.Argument(metavar="[CONSUMER]...", help="Consumers to redrive.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Redrive every consumer.")] = False,
    stage: Stage = LOCAL,
    as_json: Json = False,
) -> None:
    """Redrive dead letters to their consumers' queues. Idempotent."""
    if bool(consumer) == everything:
        raise CommandError("Name a consumer or pass --all, not both.")
    redriven = dead_letters.redrive(Deployment(stage), consumer or ())
    rows = [("consumer", "redriven"), *((name, str(count)) for name, count in redriven.items() if count)]
    print_result(redriven, rows, as_json=as_json)


@app.command(epilog="Example: ticketing replay 7f4c522e-e592-5ee3-b0f3-a657bdc9d698")
def replay(booking: Booking, *, stage: Stage = LOCAL, as_json: Json = False) -> None:
    """Republish the bus events of a booking's latest steps in every service, under their original ids."""
    events = replay_booking(Deployment(stage), booking)
    print_result(
        events, [("bus event", "id"), *((one["bus_event"], one["bus_event_id"]) for one in events)], as_json=as_json
    )


@app.command(epilog="Example: ticketing reconcile --stage prod")
def reconcile(
    *,
    grace: Grace = 1800,
    stage: Stage = LOCAL,
    as_json: Json = False,
) -> None:
    """Check every booking once, repair what can be repaired safely, and count the rest."""
    counts = run_full_sweep(Deployment(stage), grace)
    print_result(
        counts, [("result", "count"), *((name, str(count)) for name, count in counts.items())], as_json=as_json
    )


@app.command(epilog="Example: ticketing trace 7f4c522e-e592-5ee3-b0f3-a657bdc9d698 --messages")
def trace(
    booking: Booking,
    *,
    messages: Annotated[bool, typer.Option(help="Include the consumers' log lines.")] = False,
    stage: Stage = LOCAL,
    as_json: Json = False,
) -> None:
    """Show every step of a booking, its payment, tickets and mails: when, by whom, and its cause."""
    deployment = Deployment(stage)
    steps = booking_trace.steps(booking_trace.booking_items(deployment, booking))
    if messages:
        steps = sorted([*steps, *booking_trace.consumer_steps(deployment, steps)], key=lambda one: one.at)
    print_result([asdict(one) for one in steps], booking_trace.table(steps), as_json=as_json)


def print_result(value: Any, rows: Iterable[Sequence[str]], *, as_json: bool) -> None:
    """Print the value as JSON, or the rows in columns; the first row is the heading."""
    if as_json:
        typer.echo(json.dumps(value, indent=2))
        return
    lines = [tuple(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def main() -> None:
    try:
        app(prog_name="ticketing")
    except CommandError as reason:
        typer.echo(str(reason), err=True)
        sys.exit(1)
    except (BotoCoreError, ClientError) as reason:
        typer.echo(f"AWS or its emulator cannot be reached: {reason}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
