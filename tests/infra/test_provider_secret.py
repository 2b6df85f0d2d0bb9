"""The value of the provider's secret after deployments by an operator."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tools.deploy import Inputs, store_provider_secret

NAME = "ticketing/dev/provider"
INPUTS = Inputs(
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


def deploy_with(secrets: Any, *webhook_secrets: str) -> Any:
    """The secret's value after one deployment per webhook secret."""
    for one in webhook_secrets:
        store_provider_secret(replace(INPUTS, stripe_webhook_secret=one))
    return json.loads(secrets.get_secret_value(SecretId=NAME)["SecretString"])


def test_first_deployment_stores_the_given_secrets(secrets: Any) -> None:
    assert deploy_with(secrets, "whsec_1") == {"api_key": "sk_1", "webhook_secret": "whsec_1"}


@pytest.mark.parametrize(
    ("deployments", "previous"),
    [
        (("whsec_1", "whsec_2"), "whsec_1"),
        (("whsec_1", "whsec_2", "whsec_2"), "whsec_1"),
        (("whsec_1", "whsec_2", "whsec_3"), "whsec_2"),
        (("whsec_1", "whsec_1"), None),
    ],
)
def test_replaced_webhook_secret_is_kept_until_the_next(
    secrets: Any, deployments: tuple[str, ...], previous: str | None
) -> None:
    secret = deploy_with(secrets, *deployments)

    assert (secret["webhook_secret"], secret.get("previous_webhook_secret")) == (deployments[-1], previous)


def test_real_provider_drops_the_sandbox_secret(secrets: Any) -> None:
    secrets.put_secret_value(SecretId=NAME, SecretString=json.dumps({"api_key": "generated"}))

    assert deploy_with(secrets, "whsec_1") == {"api_key": "sk_1", "webhook_secret": "whsec_1"}
