"""Negative controls of notify: without the guard, the named test fails."""

from tests.support.faults.source_patches import SourcePatch

CORE, TESTS = "functions/notify/core", "tests/component/notify"
MODEL, SERVICE, REPOSITORY = f"{CORE}/model.py", f"{CORE}/service.py", f"{CORE}/repository.py"
CONTACTS, EVENT_COPY, TICKET_HOLDERS = f"{CORE}/contacts.py", f"{CORE}/event_copy.py", f"{CORE}/ticket_holders.py"
BROADCASTS, EVENT_ANNOUNCEMENTS = f"{CORE}/broadcasts.py", f"{CORE}/event_announcements.py"
EMAIL_RENDERING, NOTIFICATION_MAPPING = f"{CORE}/email_rendering.py", f"{CORE}/notification_mapping.py"
MAIL, RENDERING = "layers/common/mail.py", "functions/ticket/core/rendering/email.py"
EMAIL_TESTS, TEMPLATE_TESTS, CONTACT_TESTS = (
    f"{TESTS}/test_emails.py",
    f"{TESTS}/test_templates.py",
    f"{TESTS}/test_contacts.py",
)
API_TESTS, ANNOUNCEMENT_TESTS = f"{TESTS}/test_api.py", f"{TESTS}/test_event_announcements.py"

