"""English templates. Blank lines separate paragraphs; the first paragraph of an e-mail is its subject."""

from notify.core.templates.language import Language

_TEMPLATES = {
    "greeting": "Hello {name},",
    "booking": "Booking: {booking}",
    "moment": "{weekday}, {day} {month} {year}, {time} ({zone})",
    "place": "{venue}, {city}",
    "somebody": "Somebody",
    "caption": "{number}. {type}: {code}",
    "tickets_created.one": "Here is your ticket for {event}.",
    "tickets_created.many": "Here are your {count} tickets for {event}.",
    "tickets_created": """Your tickets for {event}

{count}

{when}, {where}.

Show each QR code at the door, on your phone or on paper. Each admits one person, once: do not pass them on.""",
    "ticket_offered": """{giver} offers you a ticket for {event}

{giver} would like to give you a ticket for {event}: {when}, {where}.

To take it, sign in and accept the offer with the number {transfer}. It is then yours, with a code of its own. If you \
do not want it, you need not do anything.""",
    "ticket_received": """Your ticket for {event}

{giver} has given you a ticket for {event}. It is yours now; the code that it had before admits nobody any more.

{when}, {where}.

Show the QR code at the door, on your phone or on paper. It admits one person, once.""",
    "ticket_given": """You have passed on a ticket for {event}

{taker} has accepted your ticket for {event}. It is not yours any more, and the code that you had admits nobody.

If you did not offer it to anybody, change your password and write to the organiser.""",
    "ticket_reissued": """Your ticket for {event} has a new code

The organiser has given your ticket for {event} a new code. The one that you had admits nobody any more: please use \
this one only.

{when}, {where}.""",
    "ticket_voided": """A ticket of yours for {event} is void

A ticket of yours for {event}, {when}, has been withdrawn and admits nobody any more.

If you think that this is a mistake, please write to the organiser.

Ticket: {tickets}""",
    "booking_expired": """Your booking for {event} has expired

We held your places for {event} as long as we could. No payment came in, so they are free for others again.

You have not been charged. If you still want to come, simply book again.""",
    "booking_failed": """Your booking for {event} did not go through

{reason}

If you had paid, the whole amount is on its way back to you by the way you paid; you need not do anything.""",
    "failed.declined": "The payment was declined, so we could not keep your places for {event}.",
    "failed.amount_mismatch": "What was paid was not the amount due, so we could not keep your places for {event}.",
    "failed.no_room": "Your payment for {event} came after the hold had ended, and by then no places were left.",
    "failed.limit_reached": "Your payment for {event} came after the hold had ended, and by then you had as many "
    "places as one may have.",
    "failed.sale_closed": "The sale of tickets for {event} closed before your payment came in.",
    "failed.cancelled": "Your payment for {event} came after you had cancelled, so there are no places for it.",
    "booking_cancelled": """Your booking for {event} is cancelled

{reason}

{message}

{refund}""",
    "cancelled.subject": "{event} is cancelled",
    "cancelled.buyer": "You cancelled your booking for {event}. Its places are free for others again, and its tickets "
    "admit nobody any more.",
    "cancelled.ticket_rejected": "We could not make the tickets of your booking for {event}, so it is cancelled. We "
    "are sorry for that.",
    "cancelled.event_cancelled": "{event}, {when}, will not take place. Your booking is cancelled, and its tickets "
    "admit nobody any more.",
    "cancelled.refunded": "Your payment for {event} was paid back, so your booking is cancelled and its tickets admit "
    "nobody any more.",
    "cancelled.organiser": "The organiser of {event} has cancelled your booking. Its tickets admit nobody any more.",
    "cancelled.message": "The organiser writes: {message}",
    "refund.all": "If you had paid, the whole amount is on its way back to you by the way you paid; you need not do "
    "anything.",
    "refund.none": "No money goes back to you: either nothing had been paid, or the event's terms allow no refund at "
    "this time.",
    "refund.part": "Of what you paid, {amount} is on its way back to you by the way you paid, as the event's terms "
    "say; you need not do anything.",
    "payment_refunded": """Your money for {event} is on its way back

{amount}

Depending on your bank it takes a few days to arrive.""",
    "refunded.all": "We have sent {amount} back by the way you paid.",
    "refunded.part": "We have sent {amount} back by the way you paid. Of {prices} that you paid, {refunded} have been "
    "sent back in all.",
    "event_changed": """{event} has changed

Something about {event}, for which you have tickets, is different now:

{changes}

Your tickets stay valid. It begins {when}, at {where}.""",
    "changed": "{what}: {was} → {now}",
    "changed.name": "Name",
    "changed.venue": "Venue",
    "changed.city": "City",
    "changed.zone": "Time zone",
    "changed.starts_at": "Beginning",
    "changed.ends_at": "End",
    "event_reminder": """Soon: {event}

{event}, for which you have tickets, is near: {when}, at {where}.

Have your QR codes ready at the door. You find them in the mail with your tickets and in your account.""",
}
LANGUAGE = Language(
    _TEMPLATES,
    days=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    months=(
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
    decimal_separator=".",
    thousands_separator=",",
)  # fmt: skip
