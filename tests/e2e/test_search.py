"""The search on the deployed system: what is published is found within ten seconds, by whoever looks."""

import secrets
import urllib.parse
from typing import Any

import pytest

from events.core.index import Index
from events.core.snapshot import KEY, LOOK_EVERY
from local.client import Client
from local.people import Organiser, Person, until
from local.stack import Stack
from local.tables import items
from tests.support.house import House

PUBLIC = "PUBLISHED"
SEAT = [{"name": "Seat", "prices": 1500, "currency": "EUR", "capacity": 10}]
SHOWS_WITHIN = 10.0  # seconds that the system itself waits; how fast it works depends on the machine


@pytest.fixture(scope="module")
def organiser(admin: Client, api: Client) -> Organiser:
    return Organiser.appointed(admin, Person.registers(api, "siri"))


@pytest.fixture(scope="module")
def category(admin: Client) -> str:
    return str(admin.must("POST", "/v1/categories", {"name": "Soirées de recherche", "type": "paid"})["id"])


def found(api: Client, **query: object) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = api.must("GET", f"/v1/events?{urllib.parse.urlencode(query)}")["items"]
    return items


def names(api: Client, **query: object) -> list[str]:
    return [one["id"] for one in found(api, **query)]


def test_a_published_event_is_found_within_ten_seconds(
    stack: Stack, api: Client, organiser: Organiser, category: str
) -> None:
    event = organiser.publishes(category, "Élan Vital", SEAT)

    until(lambda: names(api, q="elan vit", category=category) == [event["id"]] or None, "the event is found")
    until(lambda: names(api, q="ÉLAN recherche", category=category) == [event["id"]] or None, "by its category, too")

    function = stack.function("events.build_index")
    [mapping] = stack.client("lambda").list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
    waits = mapping["MaximumBatchingWindowInSeconds"] + LOOK_EVERY.total_seconds()
    assert 0 < waits <= SHOWS_WITHIN


def test_a_burst_of_events_is_found_whole_and_in_both_directions(
    api: Client, organiser: Organiser, category: str
) -> None:
    made = [organiser.publishes(category, f"Salve {number}", SEAT)["id"] for number in range(12)]
    call = f"/v1/events?q=salve&category={category}&sort=relevance&limit=5"

    def forth() -> list[dict[str, Any]] | None:
        # Another worker of the function may have an older index: the walk is repeated until it finds all.
        pages = [api.must("GET", call)]
        while token := pages[-1]["next_token"]:
            pages.append(api.must("GET", f"{call}&next_token={token}"))
        return pages if sorted(one["id"] for page in pages for one in page["items"]) == sorted(made) else None

    pages = until(forth, "all are found")
    token = pages[-1]["previous_token"]

    def back() -> list[dict[str, Any]]:
        shown: list[dict[str, Any]] = api.must("GET", f"{call}&previous_token={token}")["items"]
        return shown

    until(lambda: back() == pages[-2]["items"] or None, "the page before the last, the other way")


def test_what_is_renamed_is_found_so_and_what_is_cancelled_is_not_found(
    api: Client, admin: Client, organiser: Organiser
) -> None:
    named, renamed = (f"{name} {secrets.token_hex(4)}" for name in ("Zirkus", "Varieté"))
    kind = admin.must("POST", "/v1/categories", {"name": named, "type": "paid"})["id"]
    event = organiser.publishes(kind, "Under the dome", SEAT)["id"]
    until(lambda: found(api, category=named) or None, "the event is found")

    admin.call("PUT", f"/v1/categories/{kind}", {"name": renamed}, If_Match="*")
    until(lambda: found(api, category=renamed) or None, "it is found by the new name")
    organiser.client.must("POST", f"/v1/events/{event}/cancel", {"message": "No elephants"})

    until(lambda: found(api, category=renamed) == [] or None, "it is not found any more")
    assert api.must("GET", f"/v1/events/{event}")["message"] == "No elephants"


def test_an_index_made_anew_has_the_same_events(
    stack: Stack, api: Client, house: House, organiser: Organiser, category: str
) -> None:
    made = sorted(organiser.publishes(category, f"Relève {number}", SEAT)["id"] for number in range(3))
    until(lambda: sorted(names(api, q="releve", category=category)) == made or None, "all are found")
    shown, before = found(api, q="releve", category=category), indexed(stack)
    at = {"Bucket": stack.setting("BUCKET_SEARCH"), "Key": KEY}

    stack.client("s3").put_object(**at, Body=b"no index at all")
    # Who finds this name reads the new index: no message tells of it, so that only the table has it.
    with house.altered("events", made[0], "event", name="Relève Nouvelle", version=99):
        assert stack.invoke("events.rebuild_index", {})["events"] >= len(made)
        after = indexed(stack)
        until(lambda: names(api, q="nouvelle", category=category) == made[:1] or None, "the new index is read")

    ended = {one["pk"] for one in items(stack, "events")["events"] if one["sk"] == "event" and one["status"] != PUBLIC}
    assert set(made) <= after
    assert before - after <= ended, "events are lost that are still public"
    stack.invoke("events.rebuild_index", {})
    until(lambda: found(api, q="releve", category=category) == shown or None, "the same events as before")


def indexed(stack: Stack) -> set[str]:
    """Every event in the index, whenever it starts."""
    content = stack.client("s3").get_object(Bucket=stack.setting("BUCKET_SEARCH"), Key=KEY)["Body"].read()
    return Index.of(content).ids()


@pytest.mark.parametrize("q", ['"', "AND", "a* OR NEAR(", "🎸🎻", "-x", "name:", "'; DROP TABLE event"])
def test_no_text_upsets_the_search(api: Client, q: str) -> None:
    assert api.call("GET", f"/v1/events?{urllib.parse.urlencode({'q': q})}").status == 200


def test_a_text_that_is_too_long_is_refused(api: Client) -> None:
    assert api.call("GET", f"/v1/events?q={'x' * 1000}").status == 422
