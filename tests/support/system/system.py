"""The functions of the topology, each run with exactly its environment and grants.

`System.http` calls a route's function like API Gateway; `System.deliver` invokes consumers with bus events. A call
that the row does not grant raises AccessDenied. The backend is in memory (in_memory_system.py) or moto
(moto_system.py). Single-threaded: transaction isolation is tested on the deployed stack.
"""

import contextlib
import json
from collections.abc import Callable, Iterable
from email.message import EmailMessage
from typing import Any

from common.bus import BusEvent
from common.store import Item
from infra import topology
from infra.resource_types import Bucket, Grant, Setting, Table
from infra.topology_types import DelayedEvent, FunctionSpec, Subscription, puts_events
from tests.support.faults.fault_points import TableAccess
from tests.support.system.lambda_events import (
    HttpResponse,
    Person,
    environment_variables,
    eventbridge_event,
    http_event,
    load_handler,
    match_route,
    row,
    sqs_batch,
)
from tests.support.system.moto_resources import (
    PROVIDER_SECRET,
    REGION,
    SENDER,
    STAGE_SETTINGS,
    environment,
    physical_name,
    secret_name,
)

__all__ = [
    "PROVIDER_SECRET",
    "REGION",
    "SENDER",
    "STAGE_SETTINGS",
    "AccessDenied",
    "HttpResponse",
    "Person",
    "System",
    "create_admin",
    "environment",
    "eventbridge_event",
    "load_handler",
    "match_route",
    "physical_name",
    "row",
    "sqs_batch",
]  # fmt: skip


class AccessDenied(AssertionError):
    """A function made an SDK call that its row does not grant."""


