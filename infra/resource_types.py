"""Types of the topology's resources, and the grants on them, as plain data.

This module imports no CDK: the stacks build the resources, the tests verify them and the docs draw them.
"""

from dataclasses import dataclass


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


Grants = tuple[Grant | Setting, ...]
