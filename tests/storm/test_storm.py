"""AWS throttles, hangs, resets and loses replies while people buy: a minute after it heals all is settled."""

import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from local import demo, people
from local.client import Answer, Client
from local.people import Organiser, held, mails_to, settled, until
from local.stack import Stack
from local.tables import items
from reconcile.core.invariants import violations
from reconcile.core.telling import everything_is_told_once
from tests.support.crowd import TICKETS, Settled, at_once, buys, registered, repeated, settle
from tests.support.redeploy import redeployed
from tests.support.stack import ADMIN
from tests.support.weather import Rule, Weather, storm

SEAT = [{"name": "Seat", "prices": 2500, "currency": "EUR", "capacity": 3000}]
FREE = [{"name": "Entry", "prices": 0, "currency": "EUR", "capacity": 50}]
OWN_TIME, HEALED = 40.0, 60.0  # seconds after the storm, on a quiet machine: for what settles by itself, and for all
BUSY_TIME, ROUNDS = 180.0, 2  # on any machine: a deadline for the first, and the rounds of the reconciler for the rest
MOST = 320  # purchases, until every fault has struck: which calls meet one is drawn
SOON, LATE = 120.0, 25.0  # seconds: a deadline for a mail tried again soon, and less than its queue's time of 300
UNHEARD: list[Rule] = [
    {"service": "events", "operation": "PutEvents", "times": 4, "error": {"code": "InternalFailure"}}
]
PUT = '    answer = env.client("events").put_events(Entries=[one.entry for one in batch])\n'
NEVER_MIND = f"    try:\n    {PUT}    except Exception:\n        return len(batch), set()\n"
DEAF = {"cdc/core/relay.py": (PUT, NEVER_MIND)}

UNREAD: list[Rule] = [
    {
        "service": "dynamodb",
        "operation": "GetItem",
        "body": "Key.sk.S == 'notification'",
        "times": 1,
        "error": {"code": "AccessDeniedException"},  # the SDK does not try that again
    }
]
TOLD = "from notify.core import service\n"
SLOW = {"notify/on_noti_pending.py": (TOLD, f"from common import consumer\n{TOLD}\nconsumer._SOON = {{}}\n")}


class Patient(Client):
    """Repeats what was answered 5xx, as a client should."""

    def send(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]) -> Answer:
        return repeated(lambda: Client.send(self, method, path, data, headers))


class Sale:
    """An event on sale, and buyers for it."""

    def __init__(self, stack: Stack, api: Client, sky: Weather, organiser: Organiser, category: str) -> None:
        self.stack, self.api, self.sky = stack, api, sky
        self.event = organiser.publishes(category, "Stormy", SEAT, hold_seconds=120, max_per_user=50)["id"]
        self.free = organiser.publishes(category, "Free", FREE, max_per_user=50)["id"]
        self.people = registered(api, 8)

    def sells(self, many: int, at_a_time: int, rules: list[Rule], *, patience: float) -> tuple[Settled, Counter[str]]:
        """So many purchases in the storm or more, until every fault has struck; what has become of them after it."""
        buyers = self.people
        with self.sky.storms(rules) as fired:
            work = [lambda at=at: buys(buyers[at % len(buyers)], self.event) for at in range(many)]
            purchases = at_once(work, at_a_time)
            while self.sky.unstruck() and len(purchases) < MOST:
                purchases += at_once(work[:at_a_time], at_a_time)
        return settle(self.stack, purchases, patience=patience), fired


@pytest.fixture(scope="module")
def sale(stack: Stack, api: Client, sky: Weather, organiser: Organiser, category: str) -> Sale:
    return Sale(stack, api, sky, organiser, category)


def story(end: Settled, fired: Counter[str], what: str) -> str:
    counts = "\n".join(f"  {name:<60}{many:>5}" for name, many in sorted(fired.items()))
    late = f"{end.waiting} not in their own time, {end.rounds} rounds of the reconciler"
    return f"\n{what}: {dict(end.endings)}, all settled {end.seconds:.0f} s after it; {late}\n{counts}\n"


def right(end: Settled, fired: Counter[str], many: int) -> None:
    assert [name for name, times in fired.items() if not times] == []
    assert set(end.endings) == {TICKETS}, end.of
    assert end.endings.total() >= many
    assert end.unsound == []


