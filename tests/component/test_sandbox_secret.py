"""A sandbox stage has one generated secret, which is API key and webhook secret in one."""

import json
from collections.abc import Iterator

import pytest

from common import env
from infra import topology
from tests.support.cloud import aws, secret_name
from tests.support.orders import Order, clock_of_the_test
from tests.support.provider import Provider, connect
from tests.support.system import System

pytestmark = pytest.mark.moto


@pytest.fixture
def provider(system: System) -> Iterator[Provider]:
    aws("secretsmanager").put_secret_value(
        SecretId=secret_name(topology.PROVIDER.env), SecretString=json.dumps({"api_key": "generated-0123456789"})
    )
    env.forget()
    with clock_of_the_test(), connect(system) as wire:
        yield wire


def test_one_secret_serves_both_ways(system: System, provider: Provider) -> None:
    order = Order()
    system.deliver(order.ordered(), "payment.on_booking_ordered")

    provider.pay(order.buyer, order.id, order.prices)

    assert [one["status"] for one in system.scan(topology.PAYMENTS) if one["sk"] == "payment"] == ["SUCCEEDED"]


@pytest.mark.parametrize("key", ["sk_test_sandbox", "", "generated-012345678"])
def test_without_it_nobody_gets_a_refund(key: str, system: System, provider: Provider) -> None:
    headers = {"authorization": f"Bearer {key}", "content-type": "application/x-www-form-urlencoded"}

    answer = system.http("POST /sandbox/v1/refunds", headers=headers, raw=b"payment_intent=pi_1")

    assert answer.status == 401
