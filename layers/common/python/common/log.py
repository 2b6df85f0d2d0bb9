"""Structured logs, one line per invocation, and metrics of outcomes."""

import os
from collections.abc import Callable
from logging import LogRecord
from typing import Any

from aws_lambda_powertools import Logger, Metrics, single_metric
from aws_lambda_powertools.metrics import MetricUnit

from common import correlation

logger = Logger(service=os.environ.get("SERVICE", "ticketing"), utc=True)
metrics = Metrics(namespace="Ticketing", service=os.environ.get("SERVICE", "ticketing"))


def _add_correlation_id(record: LogRecord) -> bool:
    # Every line that is logged within a correlation scope carries its id.
    if not hasattr(record, "correlation_id") and (correlation_id := correlation.current_id()):
        record.correlation_id = correlation_id
    return True


logger.addFilter(_add_correlation_id)

_counter_override: list[Callable[[str, float], None]] = []  # replaces logs and metrics in simulations


def use(counter: Callable[[str, float], None] | None = None) -> None:
    """Pass metrics to `counter` and write no logs; restore logs and metrics if None."""
    _counter_override[:] = [counter] if counter else []


def count(name: str, value: float = 1) -> None:
    """Count an outcome, named in the past tense (`PlacesHeld`)."""
    if _counter_override:
        _counter_override[-1](name, value)
    else:
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)


def count_by(name: str, **dimensions: str) -> None:
    """Count an outcome by dimensions: CloudWatch bills one metric per combination of values."""
    if _counter_override:
        return
    with single_metric(name=name, unit=MetricUnit.Count, value=1, namespace="Ticketing") as metric:
        metric.add_dimension(name="service", value=os.environ.get("SERVICE", "ticketing"))
        for dimension, value in dimensions.items():
            metric.add_dimension(name=dimension, value=value)


def seconds(name: str, value: float) -> None:
    """Record a duration in seconds."""
    if _counter_override:
        _counter_override[-1](name, value)
    else:
        metrics.add_metric(name=name, unit=MetricUnit.Seconds, value=value)


def flush() -> None:
    """Write the collected metrics, if any, and reset them."""
    if metrics.metric_set:
        metrics.flush_metrics()


def access(level: str = "info", **fields: Any) -> None:
    """Write the invocation's log line."""
    if _counter_override:
        return
    getattr(logger, level)("handled", extra=fields)
