"""A life that leaves traces: somebody registers, plans, buys, gives away, is written about, and goes for good.

Told once for every system that it can be lived in: `World` is what a transport has to offer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from tests.support.traces import Markers

PASSWORD = "seven horses in a quiet meadow"
Who = TypeVar("Who")


class World(Protocol[Who]):
    """Where it happens."""

    nobody: Who
    organiser: Who
    friend: Who
    friend_id: str

    def ask(self, who: Who, call: str, body: Any = None, **headers: str) -> Any:
        """The JSON of an answer that is 2xx within a moment; underscores in headers stand for hyphens."""

    def refused(self, who: Who, call: str, body: Any = None) -> None:
        """Make a call that is answered 4xx."""

    def person(self, user_id: str, tokens: Mapping[str, Any]) -> Who:
        """Whoever has just logged in, appointed as an organiser."""

    def pay(self, page: str) -> None:
        """Choose to pay on the provider's page."""

    def wait(self, until: Callable[[], bool], what: str) -> None:
        """Let time pass until it is so."""


@dataclass
class Leaver(Generic[Who]):
    """The person; `event` has a type to pay for and a free one."""

    world: World[Who]
    markers: Markers
    event: Mapping[str, Any]
    user_id: str = ""
    me: Any = None
    given: str = ""

    def live(self) -> None:
        self._arrive()
        self._plan()
        self._book()
        for at, ticket in enumerate(self._tickets()):
            self._written_about(ticket, given=at == 0)
        self._give_away(self._tickets()[0])
        self.world.ask(self.world.organiser, f"POST /v1/tickets/{self._tickets()[0]}/reissue")

    def leave(self) -> None:
        self.world.ask(self.me, f"DELETE /v1/users/{self.user_id}")

    def _arrive(self) -> None:
        ask, mine = self.world.ask, self.markers
        named = {"email": mine.email, "user_name": mine.user_name, "first_name": mine.first_name}
        named |= {"last_name": mine.last_name, "mobile_phone": mine.mobile_phone, "password": PASSWORD}
        self.user_id = ask(self.world.nobody, "POST /v1/register", named, Idempotency_Key="first")["id"]
        for name in ({"email": mine.email}, {"username": mine.user_name}):
            self.world.refused(self.world.nobody, "POST /v1/login", name | {"password": "something else"})
        login = {"username": mine.user_name, "password": PASSWORD}
        tokens = ask(self.world.nobody, "POST /v1/login", login, User_Agent=mine.user_agent)
        self.me = self.world.person(self.user_id, tokens)
        changed = {"user_name": mine.shown_name, "first_name": mine.new_first_name, "last_name": mine.new_last_name}
        changed |= {"mobile_phone": mine.new_phone, "birth_day": mine.birth_day}
        ask(self.me, f"PUT /v1/users/{self.user_id}", changed, If_Match="*")
        settings = {"locale": "de", "zone": mine.zone, "channels": ["email"]}
        ask(self.me, f"PUT /v1/users/{self.user_id}/settings", settings, If_Match="*")

    def _plan(self) -> None:
        ask, mine = self.world.ask, self.markers
        category = ask(self.world.nobody, "GET /v1/categories")["items"][0]["id"]
        about = {"category_id": category, "name": mine.draft_name, "description": mine.draft_text}
        about |= {"venue": mine.draft_place, "city": "Bremen", "zone": "Europe/Berlin"}
        about |= {"starts_at": "2031-09-01T19:00:00Z", "ends_at": "2031-09-01T22:00:00Z"}
        drafts = [ask(self.me, "POST /v1/events", about)["id"] for _ in range(2)]
        ask(self.me, f"POST /v1/events/{drafts[0]}/cancel", {"message": mine.draft_message})

    def _book(self) -> None:
        ask, mine, (paid, free) = self.world.ask, self.markers, [one["id"] for one in self.event["types"]]
        self._order({free: 1}, mine.free_key)
        booking = self._order({paid: 2}, mine.booking_key)
        asked = {"order_id": booking["id"], "price": booking["prices"]}
        payment = ask(self.me, "POST /v1/payments", asked, Idempotency_Key=mine.payment_key)
        self.world.pay(payment["checkout_url"])
        self.world.wait(lambda: len(self._tickets()) == 3, "the tickets")
        back = {"amount": 100, "reason": mine.refund_reason}
        ask(self.world.organiser, f"POST /v1/payments/{payment['id']}/refund", back)
        self.world.wait(lambda: len(self._told()) >= 3, "the mails")

    def _order(self, places: dict[str, int], key: str) -> dict[str, Any]:
        items = [{"event_type_id": one, "qty": qty} for one, qty in places.items()]
        order = {"event_id": self.event["id"], "items": items}
        made: dict[str, Any] = self.world.ask(self.me, "POST /v1/bookings", order, Idempotency_Key=key)
        return made

    def _tickets(self) -> list[str]:
        found = self.world.ask(self.me, "GET /v1/tickets")["items"]
        return sorted(one["id"] for one in found if one["status"] == "CREATED")

    def _told(self) -> list[str]:
        found = self.world.ask(self.me, "GET /v1/notifications")["items"]
        return [one["id"] for one in found if one["status"] == "CREATED"]

    def _written_about(self, ticket: str, *, given: bool) -> None:
        mine = self.markers
        words = {"holder_name": mine.given_holder if given else mine.holder_name, "seat": "Row 1"}
        words |= {"note": mine.given_note if given else mine.note}
        self.world.ask(self.world.organiser, f"PUT /v1/tickets/{ticket}", words, If_Match="*")

    def _give_away(self, ticket: str) -> None:
        asked = {"to_user_id": self.world.friend_id}
        call = f"POST /v1/tickets/{ticket}/transfer"
        offer = self.world.ask(self.me, call, asked, Idempotency_Key=self.markers.transfer_key)
        self.world.ask(self.world.friend, f"POST /v1/transfers/{offer['id']}/accept")
