"""Ends attempts: the one transaction after the exchange, and what follows for post and account.

`status` moves here by the domain's decision over *all* attempts of the part. A receipt from any
attempt, however late, makes the post published.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.orm import aliased
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
from handbill.domain.settling import REST, next_look
from handbill.domain.text.quotes import kept
from handbill.failpoints import failpoint
from handbill.models import Account, Attempt, Part, Post
from handbill.store.group import together
from handbill.store.holds import hold
from handbill.store.plain import publish_plainly


def record(
    engine: Engine, claim: Claim, outcome: Outcome, now: datetime, chance: float = 0.5
) -> Status:
    """End the claim's attempt and move its post; answers the post's new status.

    A worker that was away too long finds its attempt ended as unknown. What it knows still counts:
    a receipt publishes the post, "surely not sent" resolves the doubt; neither is lost.
    """

    def end(session: Session) -> Status:
        status = end_attempt(session, claim.attempt_id, outcome, now, chance)
        session.flush()
        failpoint("record.before_commit")
        return status

    failpoint("record.before")
    if isinstance(outcome, Receipt) and publish_plainly(engine, claim, outcome, now):
        status = Status.PUBLISHED
    else:
        status = together(engine, end, claim.post_id)
    failpoint("record.after_commit")
    return status


def end_attempt(
    session: Session, attempt_id: int, outcome: Outcome, now: datetime, chance: float = 0.5
) -> Status:
    """The only function that ends an attempt; runs in the caller's transaction."""
    attempt, post, part, account, parts = _whole(session, attempt_id)
    # Of a post that was claimed once this is the only try; nobody need look for others.
    tries = [attempt] if post.fence == 1 else attempts_of(session, part)
    others = [Past(one.outcome, one.resolution) for one in tries if one is not attempt]
    outcome = heed_echo(not_anothers(session, part, outcome), others)
    if attempt.ended_at is None:
        _end(attempt, outcome, now)
        if isinstance(outcome, Unknown):
            _rest(account, now + REST)
    elif not _correct(attempt, outcome, now):
        if isinstance(outcome, Receipt) and part.remote_id is not None:
            keep_receipt(post, part, [], outcome, now)
        return post.status
    decision = heed_strikes(decide(outcome, others, chance), post.strikes)
    if isinstance(outcome, Receipt):
        keep_receipt(post, part, tries, outcome, max(outcome.at or now, attempt.armed_at or now))
        account.newest_remote_id = outcome.remote_id  # from the network, never from what was typed
    _tell_account(account, decision, now)
    end_rest(account, tries)
    if decision.verb is Verb.CONFIRM and parts > 1:
        decision = after_proof(session, part)
    move(post, part, attempt, decision, decision.says or outcome.says, now)
    if post.status is Status.QUEUED:
        hold(session, post)
    if post.status is Status.PUBLISHED:
        _end_others(tries, now)
    return post.status


def _end_others(tries: Sequence[Attempt], now: datetime) -> None:
    """A newer try whose post is out by an older one has nothing left to do; should it have sent
    too, its own receipt will say so."""
    for attempt in tries:
        if attempt.ended_at is None:
            _end(attempt, Unknown("The post was found to be out meanwhile."), now)
            resolve(attempt, "found", now)


def _whole(session: Session, attempt_id: int) -> tuple[Attempt, Post, Part, Account, int]:
    """An attempt with all that belongs to it, and how many parts its post has; locked."""
    found = session.execute(_WHOLE, {"its_attempt": attempt_id}).one()
    attempt, post, part, account, parts = found
    return attempt, post, part, account, parts


_sister = aliased(Part)
# The post is locked before its try, as everywhere, or two of us could wait for each other; and the
# account, so that nobody records the same number for another post of it meanwhile.
_WHOLE = (
    sa.select(
        Attempt,
        Post,
        Part,
        Account,
        sa.select(sa.func.count())
        .select_from(_sister)
        .where(col(_sister.post_id) == col(Post.id))
        .correlate(Post)
        .scalar_subquery(),
    )
    .join(Post, col(Post.id) == col(Attempt.post_id))
    .join(Part, col(Part.id) == col(Attempt.part_id))
    .join(Account, col(Account.id) == col(Post.account_id))
    .where(col(Attempt.id) == sa.bindparam("its_attempt"))
    .with_for_update(of=(Post, Attempt, Account))
    .execution_options(populate_existing=True)
)