def sound(stack: Stack) -> bool | None:
    """Whether the tables say so; what others do may still be under way."""
    return True if not violations(items(stack)) else None


def test_what_is_bought_in_a_short_storm_is_settled_soon_after(
    stack: Stack, sale: Sale, capsys: pytest.CaptureFixture[str]
) -> None:
    end, fired = sale.sells(40, 8, storm(0.04, hanging=2), patience=BUSY_TIME)

    with capsys.disabled():
        sys.stdout.write(story(end, fired, "40 purchases in a storm"))
    right(end, fired, 40)
    assert end.rounds <= ROUNDS
    until(lambda: sound(stack), "sound tables")


@pytest.mark.proof
def test_what_two_hundred_buy_in_a_storm_is_settled_soon_after(
    stack: Stack, sale: Sale, capsys: pytest.CaptureFixture[str]
) -> None:
    end, fired = sale.sells(200, 16, storm(0.04, hanging=8), patience=OWN_TIME)

    with capsys.disabled():
        sys.stdout.write(story(end, fired, "200 purchases in a storm"))
    right(end, fired, 200)
    assert end.seconds <= HEALED
    until(lambda: sound(stack), "sound tables")


@pytest.mark.proof
def test_the_whole_journey_goes_well_in_a_storm(
    stack: Stack, api: Client, sky: Weather, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "PATIENCE", 240.0)  # whom AWS has failed is woken again when the queue says so
    with sky.storms(storm(0.02, hanging=2)) as fired:
        demo.drive(Patient(api.api, mailbox=api.mailbox), Client(stack.mailbox), ADMIN, stack, pace=5)

    with capsys.disabled():
        sys.stdout.write(f"\nthe demo in a storm: {dict(fired)}\n")
    assert fired.total() > 20
    until(lambda: sound(stack), "sound tables")


def confirmed(sale: Sale, sky: Weather, seconds: float | None = None) -> dict[str, Any]:
    """A booking of a free place, which nothing but bus events confirms, while the bus takes nothing at first."""
    buyer = sale.people[0]
    until(lambda: sound(sale.stack), "tables at rest")
    sky.calm("events", "PutEvents")  # the bus shall refuse this booking's, not what others still have to say
    with sky.storms(UNHEARD) as fired:
        booking = held(buyer, sale.free, 1)
        until(lambda: sky.struck() == UNHEARD[0]["times"] or None, "the bus is broken")
    assert fired.total() == UNHEARD[0]["times"]
    return settled(buyer, booking, "CONFIRMED", seconds=seconds)


def test_what_the_bus_did_not_take_is_told_again(sale: Sale, sky: Weather) -> None:
    confirmed(sale, sky)


@pytest.mark.spoils
def test_where_cdc_does_not_mind_what_the_bus_took_a_booking_stays_open(stack: Stack, sale: Sale, sky: Weather) -> None:
    with redeployed(stack, "cdc.publish_outbox", DEAF), pytest.raises(TimeoutError, match="confirmed"):
        confirmed(sale, sky, LATE)


def mailed(sale: Sale, sky: Weather, seconds: float) -> None:
    """Tickets of which the mail fails at first; no other mail is due, which might fail instead."""
    [buyer] = registered(sale.api, 1)
    mailbox = Client(sale.stack.mailbox)
    until(lambda: all_told(sale.stack), "the mails of others")
    with sky.storms(UNREAD) as fired:
        settled(buyer, held(buyer, sale.free, 1), "CONFIRMED")
        until(lambda: mails_to(mailbox, buyer, "ticket") or None, "the mail", seconds=seconds)
    assert fired.total() == UNREAD[0]["times"]


def all_told(stack: Stack) -> bool | None:
    """Whether every notification that is due has been made and sent."""
    tables = items(stack)
    waiting = [one for one in tables["notifications"] if one["sk"] == "notification" and one["status"] == "PENDING"]
    return None if waiting or any(everything_is_told_once(tables)) else True


def test_a_mail_that_failed_is_tried_again_soon(sale: Sale, sky: Weather) -> None:
    mailed(sale, sky, SOON)


@pytest.mark.spoils
def test_where_a_failure_waits_for_its_queue_the_mail_is_late(stack: Stack, sale: Sale, sky: Weather) -> None:
    with redeployed(stack, "notify.on_noti_pending", SLOW), pytest.raises(TimeoutError, match="the mail did"):
        mailed(sale, sky, LATE)
