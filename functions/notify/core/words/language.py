"""What a language is to a mail: its sentences, and how it writes days and numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from notify.core.money import digits_of


@dataclass(frozen=True)
class Language:
    """`days` begin with Monday; `point` and `comma` stand before cents and thousands."""

    sentences: Mapping[str, str]
    days: tuple[str, ...]
    months: tuple[str, ...]
    point: str
    comma: str

    def say(self, key: str, **given: str | int) -> str:
        """The sentence with what is given in its places; what was given is text, whatever it says."""
        return self.sentences[key].format(**given)

    def moment(self, at: datetime, zone: str) -> str:
        """A time as the clocks of its zone show it, which is named."""
        there = at.astimezone(ZoneInfo(zone))
        named = {"weekday": self.days[there.weekday()], "month": self.months[there.month - 1]}
        return self.say("moment", **named, day=there.day, year=there.year, time=f"{there:%H:%M}", zone=zone)

    def money(self, amount: int, currency: str) -> str:
        """Minor units as people write them: 1250 EUR is `12.50 EUR` or `12,50 EUR`, 1250 JPY `1,250 JPY`."""
        digits = digits_of(currency)
        whole, part = divmod(amount, 10**digits)
        grouped = f"{whole:,}".replace(",", self.comma)
        return f"{grouped}{f'{self.point}{part:0{digits}}' if digits else ''} {currency}"
