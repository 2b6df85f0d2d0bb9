"""Types of the topology: resources, grants and triggers as plain data.

This module imports no CDK: the stacks build the rows, the tests verify them and the docs draw them.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar

from common.bus import BusEvent


class Access(StrEnum):
    """Who may call a route. The service itself checks roles per event."""

    PUBLIC = "public"  # no token is read
    USER = "user"  # any valid access token
    ORGANISER = "organiser"  # a token with the role organiser or admin
    ADMIN = "admin"  # a token with the role admin
    PROVIDER = "provider"  # no token: the body is signed

    @property
    def requires_token(self) -> bool:
        """Whether API Gateway demands a valid access token before it invokes the function."""
        return self in (Access.USER, Access.ORGANISER, Access.ADMIN)


@dataclass(frozen=True)
class Index:
    """A KEYS_ONLY global secondary index; its keys are written once per item."""

    name: str
    pk: str
    sk: str | None = None


@dataclass(frozen=True)
class Grant:
    """Exact actions on one resource; IAM statement and environment both derive from it."""

    resource: "Table | Bucket | Secret | Key | Mail"
    actions: tuple[str, ...]
    index: str | None = None


@dataclass(frozen=True)
class Table:
    """A DynamoDB table (`pk`, `sk`), owned and written by one service."""

    name: str
    indexes: tuple[Index, ...] = ()
    stream: bool = True
    ttl: str | None = None

    def grant(self, *actions: str, index: str | None = None) -> Grant:
        """Grant DynamoDB actions on the table, or on one of its indexes only.

        Raises ValueError for an unknown index.
        """
        if index and index not in {i.name for i in self.indexes}:
            raise ValueError(f"table {self.name} has no index {index}")
        return Grant(self, actions, index)

    @property
    def env(self) -> str:
        return f"TABLE_{self.name.upper()}"


@dataclass(frozen=True)
class Bucket:
    """An S3 bucket with one object, owned and written by one service."""

    name: str
    key: str

    def grant(self, *actions: str) -> Grant:
        """Grant S3 actions on the object. ListBucket applies to the bucket and must be granted alone."""
        if "ListBucket" in actions and len(actions) > 1:
            raise ValueError("ListBucket must be granted alone")
        return Grant(self, actions)

    @property
    def env(self) -> str:
        return f"BUCKET_{self.name.upper()}"


@dataclass(frozen=True)
class Secret:
    """A Secrets Manager secret named `ticketing/<stage>/<name>`; generated unless `provided`."""

    name: str
    provided: bool = False  # its value is an input of the stage

    def grant(self, *actions: str) -> Grant:
        return Grant(self, actions)

    @property
    def env(self) -> str:
        return f"SECRET_{self.name.upper().replace('-', '_')}"


@dataclass(frozen=True)
class Key:
    """KMS P-256 signing keys: the first one signs, all of them verify."""

    name: str
    count: int = 2

    def grant(self, *actions: str) -> Grant:
        return Grant(self, actions)

    @property
    def env(self) -> str:
        return f"KEYS_{self.name.upper()}"  # comma-separated key ids


@dataclass(frozen=True)
class Mail:
    """The SES identity that the stage sends from."""

    def grant(self, *actions: str) -> Grant:
        return Grant(self, actions)

    @property
    def env(self) -> str:
        return "SENDER"


@dataclass(frozen=True)
class Setting:
    """A value of the stage's configuration that a function may read; never a secret."""

    env: str


class Layer(StrEnum):
    """A Lambda layer of third-party packages; `infra.topology.layers` says which."""

    CORE = "core"  # SDK, validation and logging: every function
    CRYPTO = "crypto"
    PAYMENT = "payment"
    RENDER = "render"
    IMAGE = "image"
    SEARCH = "search"


Grants = tuple[Grant | Setting, ...]
Events = tuple[type[BusEvent], ...]


