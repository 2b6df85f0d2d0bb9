"""Each guard of notify taken out in a copy of the sources: the test that stands for it goes red."""

from tests.support.mutation import Change

MAIL = "layers/common/mail.py"
MODEL, SERVICE, REPOSITORY, CONTACTS, SHOWS, HOLDERS, RUNS, AUDIENCE, LETTERS, TELLINGS = (
    f"functions/notify/core/{name}.py"
    for name in (
        "model", "service", "repository", "contacts", "shows", "holders", "runs", "audience", "letters", "tellings",
    )
)  # fmt: skip
RENDERING = "functions/ticket/core/rendering.py"
MAILS, WORDS, PEOPLE, ANSWERS, AUDIENCES = (
    f"tests/component/test_notify_{name}.py" for name in ("mails", "words", "contacts", "answers", "audience")
)

CONTROLS = {
    "what was told is not told again": (
        Change(SERVICE, 'if notice.get("status") != State.PENDING:', "if not notice:"),
        f"{MAILS}::test_a_message_that_comes_again_sends_nothing_again",
    ),
    "what is written down is not written again": (
        Change(REPOSITORY, "followed=True), condition=NEW)", "followed=True))"),
        f"{MAILS}::test_a_message_that_comes_again_sends_nothing_again",
    ),
    "asking again, and the reply was lost": (
        Change(REPOSITORY, "done = mine(failure)", "done = None"),
        f"{ANSWERS}::test_asking_again_is_done_when_its_reply_was_lost",
    ),
    "the unread alone": (
        Change(REPOSITORY, 'fits=lambda item: ("read_at" not in item) == unread', "fits=lambda item: True"),
        f"{ANSWERS}::test_what_is_unread_and_what_was_read_can_be_asked_for",
    ),
    "a token is of what was asked for": (
        Change("layers/common/sifted.py", "{self.owners[0]}/{about or ''}", "{self.owners[0]}"),
        f"{ANSWERS}::test_a_token_belongs_to_the_mark_that_was_asked_for",
    ),
    "what happens a second time is no repetition": (
        Change(TELLINGS, "str(kind), event.bus_event_id)", "str(kind), event.user_id)"),
        f"{MAILS}::test_what_happens_a_second_time_is_told_a_second_time[two parts of a refund]",
    ),
    "an address that is missing is waited for": (
        Change(CONTACTS, "        raise ContactMissing\n", "        return None\n"),
        f"{MAILS}::test_an_address_and_an_event_that_come_late_are_waited_for",
    ),
    "void tickets are not mailed": (
        Change(LETTERS, "if rendered and not rendered.tickets:", "if rendered is False:"),
        f"{MAILS}::test_tickets_that_became_void_before_the_mail_are_not_sent_and_leave_nothing_open",
    ),
    "only one's own tickets are mailed": (
        Change(RENDERING, 'wanted.user_id in ("", ticket["user_id"])', "bool(ticket)"),
        f"{MAILS}::test_a_ticket_that_was_passed_on_is_sent_to_its_new_owner_only",
    ),
    "only the ticket in question is mailed": (
        Change(RENDERING, 'ticket["id"] in wanted.ticket_ids', "bool(ticket)"),
        f"{MAILS}::test_a_ticket_with_a_new_code_comes_alone",
    ),
    "a mail that went out is not given up": (
        Change("layers/common/states/notify.py", "(State.PENDING, Trigger.FAIL):   State.FAILED,", "(State.PENDING, Trigger.FAIL): State.FAILED, (State.CREATED, Trigger.FAIL): State.FAILED,"),  # noqa: E501
        f"{MAILS}::test_giving_up_after_the_mail_went_out_changes_nothing",
    ),
    "the mail service's words are not logged": (
        Change(MAIL, 'raise NotSent(error.response["Error"]["Code"]) from None', "raise"),
        f"{MAILS}::test_no_address_name_or_phone_is_logged_or_kept_with_what_was_told",
    ),
    "an offer to nobody is no failed mail": (
        Change(SERVICE, "== Kind.TICKET_OFFERED and not contacts.known", '== "" and not contacts.known'),
        f"{PEOPLE}::test_an_offer_to_nobody_is_dropped_and_alarms_nobody[None-DROPPED]",
    ),
    "not any text is an address": (
        Change(MAIL, "if not _ADDRESS.fullmatch(address):", "if not address:"),
        f"{MAILS}::test_an_address_that_is_none_fails_without_being_told[ada lovelace@mail.test]",
    ),
    "a line break does not stay in the subject": (
        Change(MAIL, '_BREAKING.sub(" ", letter.subject).strip()', "letter.subject"),
        f"{MAILS}::test_what_people_have_typed_begins_no_header_and_no_tag",
    ),
    "words go into the HTML escaped": (
        Change(MAIL, "<p>{html.escape(one)}</p>", "<p>{one}</p>"),
        f"{MAILS}::test_what_people_have_typed_begins_no_header_and_no_tag",
    ),
    "an older name or setting replaces no newer one": (
        Change(CONTACTS, "OR #{counter} < :{counter})", "OR #{counter} <> :{counter})"),
        f"{PEOPLE}::test_a_contact_ends_the_same_in_whatever_order_its_news_arrive",
    ),
    "the registration replaces no newer name": (
        Change(CONTACTS, "if_not_exists(#{name}, :{name})", ":{name}"),
        f"{PEOPLE}::test_a_contact_ends_the_same_in_whatever_order_its_news_arrive",
    ),
    "who left does not come back": (
        Change(CONTACTS, 'f"{newer} AND {_STAYS}"', "newer"),
        f"{PEOPLE}::test_who_left_is_told_nothing_and_does_not_come_back",
    ),
    "settings are respected": (
        Change(MODEL, 'or "email" in self.channels', "or bool(self.email)"),
        f"{PEOPLE}::test_what_need_not_be_mailed_is_mailed_to_those_who_want_mail[channels1-KEPT]",
    ),
    "what must be told is told": (
        Change(MODEL, "return RULES[kind].always or ", "return "),
        f"{PEOPLE}::test_what_concerns_money_is_mailed_whatever_the_settings_say",
    ),
    "one's own only": (
        Change(SERVICE, ' or found["user_id"] != caller.user_id', ""),
        f"{ANSWERS}::test_other_peoples_and_invented_ones_are_unknown",
    ),
    "only tickets are sent again": (
        Change(SERVICE, "and not RULES[Kind(notice[\"kind\"])].tickets", "and not notice"),
        f"{ANSWERS}::test_what_was_sent_is_under_way_or_is_over_is_not_sent_again",
    ),
    "once in five minutes": (
        Change(REPOSITORY, "OR #pending_at <= :since)", "OR #pending_at <> :since)"),
        f"{ANSWERS}::test_tickets_are_sent_again_once_in_five_minutes",
    ),
    "when it was first read does not move": (
        Change(REPOSITORY, 'if read == ("read_at" in notice):', "if not notice:"),
        Change(REPOSITORY, "if_not_exists(#read_at, :now)", ":now"),
        f"{ANSWERS}::test_it_is_marked_as_read_once_and_unread_again",
    ),
    "an older copy of an event replaces no newer one": (
        Change(SHOWS, "OR #event_version < :event_version", "OR #event_version <> :event_version"),
        f"{AUDIENCES}::test_the_copy_of_an_event_ends_the_same_in_whatever_order_its_news_arrive",
    ),
    "a change waits for calm": (
        Change(AUDIENCE, "    if clock.now() < calm:\n        raise Later(calm)\n", ""),
        f"{AUDIENCES}::test_a_change_is_told_old_and_new_once_it_has_calmed_down",
    ),
    "a change that is overtaken is told with the newer one": (
        Change(AUDIENCE, 'event["event_version"] > changed.event_version or ', ""),
        f"{AUDIENCES}::test_edits_in_a_row_are_told_of_once_in_either_order",
    ),
    "what was told is remembered": (
        Change(AUDIENCE, '    shows.mark_told(event_id, changed.event_version, run["facts"]["now"])\n', ""),
        f"{AUDIENCES}::test_a_second_change_is_told_against_what_people_knew",
    ),
    "slices go on where one ended": (
        Change(RUNS, "    _reached(run, shard, after)\n", ""),
        f"{AUDIENCES}::test_many_are_told_in_slices_that_go_on_where_one_ended",
    ),
    "nobody is told twice": (
        Change(RUNS, 'run["event_id"], run["name"], user_id)', "ids.new())"),
        f"{AUDIENCES}::test_everybody_with_tickets_is_told_and_nobody_twice",
    ),
    "who has no ticket is not told": (
        Change(HOLDERS, '    if booking.get("ended"):\n        return []\n', ""),
        f"{AUDIENCES}::test_everybody_with_tickets_is_told_and_nobody_twice",
    ),
    "no reminder of what does not take place": (
        Change(AUDIENCE, 'event["status"] != "PUBLISHED" or clock.now() >= starts', "clock.now() >= starts"),
        f"{AUDIENCES}::test_what_does_not_take_place_is_not_reminded_of[CANCELLED]",
    ),
    "no reminder before its day": (
        Change(AUDIENCE, "    if clock.now() < due:\n        raise Later(due)\n", ""),
        f"{AUDIENCES}::test_the_reminder_waits_for_the_day_before",
    ),
    "what was published late is not reminded of": (
        Change(AUDIENCE, 'if clock.parse(event["published_at"]) <= due:', "if event:"),
        f"{AUDIENCES}::test_an_event_published_less_than_a_day_ahead_is_not_reminded_of_unless_it_moves",
    ),
    "a booking's own end tells of its tickets": (
        Change(TELLINGS, "if isinstance(event, TicketVoided) and not event.ticket_ids:", "if event is None:"),
        f"{WORDS}::test_a_ticket_that_was_withdrawn_is_named_and_one_that_went_with_its_booking_is_not_told_of",
    ),
}  # fmt: skip
