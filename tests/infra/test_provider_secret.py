"""What an operator's deployment leaves in the provider's secret."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tools.deploy import Inputs, give_provider_secret

NAME = "ticketing/dev/provider"
GIVEN = Inputs(
    stage="dev",
    sender="tickets@example.org",
    admin_email="admin@example.org",
    admin_password="seven quiet horses",
    stripe_api_key="sk_1",
    stripe_webhook_secret="whsec_1",
)


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        client = boto3.client("secretsmanager")
        client.create_secret(Name=NAME)
        yield client


def given(secrets: Any, *webhook_secrets: str) -> Any:
    """What the secret holds after deployments with these."""
    for one in webhook_secrets:
        give_provider_secret(replace(GIVEN, stripe_webhook_secret=one))
    return json.loads(secrets.get_secret_value(SecretId=NAME)["SecretString"])


def test_the_first_deployment_leaves_what_was_given(secrets: Any) -> None:
    assert given(secrets, "whsec_1") == {"api_key": "sk_1", "webhook_secret": "whsec_1"}


@pytest.mark.parametrize(
    ("deployments", "previous"),
    [
        (("whsec_1", "whsec_2"), "whsec_1"),
        (("whsec_1", "whsec_2", "whsec_2"), "whsec_1"),
        (("whsec_1", "whsec_2", "whsec_3"), "whsec_2"),
        (("whsec_1", "whsec_1"), None),
    ],
)
def test_a_webhook_secret_that_is_replaced_is_kept_until_the_next(
    secrets: Any, deployments: tuple[str, ...], previous: str | None
) -> None:
    found = given(secrets, *deployments)

    assert (found["webhook_secret"], found.get("previous_webhook_secret")) == (deployments[-1], previous)


def test_the_sandboxs_one_secret_signs_no_more_once_the_provider_is_real(secrets: Any) -> None:
    secrets.put_secret_value(SecretId=NAME, SecretString=json.dumps({"api_key": "generated"}))

    assert given(secrets, "whsec_1") == {"api_key": "sk_1", "webhook_secret": "whsec_1"}
