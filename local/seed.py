"""Sample data, made through the API as its users would make it: four categories, and an event or two of each.

What is there already is left alone, so that a second run adds nothing.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from local.client import Client


@dataclass(frozen=True)
class Kind:
    """A type of place: its name, its price in minor units, how many there are."""

    name: str
    prices: int
    capacity: int
    currency: str = "EUR"


@dataclass(frozen=True)
class Sample:
    """An event some days from now, starting at `hour` UTC."""

    name: str
    category: str
    venue: str
    city: str
    zone: str
    days: int
    hour: int
    hours: int
    types: tuple[Kind, ...]

    def request(self, category_id: str) -> dict[str, Any]:
        midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        starts_at = midnight + timedelta(days=self.days, hours=self.hour)
        return {
            "category_id": category_id,
            "name": self.name,
            "description": f"{self.name} at {self.venue}.",
            "venue": self.venue,
            "city": self.city,
            "zone": self.zone,
            "starts_at": starts_at.isoformat(),
            "ends_at": (starts_at + timedelta(hours=self.hours)).isoformat(),
            "types": [vars(kind) for kind in self.types],
        }


CATEGORIES = {"concert": "paid", "sport": "paid", "workshop": "free", "conference": "paid"}
EVENTS = (
    Sample(
        name="Night of the Strings",
        category="concert",
        venue="Philharmonie",
        city="Berlin",
        zone="Europe/Berlin",
        days=30,
        hour=18,
        hours=3,
        types=(Kind("Stalls", 6900, 400), Kind("Balcony", 4500, 200)),
    ),
    Sample(
        name="Harbour Jazz",
        category="concert",
        venue="Pier 12",
        city="Hamburg",
        zone="Europe/Berlin",
        days=45,
        hour=19,
        hours=4,
        types=(Kind("Standing", 3200, 800),),
    ),
    Sample(
        name="City Derby",
        category="sport",
        venue="Riverside Stadium",
        city="London",
        zone="Europe/London",
        days=14,
        hour=14,
        hours=2,
        types=(Kind("North Stand", 5500, 1000, "GBP"), Kind("South Stand", 4000, 1000, "GBP")),
    ),
    Sample(
        name="Bread Baking for Beginners",
        category="workshop",
        venue="The Old Bakery",
        city="Vienna",
        zone="Europe/Vienna",
        days=21,
        hour=8,
        hours=5,
        types=(Kind("Place", 0, 12),),
    ),
    Sample(
        name="Serverless Days",
        category="conference",
        venue="Congress Centre",
        city="Lisbon",
        zone="Europe/Lisbon",
        days=90,
        hour=8,
        hours=9,
        types=(Kind("Regular", 24900, 300), Kind("Student", 9900, 50), Kind("Speaker", 0, 20)),
    ),
)


def seed(api: Client, admin: dict[str, str]) -> None:
    """Add what is missing, as the admin (who may do all that an organiser may)."""
    as_admin = api.login(admin["email"], admin["password"])
    ids = categories(as_admin)
    known = {event["name"] for event in listed(as_admin, "/v1/events")}
    for sample in EVENTS:
        if sample.name not in known:
            made = as_admin.must(
                "POST", "/v1/events", sample.request(ids[sample.category]), Idempotency_Key=sample.name
            )
            as_admin.must("POST", f"/v1/events/{made['id']}/publish")


def categories(api: Client) -> dict[str, str]:
    """The id of every sample category, made where it was missing."""
    ids = {category["name"]: category["id"] for category in listed(api, "/v1/categories")}
    for name, kind in CATEGORIES.items():
        if name not in ids:
            ids[name] = api.must("POST", "/v1/categories", {"name": name, "type": kind}, Idempotency_Key=name)["id"]
    return ids


def listed(api: Client, path: str) -> list[dict[str, Any]]:
    """Every item of a list, page by page."""
    items, answer = [], api.must("GET", f"{path}?limit=100")
    while True:
        items += answer["items"]
        if not answer["next_token"]:
            return items
        answer = api.must("GET", f"{path}?limit=100&next_token={answer['next_token']}")
