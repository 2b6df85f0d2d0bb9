"""The bookings table alone, and the key that signs page tokens: for what needs no system around it."""

from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from moto import mock_aws

from common import env
from infra.topology import BOOKINGS
from tests.support.cloud import definition, environment, physical

TABLE = "bookings"


@contextmanager
def one_table() -> Iterator[None]:
    """Within the block `bookings` exists, empty, with its index."""
    names = {"TABLE_BOOKINGS": physical(BOOKINGS), "SECRET_CURSOR": "cursor"}
    with environment(names), mock_aws():
        env.forget()
        boto3.client("dynamodb").create_table(**definition(BOOKINGS))
        boto3.client("secretsmanager").create_secret(Name="cursor", SecretString="0123456789abcdef" * 4)
        yield
        env.forget()