class System:
    """A running system, as tests call it."""

    def __init__(self) -> None:
        self.current_row: FunctionSpec | None = None
        self.delayed_messages: list[tuple[str, dict[str, Any], int]] = []  # (timer function, message, delay)
        self.visibility_changes: list[
            tuple[str, int]
        ] = []  # (function, visibility timeout in seconds of a failed message)
        self.bus: list[dict[str, Any]] = []  # EventBridge events, in order of publication
        self.settings = dict(STAGE_SETTINGS)
        self.queues: dict[str, str] = {}
        self.keys: dict[str, str] = {}

    def as_function(self, one: FunctionSpec) -> contextlib.AbstractContextManager[None]:
        """Run the block as this row's function, with its environment and grants."""
        raise NotImplementedError

    def scan(self, table: Table) -> list[Item]:
        """All items of a table, as plain values, ordered by key."""
        raise NotImplementedError

    def put_items(self, table: Table, *items: Item) -> None:
        """Put items unconditionally."""
        raise NotImplementedError

    def delete_item(self, table: Table, pk: str, sk: str) -> None:
        """Delete an item unconditionally."""
        raise NotImplementedError

    def update_item(self, table: Table, pk: str, sk: str, **fields: Any) -> None:
        """Set attributes of an item unconditionally."""
        stored = next(item for item in self.scan(table) if (item["pk"], item["sk"]) == (pk, sk))
        self.put_items(table, stored | fields)

    def sent_mails(self) -> list[EmailMessage]:
        """All sent e-mails, oldest first."""
        raise NotImplementedError

    def dead_letters(self, function: str) -> str:
        """The DLQ of a consumer that an erasure purges."""
        raise NotImplementedError

    # -- calls by tests ------------------------------------------------------------

    def http(
        self,
        call: str,
        body: Any = None,
        *,
        by: Person | None = None,
        key: str | None = None,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
        request_id: str | None = None,
    ) -> HttpResponse:
        """Call a route like API Gateway; `raw` is sent unchanged, `body` as JSON."""
        route, path = match_route(call)
        request_headers = (
            {"content-type": "application/json"} | ({"idempotency-key": key} if key else {}) | (headers or {})
        )
        text = raw.decode("utf-8", "surrogateescape") if raw is not None else None
        text = json.dumps(body) if text is None and body is not None else text
        request: dict[str, Any] = {
            "address": call.split(" ")[1],
            "text": text,
            "headers": request_headers,
            "query": query,
        }
        return HttpResponse(self.invoke(route, http_event(route, path, **request, by=by, request_id=request_id)))

    def invoke(self, one: FunctionSpec | str, event: Any) -> Any:
        """Run a row's function on an event, with exactly its environment and grants."""
        spec = row(one) if isinstance(one, str) else one
        with self.as_function(spec):
            return load_handler(spec)(event, None)

    def deliver(self, event: BusEvent, *functions: str, tries: int = 1) -> dict[str, dict[str, Any]]:
        """Deliver a bus event to the functions, or to all its consumers if none is given."""
        consumers = [one for one in topology.ROWS if isinstance(one, Subscription) and type(event) in one.events]
        selected = [one for one in consumers if one.function in functions] if functions else consumers
        return {one.function: self.invoke(one, sqs_batch(eventbridge_event(event), tries=tries)) for one in selected}

    def environment(self, one: FunctionSpec) -> dict[str, str]:
        """The variables that the deployment would set for the row."""
        values = environment_variables(one, self._granted_value)
        if isinstance(one, Subscription):
            values["QUEUE_URL"] = self.queues[one.function]
        if isinstance(one, Subscription) and one.purges_dlq_of:
            values["DEAD_LETTERS"] = ",".join(self.dead_letters(function) for function in one.purges_dlq_of)
        return values

    def _granted_value(self, name: str) -> str:
        if name.startswith("TABLE_"):
            return f"test-{name.removeprefix('TABLE_').lower()}"
        if name.startswith("BUCKET_"):
            return f"test-{name.removeprefix('BUCKET_').lower()}"
        if name.startswith("SECRET_"):
            return secret_name(name)
        return self.keys[name] if name.startswith("KEYS_") else SENDER if name == "SENDER" else self.settings[name]

    def call_external(self, request: str, action: Callable[[], Any]) -> Any:
        """A request of the running function to an external service; `action` executes it."""
        return action()

    # -- grants ---------------------------------------------------------------------------------

    def authorise(self, one: FunctionSpec, service: str, operation: str, params: Any) -> None:
        """Raises AccessDenied unless the row grants the call."""
        if service == "s3":
            if not any(_grants_object(grant, operation, params) for grant in one.grants):
                raise AccessDenied(f"{one.function} may not {operation} on {params['Bucket']}/{params.get('Key')}")
            return
        allowed = {action for grant in one.grants if not isinstance(grant, Setting) for action in grant.actions}
        allowed |= {"PutEvents"} if puts_events(one) else set()
        allowed |= {"ChangeMessageVisibility"} if isinstance(one, Subscription) else set()
        allowed |= {"SendMessage"} if isinstance(one, DelayedEvent) else set()
        allowed |= {"Invoke"} if one.invokes else set()
        allowed |= (
            {"ReceiveMessage", "DeleteMessage", "GetQueueAttributes"} if getattr(one, "purges_dlq_of", ()) else set()
        )
        if operation not in allowed:
            raise AccessDenied(f"{one.function} may not {service}:{operation}")

    def authorise_tables(self, one: FunctionSpec, accesses: Iterable[TableAccess]) -> None:
        """Raises AccessDenied unless the row grants all accesses."""
        for table, action, index in accesses:
            if not any(_grants_table(grant, table, action, index) for grant in one.grants):
                raise AccessDenied(f"{one.function} may not {action} on {table} {index or ''}")


def create_admin(system: System) -> Person:
    """Create the admin account."""
    admin = Person("admin")
    system.put_items(topology.AUTH, {"pk": "claim#admin", "sk": "claim", "user_ids": {admin.user_id}})
    return admin


def _grants_table(grant: Grant | Setting, table: str, action: str, index: str | None) -> bool:
    if isinstance(grant, Setting) or not isinstance(grant.resource, Table):
        return False
    return physical_name(grant.resource) == table and action in grant.actions and grant.index == index


def _grants_object(grant: Grant | Setting, action: str, params: Any) -> bool:
    if isinstance(grant, Setting) or not isinstance(grant.resource, Bucket):
        return False
    same_object = (physical_name(grant.resource), grant.resource.key) == (params["Bucket"], params.get("Key"))
    return same_object and action in grant.actions
