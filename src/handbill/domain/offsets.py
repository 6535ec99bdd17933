"""Times that hang on something that may move: `embargo+0`, `release-1d 18:00`, `wide+2d 09:30`.

embargo+0  embargo+2h30m      elapsed time from an instant
release-1d 18:00  wide+2d 9am     so many days from that day, then the clock on the account's wall

What an anchor stands for is told by whoever asks: a day, or an instant.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from handbill.domain import when
from handbill.domain.durations import parse_duration
from handbill.domain.when import Moment
from handbill.domain.zones import Fold
from handbill.errors import InputProblem

#: A day wherever one is, or an instant.
Anchor = date | datetime

#: What `release` means where no date has that name, the first that is known.
RELEASES = ("wide", "limited", "streaming")

_OFFSET = re.compile(
    r"(?P<anchor>[a-z][a-z-]{0,30}[a-z])\s*(?:(?P<sign>[+-])\s*(?P<length>0|[0-9][0-9a-z]*))?"
    r"(?:\s+(?P<clock>[0-9]{1,2}(?::[0-9]{2})?\s?(?:[ap]m)?))?",
    re.ASCII | re.IGNORECASE,
)
_WORDS_OF_WHEN = {"now", "today", "tomorrow"}


@dataclass(frozen=True)
class Offset:
    """How far from an anchor, and at what time of that day if it says so."""

    anchor: str
    shift: timedelta
    #: As written: `18:00`, `9am`.
    clock: str | None

    def __str__(self) -> str:
        """As it is kept; `parse` reads it back."""
        length, rest = "", int(abs(self.shift).total_seconds())
        for letter, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
            amount, rest = divmod(rest, size)
            length += f"{amount}{letter}" if amount else ""
        sign = "-" if self.shift < timedelta(0) else "+"
        return f"{self.anchor}{sign}{length or 0}" + (f" {self.clock}" if self.clock else "")


def parse(text: str) -> Offset | None:
    """The offset that `text` names, or None if it is not one. Raises InputProblem for a bad length.

    A time of day goes with whole days only.
    """
    found = _OFFSET.fullmatch(text.strip())
    if found is None or found["anchor"].lower() in _WORDS_OF_WHEN:
        return None
    if not (found["sign"] or found["clock"]) or _is_weekday(found):
        return None
    shift = timedelta(0)
    if found["length"] and found["length"] != "0":
        shift = parse_duration(found["length"])
    shift = -shift if found["sign"] == "-" else shift
    if found["clock"] and shift % timedelta(days=1):
        raise InputProblem(
            f"{text.strip()[:60]!r} has both hours and a time of day.",
            "Write whole days with a time, or hours without: wide+2d 09:30, embargo+3h.",
        )
    return Offset(found["anchor"].lower(), shift, found["clock"])


def _is_weekday(found: "re.Match[str]") -> bool:
    day = when.parse(f"{found['anchor']} 12:00", datetime.fromtimestamp(0, UTC), "UTC")
    return day is not None and not found["sign"]


def resolve(
    offset: Offset,
    anchors: Mapping[str, Anchor],
    zone: ZoneInfo,
    now: datetime,
    fold: Fold | None = Fold.LATER,
) -> Moment:
    """The moment, on the clocks of `zone`. Raises InputProblem: an anchor that is not known, a day
    without a time of day, a time that a change of the clocks skips."""
    anchor = anchors.get(offset.anchor)
    if anchor is None and offset.anchor == "release":
        anchor = next((anchors[name] for name in RELEASES if name in anchors), None)
    if anchor is None:
        raise _not_known(offset.anchor, anchors)
    if offset.clock is None:
        return _elapsed(offset, anchor, zone)
    day = anchor.astimezone(zone).date() if isinstance(anchor, datetime) else anchor
    try:
        words = f"{day + offset.shift:%Y-%m-%d} {offset.clock}"
    except OverflowError:
        raise InputProblem("That is beyond all calendars.", "Give a shorter length.") from None
    moment = when.parse(words, now, zone, fold)
    if moment is None:
        raise InputProblem(f"{offset.clock!r} is not a time of day.", "Write it like 18:00 or 6pm.")
    return moment


def _elapsed(offset: Offset, anchor: Anchor, zone: ZoneInfo) -> Moment:
    if not isinstance(anchor, datetime):
        raise InputProblem(
            f"'{offset.anchor}' is a day, {anchor}, without a time.",
            f"Say at what time of the day: {offset} 18:00",
        )
    try:
        return Moment.of(anchor + offset.shift, zone)
    except OverflowError:
        raise InputProblem("That is beyond all calendars.", "Give a shorter length.") from None


def _not_known(name: str, anchors: Mapping[str, Anchor]) -> InputProblem:
    known = f" Known: {', '.join(sorted(anchors))}." if anchors else ""
    cures = {
        "embargo": "Set it: handbill review embargo set REVIEW WHEN",
        "reaction-embargo": "Set it: handbill review embargo set REVIEW WHEN --kind reaction",
        "published": "Set it: handbill review edit REVIEW --published 2026-11-27",
    }
    cure = cures.get(name, f"Set it: handbill work date WORK {name} 2026-11-27")
    return InputProblem(f"It is not known when '{name}' is.{known}", cure)
