"""German templates. Blank lines separate paragraphs; the first paragraph of an e-mail is its subject."""

from notify.core.templates.language import Language

_TEMPLATES = {
    "greeting": "Guten Tag {name},",
    "booking": "Buchung: {booking}",
    "moment": "{weekday}, {day}. {month} {year}, {time} Uhr ({zone})",
    "place": "{venue}, {city}",
    "somebody": "Jemand",
    "caption": "{number}. {type}: {code}",
    "tickets_created.one": "Hier ist Ihr Ticket für {event}.",
    "tickets_created.many": "Hier sind Ihre {count} Tickets für {event}.",
    "tickets_created": """Ihre Tickets für {event}

{count}

{when}, {where}.

Zeigen Sie jeden QR-Code am Einlass, auf dem Telefon oder auf Papier. Jeder lässt eine Person ein, einmal: Geben Sie \
ihn nicht weiter.""",
    "ticket_offered": """{giver} bietet Ihnen ein Ticket für {event} an

{giver} möchte Ihnen ein Ticket für {event} geben: {when}, {where}.

Um es zu nehmen, melden Sie sich an und nehmen Sie das Angebot mit der Nummer {transfer} an. Dann gehört es Ihnen, mit \
einem eigenen Code. Wenn Sie es nicht möchten, brauchen Sie nichts zu tun.""",
    "ticket_received": """Ihr Ticket für {event}

{giver} hat Ihnen ein Ticket für {event} gegeben. Es gehört jetzt Ihnen; mit dem Code von vorher kommt niemand mehr \
hinein.

{when}, {where}.

Zeigen Sie den QR-Code am Einlass, auf dem Telefon oder auf Papier. Er lässt eine Person ein, einmal.""",
    "ticket_given": """Sie haben ein Ticket für {event} weitergegeben

{taker} hat Ihr Ticket für {event} angenommen. Es gehört Ihnen nicht mehr, und mit Ihrem Code kommt niemand mehr hinein.

Wenn Sie es niemandem angeboten haben, ändern Sie Ihr Passwort und schreiben Sie dem Veranstalter.""",
    "ticket_reissued": """Ihr Ticket für {event} hat einen neuen Code

Der Veranstalter hat Ihrem Ticket für {event} einen neuen Code gegeben. Mit dem alten kommt niemand mehr hinein: Bitte \
benutzen Sie nur noch diesen.

{when}, {where}.""",
    "ticket_voided": """Ein Ticket für {event} ist ungültig

Ein Ticket von Ihnen für {event}, {when}, wurde zurückgezogen und lässt niemanden mehr ein.

Wenn Sie das für einen Irrtum halten, schreiben Sie bitte dem Veranstalter.

Ticket: {tickets}""",
    "booking_expired": """Ihre Buchung für {event} ist abgelaufen

Wir haben Ihre Plätze für {event} so lange gehalten, wie wir konnten. Es kam keine Zahlung, deshalb sind sie wieder \
für andere frei.

Sie haben nichts bezahlt. Wenn Sie noch kommen möchten, buchen Sie einfach noch einmal.""",
    "booking_failed": """Ihre Buchung für {event} kam nicht zustande

{reason}

Wenn Sie bezahlt hatten, ist der ganze Betrag auf dem Weg zurück zu Ihnen, wie Sie bezahlt haben; Sie brauchen nichts \
zu tun.""",
    "failed.declined": "Die Zahlung wurde abgelehnt, deshalb konnten wir Ihre Plätze für {event} nicht halten.",
    "failed.amount_mismatch": "Bezahlt wurde nicht der fällige Betrag, deshalb konnten wir Ihre Plätze für {event} "
    "nicht halten.",
    "failed.no_room": "Ihre Zahlung für {event} kam nach dem Ende der Reservierung, und da waren keine Plätze mehr "
    "frei.",
    "failed.limit_reached": "Ihre Zahlung für {event} kam nach dem Ende der Reservierung, und da hatten Sie schon so "
    "viele Plätze, wie man haben darf.",
    "failed.sale_closed": "Der Verkauf der Tickets für {event} endete, bevor Ihre Zahlung ankam.",
    "failed.cancelled": "Ihre Zahlung für {event} kam, nachdem Sie storniert hatten; dafür gibt es keine Plätze.",
    "booking_cancelled": """Ihre Buchung für {event} ist storniert

{reason}

{message}

{refund}""",
    "cancelled.subject": "{event} ist abgesagt",
    "cancelled.buyer": "Sie haben Ihre Buchung für {event} storniert. Die Plätze sind wieder für andere frei, und mit "
    "den Tickets kommt niemand mehr hinein.",
    "cancelled.ticket_rejected": "Wir konnten die Tickets Ihrer Buchung für {event} nicht erstellen, deshalb ist sie "
    "storniert. Das tut uns leid.",
    "cancelled.event_cancelled": "{event}, {when}, findet nicht statt. Ihre Buchung ist storniert, und mit den Tickets "
    "kommt niemand mehr hinein.",
    "cancelled.refunded": "Ihre Zahlung für {event} wurde zurückgezahlt, deshalb ist Ihre Buchung storniert und mit "
    "den Tickets kommt niemand mehr hinein.",
    "cancelled.organiser": "Der Veranstalter von {event} hat Ihre Buchung storniert. Mit den Tickets kommt niemand "
    "mehr hinein.",
    "cancelled.message": "Der Veranstalter schreibt: {message}",
    "refund.all": "Wenn Sie bezahlt hatten, ist der ganze Betrag auf dem Weg zurück zu Ihnen, wie Sie bezahlt haben; "
    "Sie brauchen nichts zu tun.",
    "refund.none": "Es geht kein Geld an Sie zurück: Entweder war nichts bezahlt, oder die Bedingungen des "
    "Veranstalters sehen zu diesem Zeitpunkt keine Erstattung vor.",
    "refund.part": "Von dem, was Sie bezahlt haben, sind {amount} auf dem Weg zurück zu Ihnen, wie Sie bezahlt haben "
    "und wie es die Bedingungen des Veranstalters vorsehen; Sie brauchen nichts zu tun.",
    "payment_refunded": """Ihr Geld für {event} ist auf dem Weg zurück

{amount}

Je nach Bank dauert es einige Tage, bis es ankommt.""",
    "refunded.all": "Wir haben {amount} auf dem Weg zurückgeschickt, auf dem Sie bezahlt haben.",
    "refunded.part": "Wir haben {amount} auf dem Weg zurückgeschickt, auf dem Sie bezahlt haben. Von {prices}, die Sie "
    "bezahlt haben, gingen damit insgesamt {refunded} zurück.",
    "event_changed": """{event} hat sich geändert

An {event}, wofür Sie Tickets haben, ist jetzt etwas anders:

{changes}

Ihre Tickets bleiben gültig. Beginn: {when}, {where}.""",
    "changed": "{what}: {was} → {now}",
    "changed.name": "Name",
    "changed.venue": "Ort",
    "changed.city": "Stadt",
    "changed.zone": "Zeitzone",
    "changed.starts_at": "Beginn",
    "changed.ends_at": "Ende",
    "event_reminder": """Bald: {event}

{event}, wofür Sie Tickets haben, steht bevor: {when}, {where}.

Halten Sie am Einlass Ihre QR-Codes bereit. Sie finden sie in der Mail mit Ihren Tickets und in Ihrem Konto.""",
}
LANGUAGE = Language(
    _TEMPLATES,
    days=("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    months=(
        "Januar", "Februar", "März", "April", "Mai", "Juni",
        "Juli", "August", "September", "Oktober", "November", "Dezember",
    ),
    decimal_separator=",",
    thousands_separator=".",
)  # fmt: skip
