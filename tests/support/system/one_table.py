"""The bookings table and the page-token secret in moto, for tests without a system."""

from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from moto import mock_aws

from common import env
from infra.topology import BOOKINGS
from tests.support.system.moto_resources import environment, physical_name, table_definition

TABLE = "bookings"


@contextmanager
def bookings_table() -> Iterator[None]:
    """Create an empty `bookings` table with its index within the block."""
    names = {"TABLE_BOOKINGS": physical_name(BOOKINGS), "SECRET_PAGE_TOKEN": "page-token"}
    with environment(names), mock_aws():
        env.clear_cache()
        boto3.client("dynamodb").create_table(**table_definition(BOOKINGS))
        boto3.client("secretsmanager").create_secret(Name="page-token", SecretString="0123456789abcdef" * 4)
        yield
        env.clear_cache()
