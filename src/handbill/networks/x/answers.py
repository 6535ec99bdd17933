"""What X's answers mean: its error shapes and headers, turned into outcomes and plain sentences.

Only an answer in X's own JSON shape counts as X's word; a login page or a proxy's error does not.
"""

import contextlib
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from handbill.clock import Clock
from handbill.domain.outcomes import (
    Busy,
    NotSent,
    Outcome,
    Receipt,
    Refused,
    Unauthorized,
    Unknown,
)
from handbill.domain.text.characters import printable

#: The window of X's limits; what we wait when it does not say how long.
DEFAULT_REST = timedelta(minutes=15)
#: A reset further away than a day's limit is not believed.
LONGEST_REST = timedelta(hours=25)
SHORTEST_REST = timedelta(seconds=5)


@dataclass(frozen=True)
class Answer:
    """An answer: status, headers, and the JSON object in it, or None when it is anything else."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: dict[str, Any] | None

    @property
    def is_xs_own(self) -> bool:
        """Whether the body has the shape of X's errors."""
        if self.body is None or self.body.get("status", self.status) != self.status:
            return False
        titled = "title" in self.body and ("type" in self.body or "status" in self.body)
        return titled or any("message" in error for error in self._errors)

    @property
    def _errors(self) -> list[dict[str, Any]]:
        found = (self.body or {}).get("errors")
        return [e for e in found if isinstance(e, dict)] if isinstance(found, list) else []

    @property
    def words(self) -> str:
        """Everything X says in the answer, in lower case, to look for signs in."""
        body = self.body or {}
        said = [body.get("title"), body.get("detail"), body.get("reason")]
        said += [error.get(key) for error in self._errors for key in ("message", "detail")]
        return " ".join(str(one) for one in said if one).lower()

    @property
    def problem(self) -> str:
        """The last path part of the problem's type; empty for `about:blank`."""
        kind = str((self.body or {}).get("type", ""))
        return kind.rpartition("/")[2] if "/" in kind else ""

    @property
    def detail(self) -> str:
        """X's own words, made safe to show, without a full stop."""
        body = self.body or {}
        first = self._errors[0] if self._errors else {}
        nested = first.get("message") or first.get("detail")
        words = nested or body.get("detail") or body.get("title") or self.reason or "no reason"
        return printable(str(words))[:300].rstrip(". ")


def read(response: requests.Response, secrets: Iterable[str] = ()) -> Answer:
    """Take an answer apart. Never raises. It may echo what we sent; no secret of that is kept."""
    body, content, reason = None, response.content, response.reason or ""
    for secret in secrets:
        content = content.replace(secret.encode(), b"[secret]")
        reason = reason.replace(secret, "[secret]")
    with contextlib.suppress(ValueError, RecursionError):
        body = json.loads(content)
    return Answer(
        response.status_code,
        printable(reason),
        response.headers,
        body if isinstance(body, dict) else None,
    )


def data(body: Mapping[str, Any], key: str = "data") -> dict[str, Any]:
    """An object in a good answer; empty when there is none."""
    found = body.get(key)
    return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class Processing:
    """How far X is with a picture: "", "pending", "in_progress", "succeeded" or "failed"."""

    state: str
    wait_s: float


def processing(media: Mapping[str, Any]) -> Processing:
    """What X says of its work on an upload; an empty state means that there is none to do."""
    found = media.get("processing_info")
    info = found if isinstance(found, dict) else {}
    wait = info.get("check_after_secs", 1)
    wait_s = float(wait) if isinstance(wait, int | float) and 0 < wait <= 10 else 1.0
    return Processing(str(info.get("state", "")), wait_s)


def outcome(answer: Answer, address: str, clock: Clock) -> Outcome:
    """What the answer to the creating request proves: the closed list.

    Only a 429 needs the clock. It may be a database's that is away: no receipt waits for it.
    """
    if 200 <= answer.status < 300:
        remote_id = str(data(answer.body or {}).get("id", ""))
        if not re.fullmatch(r"[1-9][0-9]{0,18}", remote_id):
            return Unknown(f"X answered {answer.status}, but without the number of the post.")
        return Receipt(remote_id, address + remote_id)
    if answer.is_xs_own and (verdict := _no(answer, clock)) is not None:
        return verdict
    return Unknown(
        f"X answered with an error ({answer.status} {answer.reason}) that leaves open whether "
        "the post is out."
    )


#: X's numbers carry their time: milliseconds since then, above 22 other bits (X's "snowflake").
NUMBERS_BEGAN = datetime.fromtimestamp(1288834974.657, UTC)
#: `Date` is in whole seconds; and what is far older is a number of another making.
NUMBER_TOLERANCE, NUMBER_REACH = timedelta(seconds=5), timedelta(days=1)


