"""The second transaction before sending: arm. It gives leave to send, once, and says so durably.

A compare-and-set, as claiming is: another worker, the shell or the page may have been here first.
"""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import SQLModel, col
from sqlmodel.sql.sqltypes import UTCDateTime

from handbill.domain.embargo import Kind
from handbill.domain.lifecycle import Status
from handbill.domain.network import Claim, Evidence
from handbill.domain.settling import EXCHANGE_DEADLINE, SEND_WINDOW
from handbill.failpoints import failpoint
from handbill.models import Account, Attempt, Embargo, Part, Post
from handbill.store.engine import glance
from handbill.store.group import Change, all_or_none
from handbill.store.standing import not_paused

#: What arming must have left of its lease: the exchange, and time to record it.
SEND_LEASE = SEND_WINDOW + EXCHANGE_DEADLINE + timedelta(seconds=55)


def arm(engine: Engine, claim: Claim, evidence: Evidence, now: datetime) -> bool:
    """Give leave to send, durably, if nothing has changed since the claim; else answer False.

    Whatever error this raises, the caller must send nothing.
    """
    failpoint("arm.before")
    given = all_or_none(engine, _ARM, {**_values(claim, now), "proof": dict(evidence)})
    failpoint("arm.after_commit")
    return given


def may_leave(engine: Engine, claim: Claim, now: datetime) -> bool:
    """Whether `arm` would give leave at this moment. For what has to be done before arming and
    shows something to a network; it promises nothing."""
    with glance(engine) as connection:
        return connection.execute(_LEAVE, _values(claim, now)).first() is not None


def _values(claim: Claim, now: datetime) -> dict[str, Any]:
    return {
        "its_attempt": claim.attempt_id,
        "its_post": claim.post_id,
        "its_part": claim.part_id,
        "its_account": claim.account.id,
        "its_fence": claim.fence,
        "its_revision": claim.revision,
        "now": now,
        "lease": now + SEND_LEASE,
    }


def _still_ours() -> sa.Select[int | None]:
    """The post, if it is as it was claimed and its time has come."""
    now = sa.bindparam("now", type_=UTCDateTime())
    return sa.select(col(Post.id)).where(
        col(Post.id) == sa.bindparam("its_post"),
        col(Post.status) == Status.PUBLISHING,
        col(Post.fence) == sa.bindparam("its_fence"),
        col(Post.revision) == sa.bindparam("its_revision"),
        col(Post.lease_until) > sa.bindparam("lease", type_=UTCDateTime()),
        col(Post.due_at) <= now,
        col(Post.not_before) <= now,
        col(Post.no_later_than) >= now,
        sa.or_(col(Post.embargo_until).is_(None), col(Post.embargo_until) <= now),
    )


def _under_embargo() -> sa.Exists:
    """Whether the table of embargoes holds the post, whatever the post says itself."""
    return sa.exists().where(
        col(Post.id) == sa.bindparam("its_post"),
        col(Embargo.review_id) == col(Post.review_id),
        col(Embargo.lifted_at).is_(None),
        col(Embargo.until) > sa.bindparam("now", type_=UTCDateTime()),
        sa.or_(col(Post.kind) == Kind.REVIEW, col(Embargo.kind) == Kind.REACTION),
    )


def _conditions(still_ours: sa.Select[int | None]) -> list[sa.ColumnElement[bool]]:
    """What must be so for a part to leave."""
    now = sa.bindparam("now", type_=UTCDateTime())
    not_out = sa.exists().where(
        col(Part.id) == sa.bindparam("its_part"), col(Part.remote_id).is_(None)
    )
    free_to_send = sa.exists().where(
        col(Account.id) == sa.bindparam("its_account"),
        col(Account.paused_at).is_(None),
        sa.or_(col(Account.rest_until).is_(None), col(Account.rest_until) <= now),
    )
    return [
        col(Attempt.id) == sa.bindparam("its_attempt"),
        col(Attempt.armed_at).is_(None),
        col(Attempt.ended_at).is_(None),
        still_ours.exists(),
        ~_under_embargo(),
        not_out,
        free_to_send,
        not_paused(),
    ]


def _arming() -> Change:
    """The statement of `arm`, built once: it stands between the due time and the first byte.

    It locks the post. Who sets an embargo at this moment either sees that it is armed, or is seen.
    """
    ours = _still_ours().with_for_update(key_share=True)
    statement = (
        sa.update(SQLModel.metadata.tables["attempt"])
        .where(*_conditions(ours))
        .values(armed_at=sa.bindparam("now", type_=UTCDateTime()), evidence=sa.bindparam("proof"))
    )
    return Change((statement,), lambda: failpoint("arm.before_commit"))


def _leaving() -> sa.Select[int | None]:
    """The statement of `may_leave`: the same conditions, and nothing is written."""
    return sa.select(col(Attempt.id)).where(*_conditions(_still_ours()))


_ARM = _arming()
_LEAVE = _leaving()
