"""Negative controls of payment and sandbox: without the guard in a copy of the sources, its test fails."""

from tests.support.faults.source_patches import SourcePatch

CORE = "functions/payment/core"
RETRIES = "tests/component/payment/test_retries.py"
REFUNDS, RECEIPTS = "tests/component/payment/test_refunds.py", "tests/component/payment/test_receipts.py"
KEY_LIFETIME_TEST = f"{REFUNDS}::test_redelivery_after_key_lifetime_refunds_only_once"

FAULTS, FAULT_TESTS = "functions/sandbox/core/faults.py", "tests/component/sandbox/test_faults.py"

CONTROLS = {
    "new settings end drawn faults": (
        SourcePatch(FAULTS, 'if "asked" in item or not item:', "if not item:"),
        f"{FAULT_TESTS}::test_drawn_faults_end_with_the_next_settings",
    ),
    "faults planned on the page survive new settings": (
        SourcePatch(FAULTS, 'if "asked" in item or not item:', "if True:"),
        f"{FAULT_TESTS}::test_faults_planned_on_the_page_survive_new_settings",
    ),
    "a refund is at most the refundable amount": (
        SourcePatch(f"{CORE}/refunds.py", " or (requested_amount or 0) > payment.refundable:", ":"),
        f"{REFUNDS}::test_refund_above_the_payment_names_the_refundable_amount[5001]",
    ),
    "pending refunds are not refundable": (
        SourcePatch(f"{CORE}/model.py", "self.prices - self.refunded - pending", "self.prices - self.refunded"),
        f"{REFUNDS}::test_pending_refund_reduces_the_refundable_amount",
    ),
    "a transition requires the version it was built on": (
        SourcePatch(
            f"{CORE}/repository.py",
            '        extra_condition="#version = :seen",\n        values={"seen": payment.version},\n',
            "",
        ),
        f"{REFUNDS}::test_refund_overtaken_by_another_sees_its_remainder",
    ),
    "an overtaken update is built again": (
        SourcePatch(f"{CORE}/repository.py", "_MAX_ATTEMPTS = 8", "_MAX_ATTEMPTS = 1"),
        f"{REFUNDS}::test_cancellation_overtaken_by_refund_refunds_the_remainder",
    ),
    "one key requests one refund": (
        SourcePatch(f"{CORE}/refunds.py", "        if existing:\n", "        if existing and not idempotency_key:\n"),
        f"{REFUNDS}::test_one_key_refunds_once",
    ),
    "a key belongs to one request": (
        SourcePatch(f"{CORE}/refunds.py", "            idempotent_request.is_replay_of(existing.model_dump())\n", ""),
        f"{REFUNDS}::test_reused_key_with_other_request_is_rejected[{{'amount': 999}}]",
    ),
    "only the event's organiser may refund": (
        SourcePatch(
            f"{CORE}/access.py", 'caller.can_manage(event["organiser_id"])', '({"organiser", "admin"} & caller.roles)'
        ),
        f"{REFUNDS}::test_only_the_event_organiser_can_refund[another organiser]",
    ),
    "the newest event copy names the organiser": (
        SourcePatch(f"{CORE}/event_copy.py", "#event_version < :event_version", "#event_version <> :event_version"),
        f"{REFUNDS}::test_newest_event_copy_decides_the_organiser",
    ),
    "only captured money is refundable": (
        SourcePatch(
            f"{CORE}/refunds.py", "    if payment.provider_payment is None:\n        raise NothingToRefund\n", ""
        ),
        f"{REFUNDS}::test_unpaid_payment_is_not_refundable[open]",
    ),
    "the number of refunds per payment is limited": (
        SourcePatch(f"{CORE}/refunds.py", "MAX_REFUNDS = 50", "MAX_REFUNDS = 51"),
        f"{REFUNDS}::test_payment_has_at_most_fifty_requested_refunds",
    ),
    "a refund has one key at the provider": (
        SourcePatch(f"{CORE}/model.py", ":refund:{refund.id}", ":refund:{__import__('uuid').uuid4()}"),
        f"{REFUNDS}::test_provider_outage_neither_loses_nor_doubles_refunds",
    ),
    "a refund is looked up after the key's lifetime": (
        SourcePatch(
            f"{CORE}/refunds.py",
            "    return registry.get_provider().has_refunded(captured, key)\n",
            "    return False\n",
        ),
        f"{KEY_LIFETIME_TEST}[its reply was lost]",
    ),
    "booking's earlier refunds count towards its amount": (
        SourcePatch(
            f"{CORE}/refunds.py",
            "min(amount - already_refunded, payment.refundable)",
            "min(amount, payment.refundable)",
        ),
        f"{REFUNDS}::test_cancelled_booking_refunds_its_amount_up_to_the_remainder[None-2500-after2]",
    ),
    "only the buyer sees the checkout page": (
        SourcePatch(f"{CORE}/access.py", '.model_copy(update={"checkout": None})', ""),
        f"{REFUNDS}::test_organiser_sees_the_payment_without_its_checkout_url",
    ),
    "a stored checkout is looked up before it is returned": (
        SourcePatch(
            f"{CORE}/checkout.py",
            "_synced(_requested_payment(user_id, request))",
            "_requested_payment(user_id, request)",
        ),
        f"{RETRIES}::test_expired_checkout_is_replaced_by_a_working_one[None]",
    ),
    "an unreported capture is recorded on a restart": (
        SourcePatch(
            f"{CORE}/checkout.py", "        if outcome and outcome.captured:\n", "        if outcome and not outcome:\n"
        ),
        f"{RETRIES}::test_unreported_capture_prevents_a_second_payment",
    ),
    "a deadline never moves back": (
        SourcePatch(f"{CORE}/lifecycle.py", " or deadline <= payment.pay_before", ""),
        f"{RETRIES}::test_deadline_never_moves_backwards",
    ),
    "an unpaid payment has no receipt": (
        SourcePatch(
            f"{CORE}/receipt.py",
            "    raise NotPaid\n",
            "    payment = payment.model_copy(update={'paid_at': payment.created_at})\n",
        ),
        f"{RECEIPTS}::test_unpaid_payment_has_no_receipt[open]",
    ),
    "only buyer and organiser see the receipt": (
        SourcePatch(
            f"{CORE}/access.py",
            "    if not payment or not event or not caller",
            "    if not payment or not event or False and not caller",
        ),
        f"{RECEIPTS}::test_only_buyer_organiser_and_admin_see_the_receipt",
    ),
    "a receipt lists succeeded refunds only": (
        SourcePatch(f"{CORE}/receipt.py", " if refund.status == REFUND_SUCCEEDED)", " if refund.ended_at)"),
        f"{RECEIPTS}::test_receipt_lists_only_succeeded_refunds",
    ),
}
