"""The functions of the topology, each run with exactly its environment and rights.

`System.http` calls a route's function as the gateway would; `System.deliver` wakes consumers with bus events.
A call that a row does not grant fails, as IAM would fail it. What is behind the functions is another's: what
this process keeps (memory.py), or the emulated SDK's (moto.py). Single-threaded truth only: isolation is
judged on the deployed stack.
"""

import contextlib
import json
from collections.abc import Callable, Iterable
from email.message import EmailMessage
from typing import Any

from common.bus import BusEvent
from common.store import Item
from infra import topology
from infra.vocabulary import Bucket, Grant, On, Setting, Table, Timer, Trigger, publishes
from tests.support.cloud import PROVIDER_SECRET, REGION, SENDER, VALUES, environment, physical, secret_name
from tests.support.deliveries import Asked
from tests.support.gateway import Person, Reply, batch, eventbridge, http_event, load, route, row, variables

__all__ = [
    "PROVIDER_SECRET",
    "REGION",
    "SENDER",
    "VALUES",
    "NotAllowed",
    "Person",
    "Reply",
    "System",
    "batch",
    "environment",
    "eventbridge",
    "load",
    "physical",
    "route",
    "row",
    "the_admin",
]  # fmt: skip


class NotAllowed(AssertionError):
    """A function made an SDK call that its row does not grant."""


class System:
    """A running system, as tests call it."""

    def __init__(self) -> None:
        self.current: Trigger | None = None
        self.sent: list[tuple[str, dict[str, Any], int]] = []  # (timer function, message, delay)
        self.hastened: list[tuple[str, int]] = []  # (function, seconds until a message that failed comes again)
        self.bus: list[dict[str, Any]] = []  # EventBridge events, in order of publication
        self.values = dict(VALUES)
        self.queues: dict[str, str] = {}
        self.keys: dict[str, str] = {}

    def acting(self, one: Trigger) -> contextlib.AbstractContextManager[None]:
        """As this row's function: its environment, and no call that it is not granted."""
        raise NotImplementedError

    def scan(self, table: Table) -> list[Item]:
        """All items of a table, as plain values, ordered by key."""
        raise NotImplementedError

    def put(self, table: Table, *items: Item) -> None:
        """Items as something else would have left them, whatever is there."""
        raise NotImplementedError

    def remove(self, table: Table, pk: str, sk: str) -> None:
        """The item is gone, as if something else had deleted it."""
        raise NotImplementedError

    def alter(self, table: Table, pk: str, sk: str, **fields: Any) -> None:
        """These fields of an item, as something else would have left them."""
        found = next(item for item in self.scan(table) if (item["pk"], item["sk"]) == (pk, sk))
        self.put(table, found | fields)

    def mails(self) -> list[EmailMessage]:
        """All mails that were sent, the oldest first."""
        raise NotImplementedError

    def dead_letters(self, function: str) -> str:
        """The dead-letter queue of a consumer that somebody sweeps."""
        raise NotImplementedError

    # -- the calls that a test makes ------------------------------------------------------------

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
    ) -> Reply:
        """Call a route as the gateway would; `raw` is sent as it is, `body` as JSON."""
        found, path = route(call)
        sent = {"content-type": "application/json"} | ({"idempotency-key": key} if key else {}) | (headers or {})
        text = raw.decode("utf-8", "surrogateescape") if raw is not None else None
        text = json.dumps(body) if text is None and body is not None else text
        asked: dict[str, Any] = {"address": call.split(" ")[1], "text": text, "headers": sent, "query": query}
        return Reply(self.invoke(found, http_event(found, path, **asked, by=by, request_id=request_id)))

    def invoke(self, one: Trigger | str, event: Any) -> Any:
        """Run a row's function on an event, with exactly its environment and rights."""
        found = row(one) if isinstance(one, str) else one
        with self.acting(found):
            return load(found)(event, None)

    def deliver(self, message: BusEvent, *functions: str, tries: int = 1) -> dict[str, dict[str, Any]]:
        """Wake the functions (all that hear it, if none is named) with one bus event."""
        hearing = [one for one in topology.ROWS if isinstance(one, On) and type(message) in one.events]
        wanted = [one for one in hearing if one.function in functions] if functions else hearing
        return {one.function: self.invoke(one, batch(eventbridge(message), tries=tries)) for one in wanted}

    def environment(self, one: Trigger) -> dict[str, str]:
        """The variables that the deployment would set for the row."""
        found = variables(one, self._value)
        if isinstance(one, On):
            found["QUEUE_URL"] = self.queues[one.function]
        if isinstance(one, On) and one.sweeps:
            found["DEAD_LETTERS"] = ",".join(self.dead_letters(swept) for swept in one.sweeps)
        return found

    def _value(self, name: str) -> str:
        if name.startswith("TABLE_"):
            return f"test-{name.removeprefix('TABLE_').lower()}"
        if name.startswith("BUCKET_"):
            return f"test-{name.removeprefix('BUCKET_').lower()}"
        if name.startswith("SECRET_"):
            return secret_name(name)
        return self.keys[name] if name.startswith("KEYS_") else SENDER if name == "SENDER" else self.values[name]

    def call_out(self, request: str, do: Callable[[], Any]) -> Any:
        """One request of the running function to somebody outside; `do` carries it out."""
        return do()

    # -- rights ---------------------------------------------------------------------------------

    def authorise(self, one: Trigger, service: str, operation: str, params: Any) -> None:
        """Raises NotAllowed unless the row grants the call."""
        if service == "s3":
            if not any(_grants_object(grant, operation, params) for grant in one.may):
                raise NotAllowed(f"{one.function} may not {operation} on {params['Bucket']}/{params.get('Key')}")
            return
        allowed = {action for grant in one.may if not isinstance(grant, Setting) for action in grant.actions}
        allowed |= {"PutEvents"} if publishes(one) else set()
        allowed |= {"ChangeMessageVisibility"} if isinstance(one, On) else set()
        allowed |= {"SendMessage"} if isinstance(one, Timer) else set()
        allowed |= {"Invoke"} if one.calls else set()
        allowed |= {"ReceiveMessage", "DeleteMessage", "GetQueueAttributes"} if getattr(one, "sweeps", ()) else set()
        if operation not in allowed:
            raise NotAllowed(f"{one.function} may not {service}:{operation}")

    def authorise_tables(self, one: Trigger, asked: Iterable[Asked]) -> None:
        """Raises NotAllowed unless the row grants each of these."""
        for table, action, index in asked:
            if not any(_grants(grant, table, action, index) for grant in one.may):
                raise NotAllowed(f"{one.function} may not {action} on {table} {index or ''}")


def the_admin(system: System) -> Person:
    """The only admin, as auth knows them."""
    admin = Person("admin")
    system.put(topology.AUTH, {"pk": "claim#admin", "sk": "claim", "user_ids": {admin.user_id}})
    return admin


def _grants(grant: Grant | Setting, table: str, action: str, index: str | None) -> bool:
    if isinstance(grant, Setting) or not isinstance(grant.resource, Table):
        return False
    return physical(grant.resource) == table and action in grant.actions and grant.index == index


def _grants_object(grant: Grant | Setting, action: str, params: Any) -> bool:
    if isinstance(grant, Setting) or not isinstance(grant.resource, Bucket):
        return False
    named = (physical(grant.resource), grant.resource.key) == (params["Bucket"], params.get("Key"))
    return named and action in grant.actions
