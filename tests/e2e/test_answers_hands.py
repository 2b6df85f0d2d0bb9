"""What the calls answer that put a ticket into other hands, or take it out of them."""

import base64
import json
import secrets
from typing import Any

import pytest

from local.client import Client
from tests.support.answers import Asking
from tests.support.house import House

DEEDS = ("reissue", "void")


def who(client: Client) -> str:
    """Whose token a client has."""
    claims = (client.token or "").split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(claims + "=="))["sub"])


def to(person: Any) -> dict[str, str]:
    return {"to_user_id": person.id}


def test_the_organiser_describes_a_ticket_that_was_read_before(house: House, ask: Asking) -> None:
    ticket, boss = f"/v1/tickets/{house.tickets[10]['id']}", house.organiser.client
    words = {"holder_name": "Ada Lovelace", "seat": "3", "note": "late"}
    tag = ask(boss, f"GET {ticket}").headers["ETag"]

    made = ask(boss, f"PUT {ticket}", words, headers={"If-Match": tag})
    late = ask(boss, f"PUT {ticket}", words, headers={"If-Match": tag})
    blind = ask(boss, f"PUT {ticket}", words)

    assert (made.told, made.json["note"]) == ((200, "done"), "late")
    assert (late.told, blind.told) == ((412, "changed"), (428, "revision-missing"))
    mine = ask(house.buyer.client, f"GET {ticket}").json
    assert (mine["holder_name"], mine["seat"], mine["note"]) == ("Ada Lovelace", "3", None)


def test_a_void_ticket_is_not_described(house: House, ask: Asking) -> None:
    ticket = house.tickets[10]["id"]

    with house.altered("tickets", ticket, "ticket", status="VOID"):
        answer = ask(house.organiser.client, f"PUT /v1/tickets/{ticket}", {}, headers={"If-Match": "*"})

    assert answer.told == (409, "ticket-void")


def test_a_reissued_ticket_admits_by_its_new_code_only(house: House, ask: Asking) -> None:
    ticket, boss = house.tickets[11], house.organiser.client

    made = ask(boss, f"POST /v1/tickets/{ticket['id']}/reissue")

    assert (made.told, made.json["serial"]) == ((200, "done"), 2)
    fresh = ask(house.buyer.client, f"GET /v1/tickets/{ticket['id']}").json
    scans = [
        ask(
            house.staff.client,
            "POST /v1/check-ins",
            {"event_id": house.party["id"], "code": code, "nonce": secrets.token_hex(8)},
        ).told
        for code in (ticket["code"], ticket["qr_payload"], fresh["code"])
    ]
    assert scans == [(404, "unknown-code"), (404, "unknown-code"), (201, "done")]
    admitted = ask(boss, f"POST /v1/tickets/{ticket['id']}/reissue")
    assert admitted.told == (409, "already-checked-in")
    door = ask(house.staff.client, f"GET /v1/events/{house.party['id']}/door").json
    assert {"ticket_id": ticket["id"], "serial": 1} in door["revoked"]


def test_a_withdrawn_ticket_stands_on_the_door_s_list(house: House, ask: Asking) -> None:
    ticket, boss = house.tickets[12]["id"], house.organiser.client

    made = ask(boss, f"POST /v1/tickets/{ticket}/void")
    dead = ask(boss, f"POST /v1/tickets/{ticket}/reissue")

    assert (made.told, made.json["status"]) == ((200, "done"), "VOID")
    assert dead.told == (409, "ticket-void")
    door = ask(house.staff.client, f"GET /v1/events/{house.party['id']}/door").json
    assert {"ticket_id": ticket, "serial": None} in door["revoked"]


@pytest.mark.parametrize("deed", DEEDS)
def test_a_ticket_that_is_being_made_is_left_alone(deed: str, house: House, ask: Asking) -> None:
    ticket = house.tickets[13]["id"]

    with house.altered("tickets", ticket, "ticket", status="PENDING"):
        answer = ask(house.organiser.client, f"POST /v1/tickets/{ticket}/{deed}")

    assert answer.told == (409, "not-issued")


