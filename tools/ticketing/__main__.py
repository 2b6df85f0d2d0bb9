"""The commands. Each prints a table, or with --json what a program reads; what cannot be done ends with exit code 1."""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

import typer
from botocore.exceptions import BotoCoreError, ClientError

from local.progress import CannotGoOn
from tools.ticketing import dead_letters, saga
from tools.ticketing.deployment import LOCAL, Deployment
from tools.ticketing.replay import replay as replayed
from tools.ticketing.rounds import whole_round

app = typer.Typer(
    help="Look into a running system, and mend what needs a person. Every command can be repeated.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


def _stage(name: str) -> str:
    if not name.replace("-", "").isalnum():
        raise typer.BadParameter(f"{name!r} cannot be the name of a stage.")
    return name


def _booking(name: str) -> str:
    try:
        return str(UUID(name))
    except ValueError:
        raise typer.BadParameter(f"{name[:80]!r} is not the id of a booking, which is a UUID.") from None


Stage = Annotated[
    str,
    typer.Option("--stage", envvar="STAGE", callback=_stage, help="local, or a stage of the environment's account."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Named = Annotated[list[str] | None, typer.Argument(metavar="[CONSUMER]...", help="Only these; all if none is named.")]
Grace = Annotated[int, typer.Option(help="Seconds for which a thing must have been at rest.", min=0, max=7 * 24 * 3600)]
Booking = Annotated[str, typer.Argument(metavar="BOOKING", callback=_booking, help="The booking's id.")]


@app.command(epilog="Example: ticketing dlq payment.on_booking_ordered --stage prod --json")
def dlq(
    consumer: Named = None,
    *,
    most: Annotated[int, typer.Option(help="So many of each consumer.", min=1, max=1000)] = 100,
    stage: Stage = LOCAL,
    as_json: Json = False,
) -> None:
    """List the messages that functions gave up on or that did not reach them, with the reasons."""
    found = dead_letters.listed(Deployment(stage), consumer or (), most=most)
    show([asdict(one) for one in found], dead_letters.table(found), as_json=as_json)


@app.command(epilog="Example: ticketing redrive ticket.on_booking_confirmed")
def redrive(
    consumer: Annotated[list[str] | None, typer.Argument(metavar="[CONSUMER]...", help="Whose.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Those of every consumer.")] = False,
    stage: Stage = LOCAL,
    as_json: Json = False,
) -> None:
    """Give such messages back to their consumers. Once that is done, doing it again does nothing."""
    if bool(consumer) == everything:
        raise CannotGoOn("Name a consumer, or say --all, and not both.")
    given = dead_letters.redrive(Deployment(stage), consumer or ())
    rows = [("consumer", "given back"), *((name, str(count)) for name, count in given.items() if count)]
    show(given, rows, as_json=as_json)


@app.command(epilog="Example: ticketing replay 7f4c522e-e592-5ee3-b0f3-a657bdc9d698")
def replay(booking: Booking, *, stage: Stage = LOCAL, as_json: Json = False) -> None:
    """Publish once more, under their old ids, the bus events of a booking's latest steps, in every service."""
    told = replayed(Deployment(stage), booking)
    show(told, [("bus event", "id"), *((one["bus_event"], one["bus_event_id"]) for one in told)], as_json=as_json)


@app.command(epilog="Example: ticketing reconcile --stage prod")
def reconcile(
    *,
    grace: Grace = 1800,
    stage: Stage = LOCAL,
    as_json: Json = False,
) -> None:
    """Look at every booking once: mend what is safely mended, and count what is for people."""
    told = whole_round(Deployment(stage), grace)
    show(told, [("what", "how many"), *((name, str(many)) for name, many in told.items())], as_json=as_json)


@app.command(epilog="Example: ticketing trace 7f4c522e-e592-5ee3-b0f3-a657bdc9d698 --messages")
def trace(
    booking: Booking,
    *,
    messages: Annotated[bool, typer.Option(help="With what each consumer's log says of it.")] = False,
    stage: Stage = LOCAL,
    as_json: Json = False,
) -> None:
    """Show all that happened to a booking, its payment, tickets and mails: when, by whom, and because of what."""
    deployment = Deployment(stage)
    told = saga.steps(saga.items(deployment, booking))
    if messages:
        told = sorted([*told, *saga.messages(deployment, told)], key=lambda one: one.at)
    show([asdict(one) for one in told], saga.table(told), as_json=as_json)


def show(value: Any, rows: Iterable[Sequence[str]], *, as_json: bool) -> None:
    """The value as JSON, or the rows, whose first is the heading, in columns."""
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
    except CannotGoOn as reason:
        typer.echo(str(reason), err=True)
        sys.exit(1)
    except (BotoCoreError, ClientError) as reason:
        typer.echo(f"AWS, or the emulator in its place, cannot be asked: {reason}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
