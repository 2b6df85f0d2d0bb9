"""Events: categories, events, event types and search."""

from common.bus.booking import AvailabilityChanged, CapacityChanged
from common.bus.events import CategoryChanged, EventCancelled, EventChanged, EventPublished
from common.bus.user import UserErased
from infra.topology.resources import CHECK_SEARCH_EXISTS, EVENTS, READ_PAGE_TOKEN_KEY, SEARCH, SHORT_HOLDS
from infra.topology_types import Access, DelayedEvent, FunctionSpec, Invocable, Layer, Route, Subscription

GET = EVENTS.grant("GetItem")
READ_PUT = EVENTS.grant("GetItem", "BatchGetItem", "PutItem")
READ_UPDATE = EVENTS.grant("GetItem", "BatchGetItem", "UpdateItem")
GET_UPDATE = EVENTS.grant("GetItem", "UpdateItem")
READ = EVENTS.grant("GetItem", "BatchGetItem")
LIST_LISTED = (EVENTS.grant("BatchGetItem"), EVENTS.grant("Query", index="listed"))
LIST_BY_ORGANISER = (EVENTS.grant("BatchGetItem"), EVENTS.grant("Query", index="by_organiser"))

ROWS: tuple[FunctionSpec, ...] = (
    Route("POST /v1/categories", "events.create_category", Access.ADMIN, grants=(EVENTS.grant("PutItem"),)),
    Route("GET /v1/categories", "events.list_categories", Access.PUBLIC, grants=(*LIST_LISTED, READ_PAGE_TOKEN_KEY)),
    Route("GET /v1/categories/{category_id}", "events.get_category", Access.PUBLIC, grants=(GET,)),
    Route(
        "PUT /v1/categories/{category_id}",
        "events.update_category",
        Access.ADMIN,
        grants=(EVENTS.grant("GetItem", "PutItem", "UpdateItem"),),
        publishes=(CategoryChanged,),
    ),
    Route("POST /v1/events", "events.create_event", Access.ORGANISER, grants=(READ_PUT, SHORT_HOLDS)),
    Route(
        "PUT /v1/events/{event_id}",
        "events.update_event",
        Access.ORGANISER,
        grants=(READ_UPDATE, SHORT_HOLDS),
        publishes=(EventChanged,),
    ),
    Route(
        "POST /v1/events/{event_id}/types",
        "events.create_type",
        Access.ORGANISER,
        grants=(GET_UPDATE,),
        publishes=(EventChanged,),
    ),
    Route(
        "PUT /v1/events/{event_id}/types/{type_id}",
        "events.update_type",
        Access.ORGANISER,
        grants=(READ_UPDATE,),
        publishes=(EventChanged,),
    ),
    Route(
        "PUT /v1/events/{event_id}/staff",
        "events.set_staff",
        Access.ORGANISER,
        grants=(READ_UPDATE,),
        publishes=(EventChanged,),
    ),
    Route(
        "POST /v1/events/{event_id}/publish",
        "events.publish_event",
        Access.ORGANISER,
        grants=(READ_UPDATE,),
        publishes=(EventPublished,),
    ),
    Route(
        "POST /v1/events/{event_id}/cancel",
        "events.cancel_event",
        Access.ORGANISER,
        grants=(READ_UPDATE,),
        publishes=(EventCancelled,),
    ),
    Route("POST /v1/events/{event_id}/clone", "events.clone_event", Access.ORGANISER, grants=(READ_PUT,)),
    Route(
        "GET /v1/users/{user_id}/events",
        "events.list_own_events",
        Access.USER,
        grants=(*LIST_BY_ORGANISER, READ_PAGE_TOKEN_KEY),
    ),
    Route("GET /v1/users/{user_id}/events/{event_id}", "events.get_own_event", Access.USER, grants=(READ,)),
    Route(
        "GET /v1/events",
        "events.list_events",
        Access.PUBLIC,
        grants=(SEARCH.grant("GetObject"), CHECK_SEARCH_EXISTS, READ_PAGE_TOKEN_KEY),
        memory=1769,
        layers=(Layer.CORE, Layer.SEARCH),
    ),
    Route("GET /v1/events/{event_id}", "events.get_event", Access.PUBLIC, grants=(READ,)),
    DelayedEvent(EventPublished, "events.end_event", grants=(GET_UPDATE,), publishes=(EventChanged,)),
    Subscription(CapacityChanged, "events.on_capacity_changed", grants=(EVENTS.grant("UpdateItem"),)),
    Subscription(
        (EventPublished, EventChanged, EventCancelled, CategoryChanged, AvailabilityChanged, CapacityChanged),
        "events.build_index",
        grants=(
            EVENTS.grant("BatchGetItem", "UpdateItem"),
            EVENTS.grant("Query", index="listed"),
            SEARCH.grant("GetObject", "PutObject"),
            CHECK_SEARCH_EXISTS,
        ),
        memory=1769,
        timeout=20,
        batch_size=500,
        batch_window=1,
        max_concurrency=2,
        layers=(Layer.CORE, Layer.SEARCH),
    ),
    DelayedEvent(
        UserErased,
        "events.on_user_erased",
        grants=(EVENTS.grant("BatchGetItem", "DeleteItem"), EVENTS.grant("Query", index="by_organiser")),
    ),
    Invocable(
        "events.rebuild_index",
        grants=(*LIST_LISTED, SEARCH.grant("GetObject", "PutObject"), CHECK_SEARCH_EXISTS),
        memory=1769,
        timeout=120,
        layers=(Layer.CORE, Layer.SEARCH),
    ),
    Invocable("events.find_event_type", grants=(GET,)),
    Invocable("events.list_open_events", grants=LIST_BY_ORGANISER),
    Invocable("events.export_user", grants=LIST_BY_ORGANISER, timeout=15),
)
