"""docs/topology.svg: a diagram of the services and the bus.

One band per service: its routes, its table, and the bus events that it publishes and consumes.
"""

from dataclasses import dataclass
from html import escape

from infra.resource_types import Grant, Table
from infra.topology import ROWS
from infra.topology_types import DelayedEvent, Route
from tools.docs import introspection

_LINE, _PAD, _GAP = 17, 14, 16
_CALLS, _BOX, _BOX_WIDTH, _EVENTS, _BUS, _BUS_WIDTH = 24, 436, 170, 636, 930, 56
_WIDTH = _BUS + _BUS_WIDTH + 24
_TOP = 84
_STYLE = """\
text{font:13px system-ui,sans-serif;fill:#1f2933}.small{font-size:12px;fill:#52606d}
.mono{font:12px ui-monospace,monospace}
.name{font-size:16px;font-weight:600}.head{font-size:12px;font-weight:600;fill:#52606d}.bus{fill:#fff;font-weight:600}
.published{fill:#8a3b12}.consumed{fill:#0b5f59}"""


@dataclass(frozen=True)
class _Band:
    """One service's band of the diagram."""

    service: str
    calls: list[str]
    published: list[str]
    consumed: list[str]
    tables: list[str]

    @property
    def height(self) -> int:
        lines = max(
            len(self.calls), len(self.published) + len(self.consumed) + bool(self.published and self.consumed), 2
        )
        return lines * _LINE + 2 * _PAD


def render_svg() -> str:
    """The diagram as SVG."""
    parts, y = [], _TOP
    bands = [_band(service) for service in introspection.services() if service not in ("gateway", "cdc")]
    for band in bands:
        parts += _draw_band(band, y)
        y += band.height + _GAP
    height = y + 8
    frame = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="t">',
        '<title id="t">The services, their calls, and what they tell and hear on the bus</title>',
        f"<style>{_STYLE}</style>",
        *_markers(),
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>',
        *_draw_headings(),
        f'<rect x="{_BUS}" y="{_TOP - 12}" width="{_BUS_WIDTH}" height="{y - _TOP + 4}" rx="8" fill="#334e68"/>',
        _text(_BUS + _BUS_WIDTH // 2, _TOP + 14, "bus", "bus", "middle"),
    ]
    return "\n".join([*frame, *parts, "</svg>", ""])


def _band(service: str) -> _Band:
    rows = [row for row in ROWS if row.service == service]
    published = [event.__name__ for event in introspection.events() if introspection.publisher(event) == service]
    consumed = [
        event.__name__ + (" (timer)" if isinstance(row, DelayedEvent) else "")
        for event in introspection.events()
        for row in introspection.consumers(event)
        if row.service == service
    ]
    resources = [grant.resource for row in rows for grant in row.grants if isinstance(grant, Grant)]
    tables = [one.name for one in resources if isinstance(one, Table)]
    calls = [row.route_key for row in rows if isinstance(row, Route)]
    return _Band(service, calls, published, list(dict.fromkeys(consumed)), list(dict.fromkeys(tables)))


def _draw_band(band: _Band, y: int) -> list[str]:
    middle = y + band.height // 2
    parts = [
        f'<rect x="12" y="{y}" width="{_BUS - 36}" height="{band.height}" rx="8" fill="#f5f7fa"/>',
        f'<rect x="{_BOX}" y="{middle - 30}" width="{_BOX_WIDTH}" height="60" rx="8" fill="#d9e8f5" stroke="#486581"/>',
        _text(_BOX + _BOX_WIDTH // 2, middle - 4, band.service, "name", "middle"),
        _text(_BOX + _BOX_WIDTH // 2, middle + 16, f"table {', '.join(band.tables)}", "small", "middle"),
    ]
    parts += [_text(_CALLS, _baseline(y, at), call, "mono") for at, call in enumerate(band.calls)]
    if band.calls:
        parts.append(_arrow(_BOX - 26, _BOX - 2, middle, "#486581", "call"))
    return parts + _draw_events(band, y)


def _draw_events(band: _Band, y: int) -> list[str]:
    parts, at = [], 0
    for names, kind, colour in ((band.published, "published", "#8a3b12"), (band.consumed, "consumed", "#0b5f59")):
        for name in names:
            line = _baseline(y, at) - 4
            start, end = (_BUS - 60, _BUS - 2) if kind == "published" else (_BUS - 2, _BUS - 60)
            parts += [_text(_EVENTS, line + 4, name, kind), _arrow(start, end, line, colour, kind)]
            at += 1
        at += 1 if names else 0
    return parts


def _baseline(y: int, at: int) -> int:
    return y + _PAD + at * _LINE + 12


def _draw_headings() -> list[str]:
    headings = (
        (_CALLS, "calls of the API"),
        (_BOX, "service and its table"),
        (_EVENTS, "tells the bus → · hears from it ←"),
    )
    title = _text(_CALLS, 32, "Services and bus", "name")
    return [title, *(_text(x, _TOP - 20, text, "head") for x, text in headings)]


def _text(x: int, y: int, text: str, kind: str, anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'


def _arrow(start: int, end: int, y: int, colour: str, kind: str) -> str:
    return f'<path d="M{start} {y}H{end}" stroke="{colour}" stroke-width="1.5" marker-end="url(#{kind})"/>'


def _markers() -> list[str]:
    colours = {"call": "#486581", "published": "#8a3b12", "consumed": "#0b5f59"}
    shape = 'viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"'
    marks = [
        f'<marker id="{name}" {shape}><path d="M0 0L8 4L0 8Z" fill="{c}"/></marker>' for name, c in colours.items()
    ]
    return ["<defs>", *marks, "</defs>"]
