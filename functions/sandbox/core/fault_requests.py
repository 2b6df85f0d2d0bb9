"""The faults API: its request, and its report."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from common.request import Request
from common.store import Item
from sandbox.core.faults import DEFAULTS, FAULT_NAMES, FAULTS_BY_OPERATION


def _known_fault(name: str) -> str:
    if name not in FAULT_NAMES:
        raise ValueError(f"no such fault; there are {', '.join(FAULT_NAMES)}")
    return name


class FaultsRequest(Request):
    """The share of sessions that meet a fault, for each `operation.fault`."""

    rates: dict[Annotated[str, AfterValidator(_known_fault)], Annotated[float, Field(ge=0, le=1)]] = Field(default={})
    seed: int = Field(default=0, ge=0)
    times: int = Field(default=2, ge=1, le=100, description="how often a call fails before it succeeds")
    slow_ms: int = Field(default=2_000, ge=0, le=20_000)
    late_ms: int = Field(default=6_000, ge=0, le=20_000, description="longer than the merchant waits")


def fault_report(settings: Item) -> dict[str, Any]:
    """The settings, with the counters of visits and faults."""
    requested = {name: settings[name] for name in DEFAULTS} | {
        "rates": {name: float(rate) for name, rate in settings["rates"].items()}
    }
    visits = {
        str(operation): settings[f"drawn_{operation}"]
        for operation in FAULTS_BY_OPERATION
        if f"drawn_{operation}" in settings
    }
    names = {
        f"{operation}.{fault}": f"struck_{operation}_{fault}"
        for operation, faults in FAULTS_BY_OPERATION.items()
        for fault in faults
    }
    return requested | {
        "came": visits,
        "struck": {name: settings[key] for name, key in names.items() if key in settings},
    }
