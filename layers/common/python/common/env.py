"""The function's environment: resource names, settings, secrets and SDK clients, read at first use.

The variables derive from the grants in infra/topology/, so a function has no name of a resource that it may not use.
"""

import os
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

# Seconds. Short attempts with retries: a stalled connection must not use up the function's timeout.
_SDK_CONFIG = Config(connect_timeout=1, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 4})
# An invoked function may start cold; its callers are retried by their own queues or clients.
_LAMBDA_CONFIG = _SDK_CONFIG.merge(Config(read_timeout=20, retries={"mode": "standard", "total_max_attempts": 1}))


class NotGranted(KeyError):
    """The function's topology row does not grant this setting or resource."""


_settings_override: list[Mapping[str, str]] = []  # replace the environment and the SDK in simulations
_clients_override: list[Callable[[str], Any]] = []


def use(settings: Mapping[str, str] | None = None, clients: Callable[[str], Any] | None = None) -> None:
    """Read settings and clients from these sources; from the environment and the SDK if None."""
    _settings_override[:] = [settings] if settings is not None else []
    _clients_override[:] = [clients] if clients else []


def setting(name: str) -> str:
    """The value of an environment variable. Raises NotGranted."""
    try:
        return (_settings_override or [os.environ])[-1][name]
    except KeyError:
        raise NotGranted(name) from None


def table(name: str) -> str:
    """The physical name of a topology table. Raises NotGranted."""
    return setting(f"TABLE_{name.upper()}")


def client(service: str) -> Any:
    """The process's SDK client for the service, created at first use."""
    return _clients_override[-1](service) if _clients_override else _sdk_client(service)


@cache
def _sdk_client(service: str) -> Any:
    create_client: Any = boto3.client  # untyped: it has one overload per service
    return create_client(service, config=_LAMBDA_CONFIG if service == "lambda" else _SDK_CONFIG)


@cache
def secret(name: str) -> str:
    """The value of a topology secret, cached for the life of the process."""
    name = setting(f"SECRET_{name.upper().replace('-', '_')}")
    return str(client("secretsmanager").get_secret_value(SecretId=name)["SecretString"])


def clear_cache() -> None:
    """Drop cached clients and secrets, for tests."""
    _sdk_client.cache_clear()
    secret.cache_clear()
