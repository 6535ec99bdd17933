"""Ends attempts: the one transaction after the exchange, and what follows for post and account.

`status` moves here by the domain's decision over *all* attempts of the part. A receipt from any
attempt, however late, makes the post published.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from handbill.domain.lifecycle import Status, Verb, step
from handbill.domain.network import Claim
from handbill.domain.outcomes import (
    Decision,
    Outcome,
    Past,
    Receipt,
    Unknown,
    decide,
    heed_echo,
    heed_strikes,
)
from handbill.domain.settling import next_look
from handbill.failpoints import failpoint
from handbill.models import Account, Attempt, Part, Post
from handbill.store.engine import write


def record(
    engine: Engine, claim: Claim, outcome: Outcome, now: datetime, chance: float = 0.5
) -> Status:
    """End the claim's attempt and move its post; answers the post's new status.

    A worker that was away too long finds its attempt ended as unknown. What it knows still counts:
    a receipt publishes the post, "surely not sent" resolves the doubt; neither is lost.
    """
    failpoint("record.before")
    with write(engine) as session:
        status = end_attempt(session, claim.attempt_id, outcome, now, chance)
        session.flush()
        failpoint("record.before_commit")
    failpoint("record.after_commit")
    return status


def end_attempt(
    session: Session, attempt_id: int, outcome: Outcome, now: datetime, chance: float = 0.5
) -> Status:
    """The only function that ends an attempt; runs in the caller's transaction."""
    post_id = session.get_one(Attempt, attempt_id).post_id
    post = session.get_one(Post, post_id, with_for_update=True)  # always the post before its tries
    attempt = session.get_one(Attempt, attempt_id, with_for_update=True)
    part = session.get_one(Part, attempt.part_id)
    others = [Past(a.outcome, a.resolution) for a in attempts_of(session, part) if a is not attempt]
    outcome = heed_echo(not_anothers(session, part, outcome), others)
    if attempt.ended_at is None:
        _end(attempt, outcome, now)
    elif not _correct(attempt, outcome, now):
        return post.status
    decision = heed_strikes(decide(outcome, others, chance), post.strikes)
    if isinstance(outcome, Receipt):
        keep_receipt(session, post, part, outcome, max(outcome.at or now, attempt.armed_at or now))
    account = session.get_one(Account, post.account_id)
    if isinstance(outcome, Receipt):
        account.newest_remote_id = outcome.remote_id  # from the network, never from what was typed
    _tell_account(account, decision, now)
    move(session, post, part, attempt, decision, decision.says or outcome.says, now)
    return post.status


def not_anothers(session: Session, part: Part, outcome: Outcome) -> Outcome:
    """An answer that names a post we already have proves nothing."""
    if not isinstance(outcome, Receipt) or not outcome.remote_id:
        return outcome
    twin = session.exec(
        select(Part.id)
        .join(Post, col(Post.id) == col(Part.post_id))
        .where(
            Part.remote_id == outcome.remote_id,
            Part.id != part.id,
            Post.account_id
            == select(Post.account_id).where(Post.id == part.post_id).scalar_subquery(),
        )
    ).first()
    return Unknown("The answer named another post of this account.") if twin else outcome


def attempts_of(session: Session, part: Part) -> Sequence[Attempt]:
    """All tries at a part, oldest first."""
    return session.exec(
        select(Attempt).where(Attempt.part_id == part.id).order_by(col(Attempt.id))
    ).all()


def _end(attempt: Attempt, outcome: Outcome, now: datetime) -> None:
    attempt.ended_at = now
    attempt.outcome = outcome.kind
    attempt.detail = outcome.says
    if isinstance(outcome, Unknown):
        attempt.next_look_at = next_look(now, 0, now)


def _correct(attempt: Attempt, outcome: Outcome, now: datetime) -> bool:
    """Resolve an attempt that was given up meanwhile; False when there is nothing to add."""
    if attempt.outcome != Unknown.kind or isinstance(outcome, Unknown):
        return False
    if isinstance(outcome, Receipt):
        resolve(attempt, "found", now)
        return True
    if attempt.resolution is not None:
        return False
    resolve(attempt, "absent", now)
    return True


def resolve(attempt: Attempt, resolution: str, now: datetime) -> None:
    """Say how an unknown outcome turned out; no look-up is due any more."""
    attempt.resolution = resolution
    attempt.resolved_at = now
    attempt.next_look_at = None


def keep_receipt(session: Session, post: Post, part: Part, receipt: Receipt, at: datetime) -> None:
    """Write the proof down and resolve every doubt about the part."""
    if part.remote_id is not None:
        if part.remote_id != receipt.remote_id:
            post.attention = f"This is out twice: {part.url} and {receipt.url}."
        return
    part.remote_id, part.url, part.published_at = receipt.remote_id, receipt.url, at
    for attempt in attempts_of(session, part):
        if attempt.outcome == Unknown.kind and attempt.resolution is None:
            resolve(attempt, "found", at)


def _tell_account(account: Account, decision: Decision, now: datetime) -> None:
    if decision.rest_until is not None:
        account.rest_until = max(account.rest_until or now, decision.rest_until)
    if decision.pause and account.paused_at is None:
        account.paused_at = now
        account.pause_reason = decision.pause
        account.pause_cure = decision.cure


def move(
    session: Session,
    post: Post,
    part: Part,
    attempt: Attempt,
    decision: Decision,
    says: str,
    now: datetime,
) -> None:
    """Take the post where the decision leads, if it is still this attempt's to move."""
    verb = decision.verb
    if post.status is Status.PUBLISHED:
        return
    if verb is Verb.CONFIRM and _parts_left(session, part):
        if _doubts_left(session, part):
            return  # after a restore the next part may be out as well
        verb = Verb.DEFER  # the next part is claimed at the next wake
    stale = post.fence != attempt.fence or post.status not in (Status.PUBLISHING, Status.IN_DOUBT)
    if stale and verb is not Verb.CONFIRM:
        return  # somebody newer holds the post; only proof may overrule them
    if post.status is Status.IN_DOUBT and verb is Verb.DOUBT:
        post.attention = says
        return
    post.status = step(post.status, verb)
    post.lease_until = post.worker = post.attention = None
    if verb is Verb.CONFIRM:
        post.published_at = part.published_at
    elif verb is Verb.DEFER:
        post.not_before = _after(post, now, decision)
    else:
        post.attention = says


def _parts_left(session: Session, part: Part) -> bool:
    left = select(Part.id).where(
        Part.post_id == part.post_id, Part.id != part.id, col(Part.remote_id).is_(None)
    )
    return session.exec(left).first() is not None


def _doubts_left(session: Session, part: Part) -> bool:
    left = select(Attempt.id).where(
        Attempt.post_id == part.post_id,
        Attempt.part_id != part.id,
        Attempt.outcome == Unknown.kind,
        col(Attempt.resolution).is_(None),
    )
    return session.exec(left).first() is not None


def _after(post: Post, now: datetime, decision: Decision) -> datetime | None:
    """The retry's earliest instant; never past the limit, so that a post is missed on time."""
    if not decision.wait or post.no_later_than is None or post.due_at is None:
        return post.not_before
    return max(post.due_at, min(now + decision.wait, post.no_later_than))