def is_older(remote_id: str, newest: str | None, answer: Answer, took: timedelta) -> bool:
    """Whether this is the number of a post from before the request, which `took` so long.

    X counts up, and by time; its number and the answer's `Date` are by one clock, its own.
    """
    if newest and newest.isdigit() and int(remote_id) <= int(newest):
        return True
    try:
        asked_at = parsedate_to_datetime(answer.headers["Date"]) - took
        age = asked_at - NUMBERS_BEGAN - timedelta(milliseconds=int(remote_id) >> 22)
    except (KeyError, ValueError, TypeError, OverflowError):
        return False
    return NUMBER_TOLERANCE < age < NUMBER_REACH


def halt(answer: Answer, clock: Clock) -> Refused | Busy | NotSent | Unauthorized:
    """What an error means where nothing is published: the unknown is simply not sent."""
    verdict = _no(answer, clock) if answer.is_xs_own else None
    return verdict or NotSent(f"X is not well ({answer.status} {answer.reason}).")


def _no(answer: Answer, clock: Clock) -> Refused | Busy | Unauthorized | None:
    if answer.status == 429 and answer.problem == "usage-capped":
        period = str((answer.body or {}).get("period", "")).lower() or "current"
        return Unauthorized(
            f"X says the {printable(period)} quota of this app is used up (429).",
            "raise it at X or wait for the next period",
        )
    if answer.status == 429:
        until = rest_until(answer.headers, clock())
        return Busy(f"X asks us to wait until {until:%H:%M} UTC (429: {answer.detail}).", until)
    if answer.status == 401:
        return Unauthorized(
            "X does not accept this account's keys and tokens (401).",
            "put fresh ones into .env and try `handbill account check`",
        )
    if answer.status == 402:
        return Unauthorized("X says this app has no credits left (402).", "top up at X")
    if answer.status == 403:
        return _forbidden(answer)
    if answer.status in (400, 404, 413, 422):
        return Refused(f"X refused the post ({answer.status}): {answer.detail}.")
    return None


_SCOPE = frozenset({"oauth1-permissions", "client-forbidden", "unsupported-authentication"})


def _forbidden(answer: Answer) -> Refused | Unauthorized:
    words = answer.words
    if "duplicate" in words:
        return Refused("X says you have posted this same text before (403).", duplicate=True)
    if answer.problem == "client-forbidden" or "client-not-enrolled" in words:
        return Unauthorized(
            "X says this app is not enrolled for posting (403).",
            "attach the app to a project with access in X's developer portal",
        )
    if answer.problem in _SCOPE or "permission" in words:
        return Unauthorized(
            "X says this app may read but not post (403).",
            "give it Read and Write in the developer portal, make new tokens, put them into .env",
        )
    if re.search(r"\b(your|this) account\b.*\bsuspended\b", words):
        return Unauthorized("X has suspended this account (403).", "settle it with X")
    if re.search(r"\b(your|this) account\b.*\blocked\b", words):
        return Unauthorized("X has locked this account for now (403).", "log in at X and unlock it")
    return Refused(f"X refused the post (403): {answer.detail}.")


def rest_until(headers: Mapping[str, str], now: datetime) -> datetime:
    """Until when to rest after a 429, from whichever header says so, within sane bounds."""
    for name in _reset_headers(headers):
        moment = _moment(headers.get(name, ""), now)
        if moment is not None and moment - now <= LONGEST_REST:
            return max(moment, now + SHORTEST_REST)
    return now + DEFAULT_REST


def _reset_headers(headers: Mapping[str, str]) -> list[str]:
    """The headers to believe, first the limit that is used up; a day's cap shows only there."""
    families = ["x-user-limit-24hour", "x-app-limit-24hour", "x-rate-limit"]
    used_up = [f for f in families if headers.get(f"{f}-remaining", "").strip() == "0"]
    named = [f"{family}-reset" for family in used_up] or ["x-rate-limit-reset"]
    return [*named, "retry-after"]


def _moment(value: str, now: datetime) -> datetime | None:
    """An instant from epoch seconds or milliseconds, seconds from now, ISO 8601 or an HTTP date."""
    value = value.strip()
    with contextlib.suppress(ValueError, OverflowError, OSError):
        number = float(value)
        if not math.isfinite(number) or number < 0:
            return None
        if number < 1e8:
            return now + timedelta(seconds=number)
        return datetime.fromtimestamp(number / 1000 if number > 1e11 else number, UTC)
    with contextlib.suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        moment = parsedate_to_datetime(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None
