"""The system in this process, without SDK and emulator, with the same grants.

in_memory_dynamodb.py has the tables (a test compares it with the emulator), fake_sdk.py the other services. Drivers
may inject faults before and after each call.
"""

import contextlib
import email
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from email.message import EmailMessage
from email.policy import default
from typing import Any, TypeVar

from common import env, log, store
from common.store import ConditionCheck, Delete, Item, Key, Put, Update, Write
from infra import topology
from infra.resource_types import Table
from infra.topology_types import FunctionSpec, Subscription
from tests.support.faults.fault_points import Crash, QueuedMessage, ServiceCall, describe_write
from tests.support.system import outboxes
from tests.support.system.fake_sdk import KEY_IDS, FakeSdk
from tests.support.system.in_memory_dynamodb import InMemoryTables
from tests.support.system.lambda_events import HttpResponse, row
from tests.support.system.system import System

R = TypeVar("R")

_ACTIONS = {Put: "PutItem", Update: "UpdateItem", Delete: "DeleteItem", ConditionCheck: "ConditionCheckItem"}
RUNNING_SYSTEMS: list["InMemorySystem"] = []  # the last one is in use


class FunctionEnvironment(Mapping[str, str]):
    """The environment of the running function."""

    def __init__(self, lookup: Callable[[str], str]) -> None:
        self._lookup = lookup

    def __getitem__(self, name: str) -> str:
        return self._lookup(name)

    def __iter__(self) -> Iterator[str]:
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError


