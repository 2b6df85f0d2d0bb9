"""A sandbox stage has one generated secret for both API key and webhook signatures."""

import json
from collections.abc import Iterator

import pytest

from common import env
from infra import topology
from tests.support.drivers.payment_driver import Order
from tests.support.drivers.provider import ProviderNetwork, connect_provider
from tests.support.fixtures.movable_clock import movable_clock
from tests.support.system.moto_resources import aws_client, secret_name
from tests.support.system.system import System

pytestmark = pytest.mark.moto


@pytest.fixture
def provider(system: System) -> Iterator[ProviderNetwork]:
    aws_client("secretsmanager").put_secret_value(
        SecretId=secret_name(topology.PROVIDER.env), SecretString=json.dumps({"api_key": "generated-0123456789"})
    )
    env.clear_cache()
    with movable_clock(), connect_provider(system) as network:
        yield network


def test_one_secret_serves_api_and_webhook(system: System, provider: ProviderNetwork) -> None:
    order = Order()
    system.deliver(order.booking_ordered(), "payment.on_booking_ordered")

    provider.pay(order.buyer, order.id, order.prices)

    assert [one["status"] for one in system.scan(topology.PAYMENTS) if one["sk"] == "payment"] == ["SUCCEEDED"]


@pytest.mark.parametrize("key", ["sk_test_sandbox", "", "generated-012345678"])
def test_refund_without_the_secret_is_unauthorized(key: str, system: System, provider: ProviderNetwork) -> None:
    headers = {"authorization": f"Bearer {key}", "content-type": "application/x-www-form-urlencoded"}

    response = system.http("POST /sandbox/v1/refunds", headers=headers, raw=b"payment_intent=pi_1")

    assert response.status == 401
