"""A notification as the letter that tells it, in its reader's language."""

from typing import Any

from common import clock
from common.call import ask
from common.calls.ticket import RenderedTicket, RenderedTickets, RenderTickets
from common.mail import Letter, Picture
from common.store import Item
from notify.core import contacts, shows
from notify.core.model import RULES, Contact, Kind
from notify.core.shows import Show
from notify.core.words import LANGUAGES
from notify.core.words.language import Language

_TIMES = ("starts_at", "ends_at")


def letter(notice: Item, contact: Contact) -> Letter | None:
    """The letter; None where it was to bring tickets and there are none any more. Raises ShowMissing."""
    kind, language = Kind(notice["kind"]), LANGUAGES[contact.locale]
    rendered = _rendered(notice) if RULES[kind].tickets else None
    if rendered and not rendered.tickets:
        return None
    event = shows.copy(notice.get("event_id") or shows.event_of(notice["booking_id"]))
    show = Show.of(event)
    when = language.moment(show.starts, show.zone)
    common = {"event": show.name, "when": when, "where": language.say("place", venue=show.venue, city=show.city)}
    special = _special(kind, notice, event, language, common)
    special |= {"count": _count(language, rendered, show)} if rendered else {}
    # Split before anything is put in: what people have typed begins no paragraph and is no subject.
    subject, *said = (one.format(**common | special) for one in language.sentences[kind].split("\n\n"))
    if notice["facts"].get("reason") == "event_cancelled":
        subject = language.say("cancelled.subject", event=show.name)
    said += [language.say("booking", booking=notice["booking_id"])] if notice.get("booking_id") else []
    greeting = language.say("greeting", name=contact.first_name)
    paragraphs = tuple(one for one in said if one)
    pictures = tuple(
        _picture(language, number, one) for number, one in enumerate(rendered.tickets if rendered else (), 1)
    )
    calendar = rendered.calendar if rendered else None
    return Letter(subject, greeting, paragraphs, pictures, calendar, contact.locale)


def _rendered(notice: Item) -> RenderedTickets:
    # Of a booking's tickets some may be others' by now: everybody is sent their own.
    only = (notice["ticket_id"],) if notice.get("ticket_id") else ()
    wanted = RenderTickets(booking_id=notice["booking_id"], user_id=notice["user_id"], ticket_ids=only)
    return ask("ticket.render_tickets", wanted, RenderedTickets)


def _special(kind: Kind, notice: Item, event: Item, language: Language, common: dict[str, str]) -> dict[str, str]:
    """What stands in the places of this kind's sentences only."""
    facts: dict[str, Any] = notice["facts"]
    found: dict[str, str] = {}
    match kind:
        case Kind.BOOKING_FAILED:
            found = {"reason": language.say(f"failed.{facts['reason']}", **common)}
        case Kind.BOOKING_CANCELLED:
            found = _cancelled(facts, event, language, common)
        case Kind.PAYMENT_REFUNDED:
            found = {"amount": _refunded(facts, language)}
        case Kind.TICKET_OFFERED | Kind.TICKET_RECEIVED:
            found = {"giver": _name(facts["from_user_id"], language), "transfer": notice.get("transfer_id", "")}
        case Kind.TICKET_GIVEN:
            found = {"taker": _name(facts["to_user_id"], language)}
        case Kind.TICKET_VOIDED:
            found = {"tickets": ", ".join(facts["ticket_ids"])}
        case Kind.EVENT_CHANGED:
            found = {"changes": _changes(facts, language)}
    return found


def _cancelled(facts: dict[str, Any], event: Item, language: Language, common: dict[str, str]) -> dict[str, str]:
    message = language.say("cancelled.message", message=facts["message"]) if facts.get("message") else ""
    refund = facts.get("refund")
    if refund:
        money = language.say("refund.part", amount=language.money(refund, event["currency"]))
    else:
        money = language.say("refund.all" if refund is None else "refund.none")
    return {
        "reason": language.say(f"cancelled.{facts['reason']}", **common),
        "message": message,
        "refund": money,
    }


def _refunded(facts: dict[str, Any], language: Language) -> str:
    amounts = {
        name: language.money(facts[name], facts["currency"]) for name in ("amount", "prices", "refunded") if facts[name]
    }
    part = facts["prices"] > facts["amount"]
    return language.say("refunded.part" if part else "refunded.all", **amounts)


def _changes(facts: dict[str, Any], language: Language) -> str:
    was, now = facts["was"], facts["now"]
    changed = [name for name in now if now[name] != was[name]]
    return " · ".join(
        language.say(
            "changed",
            what=language.say(f"changed.{name}"),
            was=_written(name, was, language),
            now=_written(name, now, language),
        )
        for name in changed
    )


def _written(name: str, told: dict[str, str], language: Language) -> str:
    return language.moment(clock.parse(told[name]), told["zone"]) if name in _TIMES else told[name]


def _name(user_id: str, language: Language) -> str:
    other = contacts.find(user_id)
    return other.first_name if other else language.say("somebody")


def _count(language: Language, rendered: RenderedTickets, show: Show) -> str:
    count = len(rendered.tickets)
    return language.say(f"tickets_created.{'one' if count == 1 else 'many'}", count=count, event=show.name)


def _picture(language: Language, number: int, ticket: RenderedTicket) -> Picture:
    caption = language.say("caption", number=number, type=ticket.type_name, code=ticket.code)
    return Picture(f"ticket-{number}.png", caption, ticket.qr_png)
