"""Which payment provider is in use: Stripe, unless a test sets another."""

from collections.abc import Callable
from functools import cache

from payment.core.providers.port import PaymentProvider


@cache
def _stripe_provider() -> PaymentProvider:
    # The import takes 0.2 s; functions that call no provider skip it.
    from payment.core.providers.stripe import StripeProvider  # noqa: PLC0415

    return StripeProvider()


_factory: list[Callable[[], PaymentProvider]] = [_stripe_provider]


def get_provider() -> PaymentProvider:
    return _factory[0]()


def set_provider_factory(factory: Callable[[], PaymentProvider] | None = None) -> None:
    """Create the provider with `factory`, or with the Stripe adapter if it is None."""
    _factory[0] = factory or _stripe_provider
