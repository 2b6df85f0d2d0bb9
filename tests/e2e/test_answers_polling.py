"""What is read again and again: who has the answer already is told so, and gets it once it is another."""

from local.people import Person, held, payment_of, settled
from tests.support.answers import Asking
from tests.support.house import FREE, House


def unchanged(by: Person, call: str, ask: Asking) -> bool:
    """Whether the second asking is answered 304 with the tag of the first."""
    first = ask(by.client, f"GET {call}")
    again = ask(by.client, f"GET {call}", headers={"If-None-Match": first.headers["ETag"]})
    same = again.headers["ETag"] == first.headers["ETag"] and not again.content
    return same and (first.told, again.told) == ((200, "done"), (304, "unchanged"))


def test_what_a_buyer_looks_at_again_is_sent_once(house: House, ask: Asking) -> None:
    # An event of its own: of the concert other tests hold and give back places.
    event = house.organiser.publishes(house.free, "Read again", [{"name": "Entry"} | FREE])

    assert unchanged(house.buyer, f"/v1/events/{event['id']}", ask)
    assert unchanged(house.buyer, f"/v1/events/{event['id']}/availability", ask)
    assert unchanged(house.buyer, f"/v1/bookings/{house.booking['id']}", ask)
    assert unchanged(house.buyer, f"/v1/payments/{payment_of(house.buyer, house.booking)['id']}", ask)
    assert unchanged(house.buyer, f"/v1/tickets/{house.tickets[0]['id']}", ask)


def test_what_an_organiser_edits_is_sent_once(house: House, ask: Asking) -> None:
    event = house.draft()

    assert unchanged(house.organiser, f"/v1/users/{house.organiser.id}/events/{event['id']}", ask)


def test_a_booking_that_moves_on_is_sent_again(house: House, ask: Asking) -> None:
    booking = held(house.stranger, house.party["id"], 1)
    call = f"GET /v1/bookings/{booking['id']}"
    tag = ask(house.stranger.client, call).headers["ETag"]
    settled(house.stranger, booking, "CONFIRMED")
    house.stranger.client.must("POST", f"/v1/bookings/{booking['id']}/cancel")

    again = ask(house.stranger.client, call, headers={"If-None-Match": tag})

    assert (again.told, again.json["status"]) == ((200, "done"), "CANCELLED")
