"""Settles parts in doubt: by a look-up at the network, or by a person's word. Never by guessing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from handbill.domain.lifecycle import Status, Verb
from handbill.domain.network import Claim, Found, NotSeen, Sighting
from handbill.domain.outcomes import Decision, NotSent, Receipt, Unknown
from handbill.domain.settling import COME_BACK, QUIET, next_look, proves_absence
from handbill.errors import InputProblem
from handbill.failpoints import failpoint
from handbill.models import Account, Attempt, Part, Post
from handbill.store.changes import announce
from handbill.store.claims import make_claim
from handbill.store.engine import write
from handbill.store.group import patiently
from handbill.store.holds import hold
from handbill.store.records import (
    after_proof,
    attempts_of,
    end_attempt,
    end_rest,
    keep_receipt,
    move,
    not_anothers,
    resolve,
)
from handbill.store.restoring import RESTORE, sent_by


@dataclass(frozen=True)
class Doubt:
    """A part whose look-up is due, as the network needs to see it."""

    claim: Claim
    attempt_id: int


def due(engine: Engine, now: datetime, pictures: Path, limit: int = 50) -> list[Doubt]:
    """Take parts in doubt whose next look-up is due; for a while nobody else looks for them.

    Should the look-up never be settled, because the worker is gone or met something unforeseen, it
    is due again after COME_BACK, and not at once: some networks charge for each look.

    The claim carries the evidence of the part's *first* doubtful attempt, as a duplicate refused
    later may be the echo of that one, and a look-up must start before it; and that of all of them.
    """
    with write(engine) as session:
        due = session.exec(
            select(Attempt)
            .where(col(Attempt.next_look_at) <= now)
            .order_by(col(Attempt.next_look_at), col(Attempt.id))
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        for attempt in due:
            attempt.next_look_at = now + COME_BACK
        found = [Doubt(_first_doubt(session, a, pictures), a.id or 0) for a in due]
        if found:
            failpoint("look.before_commit")
    if found:
        failpoint("look.after_commit")
    return found


def _first_doubt(session: Session, attempt: Attempt, pictures: Path) -> Claim:
    post = session.get_one(Post, attempt.post_id)
    part = session.get_one(Part, attempt.part_id)
    account = session.get_one(Account, post.account_id)
    armed = [a for a in attempts_of(session, part) if a.armed_at and a.outcome == Unknown.kind]
    before = session.exec(
        select(Part.remote_id)
        .where(Part.post_id == post.id, Part.position < part.position)
        .order_by(col(Part.position).desc())
    ).first()
    first = armed[0] if armed else attempt
    claim = make_claim(post, part, first, account, pictures, before or None)
    return replace(claim, tries=tuple(one.evidence for one in armed or [attempt]))


def settle(
    engine: Engine, doubt: Doubt, sighting: Sighting, started_at: datetime, now: datetime
) -> Status:
    """Apply one look-up: found publishes, proved absent queues again, else look later or ask."""

    def apply() -> Status:
        with write(engine) as session:
            status = _settle(session, doubt, sighting, started_at, now)
            session.flush()
            failpoint("settle.before_commit")
        return status

    status = patiently(apply)
    failpoint("settle.after_commit")
    return status


def _settle(
    session: Session, doubt: Doubt, sighting: Sighting, started_at: datetime, now: datetime
) -> Status:
    post, attempt = _locked(session, doubt)
    part = session.get_one(Part, attempt.part_id)
    if isinstance(sighting, Found):
        proof = not_anothers(session, part, sighting.receipt)
        if isinstance(proof, Receipt):  # counts even after a person has said no
            return end_attempt(session, _whose(session, part, attempt), proof, now)
        sighting = NotSeen(proof.says)
    if attempt.resolution is not None:
        return post.status  # a person or a late receipt was quicker
    armed_at = attempt.armed_at or attempt.started_at
    known = attempt.worker != RESTORE  # after a restore not even the words are sure
    if known and sighting.proof and proves_absence(armed_at, started_at):
        return end_attempt(session, doubt.attempt_id, NotSent(sighting.says), now, 0.0)
    attempt.looks += 1
    attempt.next_look_at = next_look(attempt.ended_at or now, attempt.looks, now)
    if post.status is Status.IN_DOUBT:
        post.attention = sighting.says
    return post.status


def _whose(session: Session, part: Part, attempt: Attempt) -> int:
    """The number of the try that a part which is found is credited to.

    A look that took long may see what a newer try has made since this one's doubt was resolved.
    """
    newer = [one for one in attempts_of(session, part) if one.id and one.id > (attempt.id or 0)]
    could = (None, Receipt.kind, Unknown.kind)
    made = [one.id for one in newer if one.armed_at and one.outcome in could]
    number = made[-1] if attempt.resolution is not None and made else attempt.id
    return number or 0


def _locked(session: Session, doubt: Doubt) -> tuple[Post, Attempt]:
    """The post and then its attempt: always in this order, or two of us could wait for ever."""
    post = session.get_one(Post, doubt.claim.post_id, with_for_update=True)
    return post, session.get_one(Attempt, doubt.attempt_id, with_for_update=True)


def postpone(engine: Engine, doubt: Doubt, says: str, until: datetime) -> None:
    """The network could not be asked: try again, without counting it as a look."""
    with write(engine) as session:
        post, attempt = _locked(session, doubt)
        if attempt.resolution is None and post.status is Status.IN_DOUBT:
            attempt.next_look_at = until
            post.attention = says


def judge(engine: Engine, post_id: int, receipt: Receipt | None, now: datetime) -> Status | None:
    """A person's word on a post in doubt: a receipt confirms it, None denies it.

    Answers None when the post is not in doubt any more. Raises InputProblem for the link of another
    post of ours, and for a no while a request may still be on its way: a look at the network proves
    nothing yet, for a person neither.
    """
    with write(engine) as session:
        post = session.get(Post, post_id, with_for_update=True)
        if post is not None and post.status is Status.PUBLISHED and post.attention and receipt:
            post.attention = None  # out twice, and a person has seen it
            return post.status
        if post is None or post.status is not Status.IN_DOUBT:
            return None
        open_doubts = _open_doubts(session, post_id)
        if receipt is None:
            _refuse_haste(open_doubts, now)
        _pronounce(session, post, open_doubts, receipt, now)
        announce(session)
        return post.status


def _open_doubts(session: Session, post_id: int) -> Sequence[Attempt]:
    return session.exec(
        select(Attempt)
        .where(
            Attempt.post_id == post_id,
            Attempt.outcome == Unknown.kind,
            col(Attempt.resolution).is_(None),
        )
        .order_by(col(Attempt.id))
    ).all()


def _refuse_haste(open_doubts: Sequence[Attempt], now: datetime) -> None:
    sent = [by for attempt in open_doubts if (by := sent_by(attempt))]
    left = max(sent) + QUIET - now if sent else timedelta(0)
    if left > timedelta(0):
        post_id = open_doubts[0].post_id
        raise InputProblem(
            f"A request for post #{post_id} may still be on its way to the network.",
            f"Look again in {left.total_seconds():.0f} s, and then: handbill queue deny {post_id}",
        )


def _pronounce(
    session: Session,
    post: Post,
    open_doubts: Sequence[Attempt],
    receipt: Receipt | None,
    now: datetime,
) -> None:
    last = open_doubts[-1]
    part = session.get_one(Part, last.part_id)
    account = session.get_one(Account, post.account_id, with_for_update=True)
    if receipt and not isinstance(not_anothers(session, part, receipt), Receipt):
        raise InputProblem(
            f"{receipt.url} is another post that Handbill has published.",
            "Look for the link of this one, or leave --url away.",
        )
    post.strikes = 0
    judged = [a for a in open_doubts if receipt is None or a.part_id == last.part_id]
    for attempt in judged:
        resolve(attempt, "confirmed" if receipt else "denied", now)
    verdict = Decision(Verb.DEFER)
    if receipt:
        keep_receipt(post, part, judged, receipt, last.armed_at or now)
        verdict = after_proof(session, part)
    end_rest(account, judged)
    move(post, part, last, verdict, "", now)
    if verdict.verb is Verb.DEFER:
        hold(session, post)
