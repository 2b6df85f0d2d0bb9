"""What a session was opened with, in few words: enough to know it again, too little to follow anybody."""

from collections.abc import Mapping

# The first that is found counts: browsers name those before them as well.
_PROGRAMS = {
    "Edg": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari",
    "curl/": "curl", "python": "Python", "Python": "Python", "okhttp": "Android app",
}  # fmt: skip
_SYSTEMS = {
    "iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS X": "macOS",
    "CrOS": "ChromeOS", "Linux": "Linux",
}  # fmt: skip
_UNKNOWN = "unknown"


def named(headers: Mapping[str, str]) -> str:
    """For example `Firefox on Linux`; no word of the client's own is kept."""
    agent = headers.get("user-agent", "")
    found = [_first(agent, _PROGRAMS), _first(agent, _SYSTEMS)]
    return " on ".join(one for one in found if one) or _UNKNOWN


def _first(agent: str, known: Mapping[str, str]) -> str | None:
    return next((name for mark, name in known.items() if mark in agent), None)
