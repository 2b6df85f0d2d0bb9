"""The system without SDK and emulator: everything is in this process, and the rights are the same.

Tables are those of tables.py, whose answers are compared with the emulator's; the other services are in
sdk.py. Before and after each call whoever drives the system may have their say: what is to go wrong there,
goes wrong.
"""

import contextlib
import email
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from email.message import EmailMessage
from email.policy import default
from typing import Any, TypeVar

from common import env, log, store
from common.store import Check, Delete, Item, Key, Put, Update, Write
from infra import topology
from infra.vocabulary import On, Table, Trigger
from tests.support.deliveries import Call, Crash, Message, written
from tests.support.gateway import Reply, row
from tests.support.sdk import KEY_IDS, Sdk
from tests.support.system import System
from tests.support.tables import Tables

R = TypeVar("R")

_ACTIONS = {Put: "PutItem", Update: "UpdateItem", Delete: "DeleteItem", Check: "ConditionCheckItem"}
RUNNING: list["Memory"] = []  # the functions know the last one only


class Settings(Mapping[str, str]):
    """The environment of whatever function is running."""

    def __init__(self, of: Callable[[str], str]) -> None:
        self._of = of

    def __getitem__(self, name: str) -> str:
        return self._of(name)

    def __iter__(self) -> Iterator[str]:
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError


