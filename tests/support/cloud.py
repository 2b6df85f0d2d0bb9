"""Everything of the topology in moto, and the environment that its functions find."""

import contextlib
import json
import os
from collections.abc import Iterator
from functools import cache
from typing import Any

import boto3

from infra import topology
from infra.vocabulary import Bucket, On, Table

REGION = "eu-central-1"
VALUES = {
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
_KEPT = ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


@cache
def aws(service: str) -> Any:
    """A client of the tests' own, on which no function's rights are enforced; one for the whole run."""
    # A session of its own: the default one is watched. Making clients is most of a small test's time.
    make: Any = boto3.Session("test", "test", region_name=REGION).client  # its overloads are one per service
    return make(service)


def physical(one: Table | Bucket) -> str:
    return f"test-{one.name}"


def secret_name(env: str) -> str:
    """The physical name of the secret behind a `SECRET_…` variable."""
    return f"ticketing/test/{env.removeprefix('SECRET_').lower().replace('_', '-')}"


def secrets() -> dict[str, str]:
    """All secrets of the topology, by their physical names."""
    return {
        secret_name(one.env): json.dumps(PROVIDER_SECRET) if one.given else f"{one.name}-{_SEED}"
        for one in topology.SECRETS
    }


def build() -> tuple[dict[str, str], dict[str, str]]:
    """Make it all. Returns the `KEYS_…` values, and the consumers' queues by function."""
    for table in topology.TABLES:
        aws("dynamodb").create_table(**definition(table))
    for bucket in topology.BUCKETS:
        where = {"LocationConstraint": REGION}
        aws("s3").create_bucket(Bucket=physical(bucket), CreateBucketConfiguration=where)
        enabled = {"Status": "Enabled"}
        aws("s3").put_bucket_versioning(Bucket=physical(bucket), VersioningConfiguration=enabled)
    for name, value in secrets().items():
        aws("secretsmanager").create_secret(Name=name, SecretString=value)
    aws("sesv2").create_email_identity(EmailIdentity=SENDER)
    aws("events").create_event_bus(Name="ticketing")
    return {topology.TOKEN_KEYS.env: ",".join(_keys())}, {one: _queue(one) for one in _consumers()}


def _keys() -> list[str]:
    kms = aws("kms")
    made = [kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY") for _ in range(topology.TOKEN_KEYS.count)]
    return [one["KeyMetadata"]["KeyId"] for one in made]


def _consumers() -> list[str]:
    return [one.function for one in topology.ROWS if isinstance(one, On)]


def _queue(function: str) -> str:
    name = function.replace(".", "-").replace("_", "-")
    return str(aws("sqs").create_queue(QueueName=name)["QueueUrl"])


@contextlib.contextmanager
def environment(values: dict[str, str], clear: str | tuple[str, ...] = ()) -> Iterator[None]:
    """Set these variables and hide those that start with `clear`, for the time of the block."""
    before = dict(os.environ)
    for name in list(os.environ):
        if clear and name.startswith(clear) and name not in _KEPT:
            del os.environ[name]
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def definition(table: Table) -> dict[str, Any]:
    names = {"pk", "sk"} | {key for i in table.indexes for key in (i.pk, i.sk) if key}
    indexes = [
        {"IndexName": i.name, "KeySchema": _schema(i.pk, i.sk), "Projection": {"ProjectionType": "KEYS_ONLY"}}
        for i in table.indexes
    ]
    return {
        "TableName": physical(table),
        "KeySchema": _schema("pk", "sk"),
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in sorted(names)],
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    } | ({"GlobalSecondaryIndexes": indexes} if indexes else {})


def _schema(pk: str, sk: str | None) -> list[dict[str, str]]:
    return [{"AttributeName": pk, "KeyType": "HASH"}] + ([{"AttributeName": sk, "KeyType": "RANGE"}] if sk else [])
