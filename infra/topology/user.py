"""User: profiles, settings, erasure and export."""

from common.bus.auth import UserRegistered
from common.bus.user import SettingsChanged, UserErased, UserUpdated
from infra.topology.resources import READ_PAGE_TOKEN_KEY, USERS
from infra.topology_types import Access, DelayedEvent, FunctionSpec, Route, Subscription

GET = USERS.grant("GetItem")
GET_UPDATE = USERS.grant("GetItem", "UpdateItem")
EXPORT_FUNCTIONS = tuple(
    f"{service}.export_user" for service in ("auth", "booking", "payment", "ticket", "notify", "events")
)

ROWS: tuple[FunctionSpec, ...] = (
    Subscription(UserRegistered, "user.on_user_registered", grants=(USERS.grant("PutItem"),)),
    # erase_user has deleted the profile: this only purges queued messages.
    DelayedEvent(UserErased, "user.on_user_erased", timeout=30, purges_dlq_of=("user.on_user_registered",)),
    Route(
        "GET /v1/users",
        "user.list_users",
        Access.ADMIN,
        grants=(USERS.grant("BatchGetItem", "Query"), USERS.grant("Query", index="by_day"), READ_PAGE_TOKEN_KEY),
    ),
    Route("GET /v1/users/{user_id}", "user.get_user", Access.USER, grants=(GET,)),
    Route("PUT /v1/users/{user_id}", "user.update_user", Access.USER, grants=(GET_UPDATE,), publishes=(UserUpdated,)),
    Route("GET /v1/users/{user_id}/settings", "user.get_settings", Access.USER, grants=(GET,)),
    Route(
        "PUT /v1/users/{user_id}/settings",
        "user.update_settings",
        Access.USER,
        grants=(GET_UPDATE,),
        publishes=(SettingsChanged,),
    ),
    Route(
        "DELETE /v1/users/{user_id}",
        "user.erase_user",
        Access.USER,
        grants=(USERS.grant("GetItem", "UpdateItem", "DeleteItem"),),
        invokes=("events.list_open_events",),
        publishes=(UserErased,),
        timeout=20,
    ),
    Route(
        "GET /v1/users/{user_id}/export",
        "user.export_user",
        Access.USER,
        grants=(USERS.grant("GetItem", "Query"), READ_PAGE_TOKEN_KEY),
        invokes=EXPORT_FUNCTIONS,
        timeout=29,
    ),
)
