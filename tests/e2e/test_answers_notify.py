"""What the calls of notify answer, beside what their form brings."""

from typing import Any

from local.people import until
from tests.support.answers import Asking
from tests.support.house import House

LIST = "/v1/notifications"


def tickets_mail(house: House) -> dict[str, Any]:
    """The notification of the house's own tickets, whatever else the buyer has booked since, once it was sent."""

    def look() -> dict[str, Any] | None:
        told = house.buyer.client.must("GET", f"{LIST}?limit=100")["items"]
        mine = [one for one in told if one["kind"] == "tickets_created" and one["booking_id"] == house.booking["id"]]
        return next((one for one in mine if one["status"] == "CREATED"), None)

    return until(look, "the tickets' mail")


def test_ones_own_is_marked_and_others_are_unknown(house: House, ask: Asking) -> None:
    call = f"PUT {LIST}/{tickets_mail(house)['id']}"

    read, unread = (ask(house.buyer.client, call, {"read": read}) for read in (True, False))

    assert (read.told, unread.told) == ((200, "done"), (200, "done"))
    assert (bool(read.json["read_at"]), unread.json["read_at"]) == (True, None)
    assert ask(house.stranger.client, call, {"read": True}).told == (404, "notification-unknown")


def test_only_what_is_unread_is_listed_if_asked(house: House, ask: Asking) -> None:
    notice, by = tickets_mail(house)["id"], house.buyer.client
    call = f"GET {LIST}?limit=100&unread="

    for word, other, read in (("true", "false", False), ("false", "true", True)):
        ask(by, f"PUT {LIST}/{notice}", {"read": read})
        found, not_found = ask(by, call + word), ask(by, call + other)

        assert (found.told, not_found.told) == ((200, "done"), (200, "done"))
        assert notice in [one["id"] for one in found.json["items"]]
        assert notice not in [one["id"] for one in not_found.json["items"]]


def test_tickets_are_sent_again_but_not_at_once(house: House, ask: Asking) -> None:
    notice = tickets_mail(house)
    call = f"POST {LIST}/{notice['id']}/resend"

    with house.altered("notifications", notice["id"], "notification", status="DROPPED"):
        over = ask(house.buyer.client, call)
    again = ask(house.buyer.client, call)
    sent = tickets_mail(house)
    early = ask(house.buyer.client, call)

    assert (over.told, again.told) == ((409, "not-resendable"), (200, "done"))
    assert (again.json["status"], sent["tries"]) == ("PENDING", notice["tries"] + 1)
    assert early.told == (429, "resent-lately")
    assert int(early.headers["Retry-After"]) <= 300
    assert ask(house.stranger.client, call).told == (404, "notification-unknown")
