"""Which things a positive case of each call is about, so that it is answered with what was asked for.

A generated case is of the documented form; what it names must also exist, be the caller's and allow the deed. A
recipe says so by call: path parameters, and the fields of the body that no schema can know. The rest stays as it
was generated.
"""

import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from local.client import Client, Refused
from local.people import Person, code_in, until
from tests.fuzz.roles import calls

Things = dict[str, Any]
_TIMES = {"starts_at": "2031-05-01T18:00:00Z", "ends_at": "2031-05-01T21:00:00Z"}
_NAMES = {"first_name": "Ada", "last_name": "Lovelace", "mobile_phone": "+491701234567"}
_TYPE = {"name": "Seat", "prices": 2500, "currency": "EUR", "capacity": 50}


class Recipes:
    """What each call of one role is asked with; things that a call uses up are made anew for each case."""

    def __init__(self, world: Things, role: str) -> None:
        self.world, self.role = world, role
        self.part: Things = world["parts"].get(role, world["parts"]["buyer"])
        self.house: Things = self.part["house"]
        self.calls = calls(role)
        self._plan: Things | None = None
        self._admitted: str | None = None
        self._forgetful: list[str] = []
        self._leaver: Person | None = None
        self._resent: set[str] = set()
        self._clients: dict[str, tuple[float, Client]] = {}

    def client(self, role: str) -> Client:
        """The API as this role; a token is used for ten minutes."""
        made, client = self._clients.get(role, (0.0, None))
        if client is None or time.monotonic() - made > 600:
            login, client = self.world["logins"][role], Client(self.world["api"], mailbox=self.world["mailbox"])
            client = client.login(login.get("username") or login["email"], login["password"]) if login else client
            self._clients[role] = (time.monotonic(), client)
        return client

    def path(self, operation: str, name: str) -> Any:
        """The path parameter's value, None to leave it as it is."""
        special: Callable[[str], Any] | None = getattr(self, f"_path_{operation}", None)
        found = None
        with suppress(Refused, TimeoutError):  # used up by an earlier case: this one is about what is usual
            found = special(name) if special else None
        return found if found is not None else self._usual(name)

    def body(self, operation: str) -> Things | None:
        """The fields that are fixed; None to leave the body as it is."""
        special: Callable[[], Things] | None = getattr(self, f"_body_{operation}", None)
        return special() if special else None

    def whole(self, operation: str) -> bool:
        """Whether the recipe's fields are the body, and not a part of it."""
        return operation in _WHOLE

    def _usual(self, name: str) -> Any:
        event = self.house["paid"]
        return {
            "user_id": self.part["id"],
            "event_id": event["id"],
            "type_id": event["types"][0]["id"],
            "event_type_id": event["types"][0]["id"],
            "category_id": self.world["categories"]["paid"],
            "booking_id": self.part["booking"],
            "payment_id": self.part["payment"],
            "ticket_id": self.part["tickets"][0]["id"],
            "transfer_id": self.part["transfer"],
            "slug": "sold-out",
            "file": "start.js",
        }.get(name)

    def _own(self, what: str) -> str:
        """One of the role's own tickets, each for one purpose, so that no deed hinders another."""
        return str(self.part["tickets"][_DEEDS.index(what)]["id"])

    @property
    def me(self) -> Client:
        """The API as the role."""
        return self.client(self.role)

    # -- things that are used up ------------------------------------------------------------------

    def _held(self) -> Things:
        wanted = {"event_id": self.house["paid"]["id"], "number_slot": 1}
        for _ in range(2):
            answer = self.me.call("POST", "/v1/bookings", wanted)
            if answer.status == 201:
                booking: Things = answer.json
                return booking
            self._let_go()
        return {"id": "none-left", "prices": 1}

    def _let_go(self) -> None:
        for one in self.me.must("GET", "/v1/bookings?limit=100")["items"]:
            if one["status"] == "PENDING":
                self.me.call("POST", f"/v1/bookings/{one['id']}/cancel")

    def _draft(self) -> Things:
        made: Things = self.me.must("POST", "/v1/events", self._body_create_event())
        return made

    def _tokens(self) -> Things:
        login = self.world["logins"][self.role] or self.world["logins"]["buyer"]
        made: Things = self.client("anyone").must("POST", "/v1/login", login)
        return made

    def _planned(self, name: str) -> str:
        """An event of one's own that may still be changed, or its type."""
        if self._plan is None or name == "event_id":
            self._plan = self._draft()
        return str(self._plan["id"] if name == "event_id" else self._plan["types"][0]["id"])

    def newcomer(self) -> Person:
        """Somebody who has just registered, and has verified nothing."""
        return Person.registers(self.client("anyone"), "nils")

    def _code(self) -> str:
        """A code that sets another password; ordered one case ahead, for mails take their time."""
        while len(self._forgetful) < 2:
            account = self._body_register()
            self.client("anyone").must("POST", "/v1/register", account)
            self.client("anyone").must("POST", "/v1/password/forgot", {"email": account["email"]})
            self._forgetful.insert(0, account["email"])
        return code_in(self.world["mailbox"], self._forgetful.pop(), "set another password")

    def _notices(self) -> list[Things]:
        found: list[Things] = self.me.must("GET", "/v1/notifications?limit=100")["items"]
        return found

    def change_back(self, password: str) -> None:
        """The role's password is what it was: its next login counts on that."""
        known = {"old": password, "new": self.world["logins"][self.role]["password"]}
        self.me.must("PUT", "/v1/password", known)

    # -- calls ------------------------------------------------------------------------------------

    def _path_cancel_booking(self, _: str) -> Any:
        return self._held()["id"]

    _path_extend_booking = _path_cancel_booking

    def _path_publish_event(self, _: str) -> Any:
        return self._draft()["id"]

    _path_create_type = _path_publish_event

    def _path_update_event(self, name: str) -> Any:
        return self._planned(name)

    _path_update_type = _path_update_event

    def _path_cancel_event(self, _: str) -> Any:
        made = self._draft()["id"]
        self.me.call("POST", f"/v1/events/{made}/publish")
        return made

    def _path_update_category(self, _: str) -> Any:
        wanted = self._body_create_category() | {"type": "paid"}
        return self.client("admin").must("POST", "/v1/categories", wanted)["id"]

    def _path_set_capacity(self, name: str) -> Any:
        event = self.house["spare"]  # of the others places are booked
        return event["id"] if name == "event_id" else event["types"][0]["id"]

    def _path_get_cancellation(self, _: str) -> Any:
        return self.house["gone"]["id"]

    def _path_end_session(self, _: str) -> Any:
        self._tokens()
        found = self.me.must("GET", "/v1/sessions?limit=100")["items"]
        return next(one["id"] for one in found if not one["current"])

    def _path_mark_notification(self, _: str) -> Any:
        return next((one["id"] for one in self._notices()), None)

    def _path_resend_notification(self, _: str) -> Any:
        """The mail of a code reissued a case or more ago; each is sent again once only in five minutes."""
        owner = self.client(self.house["owner"])
        owner.must("POST", f"/v1/tickets/{self.part['tickets'][-1]['id']}/reissue")
        fresh = {"ticket_reissued", "tickets_created"}
        found = [one["id"] for one in self._notices() if one["kind"] in fresh and one["status"] == "CREATED"]
        found = [one for one in found if one not in self._resent]
        self._resent.update(found[:1])
        return found[0] if found else None

    def _path_undo_check_in(self, _: str) -> Any:
        return self._check_in()["nonce"]

    def _check_in(self) -> Things:
        scan = self._body_check_in()
        self.me.must("POST", "/v1/check-ins", scan)
        return scan

    def _path_get_check_in(self, _: str) -> Any:
        return self._check_in()["nonce"]

    def _body_check_in(self) -> Things:
        if self._admitted:
            self.me.call("POST", f"/v1/check-ins/{self._admitted}/undo")
        self._admitted = secrets.token_hex(8)
        code = self.part["tickets"][_DEEDS.index("check_in")]["code"]
        return {"event_id": self.house["free"]["id"], "code": code, "nonce": self._admitted}

    def _path_get_door(self, _: str) -> Any:
        return self.house["free"]["id"]

    def _path_set_roles(self, _: str) -> Any:
        return self.world["bystander"]

    def _body_register(self) -> Things:
        unique = f"f{secrets.token_hex(6)}"
        account = {"email": f"{unique}@people.example", "user_name": unique}
        return _NAMES | account | {"password": secrets.token_urlsafe(15)}

    def _body_login(self) -> Things:
        return dict(self.world["logins"][self.role] or self.world["logins"]["buyer"])

    def _body_verify_email(self) -> Things:
        return {"token": self.world["verified"]}

    def _body_reset_password(self) -> Things:
        return {"token": self._code(), "password": secrets.token_urlsafe(15)}

    def _body_change_password(self) -> Things:
        known = self.world["logins"][self.role]
        return {"old": known["password"], "new": secrets.token_urlsafe(15)} if known else {}

    def _body_refresh_token(self) -> Things:
        return {"refresh_token": self._tokens()["refresh_token"]}

    _body_logout = _body_refresh_token

    def _body_create_category(self) -> Things:
        return {"name": f"Fuzz {secrets.token_hex(8)}"}

    def _body_create_event(self) -> Things:
        place = {"name": "Planned", "venue": "Kulturhaus", "city": "Berlin", "zone": "Europe/Berlin"}
        category = {"category_id": self.world["categories"]["paid"], "types": [_TYPE], "hold_minutes": 10}
        return place | _TIMES | category

    def _body_update_event(self) -> Things:
        place = {"name": "Moved", "venue": "Kulturhaus", "city": "Berlin", "zone": "Europe/Berlin"}
        return place | _TIMES | {"category_id": self.world["categories"]["paid"]}

    def _body_clone_event(self) -> Things:
        return {"starts_at": "2031-06-01T18:00:00Z", "ends_at": "2031-06-01T21:00:00Z"}

    def _body_update_type(self) -> Things:
        return {"name": "Seat", "prices": 0, "currency": "EUR", "status": "ON_SALE"}

    def _body_update_category(self) -> Things:
        return {"name": f"Fuzz {secrets.token_hex(8)}"}

    def _body_mark_notification(self) -> Things:
        return {"read": True}

    def _body_create_type(self) -> Things:
        return _TYPE | {"prices": 0}  # what a category of either kind takes

    def _body_set_staff(self) -> Things:
        return {"user_ids": [self.world["bystander"]]}

    def _body_create_booking(self) -> Things:
        self._let_go()
        return {"event_id": self.house["paid"]["id"], "number_slot": 1}

    def _body_start_payment(self) -> Things:
        booking = self._held()
        asked = {"order_id": booking["id"], "price": booking["prices"]}
        with suppress(TimeoutError):
            until(lambda: self.me.call("POST", "/v1/payments", asked).status != 404 or None, "the payment's opening")
        return asked

    def _path_offer_ticket(self, _: str) -> Any:
        ticket = self._own("offer")
        self.me.call("DELETE", f"/v1/tickets/{ticket}/transfer")
        return ticket

    def _body_offer_ticket(self) -> Things:
        return {"to_user_id": self.world["bystander"]}

    def _body_update_user(self) -> Things:
        return _NAMES | {"user_name": "Ada L.", "birth_day": "1990-02-28"}

    def _body_update_settings(self) -> Things:
        return {"zone": "Europe/Berlin"}

    def _path_retract_offer(self, _: str) -> Any:
        return self._own("offer")

    def _path_reissue_ticket(self, _: str) -> Any:
        return self._own("reissue")

    def _path_void_ticket(self, _: str) -> Any:
        return self._own("void")

    def _path_update_ticket(self, _: str) -> Any:
        return self._own("describe")

    def _body_update_ticket(self) -> Things:
        return {"holder_name": "Ada Lovelace", "seat": "Row 3, seat 7", "note": "Knows the way."}

    def _path_erase_user(self, _: str) -> Any:
        leaver = self._leaver = self.newcomer()
        until(lambda: leaver.client.call("GET", f"/v1/users/{leaver.id}").status == 200 or None, "the profile")
        return leaver.id

    def token(self, operation: str) -> str | None:
        """Whose token the case brings, if not the role's: somebody's who does it once in a life."""
        if operation == "request_verification":
            return self.newcomer().client.token
        return self._leaver.client.token if operation == "erase_user" and self._leaver else None

    def _body_create_refund(self) -> Things:
        return {"amount": 1, "reason": "Rain."}

    def _body_receive_webhook(self) -> Things:
        return {"id": f"evt_{secrets.token_hex(8)}", "object": "event", "type": "customer.created"} | {
            "created": int(time.time()),
            "livemode": False,
            "data": {"object": {"id": "cus_1", "object": "customer"}},
        }


_DEEDS = ("look", "offer", "check_in", "reissue", "void", "describe")
_WHOLE = {
    "check_in", "clone_event", "create_booking", "create_event", "create_refund", "create_type", "login", "logout",
    "receive_webhook", "refresh_token", "register", "start_payment", "update_event", "update_type",
}  # fmt: skip
