"""A 429 with every form of reset header that a network or a proxy could write."""

from collections.abc import Iterator
from datetime import timedelta

from bench.netfaults.answers import problem, whole
from bench.netfaults.case import NOON, Case
from bench.netfaults.server import say
from handbill.domain.outcomes import Busy

AT_NOON = int(NOON.timestamp())
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
#: A header that says nothing of use: X's window.
QUARTER = (15 * MINUTE, 15 * MINUTE)
TEN = (10 * MINUTE, 10 * MINUTE)
#: A time that is over, or is now: a moment's rest, so that nobody knocks without a pause.
MOMENT = (timedelta(seconds=1), MINUTE)
#: Two readings are fair; either must be a sane rest.
SANE = (timedelta(seconds=1), DAY + timedelta(hours=1))

RESET = "x-rate-limit-reset"
DAILY = "x-user-limit-24hour"
FORMS: list[tuple[tuple[str, ...], tuple[timedelta, timedelta]]] = [
    ((), QUARTER),
    # an instant
    ((f"{RESET}: {AT_NOON + 600}",), TEN),
    ((f"{RESET.upper()}:{AT_NOON + 600}",), TEN),
    ((f"{RESET}: \t {AT_NOON + 600} \t ",), TEN),
    ((f"{RESET}: {AT_NOON + 600}.000",), TEN),
    ((f"{RESET}: {(AT_NOON + 600) * 1000}",), TEN),
    ((f"{RESET}: {(AT_NOON + 600) * 10**6}",), SANE),
    ((f"{RESET}: +{AT_NOON + 600}",), SANE),
    ((f"{RESET}: {AT_NOON + 600:e}",), SANE),
    ((f"{RESET}: 2026-11-22T12:10:00Z",), TEN),
    ((f"{RESET}: 2026-11-22T12:10:00.000Z",), TEN),
    ((f"{RESET}: 2026-11-22T12:10:00.000000+00:00",), TEN),
    ((f"{RESET}: 2026-11-22T13:10:00+01:00",), TEN),
    ((f"{RESET}: 2026-11-22 12:10:00",), TEN),
    ((f"{RESET}: 20261122T121000Z",), TEN),
    ((f"{RESET}: Sun, 22 Nov 2026 12:10:00 GMT",), TEN),
    ((f"{RESET}: Sun, 22 Nov 2026 13:10:00 +0100",), TEN),
    ((f"{RESET}: Sunday, 22-Nov-26 12:10:00 GMT",), TEN),
    ((f"{RESET}: Sun Nov 22 12:10:00 2026",), TEN),
    # so many seconds
    ((f"{RESET}: 600",), TEN),
    ((f"{RESET}: 600.0",), TEN),
    (("retry-after: 600",), TEN),
    (("retry-after: Sun, 22 Nov 2026 12:10:00 GMT",), TEN),
    ((f"{RESET}: soon", "retry-after: 600"), TEN),
    ((f"{RESET}: {AT_NOON + 600}", "retry-after: 60"), SANE),
    # over already
    ((f"{RESET}: {AT_NOON}",), MOMENT),
    ((f"{RESET}: {AT_NOON - 600}",), MOMENT),
    ((f"{RESET}: 0",), MOMENT),
    (("retry-after: 0",), MOMENT),
    ((f"{RESET}: 1970-01-01T00:00:00Z",), MOMENT),
    # too far away to be true
    ((f"{RESET}: {AT_NOON + 26 * 3600}",), QUARTER),
    ((f"{RESET}: 99999999999",), QUARTER),
    ((f"{RESET}: 2126-11-22T12:10:00Z",), QUARTER),
    ((f"{RESET}: 9999-12-31T23:59:59Z",), QUARTER),
    ((f"{RESET}: 9999-12-31T23:59:59-12:00",), QUARTER),
    ((f"{RESET}: 0001-01-01T00:00:00+14:00",), SANE),
    (("retry-after: 99999999",), QUARTER),
    # no time at all
    ((f"{RESET}:",), QUARTER),
    ((f"{RESET}: soon",), QUARTER),
    ((f"{RESET}: null",), QUARTER),
    ((f"{RESET}: -600",), QUARTER),
    ((f"{RESET}: nan",), QUARTER),
    ((f"{RESET}: inf",), QUARTER),
    ((f"{RESET}: -inf",), QUARTER),
    ((f"{RESET}: 1e999",), QUARTER),
    ((f"{RESET}: {'9' * 40}",), QUARTER),
    ((f"{RESET}: {'9' * 5000}",), QUARTER),
    ((f"{RESET}: 0x10",), QUARTER),
    ((f"{RESET}: 12:10",), QUARTER),
    ((f"{RESET}: 1_0",), SANE),
    ((f"{RESET}: 600s",), QUARTER),
    ((f"{RESET}: PT10M",), QUARTER),
    ((f'{RESET}: "600"',), SANE),
    ((f"{RESET}: 1, 2",), QUARTER),
    ((f"{RESET}: [600]",), QUARTER),
    ((f"{RESET}: caf\xe9 \xb2",), QUARTER),
    ((f"{RESET}: 2026-13-45T99:99:99Z",), QUARTER),
    ((f"{RESET}: Sun, 99 Nov 2026 12:10:00 GMT",), QUARTER),
    ((f"{RESET}: Sun, 22 Nov 2026 12:10:00 +9999",), SANE),
    # said twice, folded, or broken
    ((f"{RESET}: {AT_NOON + 600}", f"{RESET}: {AT_NOON + 600}"), SANE),
    ((f"{RESET}:\r\n {AT_NOON + 600}",), SANE),
    ((f"{RESET} {AT_NOON + 600}",), QUARTER),
    # a day's cap, which shows nowhere else
    (
        (f"{RESET}: {AT_NOON + 60}", f"{DAILY}-remaining: 0", f"{DAILY}-reset: {AT_NOON + 7200}"),
        (120 * MINUTE, 120 * MINUTE),
    ),
    (
        (f"{RESET}: {AT_NOON + 600}", f"{DAILY}-remaining: 5", f"{DAILY}-reset: {AT_NOON + 7200}"),
        TEN,
    ),
    ((f"{DAILY}-remaining: 0", f"{DAILY}-reset: {AT_NOON + 24 * 3600}"), (DAY, DAY)),
    ((f"{DAILY}-remaining: 0", f"{DAILY}-reset: soon"), QUARTER),
    (
        ("x-app-limit-24hour-remaining: 0", f"x-app-limit-24hour-reset: {AT_NOON + 3600}"),
        (60 * MINUTE, 60 * MINUTE),
    ),
]


def cases() -> Iterator[Case]:
    """Each form, in X's own 429."""
    body = problem(429, "Too Many Requests")
    for fields, within in FORMS:
        shown = " + ".join(fields)[:70] or "no header"
        yield Case(f"429 {shown}", (Busy,), (say(whole(429, body, *fields)),), within=within)