class FunctionRef:
    """Names that derive from a function's name, `<service>.<file>`."""

    function: str
    folder: ClassVar[str]

    @property
    def service(self) -> str:
        return self.function.split(".")[0]

    @property
    def file(self) -> str:
        return self.function.split(".")[1]

    @property
    def module(self) -> str:
        """The handler's module, e.g. `booking.http.create_booking`."""
        return f"{self.service}.{self.folder}.{self.file}"

    @property
    def source(self) -> str:
        """The handler's file below `functions/`, e.g. `booking/http/create_booking.py`."""
        return f"{self.module.replace('.', '/')}.py"

    @property
    def construct_id(self) -> str:
        """The file's name as CDK spells it, e.g. `CreateBooking`."""
        return self.file.title().replace("_", "")


@dataclass(frozen=True, kw_only=True)
class FunctionSpec(FunctionRef):
    """One row: a function, its trigger and its permissions.

    `memory` is in MB (1,769 MB is one vCPU), `timeout` in seconds. `invokes` names the functions that it calls and
    awaits. `publishes` names the bus events that it may cause; it is tested, but grants nothing. `layers` names the
    layers whose packages it imports, at most four beside the common layer.
    """

    grants: Grants = ()
    invokes: tuple[str, ...] = ()
    publishes: Events = ()
    layers: tuple[Layer, ...] = (Layer.CORE,)
    memory: int = 512
    timeout: int = 10


@dataclass(frozen=True)
class Route(FunctionSpec):
    """A route of the HTTP API (`METHOD /path`, or `$default`) invokes the function."""

    folder: ClassVar[str] = "http"
    route_key: str
    function: str
    access: Access

    @property
    def method(self) -> str:
        return self.route_key.split(" ")[0]

    @property
    def path(self) -> str:
        """The path with its parameters, e.g. `/v1/bookings/{booking_id}`."""
        return self.route_key.split(" ")[-1]


@dataclass(frozen=True)
class Authorizer(FunctionSpec):
    """API Gateway invokes the function to verify a bearer token, and waits 10 seconds at most."""

    folder: ClassVar[str] = "http"
    function: str
    timeout: int = field(default=9, kw_only=True)  # one stalled SDK call (5 s) leaves time for a retry


@dataclass(frozen=True)
class Subscription(FunctionSpec):
    """Bus events invoke the function through a rule, a queue and a DLQ of its own.

    `batch_window` is in seconds; `max_concurrency` bounds the concurrent invocations. The function may delete messages
    from the DLQs of the functions in `purges_dlq_of`, which precede it in the same service.
    """

    folder: ClassVar[str] = "consumers"
    event_types: type[BusEvent] | Events
    function: str
    batch_size: int = field(default=10, kw_only=True)
    batch_window: int = field(default=0, kw_only=True)
    max_concurrency: int | None = field(default=None, kw_only=True)
    purges_dlq_of: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def events(self) -> Events:
        return self.event_types if isinstance(self.event_types, tuple) else (self.event_types,)


@dataclass(frozen=True)
class DelayedEvent(Subscription):
    """A subscription whose function may send the message to its own queue again, to be invoked later."""

    folder: ClassVar[str] = "timers"


@dataclass(frozen=True)
class Stream(FunctionSpec):
    """Changes of these tables that carry an outbox invoke the function, in order per key."""

    folder: ClassVar[str] = "consumers"
    tables: tuple[Table, ...]
    function: str


@dataclass(frozen=True)
class Invocable(FunctionSpec):
    """Functions that name it in `invokes`, or an operator, invoke it and await its response."""

    folder: ClassVar[str] = "rpc"
    function: str
    puts_events: bool = field(default=False, kw_only=True)  # it may put events on the bus, as the stream's reader does


@dataclass(frozen=True)
class Schedule(FunctionSpec):
    """A rate schedule invokes the function; an operator may, too. Failed runs are not retried: the next run comes."""

    folder: ClassVar[str] = "timers"
    function: str
    every: timedelta = field(kw_only=True)


def puts_events(row: FunctionSpec) -> bool:
    """Whether the function may put events on the bus."""
    return isinstance(row, Stream) or (isinstance(row, Invocable) and row.puts_events)
