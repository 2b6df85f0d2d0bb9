"""The resources of the topology in moto, and the environment of its functions."""

import contextlib
import json
import os
from collections.abc import Iterator
from functools import cache
from typing import Any

import boto3

from infra import topology
from infra.resource_types import Bucket, Table
from infra.topology_types import Subscription

REGION = "eu-central-1"
STAGE_SETTINGS = {
    "TOKEN_ISSUER": "https://tickets.test",
    "PUBLIC_URL": "https://tickets.test",
    "PROVIDER_API": "https://tickets.test/sandbox",
    "SHORT_HOLDS": "1",
    "HOLD_BACKSTOP_SECONDS": "120",
    "PROVIDER_FAULTS": "0",
}
SENDER = "tickets@tickets.test"
PROVIDER_SECRET = {"api_key": "sk_test_0123456789abcdef", "webhook_secret": "whsec_0123456789abcdef"}
_SEED = "0123456789abcdef0123456789abcdef"
_CREDENTIAL_VARIABLES = ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


@cache
def aws_client(service: str) -> Any:
    """A client for tests, without the grants of any function; cached for the run."""
    # A separate session: the default one is instrumented. Cached: client creation dominates the time of small tests.
    create_client: Any = boto3.Session("test", "test", region_name=REGION).client  # untyped: too many overloads
    return create_client(service)


def physical_name(resource: Table | Bucket) -> str:
    return f"test-{resource.name}"


def secret_name(env: str) -> str:
    """The physical name of the secret behind a `SECRET_…` variable."""
    return f"ticketing/test/{env.removeprefix('SECRET_').lower().replace('_', '-')}"


def secrets() -> dict[str, str]:
    """All secrets of the topology, by their physical names."""
    return {
        secret_name(one.env): json.dumps(PROVIDER_SECRET) if one.provided else f"{one.name}-{_SEED}"
        for one in topology.SECRETS
    }


def create_resources() -> tuple[dict[str, str], dict[str, str]]:
    """Create all resources; returns the `KEYS_…` values and the queue URLs by consumer."""
    for table in topology.TABLES:
        aws_client("dynamodb").create_table(**table_definition(table))
    for bucket in topology.BUCKETS:
        location = {"LocationConstraint": REGION}
        aws_client("s3").create_bucket(Bucket=physical_name(bucket), CreateBucketConfiguration=location)
        enabled = {"Status": "Enabled"}
        aws_client("s3").put_bucket_versioning(Bucket=physical_name(bucket), VersioningConfiguration=enabled)
    for name, value in secrets().items():
        aws_client("secretsmanager").create_secret(Name=name, SecretString=value)
    aws_client("sesv2").create_email_identity(EmailIdentity=SENDER)
    aws_client("events").create_event_bus(Name="ticketing")
    return {topology.TOKEN_KEYS.env: ",".join(_create_keys())}, {
        one: _create_queue(one) for one in _consumer_functions()
    }


def _create_keys() -> list[str]:
    kms = aws_client("kms")
    keys = [kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY") for _ in range(topology.TOKEN_KEYS.count)]
    return [one["KeyMetadata"]["KeyId"] for one in keys]


def _consumer_functions() -> list[str]:
    return [one.function for one in topology.ROWS if isinstance(one, Subscription)]


def _create_queue(function: str) -> str:
    name = function.replace(".", "-").replace("_", "-")
    return str(aws_client("sqs").create_queue(QueueName=name)["QueueUrl"])


@contextlib.contextmanager
def environment(values: dict[str, str], hidden_prefixes: str | tuple[str, ...] = ()) -> Iterator[None]:
    """Set these variables and hide those with `hidden_prefixes` within the block."""
    before = dict(os.environ)
    for name in list(os.environ):
        if hidden_prefixes and name.startswith(hidden_prefixes) and name not in _CREDENTIAL_VARIABLES:
            del os.environ[name]
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def table_definition(table: Table) -> dict[str, Any]:
    names = {"pk", "sk"} | {key for i in table.indexes for key in (i.pk, i.sk) if key}
    indexes = [
        {"IndexName": i.name, "KeySchema": _key_schema(i.pk, i.sk), "Projection": {"ProjectionType": "KEYS_ONLY"}}
        for i in table.indexes
    ]
    return {
        "TableName": physical_name(table),
        "KeySchema": _key_schema("pk", "sk"),
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in sorted(names)],
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    } | ({"GlobalSecondaryIndexes": indexes} if indexes else {})


def _key_schema(pk: str, sk: str | None) -> list[dict[str, str]]:
    return [{"AttributeName": pk, "KeyType": "HASH"}] + ([{"AttributeName": sk, "KeyType": "RANGE"}] if sk else [])
