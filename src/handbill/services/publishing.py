"""Sends one claimed part: prepare, arm, publish, record. Each step happens once, in this order.

prepare   repeatable, publishes nothing
arm       the durable leave to send; on any doubt here nothing is sent
publish   exactly one creating request, while no transaction is open
record    the only end of an attempt; nothing else stands in its way
"""

import logging
import random
import time
from collections import deque
from dataclasses import dataclass, replace
from datetime import timedelta

from handbill.clock import elapsed
from handbill.domain.lateness import OUTAGE, late_by
from handbill.domain.lifecycle import Status
from handbill.domain.network import Claim, Evidence, Network
from handbill.domain.outcomes import AGAIN, Halted, NotSent, Outcome, Unauthorized, Unknown
from handbill.domain.settling import SEND_WINDOW
from handbill.errors import Problem, StoreProblem
from handbill.failpoints import failpoint
from handbill.services import hours, liveness, pricing, wording
from handbill.services.desk import Desk
from handbill.store import accounts, arming, overdue, records

log = logging.getLogger(__name__)

#: So much before its time a daemon claims a post, so that the claim itself makes nothing late.
LEAD = timedelta(milliseconds=100)

CHANGED = NotSent("The post, its account or the time changed at the last moment; nothing was sent.")
UNWRITABLE = NotSent("The database could not be written, so nothing was sent.")
BROKE_BEFORE = NotSent("Handbill itself failed before sending; nothing went out.")
BROKE_DURING = Unknown("Handbill itself failed while sending, so nobody knows if it went out.")


@dataclass(frozen=True)
class Ended:
    """How a claim ended; `status` is None while that could not be written down yet."""

    claim: Claim
    outcome: Outcome
    status: Status | None


def publish(desk: Desk, claim: Claim, pause: hours.Pause = time.sleep) -> Ended:
    """Take a claim to its end. Whatever is raised on the way, the attempt is ended honestly."""
    outcome: Outcome = BROKE_BEFORE
    try:
        line = desk.connect(claim.account)
        if claim.embargo_until is not None:  # it may be claimed before the lift
            _wait(desk, claim)
            hours.agree(desk, line, claim, pause)
        _refuse_unready(desk, claim)
        asks = line.asks(claim)
        if asks:  # not a byte of it before its time, nor while all is stopped
            _wait(desk, claim)
            _refuse_changed(desk, claim)
        failpoint("prepare.before")
        claim = _identified(desk, line, claim)
        if asks:  # an embargo may have been set while the network said who we are
            _refuse_changed(desk, claim)
        evidence = line.prepare(claim)
        failpoint("prepare.after")
        _wait(desk, claim)
        _keep_apart(desk, claim)
        send_by = elapsed() + SEND_WINDOW.total_seconds()
        if arming.arm(desk.engine, claim, evidence, desk.clock()):
            outcome = BROKE_DURING
            outcome = _send(line, claim, evidence, send_by)
        else:
            outcome = CHANGED
    except Halted as halted:
        outcome = halted.outcome
    except StoreProblem:
        outcome = UNWRITABLE
    except Problem as problem:
        outcome = Unauthorized(problem.says, problem.cure)
    finally:
        ended = record(desk, claim, outcome)
    return ended


def _refuse_unready(desk: Desk, claim: Claim) -> None:
    """Raise Halted while the post would cost too much, say what it must not, or lead to a review
    that nobody can read."""
    reason = (
        pricing.may_spend(desk, claim)
        or wording.why_unfit(desk, claim)
        or liveness.why_not_yet(desk, claim)
    )
    if reason:
        raise Halted(NotSent(f"{reason} Nothing was sent; {AGAIN}", attention=True))


def _refuse_changed(desk: Desk, claim: Claim) -> None:
    if not arming.may_leave(desk.engine, claim, desk.clock()):
        raise Halted(CHANGED)


def _wait(desk: Desk, claim: Claim) -> None:
    """Sleep the little while until the post may leave. Whether it may, arming decides, not this."""
    ends = elapsed() + LEAD.total_seconds()
    while (left := (claim.not_before - desk.clock()).total_seconds()) > 0 and elapsed() < ends:
        time.sleep(min(left, LEAD.total_seconds()))


def _keep_apart(desk: Desk, claim: Claim) -> None:
    """Whatever held an overdue post up, no other of its account leaves right behind it."""
    now = desk.clock()
    if late_by(claim.due_at, now) < OUTAGE:
        return
    if held := overdue.keep_apart(desk.engine, claim, now, desk.gap):
        log.info(
            "Overdue posts of %s leave one by one; %s wait for their turn.",
            claim.account.name,
            held,
            extra={"action": "spaced", "account": claim.account.name, "posts": held},
        )


def _identified(desk: Desk, line: Network, claim: Claim) -> Claim:
    """Ask once for every account who it is; links and look-ups need it."""
    if claim.account.remote_id is not None:
        return claim
    who = line.whoami()
    accounts.identify(desk.engine, claim.account.id, who)
    account = replace(claim.account, remote_id=who.remote_id, handle=who.handle)
    return replace(claim, account=account)


def _send(line: Network, claim: Claim, evidence: Evidence, send_by: float) -> Outcome:
    try:
        failpoint("publish.before")
        outcome = line.publish(claim, evidence, send_by)
        failpoint("publish.after")
        return outcome
    except Exception as error:
        # A broad catch, as hardly anywhere: whatever went wrong, the part may be out.
        log.exception("the creating request ended in an unforeseen way", exc_info=error)
        return Unknown("The exchange ended in a way Handbill does not know.")


def record(desk: Desk, claim: Claim, outcome: Outcome) -> Ended:
    """Write down how a claim ended. Can be called again when the database could not be written."""
    try:
        chance = random.random()  # noqa: S311  spreads retries, guards nothing
        status = records.record(desk.engine, claim, outcome, desk.clock(), chance)
    except StoreProblem as problem:
        log.error("post #%s: %s Trying again.", claim.post_id, problem.says)
        return Ended(claim, outcome, None)
    return Ended(claim, outcome, status)


def write_down(desk: Desk, waiting: deque[Ended], patience: timedelta) -> None:
    """Record again what the database could not take, until nothing waits or patience ends.

    The exchange itself is never repeated. What could not be written down when the program ends is
    in doubt after its next start, and looked for.
    """
    ends = elapsed() + patience.total_seconds()
    while waiting:
        ended = waiting.popleft()
        again = record(desk, ended.claim, ended.outcome)
        if again.status is None:  # most likely none of the others could be written either
            waiting.append(again)
            if elapsed() >= ends:
                return
            time.sleep(0.5)
