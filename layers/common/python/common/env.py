"""What the deployment tells a function: names and settings, read when they are first needed.

The names derive from the grants of infra/topology.py, so a function that may not touch a table
does not know its name either.
"""

import os
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

# One SDK attempt is short and repeated: a stalled connection must not use up the function's time.
_CONFIG = Config(connect_timeout=1, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 4})
# A function that is asked may start cold; whoever asks has a queue that repeats.
_PATIENT = _CONFIG.merge(Config(read_timeout=20, retries={"mode": "standard", "total_max_attempts": 1}))


class NotGranted(KeyError):
    """The function asked for something that its row in the topology does not grant."""


_settings: list[Mapping[str, str]] = []  # what stand in for the environment and the SDK, in simulations
_clients: list[Callable[[str], Any]] = []


def use(settings: Mapping[str, str] | None = None, clients: Callable[[str], Any] | None = None) -> None:
    """Take settings and clients from there, or from the environment and the SDK again."""
    _settings[:] = [settings] if settings is not None else []
    _clients[:] = [clients] if clients else []


def setting(name: str) -> str:
    """The value of a setting, table, secret or key by its environment name."""
    try:
        return (_settings or [os.environ])[-1][name]
    except KeyError:
        raise NotGranted(name) from None


def table(name: str) -> str:
    """The physical name of a table of the topology."""
    return setting(f"TABLE_{name.upper()}")


def client(service: str) -> Any:
    """One SDK client per service and process, made at first use."""
    return _clients[-1](service) if _clients else _sdk(service)


@cache
def _sdk(service: str) -> Any:
    make: Any = boto3.client  # its overloads are one per service
    return make(service, config=_PATIENT if service == "lambda" else _CONFIG)


@cache
def secret(name: str) -> str:
    """The value of a secret of the topology; kept for the life of the process."""
    name = setting(f"SECRET_{name.upper().replace('-', '_')}")
    return str(client("secretsmanager").get_secret_value(SecretId=name)["SecretString"])


def forget() -> None:
    """Drop clients and secrets, for tests that change what is behind them."""
    _sdk.cache_clear()
    secret.cache_clear()