CONTROLS = {
    "a sent notification is not sent again": (
        SourcePatch(SERVICE, 'if notification.get("status") != State.PENDING:', "if not notification:"),
        f"{EMAIL_TESTS}::test_redelivered_message_sends_no_second_email",
    ),
    "an existing notification is not overwritten": (
        SourcePatch(REPOSITORY, "Put(TABLE, item, condition=IS_NEW)", "Put(TABLE, item)"),
        f"{EMAIL_TESTS}::test_redelivered_message_sends_no_second_email",
    ),
    "a requeue with a lost response succeeds": (
        SourcePatch(REPOSITORY, "stored = own_write(failure)", "stored = None"),
        f"{API_TESTS}::test_resend_with_lost_response_succeeds",
    ),
    "the list filters by read state": (
        SourcePatch(
            REPOSITORY, 'predicate=lambda item: ("read_at" not in item) == unread', "predicate=lambda item: True"
        ),
        f"{API_TESTS}::test_list_filters_by_read_and_unread",
    ),
    "a page token is bound to its filter": (
        SourcePatch("layers/common/pagination/filtered.py", "{self.owners[0]}/{filter_name or ''}", "{self.owners[0]}"),
        f"{API_TESTS}::test_page_token_is_bound_to_the_unread_filter",
    ),
    "a repeated occurrence is a new notification": (
        SourcePatch(NOTIFICATION_MAPPING, "str(kind), event.bus_event_id)", "str(kind), event.user_id)"),
        f"{EMAIL_TESTS}::test_repeated_occurrence_sends_a_second_email[two parts of a refund]",
    ),
    "a missing address is retried": (
        SourcePatch(CONTACTS, "        raise ContactMissing\n", "        return None\n"),
        f"{EMAIL_TESTS}::test_email_waits_for_address_and_event_copy",
    ),
    "void tickets are not e-mailed": (
        SourcePatch(EMAIL_RENDERING, "if rendered and not rendered.tickets:", "if rendered is False:"),
        f"{EMAIL_TESTS}::test_tickets_voided_before_sending_are_discarded",
    ),
    "only the user's own tickets are e-mailed": (
        SourcePatch(RENDERING, 'request.user_id in ("", ticket["user_id"])', "bool(ticket)"),
        f"{EMAIL_TESTS}::test_transferred_ticket_is_emailed_to_its_new_owner_only",
    ),
    "only the requested ticket is e-mailed": (
        SourcePatch(RENDERING, 'ticket["id"] in request.ticket_ids', "bool(ticket)"),
        f"{EMAIL_TESTS}::test_reissued_ticket_is_emailed_alone",
    ),
    "a sent notification does not fail": (
        SourcePatch(
            "layers/common/states/notify.py",
            "(State.PENDING, Trigger.FAIL):",
            "(State.SENT, Trigger.FAIL): State.FAILED, (State.PENDING, Trigger.FAIL):",
        ),
        f"{EMAIL_TESTS}::test_exhausted_retries_do_not_fail_a_sent_notification",
    ),
    "texts of the mail service are not logged": (
        SourcePatch(MAIL, 'raise EmailNotSent(error.response["Error"]["Code"]) from None', "raise"),
        f"{EMAIL_TESTS}::test_personal_data_is_neither_logged_nor_stored",
    ),
    "an offer to an unknown user is no failure": (
        SourcePatch(SERVICE, "== Kind.TICKET_OFFERED and not contacts.exists", '== "" and not contacts.exists'),
        f"{CONTACT_TESTS}::test_offer_to_unknown_user_is_discarded_without_alarm[None-DISCARDED]",
    ),
    "addresses are validated": (
        SourcePatch(MAIL, "if not _ADDRESS.fullmatch(address):", "if not address:"),
        f"{EMAIL_TESTS}::test_invalid_address_fails_without_being_logged[ada lovelace@mail.test]",
    ),
    "no line break in the subject": (
        SourcePatch(MAIL, '_CONTROL_CHARACTERS.sub(" ", email.subject).strip()', "email.subject"),
        f"{EMAIL_TESTS}::test_user_input_cannot_inject_headers_or_html",
    ),
    "HTML is escaped": (
        SourcePatch(MAIL, "<p>{html.escape(one)}</p>", "<p>{one}</p>"),
        f"{EMAIL_TESTS}::test_user_input_cannot_inject_headers_or_html",
    ),
    "older names and settings are ignored": (
        SourcePatch(CONTACTS, "OR #{counter} < :{counter})", "OR #{counter} <> :{counter})"),
        f"{CONTACT_TESTS}::test_contact_does_not_depend_on_event_order",
    ),
    "the registration does not overwrite newer names": (
        SourcePatch(CONTACTS, "if_not_exists(#{name}, :{name})", ":{name}"),
        f"{CONTACT_TESTS}::test_contact_does_not_depend_on_event_order",
    ),
    "an erased contact is not recreated": (
        SourcePatch(CONTACTS, 'f"{is_newer} AND {_NOT_ERASED}"', "is_newer"),
        f"{CONTACT_TESTS}::test_erased_user_gets_no_email_and_stays_erased",
    ),
    "channel settings are respected": (
        SourcePatch(MODEL, 'or "email" in self.channels', "or bool(self.email)"),
        f"{CONTACT_TESTS}::test_optional_notification_is_emailed_by_channel_settings[channels1-SUPPRESSED]",
    ),
    "mandatory notifications are e-mailed": (
        SourcePatch(MODEL, "return DELIVERY_RULES[kind].is_mandatory or ", "return "),
        f"{CONTACT_TESTS}::test_mandatory_notification_ignores_channel_settings",
    ),
    "notifications are the user's own": (
        SourcePatch(SERVICE, ' or notification["user_id"] != caller.user_id', ""),
        f"{API_TESTS}::test_foreign_and_unknown_notifications_are_not_found",
    ),
    "only tickets are resent after delivery": (
        SourcePatch(SERVICE, 'and not DELIVERY_RULES[Kind(notification["kind"])].has_tickets', "and not notification"),
        f"{API_TESTS}::test_pending_or_ticketless_notification_is_not_resendable",
    ),
    "one resend in five minutes": (
        SourcePatch(REPOSITORY, "OR #pending_at <= :since)", "OR #pending_at <> :since)"),
        f"{API_TESTS}::test_tickets_are_resent_at_most_every_five_minutes",
    ),
    "the first read_at is kept": (
        SourcePatch(REPOSITORY, 'if read == ("read_at" in notification):', "if not notification:"),
        SourcePatch(REPOSITORY, "if_not_exists(#read_at, :now)", ":now"),
        f"{API_TESTS}::test_notification_is_marked_read_and_unread",
    ),
    "older event versions are ignored": (
        SourcePatch(EVENT_COPY, "OR #event_version < :event_version", "OR #event_version <> :event_version"),
        f"{ANNOUNCEMENT_TESTS}::test_event_copy_does_not_depend_on_event_order",
    ),
    "a change waits for the quiet period": (
        SourcePatch(EVENT_ANNOUNCEMENTS, "    if clock.now() < quiet_until:\n        raise RetryAt(quiet_until)\n", ""),
        f"{ANNOUNCEMENT_TESTS}::test_change_is_announced_after_the_quiet_period",
    ),
    "a superseded change is announced with the newer one": (
        SourcePatch(EVENT_ANNOUNCEMENTS, 'event["event_version"] > changed.event_version or ', ""),
        f"{ANNOUNCEMENT_TESTS}::test_consecutive_edits_are_announced_once",
    ),
    "the announced version is stored": (
        SourcePatch(
            EVENT_ANNOUNCEMENTS,
            '    event_copy.mark_announced(event_id, changed.event_version, broadcast["facts"]["now"])\n',
            "",
        ),
        f"{ANNOUNCEMENT_TESTS}::test_second_change_is_compared_with_the_announced_version",
    ),
    "a batch resumes at the checkpoint": (
        SourcePatch(BROADCASTS, "    _save_checkpoint(broadcast, shard, after)\n", ""),
        f"{ANNOUNCEMENT_TESTS}::test_broadcast_resumes_where_the_last_batch_ended",
    ),
    "nobody is notified twice": (
        SourcePatch(BROADCASTS, 'broadcast["event_id"], broadcast["name"], user_id)', "ids.new())"),
        f"{ANNOUNCEMENT_TESTS}::test_every_ticket_holder_is_notified_exactly_once",
    ),
    "users without tickets are not notified": (
        SourcePatch(TICKET_HOLDERS, '    if booking.get("all_voided"):\n        return []\n', ""),
        f"{ANNOUNCEMENT_TESTS}::test_every_ticket_holder_is_notified_exactly_once",
    ),
    "no reminder of a cancelled or ended event": (
        SourcePatch(
            EVENT_ANNOUNCEMENTS, 'event["status"] != "PUBLISHED" or clock.now() >= start', "clock.now() >= start"
        ),
        f"{ANNOUNCEMENT_TESTS}::test_cancelled_or_ended_event_sends_no_reminder[CANCELLED]",
    ),
    "no reminder before its day": (
        SourcePatch(EVENT_ANNOUNCEMENTS, "    if clock.now() < due:\n        raise RetryAt(due)\n", ""),
        f"{ANNOUNCEMENT_TESTS}::test_reminder_is_sent_one_day_before",
    ),
    "no reminder after a late publication": (
        SourcePatch(EVENT_ANNOUNCEMENTS, 'if clock.parse(event["published_at"]) <= due:', "if event:"),
        f"{ANNOUNCEMENT_TESTS}::test_late_publication_sends_no_reminder_unless_moved",
    ),
    "tickets voided with their booking are not announced": (
        SourcePatch(
            NOTIFICATION_MAPPING, "if isinstance(event, TicketVoided) and not event.ticket_ids:", "if event is None:"
        ),
        f"{TEMPLATE_TESTS}::test_only_individually_voided_tickets_are_announced",
    ),
}
