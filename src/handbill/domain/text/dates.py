"""Days and instants as pages and manuscripts print them; never a guess between day and month."""

import re
from datetime import date, datetime

_MONTHS = "january february march april may june july august september october november december"
_NUMBER_OF = {name[:3]: number for number, name in enumerate(_MONTHS.split(), 1)}
_NAME = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_DAY_FIRST = re.compile(rf"(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_NAME},?\s+(\d{{4}})", re.I)
_MONTH_FIRST = re.compile(rf"{_NAME}\s+(\d{{1,2}})(?:st|nd|rd|th)?,?\s+(\d{{4}})", re.I)
_ISO = re.compile(r"\d{4}-\d\d-\d\d")


def instant(text: str) -> datetime | None:
    """ISO 8601 with its offset; None without one, as nobody knows whose clock that was."""
    try:
        told = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return told if told.tzinfo else None


def day(text: str) -> date | None:
    """`2017-10-12…`, `12 October 2017` or `Oct. 12, 2017`, if the text begins with one."""
    text = text.strip()
    try:
        if found := _ISO.match(text):
            return date.fromisoformat(found[0])
        if found := _DAY_FIRST.match(text):
            return date(int(found[3]), _NUMBER_OF[found[2].lower()], int(found[1]))
        if found := _MONTH_FIRST.match(text):
            return date(int(found[3]), _NUMBER_OF[found[1].lower()], int(found[2]))
    except ValueError:
        return None
    return None
