"""Types of the topology's rows: functions, their triggers and their permissions, as plain data.

This module imports no CDK: the stacks build the rows, the tests verify them and the docs draw them.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar

from common.bus import BusEvent
from infra.resource_types import Grants, Table


class Access(StrEnum):
    """The least token that a route demands. The service also checks ownership and roles per event."""

    PUBLIC = "public"  # no token is read
    USER = "user"  # any valid access token
    ORGANISER = "organiser"  # a token with the role organiser or admin
    ADMIN = "admin"  # a token with the role admin
    PROVIDER = "provider"  # no access token: the service checks the provider's signature (webhook) or API key (sandbox)

    @property
    def requires_token(self) -> bool:
        """Whether API Gateway demands a valid access token before it invokes the function."""
        return self in (Access.USER, Access.ORGANISER, Access.ADMIN)


class Layer(StrEnum):
    """A Lambda layer of third-party packages; `infra.topology.layers` says which."""

    CORE = "core"  # SDK, validation and logging: every function
    CRYPTO = "crypto"
    PAYMENT = "payment"
    RENDER = "render"
    IMAGE = "image"
    SEARCH = "search"


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
    layers whose packages its modules import, directly or not: at most four, CORE included. Lambda allows five; the
    fifth has our own package `common`.
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
    """A subscription whose function may send the message to its own queue again, to run once more later.

    It waits for a deadline, or runs a second time after a grace period (UserErased).
    """

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