class InMemorySystem(System):
    """The resources of the topology, in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.keys = {topology.TOKEN_KEYS.env: ",".join(KEY_IDS)}
        self.queues = {one.function: one.function for one in topology.ROWS if isinstance(one, Subscription)}
        self.tables = InMemoryTables(topology.TABLES)
        self.sdk = FakeSdk(self)
        self.before_call: Callable[[ServiceCall], None] = lambda _: None
        self.after_call: Callable[[ServiceCall], None] = lambda _: None  # executed or failed
        self.loses_reply: Callable[[ServiceCall], bool] = lambda _: (
            False
        )  # whether the reply is lost, so that the SDK retries the call
        self.dead_messages: Callable[[], list[QueuedMessage]] = list  # messages in DLQs
        self.wrap_invocation: Callable[[FunctionSpec, Any, Callable[[], Any]], Any] = lambda _row, _event, run: run()
        self._environments: dict[tuple[str, ...], dict[str, str]] = {}
        self._transactions = 0

    # -- for tests -----------------------------------------------------------------------

    @contextlib.contextmanager
    def running(self) -> Iterator["InMemorySystem"]:
        """Within the block all functions use this system."""
        RUNNING_SYSTEMS.append(self)
        _use_system(self)
        log.metrics.clear_metrics()
        try:
            yield self
        finally:
            RUNNING_SYSTEMS.remove(self)
            _use_system(RUNNING_SYSTEMS[-1] if RUNNING_SYSTEMS else None)

    @contextlib.contextmanager
    def as_function(self, one: FunctionSpec) -> Iterator[None]:
        before, self.current_row = self.current_row, one
        try:
            yield
        finally:
            self.current_row = before

    def invoke(self, one: FunctionSpec | str, event: Any) -> Any:
        spec = row(one) if isinstance(one, str) else one
        return self.wrap_invocation(spec, event, lambda: super(InMemorySystem, self).invoke(spec, event))

    def http(self, call: str, body: Any = None, **more: Any) -> HttpResponse:
        try:
            return super().http(call, body, **more)
        except Crash:  # the response of API Gateway
            return HttpResponse({"statusCode": 503, "body": '{"message":"Service Unavailable"}'})

    def scan(self, table: Table) -> list[Item]:
        return self.tables.items(table.name)

    def put_items(self, table: Table, *items: Item) -> None:
        for one in items:
            self.tables.write(Put(table.name, one))
        self.tables.update_indexes()

    def delete_item(self, table: Table, pk: str, sk: str) -> None:
        self.tables.write(Delete(table.name, {"pk": pk, "sk": sk}))
        self.tables.update_indexes()

    def sent_mails(self) -> list[EmailMessage]:
        return [email.message_from_bytes(one, policy=default) for one in self.sdk.mails]

    def dead_letters(self, function: str) -> str:
        return f"dead-{function}"

    @contextlib.contextmanager
    def interleaved(self, operation: str, action: Callable[[], object]) -> Iterator[list[str]]:
        """Within the block run `action` just before the first call of this operation, after all reads."""
        before, intercepted = self.before_call, list[str]()

        def before_first_call(call: ServiceCall) -> None:
            before(call)
            if call.operation == operation and not intercepted:
                intercepted.append(operation)
                action()

        self.before_call = before_first_call
        try:
            yield intercepted
        finally:
            self.before_call = before

    def restore(self, items: Mapping[str, Any]) -> None:
        """Restore the tables to these items and clear all other state."""
        self.tables.restore(items)
        self.tables.changes.clear()
        self.sdk.objects.clear()
        self.sdk.mails.clear()
        self.bus.clear()
        self.delayed_messages.clear()
        self.visibility_changes.clear()

    @contextlib.contextmanager
    def override_setting(self, name: str, value: str) -> Iterator[None]:
        """Override a setting of the stage within the block."""
        before, self.settings[name] = self.settings[name], value
        self._environments.clear()
        try:
            yield
        finally:
            self.settings[name] = before
            self._environments.clear()

    def _environment_value(self, name: str) -> str:
        if self.current_row is None:
            raise KeyError(name)
        cache_key = (self.current_row.function, *self.settings.values())
        if cache_key not in self._environments:
            self._environments[cache_key] = self.environment(self.current_row)
        return self._environments[cache_key][name]

    # -- hooks around each call -------------------------------------------------------------

    def sdk_call(self, service: str, operation: str, params: Mapping[str, Any], action: Callable[[], R]) -> R:
        """A call of an SDK client by the running function."""
        if self.current_row:
            self.authorise(self.current_row, service, operation, params)
        return self.call_external(operation, action)

    def call_external(self, request: str, action: Callable[[], R]) -> R:
        operation = re.sub(r"/cs_test_\w+", "/{session_id}", request)
        return self._perform(ServiceCall(operation), action, (request,))

    def _store_call(self, call: ServiceCall, action: Callable[[], R], writes: Sequence[Write] = ()) -> R:
        if self.current_row:
            self.authorise_tables(self.current_row, call.table_accesses)
            outboxes.check(self.current_row, writes)
        return self._perform(call, action, tuple(map(describe_write, writes)))

    def _perform(self, call: ServiceCall, action: Callable[[], R], written_items: tuple[str, ...]) -> R:
        try:
            self.before_call(call)
            result = action()
            call.written_items = written_items
            if self.loses_reply(call):
                result = action()
        except Exception:
            self.after_call(call)
            raise
        self.after_call(call)
        return result

    # -- the store's port ---------------------------------------------------------------------------

    def get(self, table: str, key: Key, *, consistent: bool) -> Item | None:
        call = _read_call("GetItem", table, [key])
        return self._store_call(call, lambda: self.tables.get(table, key, consistent=consistent))

    def batch_get(self, table: str, keys: Sequence[Key]) -> tuple[list[Item], Sequence[Key]]:
        return self._store_call(_read_call("BatchGetItem", table, keys), lambda: self.tables.batch_get(table, keys))

    def query(
        self, table: str, condition: str, values: Mapping[str, Any], *, index: str | None, **options: Any
    ) -> tuple[list[Item], Item | None]:
        call = ServiceCall("Query", ((env.table(table), "Query", index),), (f"{table} {index or ''}",))
        return self._store_call(call, lambda: self.tables.query(table, condition, values, index=index, **options))

    def write(self, one: Write) -> Item:
        call = _write_call(_ACTIONS[type(one)], [one])
        return self._store_call(call, lambda: self._then_update_indexes(lambda: self.tables.write(one)), [one])

    def transact(self, writes: Sequence[Write], token: str) -> None:
        # Tokens are ignored: a redelivered message gets the same ids from the driver, which would hide its writes.
        self._transactions += 1
        unique_token, call = f"{token} {self._transactions}", _write_call("TransactWriteItems", writes)
        self._store_call(
            call, lambda: self._then_update_indexes(lambda: self.tables.transact(writes, unique_token)), writes
        )

    def _then_update_indexes(self, action: Callable[[], R]) -> R:
        result = action()
        self.tables.update_indexes()
        return result


def _read_call(action: str, table: str, keys: Sequence[Key]) -> ServiceCall:
    kinds = dict.fromkeys(f"{table}/{key['sk'].split('#')[0]}" for key in keys)
    return ServiceCall(action, ((env.table(table), action, None),), tuple(kinds))


def _write_call(operation: str, writes: Sequence[Write]) -> ServiceCall:
    accesses = tuple((env.table(one.table), _ACTIONS[type(one)], None) for one in writes)
    return ServiceCall(operation, accesses, tuple(map(describe_write, writes)))


def _use_system(system: InMemorySystem | None) -> None:
    """Direct all calls of the functions to this system; to the SDK if None."""
    env.use(*(FunctionEnvironment(system._environment_value), system.sdk.client) if system else ())
    store.use(system)
    env.secret.cache_clear()
