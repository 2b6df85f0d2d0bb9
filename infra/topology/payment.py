"""Payment: checkouts, webhooks, refunds and receipts."""

from common.bus.booking import BookingCancelled, BookingExtended, BookingFailed, BookingOrdered
from common.bus.events import EventCancelled, EventChanged, EventPublished
from common.bus.payment import PaymentFailed, PaymentRefunded, PaymentRefundFailed, PaymentSucceeded, RefundRequested
from common.bus.user import UserErased
from infra.topology.resources import GET_SECRET, PAYMENTS, PROVIDER, PROVIDER_API, PUBLIC_URL, READ_PAGE_TOKEN_KEY
from infra.topology_types import Access, DelayedEvent, FunctionSpec, Invocable, Layer, Route, Subscription

PUT = PAYMENTS.grant("PutItem")
GET_UPDATE = PAYMENTS.grant("GetItem", "UpdateItem")
GET_PUT_UPDATE = PAYMENTS.grant("GetItem", "PutItem", "UpdateItem")
GET = PAYMENTS.grant("GetItem")
LIST_BY_USER = (PAYMENTS.grant("BatchGetItem"), PAYMENTS.grant("Query", index="by_user"))

ROWS: tuple[FunctionSpec, ...] = (
    Subscription((EventPublished, EventChanged, EventCancelled), "payment.on_event_changed", grants=(PUT,)),
    Subscription(
        BookingOrdered,
        "payment.on_booking_ordered",
        grants=(PUT,),
        publishes=(PaymentSucceeded,),
        layers=(Layer.CORE, Layer.PAYMENT),
    ),
    DelayedEvent(
        BookingOrdered,
        "payment.close_payment",
        grants=(GET_UPDATE, PROVIDER.grant(GET_SECRET), PROVIDER_API, PUBLIC_URL),
        publishes=(PaymentFailed, PaymentSucceeded),
        timeout=30,
        layers=(Layer.CORE, Layer.PAYMENT),
    ),
    Subscription(
        BookingFailed,
        "payment.on_booking_failed",
        grants=(GET_UPDATE, PROVIDER.grant(GET_SECRET), PROVIDER_API, PUBLIC_URL),
        publishes=(PaymentFailed, PaymentSucceeded, RefundRequested),
        timeout=30,
        layers=(Layer.CORE, Layer.PAYMENT),
    ),
    Subscription(
        BookingCancelled,
        "payment.on_booking_cancelled",
        grants=(GET_UPDATE, PROVIDER.grant(GET_SECRET), PROVIDER_API, PUBLIC_URL),
        publishes=(PaymentFailed, PaymentSucceeded, RefundRequested),
        timeout=30,
        layers=(Layer.CORE, Layer.PAYMENT),
    ),
    Subscription(
        BookingExtended, "payment.on_booking_extended", grants=(GET_UPDATE,), layers=(Layer.CORE, Layer.PAYMENT)
    ),
    Subscription(
        RefundRequested,
        "payment.on_refund_requested",
        grants=(GET_UPDATE, PROVIDER.grant(GET_SECRET), PROVIDER_API),
        publishes=(PaymentRefunded, PaymentRefundFailed),
        timeout=30,
        layers=(Layer.CORE, Layer.PAYMENT),
    ),
    Route(
        "POST /v1/payments",
        "payment.start_payment",
        Access.USER,
        grants=(GET_PUT_UPDATE, PROVIDER.grant(GET_SECRET), PROVIDER_API, PUBLIC_URL),
        publishes=(PaymentFailed, PaymentSucceeded),
        timeout=29,
        layers=(Layer.CORE, Layer.PAYMENT),
    ),
    Route(
        "GET /v1/payments",
        "payment.list_payments",
        Access.USER,
        grants=(*LIST_BY_USER, READ_PAGE_TOKEN_KEY),
    ),
    Route(
        "GET /v1/payments/{payment_id}",
        "payment.get_payment",
        Access.USER,
        grants=(GET,),
    ),
    Route(
        "GET /v1/payments/{payment_id}/receipt",
        "payment.get_receipt",
        Access.USER,
        grants=(GET,),
    ),
    Route(
        "POST /v1/payments/{payment_id}/refund",
        "payment.create_refund",
        Access.ORGANISER,
        grants=(GET_UPDATE,),
        publishes=(RefundRequested,),
        layers=(Layer.CORE, Layer.PAYMENT),
    ),
    Route(
        "POST /v1/payments/webhook",
        "payment.receive_webhook",
        Access.PROVIDER,
        grants=(GET_PUT_UPDATE, PROVIDER.grant(GET_SECRET), PROVIDER_API),
        publishes=(PaymentFailed, PaymentRefunded, PaymentRefundFailed, PaymentSucceeded),
        timeout=29,
        layers=(Layer.CORE, Layer.PAYMENT),
    ),
    DelayedEvent(
        UserErased,
        "payment.on_user_erased",
        grants=(PAYMENTS.grant("GetItem", "BatchGetItem", "UpdateItem"), PAYMENTS.grant("Query", index="by_user")),
    ),
    Invocable(
        "payment.sync_with_provider",
        grants=(GET_UPDATE, PROVIDER.grant(GET_SECRET), PROVIDER_API, PUBLIC_URL),
        publishes=(PaymentFailed, PaymentRefundFailed, PaymentSucceeded),
        timeout=15,
        layers=(Layer.CORE, Layer.PAYMENT),
    ),
    Invocable("payment.export_user", grants=LIST_BY_USER, timeout=15),
)