def not_anothers(session: Session, part: Part, outcome: Outcome) -> Outcome:
    """An answer that names a post we already have proves nothing."""
    if not isinstance(outcome, Receipt) or not outcome.remote_id:
        return outcome
    twin = session.execute(
        _TWIN, {"remote_id": outcome.remote_id, "its_part": part.id, "its_post": part.post_id}
    ).first()
    return Unknown("The answer named another post of this account.") if twin else outcome


_TWIN = (
    sa.select(col(Part.id))
    .join(Post, col(Post.id) == col(Part.post_id))
    .where(
        col(Part.remote_id) == sa.bindparam("remote_id"),
        col(Part.id) != sa.bindparam("its_part"),
        col(Post.account_id)
        == sa.select(col(Post.account_id))
        .where(col(Post.id) == sa.bindparam("its_post"))
        .correlate(None)
        .scalar_subquery(),
    )
    .limit(1)
)


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


def keep_receipt(
    post: Post, part: Part, tries: Sequence[Attempt], receipt: Receipt, at: datetime
) -> None:
    """Write the proof down and resolve every doubt about the part."""
    if part.remote_id == "":  # a person's word, without a link; the network completes it
        part.remote_id, part.url = receipt.remote_id, receipt.url
    if part.remote_id is not None:
        if part.remote_id != receipt.remote_id:
            post.attention = f"This is out twice: {part.url} and {receipt.url}."
        return
    part.remote_id, part.url, part.published_at = receipt.remote_id, receipt.url, at
    for attempt in tries:
        if attempt.outcome == Unknown.kind and attempt.resolution is None:
            resolve(attempt, "found", at)


def _tell_account(account: Account, decision: Decision, now: datetime) -> None:
    if decision.rest_until is not None:
        _rest(account, decision.rest_until)
    if decision.pause and account.paused_at is None:
        account.paused_at = now
        account.pause_reason = decision.pause
        account.pause_cure = decision.cure


def end_rest(account: Account, tries: Sequence[Attempt]) -> None:
    """Once a doubt is resolved, the account need not rest for it any more."""
    for attempt in tries:
        if (
            attempt.resolution
            and attempt.ended_at
            and account.rest_until == attempt.ended_at + REST
        ):
            account.rest_until = None


def _rest(account: Account, until: datetime) -> None:
    account.rest_until = max(account.rest_until or until, until)


def move(
    post: Post,
    part: Part,
    attempt: Attempt,
    decision: Decision,
    says: str,
    now: datetime,
) -> None:
    """Take the post where the decision leads, if it is still this attempt's to move."""
    verb = decision.verb
    if post.status is Status.PUBLISHED or verb is None:
        return
    stale = post.fence != attempt.fence or post.status not in (Status.PUBLISHING, Status.IN_DOUBT)
    if stale and verb is not Verb.CONFIRM:
        return  # somebody newer holds the post; only proof may overrule them
    if post.status is Status.IN_DOUBT and verb is Verb.DOUBT:
        post.attention = says
        return
    post.status = step(post.status, verb)
    stays = kept(post.attention)
    post.lease_until = post.worker = post.attention = None
    if verb is Verb.CONFIRM:
        post.published_at = part.published_at
    elif verb is Verb.DEFER:
        post.not_before = _after(post, now, decision)
        post.attention = stays or (says if decision.attention else None)
    else:
        post.attention = says


def after_proof(session: Session, part: Part) -> Decision:
    """What follows for the post when one of its parts proved to be out."""
    if not _parts_left(session, part):
        return Decision(Verb.CONFIRM)
    if _doubts_left(session, part):
        return Decision(None)  # after a restore the next part may be out as well
    return Decision(Verb.DEFER)  # the next part is claimed at the next wake


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


#: What a person can put right, or a review that goes live, is asked for again so often, and for
#: the last time so long before the limit.
_OFTEN, _LAST = timedelta(minutes=1), timedelta(seconds=30)


def _after(post: Post, now: datetime, decision: Decision) -> datetime | None:
    """The retry's earliest instant; never past the limit, so that a post is missed on time."""
    if not decision.wait or post.no_later_than is None or post.due_at is None:
        return post.not_before
    wait, last = decision.wait, post.no_later_than
    if decision.attention:
        wait = min(wait, _OFTEN)
        last = last - _LAST if last - _LAST > now else last
    return max(post.due_at, min(now + wait, last))
