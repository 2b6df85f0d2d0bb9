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
from tests.support.crowd import TICKETS, Settled, at_once, buys, registered, repeated, settle
from tests.support.redeploy import redeployed
from tests.support.stack import ADMIN
from tests.support.weather import Rule, Weather, storm

SEAT = [{"name": "Seat", "prices": 2500, "currency": "EUR", "capacity": 3000}]
FREE = [{"name": "Entry", "prices": 0, "currency": "EUR", "capacity": 50}]
OWN_TIME, HEALED = 40.0, 60.0  # seconds after the storm: for what settles by itself, and for all
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
        self.stack, self.sky = stack, sky
        self.event = organiser.publishes(category, "Stormy", SEAT, hold_seconds=120, max_per_user=50)["id"]
        self.free = organiser.publishes(category, "Free", FREE, max_per_user=50)["id"]
        self.people = registered(api, 8)

    def sells(self, many: int, at_a_time: int, rules: list[Rule], *, rounds: int = 5) -> tuple[Settled, Counter[str]]:
        """So many purchases in the storm, and what has become of them after it."""
        buyers = self.people
        with self.sky.storms(rules) as fired:
            work = [lambda at=at: buys(buyers[at % len(buyers)], self.event) for at in range(many)]
            purchases = at_once(work, at_a_time)
        return settle(self.stack, purchases, patience=OWN_TIME, rounds=rounds), fired


@pytest.fixture(scope="module")
def sale(stack: Stack, api: Client, sky: Weather, organiser: Organiser, category: str) -> Sale:
    return Sale(stack, api, sky, organiser, category)


def story(end: Settled, fired: Counter[str], what: str) -> str:
    counts = "\n".join(f"  {name:<60}{many:>5}" for name, many in sorted(fired.items()))
    late = f"{end.waiting} not in their own time, {end.rounds} rounds of the reconciler"
    return f"\n{what}: {dict(end.endings)}, all settled {end.seconds:.0f} s after it; {late}\n{counts}\n"


def right(end: Settled, fired: Counter[str], many: int) -> None:
    assert [name for name, times in fired.items() if not times] == []
    assert end.endings == Counter({TICKETS: many}), end.of
    assert end.unsound == []
    assert end.seconds <= HEALED


def test_what_is_bought_in_a_short_storm_is_settled_soon_after(
    stack: Stack, sale: Sale, capsys: pytest.CaptureFixture[str]
) -> None:
    end, fired = sale.sells(40, 8, storm(0.04, hanging=2))

    with capsys.disabled():
        sys.stdout.write(story(end, fired, "40 purchases in a storm"))
    right(end, fired, 40)
    assert violations(items(stack)) == []


@pytest.mark.proof
def test_what_two_hundred_buy_in_a_storm_is_settled_soon_after(
    stack: Stack, sale: Sale, capsys: pytest.CaptureFixture[str]
) -> None:
    end, fired = sale.sells(200, 16, storm(0.04, hanging=8))

    with capsys.disabled():
        sys.stdout.write(story(end, fired, "200 purchases in a storm"))
    right(end, fired, 200)
    assert violations(items(stack)) == []


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
    assert violations(items(stack)) == []


def confirmed(sale: Sale, sky: Weather) -> dict[str, Any]:
    """A booking of a free place, which nothing but bus events confirms, while the bus takes nothing at first."""
    buyer = sale.people[0]
    sky.calm("events", "PutEvents")  # the bus shall refuse this booking's, not what others still have to say
    with sky.storms(UNHEARD) as fired:
        booking = held(buyer, sale.free, 1)
        until(lambda: sky.struck() == UNHEARD[0]["times"] or None, "the bus is broken")
    assert fired.total() == UNHEARD[0]["times"]
    return settled(buyer, booking, "CONFIRMED", seconds=20)


def test_what_the_bus_did_not_take_is_told_again(sale: Sale, sky: Weather) -> None:
    confirmed(sale, sky)


@pytest.mark.spoils
def test_where_cdc_does_not_mind_what_the_bus_took_a_booking_stays_open(stack: Stack, sale: Sale, sky: Weather) -> None:
    with redeployed(stack, "cdc.publish_outbox", DEAF), pytest.raises(TimeoutError, match="confirmed"):
        confirmed(sale, sky)


def mailed(sale: Sale, sky: Weather) -> None:
    """Tickets of which the mail fails at first."""
    buyer = sale.people[1]
    mailbox = Client(sale.stack.mailbox)
    before = len(mails_to(mailbox, buyer, "ticket"))
    with sky.storms(UNREAD) as fired:
        settled(buyer, held(buyer, sale.free, 1), "CONFIRMED", seconds=20)
        until(lambda: len(mails_to(mailbox, buyer, "ticket")) > before or None, "the mail", seconds=25)
    assert fired.total() == UNREAD[0]["times"]


def test_a_mail_that_failed_is_tried_again_soon(sale: Sale, sky: Weather) -> None:
    mailed(sale, sky)


@pytest.mark.spoils
def test_where_a_failure_waits_for_its_queue_the_mail_is_late(stack: Stack, sale: Sale, sky: Weather) -> None:
    with redeployed(stack, "notify.on_noti_pending", SLOW), pytest.raises(TimeoutError, match="the mail"):
        mailed(sale, sky)
