"""Negative controls: each guard of tickets, taken out in a copy of the sources, turns its test red."""

from tests.support.mutation import Change

MODEL, DOOR, SIGNATURE, ACCESS, CODES = (
    f"functions/ticket/core/{name}.py" for name in ("model", "door", "signature", "access", "codes")
)
ISSUES, REPOSITORY, SERVICE = (f"functions/ticket/core/{name}.py" for name in ("issues", "repository", "service"))
AT_DOOR, SHOWING = "tests/component/test_ticket_door.py", "tests/component/test_ticket_showing.py"
OPENING, PASSING = "tests/component/test_ticket_opening.py", "tests/component/test_ticket_transfers.py"
DESK, AT_DESK = "functions/ticket/core/desk.py", "tests/component/test_ticket_desk.py"
TRANSFERS = "functions/ticket/core/transfers.py"
ATTENDEES = "tests/component/test_ticket_attendees.py"
ISSUING, SIGNING = "tests/component/test_ticket_issuing.py", "tests/unit/test_ticket_signature.py"
CONTROLS = {
    "a ticket admits again": (
        Change(
            "layers/common/states/ticket.py",
            "    (State.CREATED,    Trigger.VOID):",
            "    (State.CHECKED_IN, Trigger.ADMIT): State.CHECKED_IN,\n    (State.CREATED,    Trigger.VOID):",
        ),
        f"{AT_DOOR}::test_of_two_scans_at_once_the_second_is_refused",
    ),
    "the serial is not part of the condition": (
        Change(REPOSITORY, 'also="#serial = :serial",', 'also="#serial >= :serial",'),
        f"{AT_DOOR}::test_a_ticket_reissued_during_the_scan_is_not_admitted_by_its_old_code",
    ),
    "a scan is not kept from being written twice": (
        Change(
            REPOSITORY,
            'Put(TABLE, scan | key(scan["id"], "scan"), condition=NEW)',
            'Put(TABLE, scan | key(scan["id"], "scan"))',
        ),
        f"{AT_DOOR}::test_the_same_scan_twice_at_once_is_one_admission_answered_twice",
    ),
    "a nonce fits every scan": (
        Change(DOOR, 'if known["scanned"] != scanned:', "if not scanned:"),
        f"{AT_DOOR}::test_a_nonce_is_of_one_scan_only",
    ),
    "anybody may scan": (
        Change(ACCESS, "    if not event or not _works_there(caller, event):", "    if not event:"),
        f"{AT_DOOR}::test_an_event_that_the_caller_does_not_work_for_is_not_disclosed",
    ),
    "a nonce that was taken back is answered as an admission": (
        Change(DOOR, '    if "undone_at" in known:', '    if "never" in known:'),
        "tests/component/test_ticket_undoing.py::test_after_an_undo_the_ticket_admits_by_another_nonce_only",
    ),
    "the ticket's event is not looked at": (
        Change(DOOR, 'if ticket["event_id"] != event["pk"]:', "if not event:"),
        f"{AT_DOOR}::test_a_ticket_for_another_event_is_refused",
    ),
    "the ticket's serial is not looked at": (
        Change(CODES, 'found["serial"] == claims.serial', "claims.serial"),
        f"{AT_DOOR}::test_the_signed_text_of_a_lower_serial_is_dead",
    ),
    "the signature is not believed to matter": (
        Change(
            SIGNATURE,
            "    except InvalidSignature:\n        raise BadSignature from None",
            "    except InvalidSignature:\n        return claims",
        ),
        f"{SIGNING}::test_every_bit_of_the_signature_counts",
    ),
    "all key ids are one key": (
        Change(SIGNATURE, "ticket-signature|{kid}|{event_id}", "ticket-signature|{event_id}"),
        f"{SIGNING}::test_another_key_id_is_another_key",
    ),
    "all events have one key": (
        Change(SIGNATURE, "ticket-signature|{kid}|{event_id}", "ticket-signature|{kid}"),
        f"{SIGNING}::test_the_key_of_one_event_proves_nothing_about_another",
    ),
    "a retired key id is taken": (
        Change(SIGNATURE, " or kid not in KIDS", ""),
        f"{SIGNING}::test_a_key_id_that_is_not_in_use_is_refused",
    ),
    "another spelling of a text is taken": (
        Change(SIGNATURE, "if not exact or version", "if version"),
        f"{SIGNING}::test_spellings_that_mean_the_same_are_refused_too",
    ),
    "a code of no length is looked up": (
        Change(CODES, "if len(meant) == signature.CODE_LENGTH else None", "if meant is not None else None"),
        f"{AT_DOOR}::test_a_code_of_another_length_is_not_even_looked_up",
    ),
    "an issue is written over": (
        Change(
            ISSUES,
            "_issue(new, TicketPending, State.PENDING), condition=NEW)",
            "_issue(new, TicketPending, State.PENDING))",
        ),
        f"{ISSUING}::test_a_message_that_comes_again_issues_nothing_again",
    ),
    "an issue that is PENDING is not resumed": (
        Change(ISSUES, 'return State(failure.old[0]["status"])', "return State.CREATED"),
        f"{ISSUING}::test_dying_after_either_transaction_changes_nothing_in_the_end",
    ),
    "an earlier cancellation is forgotten": (
        Change(SERVICE, "if issues.is_cancelled(new.booking_id):", "if not new.booking_id:"),
        f"{ISSUING}::test_both_orders_of_confirmation_and_cancellation_leave_the_same_items_in_the_same_states",
    ),
    "what was issued can be rejected": (
        Change(
            "layers/common/states/ticket.py",
            "    (State.PENDING,    Trigger.VOID):",
            "    (State.CREATED,    Trigger.REJECT): State.REJECTED,\n    (State.PENDING,    Trigger.VOID):",
        ),
        f"{ISSUING}::test_giving_up_after_all_was_well_rejects_nothing",
    ),
    "nobody gives up": (
        Change(
            "functions/ticket/on_booking_confirmed.py",
            "@consumer_that_gives_up(by=service.give_up)",
            "@consumer_that_gives_up(by=service.issue)",
        ),
        f"{ISSUING}::test_a_secret_that_cannot_be_read_is_tried_again_and_then_rejects",
    ),
    "an older copy of an event replaces a newer one": (
        Change(REPOSITORY, "#event_version < :event_version", "#event_version <> :event_version"),
        f"{ISSUING}::test_the_copy_of_an_event_is_the_newest_in_any_order",
    ),
    "a ticket is shown to anybody": (
        Change(REPOSITORY, 'if not found or found["user_id"] != user_id:', "if not found or not user_id:"),
        f"{SHOWING}::test_a_foreign_an_invented_and_an_odd_id_are_answered_alike",
    ),
    "a rejection that was written is refused": (
        Change(ISSUES, "        found = outbox.mine(failure)", "        raise\n        found = outbox.mine(failure)"),
        f"{ISSUING}::test_a_rejection_whose_reply_is_lost_is_done",
    ),
    "what another delivery began is taken for a rejection": (
        Change(ISSUES, 'if found is None or found["status"] != State.REJECTED:', "if found is None:"),
        f"{ISSUING}::test_an_issue_that_another_delivery_begins_during_the_rejection_is_rejected_too",
    ),
    "void tickets are mailed": (
        Change(
            "functions/ticket/core/rendering.py", 'one["status"] != State.VOID and _wanted', 'one["status"] and _wanted'
        ),
        f"{SHOWING}::test_the_mail_gets_no_void_ticket",
    ),
    "doors that are not open yet admit": (
        Change(DOOR, "if opens and clock.now() < clock.parse(opens):", "if opens and not event:"),
        f"{OPENING}::test_before_the_doors_open_a_ticket_is_too_early_and_told_when",
    ),
    "a cancelled event admits": (
        Change(DOOR, 'if event["status"] == "CANCELLED":', "if not event:"),
        f"{OPENING}::test_an_event_that_is_cancelled_admits_nobody",
    ),
    "an event that is over admits": (
        Change(DOOR, 'if event["status"] == "ENDED" and', "if not event and"),
        f"{OPENING}::test_an_event_that_is_over_admits_nobody",
    ),
    "an event that runs late is shut": (
        Change(DOOR, "+ _OVERRUN:", ":"),
        f"{OPENING}::test_an_event_that_runs_late_lets_people_in",
    ),
    "former staff sees admissions": (
        Change(DOOR, 'access.at_door(caller, scan["event_id"]))', 'repository.event(scan["event_id"]) or {})'),
        f"{OPENING}::test_an_admission_is_shown_to_whoever_made_it_and_works_there",
    ),
    "an offer is shown to anybody": (
        Change(TRANSFERS, 'caller.user_id not in (found["from_user_id"], found["to_user_id"]):', "not caller:"),
        f"{PASSING}::test_an_offer_is_shown_to_those_two_only",
    ),
    "a ticket is offered to its owner": (
        Change(TRANSFERS, "    if request.to_user_id == caller.user_id:", "    if not request:"),
        f"{PASSING}::test_nobody_offers_a_ticket_to_themselves",
    ),
    "anybody accepts": (
        Change(TRANSFERS, 'if found is None or found["to_user_id"] != caller.user_id:', "if found is None:"),
        f"{PASSING}::test_only_the_person_of_the_offer_accepts",
    ),
    "a ticket is offered to two": (
        Change(TRANSFERS, ' AND attribute_not_exists(#transfer_id)"', '"'),
        f"{PASSING}::test_one_offer_is_open_at_a_time",
    ),
    "a ticket is handed over as it was": (
        Change(
            TRANSFERS,
            'also="#transfer_id = :transfer AND #version = :seen"',
            'also="#transfer_id = :transfer AND #version >= :one"',
        ),
        f"{PASSING}::test_a_ticket_reissued_between_reading_and_accepting_is_handed_over_as_it_then_is",
    ),
    "whoever took a ticket over is not told": (
        Change(ISSUES, 'if one["user_id"] != found["buyer_id"]]', "if not one]"),
        f"{PASSING}::test_a_cancelled_booking_is_told_to_whoever_took_a_ticket_over",
    ),
    "attendees are shown to every organiser": (
        Change(ACCESS, 'if not event or not caller.manages(event["organiser_id"]):', "if not event:"),
        f"{ATTENDEES}::test_the_organiser_of_the_event_only",
    ),
    "a cell is a formula": (
        Change("functions/ticket/core/sheet.py", "if text.startswith(_FORMULA)", "if not text"),
        f"{ATTENDEES}::test_a_cell_is_never_a_formula",
    ),
    "attendees are given their codes": (
        Change(
            "functions/ticket/core/schemas.py",
            "    ticket_id: str\n    booking_id: str\n    user_id",
            "    ticket_id: str\n    code: str\n    booking_id: str\n    user_id",
        ),
        f"{ATTENDEES}::test_an_attendee_is_shown_with_all_but_what_admits",
    ),
    "an edit of what was not seen": (
        Change(DESK, "    seen.check(ticket)\n", ""),
        f"{AT_DESK}::test_an_edit_of_what_was_not_seen_is_refused",
    ),
    "another organiser changes tickets": (
        Change(
            ACCESS,
            'if not ticket or not event or not caller.manages(event["organiser_id"]):',
            "if not ticket or not event:",
        ),
        f"{AT_DESK}::test_only_the_event_s_organiser_may",
    ),
    "the owner reads the note": (
        Change("functions/ticket/core/schemas.py", ', "note": None}', "}"),
        f"{AT_DESK}::test_holder_and_seat_are_shown_to_the_owner_and_the_note_is_not",
    ),
    "a void ticket keeps its QR code": (
        Change(SERVICE, '    if ticket["status"] == State.VOID:\n        raise TicketVoid\n', ""),
        f"{SHOWING}::test_a_void_ticket_is_shown_as_such_and_has_no_qr_code_any_more",
    ),
    "an edit whose reply was lost": (
        Change(DESK, "done = mine(failure)", "done = None"),
        f"{AT_DESK}::test_an_edit_whose_reply_was_lost_is_done",
    ),
}
