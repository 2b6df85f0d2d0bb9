"""Negative controls of ticket: without its guard, each test fails."""

from tests.support.faults.source_patches import SourcePatch

MODEL, CHECK_IN, SIGNATURE, ACCESS = (
    f"functions/ticket/core/{name}.py" for name in ("model", "check_in", "signature", "access")
)
ISSUANCE, REPOSITORY, EVENT_COPY = (
    f"functions/ticket/core/{name}.py" for name in ("issuance", "repository", "event_copy")
)
CHECK_IN_TESTS, VIEW_TESTS = "tests/component/ticket/test_check_in.py", "tests/component/ticket/test_views.py"
DOOR_HOURS_TESTS, TRANSFER_TESTS = (
    "tests/component/ticket/test_door_hours.py",
    "tests/component/ticket/test_transfers.py",
)
TICKET_ADMIN, TICKET_ADMIN_TESTS = "functions/ticket/core/ticket_admin.py", "tests/component/ticket/test_admin.py"
TRANSFERS = "functions/ticket/core/transfers.py"
ATTENDEE_TESTS = "tests/component/ticket/test_attendees.py"
ISSUANCE_TESTS, SIGNATURE_TESTS = "tests/component/ticket/test_issuance.py", "tests/unit/test_ticket_signature.py"
CONTROLS = {
    "a ticket admits twice": (
        SourcePatch(
            "layers/common/states/ticket.py",
            "    (State.CREATED,    Trigger.VOID):",
            "    (State.CHECKED_IN, Trigger.ADMIT): State.CHECKED_IN,\n    (State.CREATED,    Trigger.VOID):",
        ),
        f"{CHECK_IN_TESTS}::test_second_of_two_concurrent_scans_is_rejected",
    ),
    "a check-in ignores the serial": (
        SourcePatch(REPOSITORY, 'extra_condition="#serial = :serial",', 'extra_condition="#serial >= :serial",'),
        f"{CHECK_IN_TESTS}::test_ticket_reissued_during_scan_rejects_old_code",
    ),
    "a scan is written twice": (
        SourcePatch(
            REPOSITORY,
            'Put(TABLE, scan | key(scan["id"], "scan"), condition=IS_NEW)',
            'Put(TABLE, scan | key(scan["id"], "scan"))',
        ),
        f"{CHECK_IN_TESTS}::test_concurrent_duplicate_scan_is_one_check_in",
    ),
    "a nonce is reused for another scan": (
        SourcePatch(CHECK_IN, 'if existing["scanned"] != request_hash:', "if not request_hash:"),
        f"{CHECK_IN_TESTS}::test_nonce_of_other_scan_is_rejected",
    ),
    "anyone may check in tickets": (
        SourcePatch(ACCESS, "    if not event or not _can_admit(caller, event):", "    if not event:"),
        f"{CHECK_IN_TESTS}::test_event_is_not_disclosed_to_strangers",
    ),
    "an undone nonce is replayed as a check-in": (
        SourcePatch(CHECK_IN, '    if "undone_at" in existing:', '    if "never" in existing:'),
        "tests/component/ticket/test_check_in_undo.py::test_undone_ticket_admits_with_new_nonce_only",
    ),
    "a ticket admits to any event": (
        SourcePatch(CHECK_IN, 'if ticket["event_id"] != event["pk"]:', "if not event:"),
        f"{CHECK_IN_TESTS}::test_ticket_for_other_event_is_rejected",
    ),
    "a revoked serial admits": (
        SourcePatch(CHECK_IN, 'ticket["serial"] == claims.serial', "claims.serial"),
        f"{CHECK_IN_TESTS}::test_qr_payload_of_lower_serial_is_rejected",
    ),
    "an invalid signature is accepted": (
        SourcePatch(
            SIGNATURE,
            "    except InvalidSignature:\n        raise BadSignature from None",
            "    except InvalidSignature:\n        return claims",
        ),
        f"{SIGNATURE_TESTS}::test_every_bit_of_the_signature_counts",
    ),
    "key ids share one key": (
        SourcePatch(SIGNATURE, "ticket-signature|{kid}|{event_id}", "ticket-signature|{event_id}"),
        f"{SIGNATURE_TESTS}::test_each_key_id_has_its_own_key",
    ),
    "events share one key": (
        SourcePatch(SIGNATURE, "ticket-signature|{kid}|{event_id}", "ticket-signature|{kid}"),
        f"{SIGNATURE_TESTS}::test_signature_of_other_event_is_rejected",
    ),
    "an unknown key id is accepted": (
        SourcePatch(SIGNATURE, " or kid not in KEY_IDS", ""),
        f"{SIGNATURE_TESTS}::test_unknown_key_id_is_rejected",
    ),
    "a non-canonical payload is accepted": (
        SourcePatch(SIGNATURE, "if not is_canonical or version", "if version"),
        f"{SIGNATURE_TESTS}::test_non_canonical_payload_is_rejected",
    ),
    "a code of the wrong length is looked up": (
        SourcePatch(
            CHECK_IN, "if len(normalised) == signature.CODE_LENGTH else None", "if normalised is not None else None"
        ),
        f"{CHECK_IN_TESTS}::test_code_of_wrong_length_is_not_looked_up",
    ),
    "an issuance is overwritten": (
        SourcePatch(
            ISSUANCE,
            "_new_issuance(issuance, TicketPending, State.PENDING), condition=IS_NEW)",
            "_new_issuance(issuance, TicketPending, State.PENDING))",
        ),
        f"{ISSUANCE_TESTS}::test_redelivered_confirmation_issues_nothing_new",
    ),
    "a PENDING issuance is not resumed": (
        SourcePatch(ISSUANCE, 'return State(failure.old_items[0]["status"])', "return State.CREATED"),
        f"{ISSUANCE_TESTS}::test_crash_after_either_transaction_is_recovered",
    ),
    "an earlier cancellation is ignored": (
        SourcePatch(ISSUANCE, "if is_booking_cancelled(issuance.booking_id):", "if not issuance.booking_id:"),
        f"{ISSUANCE_TESTS}::test_confirmation_and_cancellation_commute",
    ),
    "an issued ticket can be rejected": (
        SourcePatch(
            "layers/common/states/ticket.py",
            "    (State.PENDING,    Trigger.VOID):",
            "    (State.CREATED,    Trigger.REJECT): State.REJECTED,\n    (State.PENDING,    Trigger.VOID):",
        ),
        f"{ISSUANCE_TESTS}::test_exhausted_retries_after_success_reject_nothing",
    ),
    "exhausted retries reject nothing": (
        SourcePatch(
            "functions/ticket/consumers/on_booking_confirmed.py",
            "@consumer(on_exhausted=issuance.reject_after_retries)",
            "@consumer(on_exhausted=issuance.issue)",
        ),
        f"{ISSUANCE_TESTS}::test_unreadable_secret_is_retried_then_rejects_tickets",
    ),
    "an older event copy replaces a newer one": (
        SourcePatch(EVENT_COPY, "#event_version < :event_version", "#event_version <> :event_version"),
        f"{ISSUANCE_TESTS}::test_event_copy_is_newest_in_any_order",
    ),
    "a ticket is shown to anyone": (
        SourcePatch(REPOSITORY, 'if not ticket or ticket["user_id"] != user_id:', "if not ticket or not user_id:"),
        f"{VIEW_TESTS}::test_foreign_unknown_and_malformed_ids_get_same_response",
    ),
    "a rejection fails when its response is lost": (
        SourcePatch(
            ISSUANCE,
            "        existing = outbox.own_write(failure)",
            "        raise\n        existing = outbox.own_write(failure)",
        ),
        f"{ISSUANCE_TESTS}::test_rejection_with_lost_response_succeeds",
    ),
    "a concurrent issuance is taken for a rejection": (
        SourcePatch(ISSUANCE, 'if existing is None or existing["status"] != State.REJECTED:', "if existing is None:"),
        f"{ISSUANCE_TESTS}::test_issuance_begun_during_rejection_is_rejected",
    ),
    "void tickets are emailed": (
        SourcePatch(
            "functions/ticket/core/rendering/email.py",
            'one["status"] != State.VOID and _is_requested',
            'one["status"] and _is_requested',
        ),
        f"{VIEW_TESTS}::test_email_excludes_void_tickets",
    ),
    "a ticket admits before doors open": (
        SourcePatch(CHECK_IN, "if doors_at and clock.now() < clock.parse(doors_at):", "if doors_at and not event:"),
        f"{DOOR_HOURS_TESTS}::test_check_in_before_doors_open_is_rejected_with_time",
    ),
    "a cancelled event admits": (
        SourcePatch(CHECK_IN, 'if event["status"] == "CANCELLED":', "if not event:"),
        f"{DOOR_HOURS_TESTS}::test_cancelled_event_admits_nobody",
    ),
    "an ended event admits": (
        SourcePatch(CHECK_IN, 'if event["status"] == "ENDED" and', "if not event and"),
        f"{DOOR_HOURS_TESTS}::test_ended_event_admits_nobody",
    ),
    "an event that runs late admits nobody": (
        SourcePatch(CHECK_IN, "+ _GRACE_AFTER_END:", ":"),
        f"{DOOR_HOURS_TESTS}::test_event_running_late_still_admits",
    ),
    "former staff see check-ins": (
        SourcePatch(
            CHECK_IN,
            'access.event_for_staff(caller, scan["event_id"]))',
            'access.event_copy.find(scan["event_id"]) or {})',
        ),
        f"{DOOR_HOURS_TESTS}::test_check_in_is_visible_to_its_current_staff_only",
    ),
    "a transfer is shown to anyone": (
        SourcePatch(
            TRANSFERS, 'caller.user_id not in (transfer["from_user_id"], transfer["to_user_id"]):', "not caller:"
        ),
        f"{TRANSFER_TESTS}::test_transfer_is_visible_to_both_parties_only",
    ),
    "a ticket is offered to its owner": (
        SourcePatch(TRANSFERS, "    if request.to_user_id == caller.user_id:", "    if not request:"),
        f"{TRANSFER_TESTS}::test_transfer_to_self_is_rejected",
    ),
    "anyone accepts an offer": (
        SourcePatch(
            TRANSFERS, 'if transfer is None or transfer["to_user_id"] != caller.user_id:', "if transfer is None:"
        ),
        f"{TRANSFER_TESTS}::test_only_recipient_accepts_transfer",
    ),
    "a ticket has two open offers": (
        SourcePatch(TRANSFERS, ' AND attribute_not_exists(#transfer_id)"', '"'),
        f"{TRANSFER_TESTS}::test_second_offer_of_ticket_is_rejected",
    ),
    "a stale ticket is transferred": (
        SourcePatch(
            TRANSFERS,
            'extra_condition="#transfer_id = :transfer AND #version = :seen"',
            'extra_condition="#transfer_id = :transfer AND #version >= :one"',
        ),
        f"{TRANSFER_TESTS}::test_ticket_reissued_during_acceptance_transfers_current_serial",
    ),
    "the new owner gets no void event": (
        SourcePatch(ISSUANCE, 'if one["user_id"] != issuance["buyer_id"]]', "if not one]"),
        f"{TRANSFER_TESTS}::test_booking_cancellation_notifies_transfer_recipient",
    ),
    "attendees are shown to every organiser": (
        SourcePatch(ACCESS, 'if not event or not caller.can_manage(event["organiser_id"]):', "if not event:"),
        f"{ATTENDEE_TESTS}::test_attendees_require_event_organiser",
    ),
    "a CSV cell is a formula": (
        SourcePatch("functions/ticket/core/attendees.py", "if text.startswith(_FORMULA_PREFIXES)", "if not text"),
        f"{ATTENDEE_TESTS}::test_csv_cell_is_never_formula",
    ),
    "attendees are listed with their codes": (
        SourcePatch(
            "functions/ticket/core/schemas.py",
            "    ticket_id: str\n    booking_id: str\n    user_id",
            "    ticket_id: str\n    code: str\n    booking_id: str\n    user_id",
        ),
        f"{ATTENDEE_TESTS}::test_attendee_has_all_fields_but_codes",
    ),
    "an edit ignores the ETag": (
        SourcePatch(TICKET_ADMIN, "    if_match.require_match(ticket)\n", ""),
        f"{TICKET_ADMIN_TESTS}::test_edit_without_current_etag_is_rejected",
    ),
    "other organisers change tickets": (
        SourcePatch(
            ACCESS,
            'if not ticket or not event or not caller.can_manage(event["organiser_id"]):',
            "if not ticket or not event:",
        ),
        f"{TICKET_ADMIN_TESTS}::test_only_event_organiser_may_change_tickets",
    ),
    "the owner reads the note": (
        SourcePatch("functions/ticket/core/schemas.py", ', "note": None}', "}"),
        f"{TICKET_ADMIN_TESTS}::test_owner_sees_holder_and_seat_but_not_note",
    ),
    "a void ticket keeps its QR code": (
        SourcePatch(
            MODEL,
            '        raise TicketVoid\n    if ticket["status"] in (State.PENDING, State.REJECTED):',
            '        pass\n    if ticket["status"] in (State.PENDING, State.REJECTED):',
        ),
        f"{VIEW_TESTS}::test_void_ticket_is_shown_without_qr_code",
    ),
    "an edit fails when its response is lost": (
        SourcePatch(TICKET_ADMIN, "already_written = own_write(failure)", "already_written = None"),
        f"{TICKET_ADMIN_TESTS}::test_edit_with_lost_response_succeeds",
    ),
}
