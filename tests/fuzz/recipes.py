"""Path parameters and body fields that make a positive case of each operation succeed.

A generated case matches the schema; the items that it references must also exist, belong to the caller and allow the
operation. Recipes set them by operation id; all other fields stay as generated.
"""

import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from local.actors import Actor, wait_for, wait_for_code
from local.client import Client, UnexpectedStatus
from tests.fuzz.roles import allowed_operations

JsonObject = dict[str, Any]
_TIMES = {"starts_at": "2031-05-01T18:00:00Z", "ends_at": "2031-05-01T21:00:00Z"}
_NAMES = {"first_name": "Ada", "last_name": "Lovelace", "mobile_phone": "+491701234567"}
_TYPE = {"name": "Seat", "prices": 2500, "currency": "EUR", "capacity": 50}


class Recipes:
    """The recipes of one role; items that an operation consumes are created for each case."""

    def __init__(self, fixture: JsonObject, role: str) -> None:
        self.fixture, self.role = fixture, role
        self.role_data: JsonObject = fixture["roles"].get(role, fixture["roles"]["buyer"])
        self.events: JsonObject = self.role_data["events"]
        self.calls = allowed_operations(role)
        self._draft_event: JsonObject | None = None
        self._last_nonce: str | None = None
        self._reset_addresses: list[str] = []
        self._user_to_erase: Actor | None = None
        self._resent_ids: set[str] = set()
        self._clients: dict[str, tuple[float, Client]] = {}

    def client(self, role: str) -> Client:
        """The API as this role, with a token that is at most ten minutes old."""
        created_at, client = self._clients.get(role, (0.0, None))
        if client is None or time.monotonic() - created_at > 600:
            login, client = self.fixture["logins"][role], Client(self.fixture["api"], mailbox=self.fixture["mailbox"])
            client = client.login(login.get("username") or login["email"], login["password"]) if login else client
            self._clients[role] = (time.monotonic(), client)
        return client

    def path(self, operation: str, name: str) -> Any:
        """The path parameter's value; None keeps the generated one."""
        recipe: Callable[[str], Any] | None = getattr(self, f"_path_{operation}", None)
        value = None
        with suppress(UnexpectedStatus, TimeoutError):  # consumed by an earlier case: use the default
            value = recipe(name) if recipe else None
        return value if value is not None else self._default_path(name)

    def body(self, operation: str) -> JsonObject | None:
        """The fixed fields; None keeps the generated body."""
        recipe: Callable[[], JsonObject] | None = getattr(self, f"_body_{operation}", None)
        return recipe() if recipe else None

    def replaces_body(self, operation: str) -> bool:
        """Whether the recipe's fields are the whole body."""
        return operation in _FULL_BODIES

    def _default_path(self, name: str) -> Any:
        event = self.events["paid"]
        return {
            "user_id": self.role_data["id"],
            "event_id": event["id"],
            "type_id": event["types"][0]["id"],
            "event_type_id": event["types"][0]["id"],
            "category_id": self.fixture["categories"]["paid"],
            "booking_id": self.role_data["booking"],
            "payment_id": self.role_data["payment"],
            "ticket_id": self.role_data["tickets"][0]["id"],
            "transfer_id": self.role_data["transfer"],
            "slug": "sold-out",
            "file": "start.js",
        }.get(name)

    def _own_ticket(self, purpose: str) -> str:
        """The role's ticket for this purpose: operations share no tickets."""
        return str(self.role_data["tickets"][_TICKET_PURPOSES.index(purpose)]["id"])

    @property
    def client_of_role(self) -> Client:
        """The API as the role."""
        return self.client(self.role)

    # -- items that operations consume ------------------------------------------------------------

    def _hold_place(self) -> JsonObject:
        booking_request = {"event_id": self.events["paid"]["id"], "number_slot": 1}
        for _ in range(2):
            response = self.client_of_role.request("POST", "/v1/bookings", booking_request)
            if response.status == 201:
                booking: JsonObject = response.json
                return booking
            self._cancel_pending()
        return {"id": "none-left", "prices": 1}

    def _cancel_pending(self) -> None:
        for one in self.client_of_role.request_json("GET", "/v1/bookings?limit=100")["items"]:
            if one["status"] == "PENDING":
                self.client_of_role.request("POST", f"/v1/bookings/{one['id']}/cancel")

    def _create_draft(self) -> JsonObject:
        draft: JsonObject = self.client_of_role.request_json("POST", "/v1/events", self._body_create_event())
        return draft

    def _log_in(self) -> JsonObject:
        tokens: JsonObject = self.client("anyone").request_json("POST", "/v1/login", self._body_login())
        return tokens

    def _draft_id(self, name: str) -> str:
        """A draft of the role, or its type."""
        if self._draft_event is None or name == "event_id":
            self._draft_event = self._create_draft()
        return str(self._draft_event["id"] if name == "event_id" else self._draft_event["types"][0]["id"])

    def register_user(self) -> Actor:
        """A new user with an unverified address."""
        return Actor.register(self.client("anyone"), "nils")

    def _reset_code(self) -> str:
        """A password reset code; requested one case ahead, because mails arrive late."""
        while len(self._reset_addresses) < 2:
            account = self._body_register()
            self.client("anyone").request_json("POST", "/v1/register", account)
            self.client("anyone").request_json("POST", "/v1/password/forgot", {"email": account["email"]})
            self._reset_addresses.insert(0, account["email"])
        return wait_for_code(self.fixture["mailbox"], self._reset_addresses.pop(), "set another password")

    def _notifications(self) -> list[JsonObject]:
        notifications: list[JsonObject] = self.client_of_role.request_json("GET", "/v1/notifications?limit=100")[
            "items"
        ]
        return notifications

    def restore_password(self, password: str) -> None:
        """Restore the role's password for its next login."""
        passwords = {"old": password, "new": self.fixture["logins"][self.role]["password"]}
        self.client_of_role.request_json("PUT", "/v1/password", passwords)

    # -- recipes by operation ---------------------------------------------------------------------

    def _path_cancel_booking(self, _: str) -> Any:
        return self._hold_place()["id"]

    _path_extend_booking = _path_cancel_booking

    def _path_publish_event(self, _: str) -> Any:
        return self._create_draft()["id"]

    _path_create_type = _path_publish_event

    def _path_update_event(self, name: str) -> Any:
        return self._draft_id(name)

    _path_update_type = _path_update_event

    def _path_cancel_event(self, _: str) -> Any:
        draft_id = self._create_draft()["id"]
        self.client_of_role.request("POST", f"/v1/events/{draft_id}/publish")
        return draft_id

    def _path_update_category(self, _: str) -> Any:
        category_request = self._body_create_category() | {"type": "paid"}
        return self.client("admin").request_json("POST", "/v1/categories", category_request)["id"]

    def _path_set_capacity(self, name: str) -> Any:
        event = self.events["spare"]  # the other events have bookings
        return event["id"] if name == "event_id" else event["types"][0]["id"]

    def _path_get_cancellation(self, _: str) -> Any:
        return self.events["cancelled"]["id"]

    def _path_revoke_session(self, _: str) -> Any:
        self._log_in()
        sessions = self.client_of_role.request_json("GET", "/v1/sessions?limit=100")["items"]
        return next(one["id"] for one in sessions if not one["current"])

    def _path_mark_notification(self, _: str) -> Any:
        return next((one["id"] for one in self._notifications()), None)

    def _path_resend_notification(self, _: str) -> Any:
        """The notification of an earlier reissue; each can be resent once in five minutes."""
        owner = self.client(self.events["owner"])
        owner.request_json("POST", f"/v1/tickets/{self.role_data['tickets'][-1]['id']}/reissue")
        resendable_kinds = {"ticket_reissued", "tickets_created"}
        notification_ids = [
            one["id"] for one in self._notifications() if one["kind"] in resendable_kinds and one["status"] == "SENT"
        ]
        notification_ids = [one for one in notification_ids if one not in self._resent_ids]
        self._resent_ids.update(notification_ids[:1])
        return notification_ids[0] if notification_ids else None

    def _path_undo_check_in(self, _: str) -> Any:
        return self._check_in()["nonce"]

    def _check_in(self) -> JsonObject:
        scan = self._body_check_in()
        self.client_of_role.request_json("POST", "/v1/check-ins", scan)
        return scan

    def _path_get_check_in(self, _: str) -> Any:
        return self._check_in()["nonce"]

    def _body_check_in(self) -> JsonObject:
        if self._last_nonce:
            self.client_of_role.request("POST", f"/v1/check-ins/{self._last_nonce}/undo")
        self._last_nonce = secrets.token_hex(8)
        code = self.role_data["tickets"][_TICKET_PURPOSES.index("check_in")]["code"]
        return {"event_id": self.events["free"]["id"], "code": code, "nonce": self._last_nonce}

    def _path_get_door(self, _: str) -> Any:
        return self.events["free"]["id"]

    def _path_set_roles(self, _: str) -> Any:
        return self.fixture["bystander"]

    def _body_register(self) -> JsonObject:
        unique = f"f{secrets.token_hex(6)}"
        account = {"email": f"{unique}@people.example", "user_name": unique}
        return _NAMES | account | {"password": secrets.token_urlsafe(15)}

    def _body_login(self) -> JsonObject:
        # All roles run at once, and each changes its own password at times; the host never does.
        return dict(self.fixture["logins"][self.role] or self.fixture["logins"]["host"])

    def _body_verify_email(self) -> JsonObject:
        return {"token": self.fixture["verification_code"]}

    def _body_reset_password(self) -> JsonObject:
        return {"token": self._reset_code(), "password": secrets.token_urlsafe(15)}

    def _body_change_password(self) -> JsonObject:
        login = self.fixture["logins"][self.role]
        return {"old": login["password"], "new": secrets.token_urlsafe(15)} if login else {}

    def _body_refresh_token(self) -> JsonObject:
        return {"refresh_token": self._log_in()["refresh_token"]}

    _body_logout = _body_refresh_token

    def _body_create_category(self) -> JsonObject:
        return {"name": f"Fuzz {secrets.token_hex(8)}"}

    def _body_create_event(self) -> JsonObject:
        details = {"name": "Planned", "venue": "Kulturhaus", "city": "Berlin", "zone": "Europe/Berlin"}
        category = {"category_id": self.fixture["categories"]["paid"], "types": [_TYPE], "hold_minutes": 10}
        return details | _TIMES | category

    def _body_update_event(self) -> JsonObject:
        details = {"name": "Moved", "venue": "Kulturhaus", "city": "Berlin", "zone": "Europe/Berlin"}
        return details | _TIMES | {"category_id": self.fixture["categories"]["paid"]}

    def _body_clone_event(self) -> JsonObject:
        return {"starts_at": "2031-06-01T18:00:00Z", "ends_at": "2031-06-01T21:00:00Z"}

    def _body_update_type(self) -> JsonObject:
        return {"name": "Seat", "prices": 0, "currency": "EUR", "status": "ON_SALE"}

    def _body_update_category(self) -> JsonObject:
        return {"name": f"Fuzz {secrets.token_hex(8)}"}

    def _body_mark_notification(self) -> JsonObject:
        return {"read": True}

    def _body_create_type(self) -> JsonObject:
        return _TYPE | {"prices": 0}  # valid in a category of either kind

    def _body_set_staff(self) -> JsonObject:
        return {"user_ids": [self.fixture["bystander"]]}

    def _body_create_booking(self) -> JsonObject:
        self._cancel_pending()
        return {"event_id": self.events["paid"]["id"], "number_slot": 1}

    def _body_start_payment(self) -> JsonObject:
        booking = self._hold_place()
        payment_request = {"order_id": booking["id"], "price": booking["prices"]}
        with suppress(TimeoutError):
            wait_for(
                lambda: self.client_of_role.request("POST", "/v1/payments", payment_request).status != 404 or None,
                "the open payment",
            )
        return payment_request

    def _path_create_transfer(self, _: str) -> Any:
        ticket = self._own_ticket("transfer")
        self.client_of_role.request("DELETE", f"/v1/tickets/{ticket}/transfer")
        return ticket

    def _body_create_transfer(self) -> JsonObject:
        return {"to_user_id": self.fixture["bystander"]}

    def _body_update_user(self) -> JsonObject:
        return _NAMES | {"user_name": "Ada L.", "birth_day": "1990-02-28"}

    def _body_update_settings(self) -> JsonObject:
        return {"zone": "Europe/Berlin"}

    def _path_cancel_transfer(self, _: str) -> Any:
        return self._own_ticket("transfer")

    def _path_reissue_ticket(self, _: str) -> Any:
        return self._own_ticket("reissue")

    def _path_void_ticket(self, _: str) -> Any:
        return self._own_ticket("void")

    def _path_update_ticket(self, _: str) -> Any:
        return self._own_ticket("update")

    def _body_update_ticket(self) -> JsonObject:
        return {"holder_name": "Ada Lovelace", "seat": "Row 3, seat 7", "note": "Knows the way."}

    def _path_erase_user(self, _: str) -> Any:
        user = self._user_to_erase = self.register_user()
        wait_for(lambda: user.client.request("GET", f"/v1/users/{user.id}").status == 200 or None, "the profile")
        return user.id

    def token(self, operation: str) -> str | None:
        """Another user's token, for operations that a user can perform only once; None for the role's own."""
        if operation == "request_verification":
            return self.register_user().client.token
        return self._user_to_erase.client.token if operation == "erase_user" and self._user_to_erase else None

    def _body_create_refund(self) -> JsonObject:
        return {"amount": 1, "reason": "Rain."}

    def _body_receive_webhook(self) -> JsonObject:
        return {"id": f"evt_{secrets.token_hex(8)}", "object": "event", "type": "customer.created"} | {
            "created": int(time.time()),
            "livemode": False,
            "data": {"object": {"id": "cus_1", "object": "customer"}},
        }


_TICKET_PURPOSES = ("read", "transfer", "check_in", "reissue", "void", "update")
_FULL_BODIES = {
    "check_in", "clone_event", "create_booking", "create_event", "create_refund", "create_type", "login", "logout",
    "receive_webhook", "refresh_token", "register", "start_payment", "update_event", "update_type",
}  # fmt: skip
