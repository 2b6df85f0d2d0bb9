"""One structured line per invocation, and the metrics of outcomes."""

import os
from collections.abc import Callable
from logging import LogRecord
from typing import Any

from aws_lambda_powertools import Logger, Metrics, single_metric
from aws_lambda_powertools.metrics import MetricUnit

from common import trace

logger = Logger(service=os.environ.get("SERVICE", "ticketing"), utc=True)
metrics = Metrics(namespace="Ticketing", service=os.environ.get("SERVICE", "ticketing"))


def _follow(line: LogRecord) -> bool:
    # Whatever is logged while a request or message is worked on belongs to its journey.
    if not hasattr(line, "correlation_id") and (journey := trace.correlation()):
        line.correlation_id = journey
    return True


logger.addFilter(_follow)

_counter: list[Callable[[str, float], None]] = []  # what stands in for the metrics, in simulations


def use(counter: Callable[[str, float], None] | None = None) -> None:
    """Tell `counter` what is counted and write nothing, or write lines and metrics again."""
    _counter[:] = [counter] if counter else []


def count(name: str, value: float = 1) -> None:
    """Count an outcome, named in the past tense (`PlacesHeld`)."""
    if _counter:
        _counter[-1](name, value)
    else:
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)


def count_by(name: str, **dimensions: str) -> None:
    """Count an outcome of its own kind: one metric for each value of the dimensions."""
    if _counter:
        return
    with single_metric(name=name, unit=MetricUnit.Count, value=1, namespace="Ticketing") as one:
        one.add_dimension(name="service", value=os.environ.get("SERVICE", "ticketing"))
        for dimension, value in dimensions.items():
            one.add_dimension(name=dimension, value=value)


def seconds(name: str, value: float) -> None:
    """Record a duration in seconds."""
    if _counter:
        _counter[-1](name, value)
    else:
        metrics.add_metric(name=name, unit=MetricUnit.Seconds, value=value)


def flush() -> None:
    """Write what was counted, if anything was, and begin anew."""
    if metrics.metric_set:
        metrics.flush_metrics()


def access(level: str = "info", **fields: Any) -> None:
    """Write the invocation's one line."""
    if _counter:
        return
    getattr(logger, level)("handled", extra=fields)
