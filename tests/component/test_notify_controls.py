"""Negative controls: each guard of notifications, taken out in a copy of the source, turns its test red."""

from pathlib import Path

import pytest

from tests.component.test_ticket_controls import Control, turns_red

MAIL = "layers/common/python/common/mail.py"
MODEL, SERVICE = (f"functions/notify/core/{name}.py" for name in ("model", "service"))
REPOSITORY = "functions/notify/core/repository.py"
MAILS = "tests/component/test_notify_mails.py"
CONTROLS = (
    Control(
        "what was told is told again",
        SERVICE,
        "is not State.PENDING:",
        "is State.FAILED:",
        f"{MAILS}::test_a_message_that_comes_again",
    ),
    Control(
        "what happens a second time is taken for the first",
        MODEL,
        "str(kind), event.bus_event_id)",
        "str(kind), event.booking_id)",
        f"{MAILS}::test_what_happens_a_second_time",
    ),
    Control(
        "what is PENDING is taken for sent",
        REPOSITORY,
        'return State((failure.old[0] or item)["status"])',
        "return State.CREATED",
        f"{MAILS}::test_dying_before_the_mail",
    ),
    Control(
        "a contact that is missing is nobody's",
        REPOSITORY,
        "        raise ContactMissing",
        "        return None",
        f"{MAILS}::test_an_address_that_comes_late",
    ),
    Control(
        "void tickets are mailed",
        SERVICE,
        " if rendered.tickets else None",
        "",
        f"{MAILS}::test_tickets_that_became_void",
    ),
    Control(
        "a mail that went out can be given up",
        MODEL,
        "    (State.PENDING, Trigger.FAIL): State.FAILED,",
        "    (State.PENDING, Trigger.FAIL): State.FAILED,\n    (State.CREATED, Trigger.FAIL): State.FAILED,",
        f"{MAILS}::test_giving_up_after_the_mail",
    ),
    Control(
        "the mail service's words are logged",
        MAIL,
        'raise NotSent(error.response["Error"]["Code"]) from None',
        "raise",
        f"{MAILS}::test_no_address_name_or_phone",
    ),
    Control(
        "any text is an address",
        MAIL,
        "if not _ADDRESS.fullmatch(address):",
        "if not address:",
        f"{MAILS}::test_an_address_that_is_none",
    ),
    Control(
        "a line break stays in the subject",
        MAIL,
        '_BREAKING.sub(" ", letter.subject).strip()',
        "letter.subject",
        f"{MAILS}::test_what_people_have_typed",
    ),
    Control(
        "words go into the HTML as they are",
        MAIL,
        "<p>{html.escape(one)}</p>",
        "<p>{one}</p>",
        f"{MAILS}::test_what_people_have_typed",
    ),
    Control(
        "an older name replaces a newer one",
        REPOSITORY,
        "#names_version < :names_version",
        "#names_version <> :names_version",
        f"{MAILS}::test_a_contact_ends_the_same",
    ),
    Control(
        "the registration replaces a newer name",
        REPOSITORY,
        "if_not_exists(#{name}, :{name})",
        ":{name}",
        f"{MAILS}::test_a_contact_ends_the_same",
    ),
)


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.name)
def test_the_guard_stands_where_its_control_looks_for_it(control: Control) -> None:
    assert control.stands()


@pytest.mark.proof
@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control.name)
def test_without_its_guard_the_test_is_red(control: Control, tmp_path: Path) -> None:
    assert turns_red(control, tmp_path)
