"""Render a notification as an e-mail in the recipient's language."""

from typing import Any

from common import clock
from common.mail import Email, InlineImage
from common.rpc.invocation import invoke
from common.rpc.ticket import RenderedTicket, RenderTicketsRequest, RenderTicketsResponse
from common.store import Item
from notify.core import contacts, event_copy
from notify.core.event_copy import EventSummary
from notify.core.model import DELIVERY_RULES, Contact, Kind
from notify.core.templates import LANGUAGES
from notify.core.templates.language import Language

_TIME_FIELDS = ("starts_at", "ends_at")


def render(notification: Item, contact: Contact) -> Email | None:
    """Return the e-mail; None if its tickets are void. Raises EventCopyMissing or ContactMissing."""
    kind, language = Kind(notification["kind"]), LANGUAGES[contact.locale]
    rendered = _render_tickets(notification) if DELIVERY_RULES[kind].has_tickets else None
    if rendered and not rendered.tickets:
        return None
    event_item = event_copy.get(
        notification.get("event_id") or event_copy.event_id_for_booking(notification["booking_id"])
    )
    summary = EventSummary.from_item(event_item)
    when = language.format_datetime(summary.start_time, summary.zone)
    shared_values = {
        "event": summary.name,
        "when": when,
        "where": language.render("place", venue=summary.venue, city=summary.city),
    }
    specific_values = _specific_values(kind, notification, event_item, language, shared_values)
    specific_values |= {"count": _ticket_count_text(language, rendered, summary)} if rendered else {}
    # Split before formatting, so that user input can neither start a paragraph nor become the subject.
    subject, *texts = (one.format(**shared_values | specific_values) for one in language.templates[kind].split("\n\n"))
    if notification["facts"].get("reason") == "event_cancelled":
        subject = language.render("cancelled.subject", event=summary.name)
    texts += [language.render("booking", booking=notification["booking_id"])] if notification.get("booking_id") else []
    greeting = language.render("greeting", name=contact.first_name)
    paragraphs = tuple(one for one in texts if one)
    images = tuple(
        _qr_image(language, number, one) for number, one in enumerate(rendered.tickets if rendered else (), 1)
    )
    calendar = rendered.calendar if rendered else None
    return Email(subject, greeting, paragraphs, images, calendar, contact.locale)


def _render_tickets(notification: Item) -> RenderTicketsResponse:
    # Tickets of the booking may have been transferred: render only those of this user.
    ticket_ids = (notification["ticket_id"],) if notification.get("ticket_id") else ()
    request = RenderTicketsRequest(
        booking_id=notification["booking_id"], user_id=notification["user_id"], ticket_ids=ticket_ids
    )
    return invoke("ticket.render_tickets", request, RenderTicketsResponse)


def _specific_values(
    kind: Kind, notification: Item, event_item: Item, language: Language, shared_values: dict[str, str]
) -> dict[str, str]:
    """Return the template values that only this kind uses."""
    facts: dict[str, Any] = notification["facts"]
    values: dict[str, str] = {}
    match kind:
        case Kind.BOOKING_FAILED:
            values = {"reason": language.render(f"failed.{facts['reason']}", **shared_values)}
        case Kind.BOOKING_CANCELLED:
            values = _cancellation_values(facts, event_item, language, shared_values)
        case Kind.PAYMENT_REFUNDED:
            values = {"amount": _refund_text(facts, language)}
        case Kind.TICKET_OFFERED | Kind.TICKET_RECEIVED:
            values = {
                "giver": _first_name(facts["from_user_id"], language),
                "transfer": notification.get("transfer_id", ""),
            }
        case Kind.TICKET_GIVEN:
            values = {"taker": _first_name(facts["to_user_id"], language)}
        case Kind.TICKET_VOIDED:
            values = {"tickets": ", ".join(facts["ticket_ids"])}
        case Kind.EVENT_CHANGED:
            values = {"changes": _changes_text(facts, language)}
    return values


def _cancellation_values(
    facts: dict[str, Any], event_item: Item, language: Language, shared_values: dict[str, str]
) -> dict[str, str]:
    message = language.render("cancelled.message", message=facts["message"]) if facts.get("message") else ""
    refund = facts.get("refund")
    if refund:
        refund_text = language.render("refund.part", amount=language.format_money(refund, event_item["currency"]))
    else:
        refund_text = language.render("refund.all" if refund is None else "refund.none")
    return {
        "reason": language.render(f"cancelled.{facts['reason']}", **shared_values),
        "message": message,
        "refund": refund_text,
    }


def _refund_text(facts: dict[str, Any], language: Language) -> str:
    amounts = {
        name: language.format_money(facts[name], facts["currency"])
        for name in ("amount", "prices", "refunded")
        if facts[name]
    }
    is_partial = facts["prices"] > facts["amount"]
    return language.render("refunded.part" if is_partial else "refunded.all", **amounts)


def _changes_text(facts: dict[str, Any], language: Language) -> str:
    before, after = facts["was"], facts["now"]
    changed = [name for name in after if after[name] != before[name]]
    return " · ".join(
        language.render(
            "changed",
            what=language.render(f"changed.{name}"),
            was=_format_field(name, before, language),
            now=_format_field(name, after, language),
        )
        for name in changed
    )


def _format_field(name: str, values: dict[str, str], language: Language) -> str:
    return language.format_datetime(clock.parse(values[name]), values["zone"]) if name in _TIME_FIELDS else values[name]


def _first_name(user_id: str, language: Language) -> str:
    contact = contacts.find(user_id)
    return contact.first_name if contact else language.render("somebody")


def _ticket_count_text(language: Language, rendered: RenderTicketsResponse, summary: EventSummary) -> str:
    count = len(rendered.tickets)
    return language.render(f"tickets_created.{'one' if count == 1 else 'many'}", count=count, event=summary.name)


def _qr_image(language: Language, number: int, ticket: RenderedTicket) -> InlineImage:
    caption = language.render("caption", number=number, type=ticket.type_name, code=ticket.code)
    return InlineImage(f"ticket-{number}.png", caption, ticket.qr_png)
