"""The words of the topology: tables, triggers and grants as plain data.

Nothing here imports CDK: the stacks build these rows, the tests verify them, the docs draw
them. A function is named `<service>.<file>`, its file being `functions/<service>/<file>.py`.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from common.bus import BusEvent


class Who(StrEnum):
    """Who may call a route. Per-event roles are the domain's check, after this one."""

    ANYONE = "anyone"  # no token is read
    USER = "user"  # any valid access token
    ORGANISER = "organiser"  # a token with the role organiser (or admin)
    ADMIN = "admin"  # a token with the role admin
    PROVIDER = "provider"  # no token: the body is signed

    @property
    def signed_in(self) -> bool:
        """Whether the gateway demands a valid access token before the function is woken."""
        return self in (Who.USER, Who.ORGANISER, Who.ADMIN)


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

    def may(self, *actions: str, index: str | None = None) -> Grant:
        """Grant DynamoDB actions on the table, or on one of its indexes only."""
        if index and index not in {i.name for i in self.indexes}:
            raise ValueError(f"table {self.name} has no index {index}")
        return Grant(self, actions, index)

    @property
    def env(self) -> str:
        return f"TABLE_{self.name.upper()}"


@dataclass(frozen=True)
class Bucket:
    """An S3 bucket, owned and written by one service; grants are on its one object, or to see whether that is there."""

    name: str
    key: str

    def may(self, *actions: str) -> Grant:
        """Grant S3 actions on the object; ListBucket, which is the bucket's, by itself."""
        if "ListBucket" in actions and len(actions) > 1:
            raise ValueError("ListBucket is granted by itself")
        return Grant(self, actions)

    @property
    def env(self) -> str:
        return f"BUCKET_{self.name.upper()}"


@dataclass(frozen=True)
class Secret:
    """A Secrets Manager secret named `ticketing/<stage>/<name>`; generated unless `given`."""

    name: str
    given: bool = False  # its value is a stage input, never generated

    def may(self, *actions: str) -> Grant:
        return Grant(self, actions)

    @property
    def env(self) -> str:
        return f"SECRET_{self.name.upper().replace('-', '_')}"


@dataclass(frozen=True)
class Key:
    """KMS P-256 signing keys, the first of which signs; all of them verify."""

    name: str
    count: int = 2

    def may(self, *actions: str) -> Grant:
        return Grant(self, actions)

    @property
    def env(self) -> str:
        return f"KEYS_{self.name.upper()}"  # comma-separated key ids


@dataclass(frozen=True)
class Mail:
    """The SES identity that the stage sends from."""

    def may(self, *actions: str) -> Grant:
        return Grant(self, actions)

    @property
    def env(self) -> str:
        return "SENDER"


@dataclass(frozen=True)
class Setting:
    """A value of the stage's configuration that a function may read; never a secret."""

    env: str


May = tuple[Grant | Setting, ...]


def publishes(row: "Trigger") -> bool:
    """Whether the function may put bus events onto the bus: the stream's reader, and who repeats its work."""
    return isinstance(row, Stream) or (isinstance(row, Call) and row.publishes)


class Named:
    """What can be told from a row's function name alone."""

    function: str

    @property
    def service(self) -> str:
        return self.function.split(".")[0]

    @property
    def file(self) -> str:
        return self.function.split(".")[1]

    @property
    def construct_id(self) -> str:
        """The file's name as CDK spells it, e.g. `CreateBooking`."""
        return self.file.title().replace("_", "")


@dataclass(frozen=True, kw_only=True)
class Trigger(Named):
    """One row: one function, what wakes it, and all it may do.

    `memory` is in MB (1,769 MB is one whole vCPU), `seconds` is the time-out.
    """

    may: May = ()
    calls: tuple[str, ...] = ()  # functions that it invokes and whose answer it awaits
    memory: int = 512
    seconds: int = 10


@dataclass(frozen=True)
class Route(Trigger):
    """An HTTP call of the API (`METHOD /path`, or `$default`) reaches exactly this function."""

    call: str
    function: str
    who: Who

    @property
    def method(self) -> str:
        return self.call.split(" ")[0]

    @property
    def path(self) -> str:
        return self.call.split(" ")[-1]


@dataclass(frozen=True)
class Authorizer(Trigger):
    """The gateway asks this function whose a bearer token is, and waits 10 seconds at most."""

    function: str
    seconds: int = field(default=9, kw_only=True)  # one stalled call of the SDK (5 s) leaves time for another


@dataclass(frozen=True)
class On(Trigger):
    """Bus events wake the function through a rule, a queue and a DLQ of its own.

    With a `window` it is woken at most so many seconds later, by up to `batch` messages at once;
    `at_once` bounds how many of it run. From the DLQs of those that it `sweeps` it may take messages out;
    they stand before it, in its own service.
    """

    heard: type[BusEvent] | tuple[type[BusEvent], ...]
    function: str
    batch: int = field(default=10, kw_only=True)
    window: int = field(default=0, kw_only=True)
    at_once: int | None = field(default=None, kw_only=True)
    sweeps: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def events(self) -> tuple[type[BusEvent], ...]:
        return self.heard if isinstance(self.heard, tuple) else (self.heard,)


@dataclass(frozen=True)
class Timer(On):
    """As `On`; the function may send the message to its own queue again, to be woken later."""


@dataclass(frozen=True)
class Stream(Trigger):
    """Changes of these tables that carry an outbox wake the function, in order per key."""

    tables: tuple[Table, ...]
    function: str


@dataclass(frozen=True)
class Call(Trigger):
    """Functions that name it in `calls`, or an operator, invoke it and wait for its answer."""

    function: str
    publishes: bool = field(default=False, kw_only=True)  # it may put onto the bus what the stream's reader does


@dataclass(frozen=True)
class Every(Trigger):
    """The clock wakes the function so often; an operator may, too. What fails comes again by itself, later."""

    function: str
    minutes: int = field(kw_only=True)