class Memory(System):
    """All that the topology has, in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.keys = {topology.TOKEN_KEYS.env: ",".join(KEY_IDS)}
        self.queues = {one.function: one.function for one in topology.ROWS if isinstance(one, On)}
        self.tables = Tables(topology.TABLES)
        self.sdk = Sdk(self)
        self.before: Callable[[Call], None] = lambda _: None
        self.after: Callable[[Call], None] = lambda _: None  # carried out or refused
        self.unanswered: Callable[[Call], bool] = lambda _: False  # its answer is lost, and the SDK makes it again
        self.dead: Callable[[], list[Message]] = list  # what was given up
        self.around: Callable[[Trigger, Any, Callable[[], Any]], Any] = lambda _row, _event, run: run()
        self._environments: dict[tuple[str, ...], dict[str, str]] = {}
        self._transactions = 0

    # -- as tests call it -----------------------------------------------------------------------

    @contextlib.contextmanager
    def running(self) -> Iterator["Memory"]:
        """Within the block the functions know no other world."""
        RUNNING.append(self)
        _behind(self)
        log.metrics.clear_metrics()
        try:
            yield self
        finally:
            RUNNING.remove(self)
            _behind(RUNNING[-1] if RUNNING else None)

    @contextlib.contextmanager
    def acting(self, one: Trigger) -> Iterator[None]:
        before, self.current = self.current, one
        try:
            yield
        finally:
            self.current = before

    def invoke(self, one: Trigger | str, event: Any) -> Any:
        found = row(one) if isinstance(one, str) else one
        return self.around(found, event, lambda: super(Memory, self).invoke(found, event))

    def http(self, call: str, body: Any = None, **more: Any) -> Reply:
        try:
            return super().http(call, body, **more)
        except Crash:  # as the gateway answers
            return Reply({"statusCode": 503, "body": '{"message":"Service Unavailable"}'})

    def scan(self, table: Table) -> list[Item]:
        return self.tables.items(table.name)

    def put(self, table: Table, *items: Item) -> None:
        for one in items:
            self.tables.write(Put(table.name, one))
        self.tables.catch_up()

    def remove(self, table: Table, pk: str, sk: str) -> None:
        self.tables.write(Delete(table.name, {"pk": pk, "sk": sk}))
        self.tables.catch_up()

    def mails(self) -> list[EmailMessage]:
        return [email.message_from_bytes(one, policy=default) for one in self.sdk.mails]

    def dead_letters(self, function: str) -> str:
        return f"dead-{function}"

    @contextlib.contextmanager
    def meanwhile(self, operation: str, act: Callable[[], object]) -> Iterator[list[str]]:
        """Within the block somebody acts after all reads and just before the first call of this operation."""
        before, acted = self.before, list[str]()

        def first(call: Call) -> None:
            before(call)
            if call.operation == operation and not acted:
                acted.append(operation)
                act()

        self.before = first
        try:
            yield acted
        finally:
            self.before = before

    def put_back(self, items: Mapping[str, Any]) -> None:
        """The tables hold these items; what was sent, kept or changed before is no more."""
        self.tables.put_back(items)
        self.tables.changes.clear()
        self.sdk.objects.clear()
        self.sdk.mails.clear()
        self.bus.clear()
        self.sent.clear()
        self.hastened.clear()

    @contextlib.contextmanager
    def set(self, name: str, value: str) -> Iterator[None]:
        """Within the block the stage's setting has this value."""
        before, self.values[name] = self.values[name], value
        self._environments.clear()
        try:
            yield
        finally:
            self.values[name] = before
            self._environments.clear()

    def _setting(self, name: str) -> str:
        if self.current is None:
            raise KeyError(name)
        under = (self.current.function, *self.values.values())
        if under not in self._environments:
            self._environments[under] = self.environment(self.current)
        return self._environments[under][name]

    # -- what stands before each call -------------------------------------------------------------

    def call(self, service: str, operation: str, params: Mapping[str, Any], do: Callable[[], R]) -> R:
        """One call of an SDK client by the function that is running."""
        if self.current:
            self.authorise(self.current, service, operation, params)
        return self.call_out(operation, do)

    def call_out(self, request: str, do: Callable[[], R]) -> R:
        asked = re.sub(r"/cs_test_\w+", "/{session_id}", request)
        return self._carried_out(Call(asked), do, (request,))

    def _ask(self, call: Call, do: Callable[[], R], writes: Sequence[Write] = ()) -> R:
        if self.current:
            self.authorise_tables(self.current, call.rights)
        return self._carried_out(call, do, tuple(map(written, writes)))

    def _carried_out(self, call: Call, do: Callable[[], R], wrote: tuple[str, ...]) -> R:
        try:
            self.before(call)
            answer = do()
            call.wrote = wrote
            if self.unanswered(call):
                answer = do()
        except Exception:
            self.after(call)
            raise
        self.after(call)
        return answer

    # -- the store's port ---------------------------------------------------------------------------

    def get(self, table: str, key: Key, *, consistent: bool) -> Item | None:
        call = _read("GetItem", table, [key])
        return self._ask(call, lambda: self.tables.get(table, key, consistent=consistent))

    def batch_get(self, table: str, keys: Sequence[Key]) -> tuple[list[Item], Sequence[Key]]:
        return self._ask(_read("BatchGetItem", table, keys), lambda: self.tables.batch_get(table, keys))

    def query(
        self, table: str, condition: str, values: Mapping[str, Any], *, index: str | None, **how: Any
    ) -> tuple[list[Item], Item | None]:
        call = Call("Query", ((env.table(table), "Query", index),), (f"{table} {index or ''}",))
        return self._ask(call, lambda: self.tables.query(table, condition, values, index=index, **how))

    def write(self, one: Write) -> Item:
        call = _written(_ACTIONS[type(one)], [one])
        return self._ask(call, lambda: self._heard(lambda: self.tables.write(one)), [one])

    def transact(self, writes: Sequence[Write], token: str) -> None:
        # Tokens are not honoured: a driver's ids come again with a message that comes again, and would hide it.
        self._transactions += 1
        fresh, call = f"{token} {self._transactions}", _written("TransactWriteItems", writes)
        self._ask(call, lambda: self._heard(lambda: self.tables.transact(writes, fresh)), writes)

    def _heard(self, do: Callable[[], R]) -> R:
        answer = do()
        self.tables.catch_up()
        return answer


def _read(action: str, table: str, keys: Sequence[Key]) -> Call:
    kinds = dict.fromkeys(f"{table}/{key['sk'].split('#')[0]}" for key in keys)
    return Call(action, ((env.table(table), action, None),), tuple(kinds))


def _written(operation: str, writes: Sequence[Write]) -> Call:
    rights = tuple((env.table(one.table), _ACTIONS[type(one)], None) for one in writes)
    return Call(operation, rights, tuple(map(written, writes)))


def _behind(one: Memory | None) -> None:
    """Everything that the functions ask is asked of this one; of AWS, if of none."""
    env.use(*(Settings(one._setting), one.sdk.client) if one else ())
    store.use(one)
    env.secret.cache_clear()