def test_only_the_event_s_organiser_may(house: House, ask: Asking) -> None:
    mine, none = f"/v1/tickets/{house.tickets[13]['id']}", f"/v1/tickets/{secrets.token_hex(8)}"
    calls = [f"POST {{}}/{deed}" for deed in DEEDS]

    lacking = {ask(house.buyer.client, call.format(mine)).told for call in calls}
    unknown = {ask(house.organiser.client, call.format(none)).told for call in calls}
    lacking.add(ask(house.buyer.client, f"PUT {mine}", {}, headers={"If-Match": "*"}).told)
    unknown.add(ask(house.organiser.client, f"PUT {none}", {}, headers={"If-Match": "*"}).told)

    assert (lacking, unknown) == ({(403, "role-missing")}, {(404, "ticket-unknown")})


def test_a_ticket_goes_to_the_person_who_accepts_it(house: House, ask: Asking) -> None:
    offer = f"POST /v1/tickets/{house.tickets[14]['id']}/transfer"
    key = {"Idempotency-Key": secrets.token_hex(8)}

    made = ask(house.buyer.client, offer, to(house.stranger), headers=key)
    again = ask(house.buyer.client, offer, to(house.stranger), headers=key)
    reused = ask(house.buyer.client, offer, to(house.staff), headers=key)
    second = ask(house.buyer.client, offer, to(house.staff))
    accept = f"POST /v1/transfers/{made.json['id']}/accept"
    foreign = ask(house.staff.client, accept)
    taken = ask(house.stranger.client, accept)
    back = ask(house.buyer.client, f"DELETE /v1/tickets/{house.tickets[14]['id']}/transfer")

    assert (made.told, again.json, reused.told) == ((201, "done"), made.json, (422, "key-reused"))
    assert (second.told, foreign.told) == ((409, "already-offered"), (404, "transfer-unknown"))
    assert (taken.told, taken.json["user_id"], taken.json["serial"]) == ((200, "done"), who(house.stranger.client), 2)
    assert back.told == (410, "transfer-over")
    assert ask(house.buyer.client, offer, to(house.staff)).told == (409, "ticket-void")


def test_an_offer_that_was_taken_back_is_over(house: House, ask: Asking) -> None:
    ticket = f"/v1/tickets/{house.tickets[15]['id']}/transfer"
    made = ask(house.buyer.client, f"POST {ticket}", to(house.stranger))

    gone = ask(house.buyer.client, f"DELETE {ticket}")
    late = ask(house.stranger.client, f"POST /v1/transfers/{made.json['id']}/accept")

    assert (gone.told, late.told) == ((204, "done"), (410, "transfer-over"))


@pytest.mark.parametrize(
    ("status", "problem"), [("PENDING", "not-issued"), ("CHECKED_IN", "already-checked-in"), ("VOID", "ticket-void")]
)
def test_a_ticket_that_does_not_admit_goes_nowhere(status: str, problem: str, house: House, ask: Asking) -> None:
    ticket = house.tickets[16]["id"]
    if status == "CHECKED_IN":
        scan = {"event_id": house.party["id"], "code": house.tickets[17]["code"], "nonce": secrets.token_hex(8)}
        ticket = house.tickets[17]["id"]
        open_offer = ask(house.buyer.client, f"POST /v1/tickets/{ticket}/transfer", to(house.stranger)).json["id"]
        ask(house.staff.client, "POST /v1/check-ins", scan)
        assert ask(house.stranger.client, f"POST /v1/transfers/{open_offer}/accept").told == (409, problem)
        assert ask(house.buyer.client, f"POST /v1/tickets/{ticket}/transfer", to(house.staff)).told == (409, problem)
        return

    with house.altered("tickets", ticket, "ticket", status=status):
        answer = ask(house.buyer.client, f"POST /v1/tickets/{ticket}/transfer", to(house.stranger))

    assert answer.told == (409, problem)


def test_an_offer_of_a_void_ticket_cannot_be_accepted(house: House, ask: Asking) -> None:
    ticket = house.tickets[18]["id"]
    made = ask(house.buyer.client, f"POST /v1/tickets/{ticket}/transfer", to(house.stranger))

    with house.altered("tickets", ticket, "ticket", status="VOID"):
        answer = ask(house.stranger.client, f"POST /v1/transfers/{made.json['id']}/accept")

    assert answer.told == (409, "ticket-void")


def test_a_foreign_ticket_is_neither_offered_nor_kept(house: House, ask: Asking) -> None:
    ticket = f"/v1/tickets/{house.tickets[16]['id']}/transfer"

    offered, kept = (
        ask(house.stranger.client, f"POST {ticket}", to(house.staff)),
        ask(house.stranger.client, f"DELETE {ticket}"),
    )

    assert {offered.told, kept.told} == {(404, "ticket-unknown")}
