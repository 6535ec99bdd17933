"""What X's answers mean: its error shapes and headers, turned into outcomes and plain sentences.

Only an answer in X's own JSON shape counts as X's word; a login page or a proxy's error does not.
"""

import contextlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests

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
        return (
            "title" in self.body
            or "detail" in self.body
            or isinstance(self.body.get("errors"), list)
        )

    @property
    def problem(self) -> str:
        """The last path part of the problem's type; empty for `about:blank`."""
        kind = str((self.body or {}).get("type", ""))
        return kind.rpartition("/")[2] if "/" in kind else ""

    @property
    def detail(self) -> str:
        """X's own words, made safe to show, without a full stop."""
        body = self.body or {}
        errors = body.get("errors")
        first = errors[0] if isinstance(errors, list) and errors else {}
        nested = first.get("message") or first.get("detail") if isinstance(first, dict) else first
        title = body.get("title") if nested is None else nested
        words = nested or body.get("detail") or title or self.reason or "no reason given"
        return printable(str(words))[:300].rstrip(". ")


def read(response: requests.Response) -> Answer:
    """Take an answer apart. Never raises."""
    body: object = None
    with contextlib.suppress(ValueError, RecursionError):
        body = json.loads(response.content)
    return Answer(
        response.status_code,
        printable(response.reason or ""),
        response.headers,
        body if isinstance(body, dict) else None,
    )


def data(body: Mapping[str, Any]) -> dict[str, Any]:
    """The `data` object of a good answer; empty when there is none."""
    found = body.get("data")
    return found if isinstance(found, dict) else {}


def outcome(answer: Answer, address: str, now: datetime) -> Outcome:
    """What the answer to the creating request proves: the closed list."""
    if answer.status in (200, 201):
        remote_id = str(data(answer.body or {}).get("id", ""))
        if remote_id.isascii() and remote_id.isdigit():
            return Receipt(remote_id, address + remote_id)
        return Unknown(f"X answered {answer.status}, but without the number of the post.")
    if answer.is_xs_own and (verdict := _no(answer, now)) is not None:
        return verdict
    return Unknown(
        f"X answered with an error ({answer.status} {answer.reason}) that leaves open whether "
        "the post is out."
    )


def halt(answer: Answer, now: datetime) -> Refused | Busy | NotSent | Unauthorized:
    """What an error means where nothing is published: the unknown is simply not sent."""
    verdict = _no(answer, now) if answer.is_xs_own else None
    return verdict or NotSent(f"X is not well ({answer.status} {answer.reason}).")


def _no(answer: Answer, now: datetime) -> Refused | Busy | Unauthorized | None:
    if answer.status == 429 and answer.problem == "usage-capped":
        period = str((answer.body or {}).get("period", "")).lower() or "current"
        return Unauthorized(
            f"X says the {printable(period)} quota of this app is used up (429).",
            "raise it at X or wait for the next period",
        )
    if answer.status == 429:
        until = rest_until(answer.headers, now)
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
    words = answer.detail.lower()
    if "duplicate content" in words:
        return Refused("X says you have posted this same text before (403).", duplicate=True)
    if answer.problem == "client-forbidden" or "client-not-enrolled" in str(answer.body):
        return Unauthorized(
            "X says this app is not enrolled for posting (403).",
            "attach the app to a project with access in X's developer portal",
        )
    if answer.problem in _SCOPE or "permission" in words:
        return Unauthorized(
            "X says this app may read but not post (403).",
            "give it Read and Write in the developer portal, make new tokens, put them into .env",
        )
    if "suspended" in words:
        return Unauthorized("X has suspended this account (403).", "settle it with X")
    if "locked" in words:
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
    with contextlib.suppress(ValueError):
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    with contextlib.suppress(ValueError, TypeError):
        moment = parsedate_to_datetime(value)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None
