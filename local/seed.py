"""Create sample data through the API: four categories with one or two events each. Idempotent."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from local.client import Client


@dataclass(frozen=True)
class SampleType:
    """An event type: its name, its price in minor units, and its capacity."""

    name: str
    prices: int
    capacity: int
    currency: str = "EUR"


@dataclass(frozen=True)
class SampleEvent:
    """An event some days from now, starting at `hour` UTC."""

    name: str
    category: str
    venue: str
    city: str
    zone: str
    days_ahead: int
    start_hour: int
    duration_hours: int
    types: tuple[SampleType, ...]

    def request(self, category_id: str) -> dict[str, Any]:
        midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        starts_at = midnight + timedelta(days=self.days_ahead, hours=self.start_hour)
        return {
            "category_id": category_id,
            "name": self.name,
            "description": f"{self.name} at {self.venue}.",
            "venue": self.venue,
            "city": self.city,
            "zone": self.zone,
            "starts_at": starts_at.isoformat(),
            "ends_at": (starts_at + timedelta(hours=self.duration_hours)).isoformat(),
            "types": [vars(kind) for kind in self.types],
        }


CATEGORIES = {"concert": "paid", "sport": "paid", "workshop": "free", "conference": "paid"}
EVENTS = (
    SampleEvent(
        name="Night of the Strings",
        category="concert",
        venue="Philharmonie",
        city="Berlin",
        zone="Europe/Berlin",
        days_ahead=30,
        start_hour=18,
        duration_hours=3,
        types=(SampleType("Stalls", 6900, 400), SampleType("Balcony", 4500, 200)),
    ),
    SampleEvent(
        name="Harbour Jazz",
        category="concert",
        venue="Pier 12",
        city="Hamburg",
        zone="Europe/Berlin",
        days_ahead=45,
        start_hour=19,
        duration_hours=4,
        types=(SampleType("Standing", 3200, 800),),
    ),
    SampleEvent(
        name="City Derby",
        category="sport",
        venue="Riverside Stadium",
        city="London",
        zone="Europe/London",
        days_ahead=14,
        start_hour=14,
        duration_hours=2,
        types=(SampleType("North Stand", 5500, 1000, "GBP"), SampleType("South Stand", 4000, 1000, "GBP")),
    ),
    SampleEvent(
        name="Bread Baking for Beginners",
        category="workshop",
        venue="The Old Bakery",
        city="Vienna",
        zone="Europe/Vienna",
        days_ahead=21,
        start_hour=8,
        duration_hours=5,
        types=(SampleType("Place", 0, 12),),
    ),
    SampleEvent(
        name="Serverless Days",
        category="conference",
        venue="Congress Centre",
        city="Lisbon",
        zone="Europe/Lisbon",
        days_ahead=90,
        start_hour=8,
        duration_hours=9,
        types=(SampleType("Regular", 24900, 300), SampleType("Student", 9900, 50), SampleType("Speaker", 0, 20)),
    ),
)


def seed(api: Client, admin: dict[str, str]) -> None:
    """Create the missing sample data as the admin, who has all permissions of an organiser."""
    as_admin = api.login(admin["email"], admin["password"])
    ids = ensure_categories(as_admin)
    existing_names = {event["name"] for event in list_all(as_admin, "/v1/events")}
    for sample in EVENTS:
        if sample.name not in existing_names:
            created = as_admin.request_json(
                "POST", "/v1/events", sample.request(ids[sample.category]), Idempotency_Key=sample.name
            )
            as_admin.request_json("POST", f"/v1/events/{created['id']}/publish")


def ensure_categories(api: Client) -> dict[str, str]:
    """The ids of the sample categories by name; missing ones are created."""
    ids = {category["name"]: category["id"] for category in list_all(api, "/v1/categories")}
    for name, kind in CATEGORIES.items():
        if name not in ids:
            ids[name] = api.request_json("POST", "/v1/categories", {"name": name, "type": kind}, Idempotency_Key=name)[
                "id"
            ]
    return ids


def list_all(api: Client, path: str) -> list[dict[str, Any]]:
    """All items of a paginated list."""
    items, page = [], api.request_json("GET", f"{path}?limit=100")
    while True:
        items += page["items"]
        if not page["next_token"]:
            return items
        page = api.request_json("GET", f"{path}?limit=100&next_token={page['next_token']}")
