"""What DELETE /v1/users/{user_id} answers, beside what its form brings."""

from local.people import Organiser, Person, until
from tests.support.answers import Asking
from tests.support.house import House

PLACES = {"currency": "EUR", "capacity": 5}


def test_one_erases_oneself_and_an_admin_anybody(house: House, ask: Asking) -> None:
    leaver, other = (Person.registers(house.nobody, name) for name in ("lea", "leo"))
    until(lambda: (_known(leaver) and _known(other)) or None, "the profiles")

    assert ask(leaver.client, f"DELETE /v1/users/{other.id}").told == (404, "user-unknown")
    assert ask(leaver.client, f"DELETE /v1/users/{leaver.id}").told == (204, "done")
    assert ask(house.admin, f"DELETE /v1/users/{leaver.id}").told == (204, "done")
    assert ask(house.admin, f"DELETE /v1/users/{other.id}").told == (204, "done")


def test_who_organises_an_open_event_stays_until_it_is_cancelled(house: House, ask: Asking) -> None:
    person = Person.registers(house.nobody, "olga")
    until(lambda: _known(person) or None, "the profile")
    organiser = Organiser.appointed(house.admin, person)
    event = organiser.publishes(house.free, "Farewell", [{"name": "Entry", "prices": 0} | PLACES])
    call = f"DELETE /v1/users/{organiser.id}"

    refused = [ask(by, call) for by in (organiser.client, house.admin)]
    organiser.client.must("POST", f"/v1/events/{event['id']}/cancel", {"message": "Goodbye"})

    assert [(one.told, one.json["event_ids"]) for one in refused] == [((409, "still-organising"), [event["id"]])] * 2
    assert ask(organiser.client, call).told == (204, "done")


def test_an_admin_gives_up_the_role_first(house: House, ask: Asking) -> None:
    assert ask(house.admin, f"DELETE /v1/users/{house.admin_id}").told == (409, "admin-stays")


def _known(person: Person) -> bool:
    return person.client.call("GET", f"/v1/users/{person.id}").status == 200
