"""A stage: the settings of one deployment of the system."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

RUNTIMES = range(11, 15)  # the minor versions of Python 3 that Lambda runs


class InvalidStage(ValueError):
    """The stage's settings cannot be deployed."""


def python_runtime() -> str:
    """The Lambda runtime with the Python version of this process, so that tests and deployment agree."""
    if sys.version_info.minor not in RUNTIMES:
        raise InvalidStage(f"Lambda has no runtime for Python 3.{sys.version_info.minor}")
    return f"python3.{sys.version_info.minor}"


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Settings from cdk.json (`stages.<name>`), each overridden by `-c <setting>=<value>`."""

    name: str
    sender: str
    provider: str  # "sandbox", deployed with the system, or "stripe"
    public_url: str | None = None  # without it, the API's own endpoint
    identity: str | None = None  # the verified SES identity where it is not the sender itself
    create_identity: bool = False
    short_holds: bool = False
    hold_backstop_seconds: int = 240  # seconds; longer than one retry of payment.close_payment (180 s)
    retain: bool = False  # data outlive the stack and cannot be deleted by mistake
    reserved_concurrency: Mapping[str, int] = field(default_factory=dict)  # by `<service>.<file>`
    throttle: Mapping[str, int] = field(default_factory=lambda: {"rate": 500, "burst": 1000})  # requests per second
    alarm_topic: str | None = None  # ARN of an SNS topic
    api_id: str | None = None  # fixes the API id on the emulator, so that the URL is known before deployment
    prebuilt: bool = True  # deploy build/ (dependencies, byte code); never on the local stage
    runtime: str = field(default_factory=python_runtime)

    def __post_init__(self) -> None:
        if self.provider not in ("sandbox", "stripe"):
            raise InvalidStage(f"provider is sandbox or stripe, not {self.provider}")
        if self.name == "prod" and self.provider != "stripe":
            raise InvalidStage("prod takes real money: its provider cannot be the sandbox")
        if not self.sender:
            raise InvalidStage(f"stage {self.name} needs a sender: -c sender=tickets@your.domain")

    @classmethod
    def from_context(cls, context: Mapping[str, Any]) -> Self:
        """The stage named by the context, with the context's overrides. Raises InvalidStage."""
        name = context.get("stage", "local")
        settings = dict(context.get("stages", {}).get(name, {}))
        if not settings:
            raise InvalidStage(f"cdk.json has no stage {name}")
        overrides = {key: context[key] for key in cls.__dataclass_fields__ if key in context and key != "name"}
        values: dict[str, Any] = {key: _coerce(cls, key, value) for key, value in (settings | overrides).items()}
        return cls(**{"sender": ""} | values | {"name": name})

    @property
    def is_local(self) -> bool:
        return self.name == "local"

    @property
    def has_sandbox(self) -> bool:
        return self.provider == "sandbox"

    @property
    def is_bundled(self) -> bool:
        """Whether functions are deployed from build/, with their dependencies as layers."""
        return self.prebuilt and not self.is_local


def _coerce(cls: type[Stage], key: str, value: object) -> object:
    # `-c` gives text; the stage's own file gives JSON.
    if key not in cls.__dataclass_fields__:
        raise InvalidStage(f"a stage has no setting {key}")
    kind = cls.__dataclass_fields__[key].type
    if kind is bool and isinstance(value, str):
        return value.lower() in ("1", "true", "yes")
    return int(str(value)) if kind is int else value
