"""One fault, what it must lead to, and whether it did."""

import logging
import traceback
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import local
from typing import Any

from bench.netfaults.server import ID, Line, Nobody, Play, Server
from handbill import logs
from handbill.clock import elapsed
from handbill.domain.network import AccountRef, Claim
from handbill.domain.outcomes import (
    Busy,
    Halted,
    NotSent,
    Outcome,
    Past,
    Receipt,
    Refused,
    heed_echo,
)
from handbill.networks import x
from handbill.rehearsal import practice_keys, user_id

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
KEYS = practice_keys("ada")
#: A secret cut short is a secret still: so many of its characters in a row count as a leak.
TRACE = 10
#: A slot is free again so long after the deadline.
GRACE_S = 1.0

Expected = tuple[type[Outcome], ...]


@dataclass(frozen=True)
class Case:
    """A scripted network, and every outcome that the closed list allows for it.

    `requests` are the allowed counts of creating requests; `alone`: of any requests.
    `within` bounds the rest of a Busy, counted from NOON. `pushed` is the most that may have been
    taken of an endless answer. A case that `waits` may run beside others.
    """

    name: str
    expected: Expected
    plays: tuple[Play, ...] = ()
    requests: tuple[int, ...] = (1,)
    alone: bool = True
    deadline_s: float = 10.0
    attempt: "Attempt" = field(default=lambda url, case: publish(url, case))
    claim: Mapping[str, Any] = field(default_factory=dict)
    door: "Door | None" = None
    scheme: str = "http"
    duplicate: bool = False
    within: tuple[timedelta, timedelta] | None = None
    others: tuple[Past, ...] = ()
    pushed: int | None = None
    waits: bool = False


Attempt = Callable[[str, Case], Outcome]
#: Another place than the server that all cases share.
Door = Callable[[], AbstractContextManager[Server | Nobody]]


@dataclass(frozen=True)
class Verdict:
    """What was wrong with one case; nothing, if all is well."""

    case: Case
    misclassified: str = ""
    twice: bool = False
    hung: bool = False
    leaked: bool = False

    @property
    def wrongs(self) -> list[str]:
        """Everything that was wrong, in words."""
        found = {"sent twice": self.twice, "hung": self.hung, "leaked a key": self.leaked}
        said = [self.misclassified] if self.misclassified else []
        return said + [words for words, true in found.items() if true]


def line_to(url: str, case: Case) -> x.X:
    """The real adapter with practice keys, at noon."""
    return x.connect(KEYS, url, lambda: NOON, timedelta(seconds=case.deadline_s))


def claim_of(url: str, case: Case) -> Claim:
    """Leave to send one part."""
    account = AccountRef(1, "ada", "x", url, "@ada", user_id("ada"), "7")
    whole = Claim(
        attempt_id=1,
        post_id=1,
        part_id=1,
        fence=1,
        revision=1,
        position=1,
        text="A fine film.",
        images=(),
        reply_to=None,
        account=account,
        due_at=NOON,
        not_before=NOON,
        armed_at=NOON,
    )
    return replace(whole, **case.claim)


def publish(url: str, case: Case, window_s: float = 5.0) -> Outcome:
    """The creating request alone, as after arming; its window closes after so long."""
    return line_to(url, case).publish(claim_of(url, case), {}, elapsed() + window_s)


def prepare_and_publish(url: str, case: Case) -> Outcome:
    """All that comes before, then the creating request on the same line."""
    line, claim = line_to(url, case), claim_of(url, case)
    try:
        evidence = line.prepare(claim)
    except Halted as halted:
        return halted.outcome
    return line.publish(claim, evidence, elapsed() + 5)


def judge(case: Case, server: Server) -> Verdict:
    """Play the case and compare."""
    with case.door() if case.door else nullcontext(server) as door:
        door.play(case.plays)
        watch.begin()
        start = elapsed()
        outcome = _try(case, f"{case.scheme}://{door.address}")
        took = elapsed() - start
        lines = door.settle()
    made = sum(line.requests for line in lines if case.alone or line.creates)
    return Verdict(
        case,
        misclassified=_wrong(case, outcome, lines, made),
        twice=made > max(1, *case.requests),
        hung=took > case.deadline_s + GRACE_S,
        leaked=holds_secret(repr(outcome)) or watch.saw_secret(),
    )


def _try(case: Case, url: str) -> Outcome | str:
    """The outcome; or the traceback, as an adapter promises to raise nothing here."""
    try:
        return heed_echo(case.attempt(url, case), case.others)
    except Exception:  # noqa: BLE001  whatever it is, it is to be counted
        return traceback.format_exc()


def _wrong(case: Case, outcome: Outcome | str, lines: list[Line], made: int) -> str:
    """What is not as it must be, in words; empty if all is."""
    allowed = " or ".join(kind.__name__ for kind in case.expected)
    if isinstance(outcome, str):
        return f"expected {allowed}, raised {outcome.splitlines()[-1]}"
    if not isinstance(outcome, case.expected):
        return f"expected {allowed}, was {outcome}"
    if isinstance(outcome, NotSent) and made:
        return f"{made} requests came, but it was {outcome}"
    if made not in case.requests:
        return f"{made} requests came, not {case.requests}"
    if isinstance(outcome, Receipt) and outcome.remote_id != ID:
        return f"another post's number: {outcome}"
    if isinstance(outcome, Refused) and outcome.duplicate != case.duplicate:
        return f"duplicate must be {case.duplicate}: {outcome}"
    if isinstance(outcome, Busy) and case.within is not None:
        rest = outcome.until - NOON
        if not case.within[0] <= rest <= case.within[1]:
            return f"rests {rest}, not {case.within[0]} to {case.within[1]}"
    if case.pushed is not None and sum(line.written for line in lines) > case.pushed:
        return f"took more than {case.pushed} bytes of the answer"
    return ""


_SECRETS = [*KEYS.values(), KEYS["access_token"].partition("-")[2]]
_TRACES = {
    secret[start : start + TRACE]
    for secret in _SECRETS[:2] + _SECRETS[3:]  # the token without its owner's public number
    for start in range(len(secret) - TRACE + 1)
}


def holds_secret(text: str) -> bool:
    """Whether a text gives away a key or a good piece of one."""
    return any(trace in text for trace in _TRACES)


class Watch:
    """Reads what is logged, for each thread by itself."""

    def __init__(self) -> None:
        self._seen = local()

    def begin(self) -> None:
        """Forget what this thread has said so far."""
        self._seen.secret = False

    def saw_secret(self) -> bool:
        """Whether this thread has logged a key since."""
        return getattr(self._seen, "secret", False)

    def write(self, text: str) -> None:
        """Take a line of the log."""
        if holds_secret(text):
            self._seen.secret = True

    def flush(self) -> None:
        """Nothing is kept back."""


watch = Watch()


@contextmanager
def logging_everything() -> Generator[None]:
    """The program's own logging at DEBUG, told of no secret, so that it cannot hide one."""
    root = logging.getLogger()
    kept = root.handlers[:], root.level, {n: logging.getLogger(n).level for n in logs.TALKATIVE}
    root.handlers = []
    logs.configure("json", "debug", [])
    for handler in root.handlers:
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(watch)
    try:
        yield
    finally:
        root.handlers = kept[0]
        root.setLevel(kept[1])
        for name, level in kept[2].items():
            logging.getLogger(name).setLevel(level)
