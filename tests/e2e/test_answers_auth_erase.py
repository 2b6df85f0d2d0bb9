"""What DELETE /v1/users/{user_id} answers, beside what its form brings."""

from local.people import Person, until
from tests.support.answers import Asking
from tests.support.house import House


def test_one_erases_oneself_and_an_admin_anybody(house: House, ask: Asking) -> None:
    leaver, other = (Person.registers(house.nobody, name) for name in ("lea", "leo"))
    until(lambda: (_known(leaver) and _known(other)) or None, "the profiles")

    assert ask(leaver.client, f"DELETE /v1/users/{other.id}").told == (404, "user-unknown")
    assert ask(leaver.client, f"DELETE /v1/users/{leaver.id}").told == (204, "done")
    assert ask(house.admin, f"DELETE /v1/users/{leaver.id}").told == (204, "done")
    assert ask(house.admin, f"DELETE /v1/users/{other.id}").told == (204, "done")


def test_an_admin_gives_up_the_role_first(house: House, ask: Asking) -> None:
    assert ask(house.admin, f"DELETE /v1/users/{house.admin_id}").told == (409, "admin-stays")


def _known(person: Person) -> bool:
    return person.client.call("GET", f"/v1/users/{person.id}").status == 200
