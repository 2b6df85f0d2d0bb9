"""A language of e-mails: templates, and formats of dates and amounts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from notify.core.money import digits_of


@dataclass(frozen=True)
class Language:
    """`days` start with Monday, `months` with January."""

    templates: Mapping[str, str]
    days: tuple[str, ...]
    months: tuple[str, ...]
    decimal_separator: str
    thousands_separator: str

    def render(self, key: str, **values: str | int) -> str:
        """Return the template with the values filled in; placeholders inside values are not expanded."""
        return self.templates[key].format(**values)

    def format_datetime(self, instant: datetime, zone: str) -> str:
        """Return the local date and time in the zone, with the zone's name."""
        local_time = instant.astimezone(ZoneInfo(zone))
        names = {"weekday": self.days[local_time.weekday()], "month": self.months[local_time.month - 1]}
        return self.render(
            "moment", **names, day=local_time.day, year=local_time.year, time=f"{local_time:%H:%M}", zone=zone
        )

    def format_money(self, amount: int, currency: str) -> str:
        """Format minor units: 1250 EUR is `12.50 EUR` or `12,50 EUR`, 1250 JPY is `1,250 JPY`."""
        digits = digits_of(currency)
        whole, fraction = divmod(amount, 10**digits)
        grouped = f"{whole:,}".replace(",", self.thousands_separator)
        return f"{grouped}{f'{self.decimal_separator}{fraction:0{digits}}' if digits else ''} {currency}"
