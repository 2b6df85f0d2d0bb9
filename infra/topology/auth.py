"""Auth: accounts, log-in, sessions, tokens and roles."""

from common.bus.auth import EmailRequested, RolesChanged, UserRegistered
from common.bus.user import SettingsChanged, UserErased
from infra.topology.resources import (
    AUTH,
    EMAIL_CODE_KEY,
    GET_SECRET,
    READ_PAGE_TOKEN_KEY,
    REFRESH_KEY,
    SES,
    TOKEN_ISSUER,
    TOKEN_KEYS,
)
from infra.topology_types import Access, Authorizer, DelayedEvent, FunctionSpec, Invocable, Layer, Route, Subscription

PUT = AUTH.grant("PutItem")
GET_PUT_UPDATE = AUTH.grant("GetItem", "PutItem", "UpdateItem")
UPDATE = AUTH.grant("UpdateItem")
GET_QUERY_PUT_UPDATE = AUTH.grant("GetItem", "Query", "PutItem", "UpdateItem")
LIST_BY_USER = (AUTH.grant("BatchGetItem"), AUTH.grant("Query", index="by_user"))

ROWS: tuple[FunctionSpec, ...] = (
    Authorizer(
        "auth.authorize",
        grants=(TOKEN_ISSUER, TOKEN_KEYS.grant("GetPublicKey"), AUTH.grant("GetItem")),
        layers=(Layer.CORE, Layer.CRYPTO),
    ),
    Route(
        "POST /v1/register",
        "auth.register",
        Access.PUBLIC,
        grants=(PUT,),
        publishes=(EmailRequested, UserRegistered),
        memory=1769,
        layers=(Layer.CORE, Layer.CRYPTO),
    ),
    Route("POST /v1/email/verify", "auth.verify_email", Access.PUBLIC, grants=(GET_PUT_UPDATE,)),
    Route(
        "POST /v1/email/verification",
        "auth.request_verification",
        Access.USER,
        grants=(AUTH.grant("PutItem", "UpdateItem"),),
        publishes=(EmailRequested,),
    ),
    Route(
        "POST /v1/login",
        "auth.login",
        Access.PUBLIC,
        grants=(TOKEN_ISSUER, GET_PUT_UPDATE, TOKEN_KEYS.grant("Sign"), REFRESH_KEY.grant(GET_SECRET)),
        memory=1769,
        layers=(Layer.CORE, Layer.CRYPTO),
    ),
    Route(
        "POST /v1/token/refresh",
        "auth.refresh_token",
        Access.PUBLIC,
        grants=(
            TOKEN_ISSUER,
            AUTH.grant("GetItem", "UpdateItem"),
            TOKEN_KEYS.grant("Sign"),
            REFRESH_KEY.grant(GET_SECRET),
        ),
        layers=(Layer.CORE, Layer.CRYPTO),
    ),
    Route("POST /v1/logout", "auth.logout", Access.USER, grants=(UPDATE,)),
    Route(
        "POST /v1/password/forgot",
        "auth.request_password_reset",
        Access.PUBLIC,
        grants=(PUT,),  # no lookup: neither answer nor timing discloses whether the account exists
        publishes=(EmailRequested,),
    ),
    Route(
        "POST /v1/password/reset",
        "auth.reset_password",
        Access.PUBLIC,
        grants=(GET_QUERY_PUT_UPDATE,),
        publishes=(EmailRequested,),
        memory=1769,
        timeout=29,
        layers=(Layer.CORE, Layer.CRYPTO),
    ),
    Route(
        "PUT /v1/password",
        "auth.change_password",
        Access.USER,
        grants=(GET_QUERY_PUT_UPDATE,),
        publishes=(EmailRequested,),
        memory=1769,
        timeout=29,
        layers=(Layer.CORE, Layer.CRYPTO),
    ),
    Route("GET /v1/sessions", "auth.list_sessions", Access.USER, grants=(*LIST_BY_USER, READ_PAGE_TOKEN_KEY)),
    Route("DELETE /v1/sessions/{session_id}", "auth.revoke_session", Access.USER, grants=(UPDATE,)),
    Route(
        "GET /v1/jwks",
        "auth.get_jwks",
        Access.PUBLIC,
        grants=(TOKEN_KEYS.grant("GetPublicKey"),),
        layers=(Layer.CORE, Layer.CRYPTO),
    ),
    Route(
        "PUT /v1/users/{user_id}/roles",
        "auth.set_roles",
        Access.ADMIN,
        grants=(AUTH.grant("GetItem", "Query", "UpdateItem", "ConditionCheckItem"),),
        publishes=(RolesChanged,),
    ),
    Subscription(
        EmailRequested,
        "auth.send_email",
        grants=(GET_QUERY_PUT_UPDATE, EMAIL_CODE_KEY.grant(GET_SECRET), SES.grant("SendEmail", "SendRawEmail")),
        timeout=40,
    ),
    Subscription(SettingsChanged, "auth.on_settings_changed", grants=(UPDATE,)),
    DelayedEvent(
        UserErased,
        "auth.on_user_erased",
        grants=(AUTH.grant("GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"),),
        timeout=30,
        purges_dlq_of=("auth.on_settings_changed",),
    ),
    Invocable(
        "auth.ensure_admin",
        grants=(AUTH.grant("GetItem", "PutItem"),),
        publishes=(UserRegistered,),
        memory=1769,
        layers=(Layer.CORE, Layer.CRYPTO),
    ),
    Invocable("auth.export_user", grants=(AUTH.grant("Query"),), timeout=15),
)
