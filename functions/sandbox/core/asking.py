"""How faults are asked for, and how what came of it is shown."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from common.request import Request
from common.store import Item
from sandbox.core.faults import AT, DEFAULTS, NAMES


def _known(name: str) -> str:
    if name not in NAMES:
        raise ValueError(f"no such fault; there are {', '.join(NAMES)}")
    return name


class FaultsRequest(Request):
    """How many of those who come to a place meet a fault there."""

    rates: dict[Annotated[str, AfterValidator(_known)], Annotated[float, Field(ge=0, le=1)]] = Field(default={})
    seed: int = Field(default=0, ge=0)
    times: int = Field(default=2, ge=1, le=100, description="how often a call fails before it succeeds")
    slow_ms: int = Field(default=2_000, ge=0, le=20_000)
    late_ms: int = Field(default=6_000, ge=0, le=20_000, description="longer than the merchant waits")


def shown(control: Item) -> dict[str, Any]:
    """What was asked for, with the counters."""
    asked = {name: control[name] for name in DEFAULTS} | {
        "rates": {name: float(rate) for name, rate in control["rates"].items()}
    }
    came = {str(place): control[f"drawn_{place}"] for place in AT if f"drawn_{place}" in control}
    names = {f"{place}.{fault}": f"struck_{place}_{fault}" for place, faults in AT.items() for fault in faults}
    return asked | {"came": came, "struck": {name: control[key] for name, key in names.items() if key in control}}
