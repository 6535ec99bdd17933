"""The second transaction before sending: arm. It gives leave to send, once, and says so durably.

A compare-and-set, as claiming is: another worker, the shell or the page may have been here first.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import SQLModel, col
from sqlmodel.sql.sqltypes import UTCDateTime

from handbill.domain.lifecycle import Status
from handbill.domain.network import Claim, Evidence
from handbill.domain.settling import EXCHANGE_DEADLINE, SEND_WINDOW
from handbill.failpoints import failpoint
from handbill.models import Account, Attempt, Part, Post
from handbill.store.group import Change, all_or_none
from handbill.store.standing import not_paused

#: What arming must have left of its lease: the exchange, and time to record it.
SEND_LEASE = SEND_WINDOW + EXCHANGE_DEADLINE + timedelta(seconds=55)


def arm(engine: Engine, claim: Claim, evidence: Evidence, now: datetime) -> bool:
    """Give leave to send, durably, if nothing has changed since the claim; else answer False.

    Whatever error this raises, the caller must send nothing.
    """
    failpoint("arm.before")
    given = all_or_none(
        engine,
        _ARM,
        {
            "its_attempt": claim.attempt_id,
            "its_post": claim.post_id,
            "its_part": claim.part_id,
            "its_account": claim.account.id,
            "its_fence": claim.fence,
            "its_revision": claim.revision,
            "now": now,
            "lease": now + SEND_LEASE,
            "proof": dict(evidence),
        },
    )
    failpoint("arm.after_commit")
    return given


def _arming() -> Change:
    """The statement of `arm`, built once: it stands between the due time and the first byte."""
    now = sa.bindparam("now", type_=UTCDateTime())
    still_ours = sa.exists().where(
        col(Post.id) == sa.bindparam("its_post"),
        col(Post.status) == Status.PUBLISHING,
        col(Post.fence) == sa.bindparam("its_fence"),
        col(Post.revision) == sa.bindparam("its_revision"),
        col(Post.lease_until) > sa.bindparam("lease", type_=UTCDateTime()),
        col(Post.due_at) <= now,
        col(Post.not_before) <= now,
        col(Post.no_later_than) >= now,
    )
    not_out = sa.exists().where(
        col(Part.id) == sa.bindparam("its_part"), col(Part.remote_id).is_(None)
    )
    free_to_send = sa.exists().where(
        col(Account.id) == sa.bindparam("its_account"),
        col(Account.paused_at).is_(None),
        sa.or_(col(Account.rest_until).is_(None), col(Account.rest_until) <= now),
    )
    statement = (
        sa.update(SQLModel.metadata.tables["attempt"])
        .where(
            col(Attempt.id) == sa.bindparam("its_attempt"),
            col(Attempt.armed_at).is_(None),
            col(Attempt.ended_at).is_(None),
            still_ours,
            not_out,
            free_to_send,
            not_paused(),
        )
        .values(armed_at=now, evidence=sa.bindparam("proof"))
    )
    return Change((statement,), "its_attempt", lambda: failpoint("arm.before_commit"))


_ARM = _arming()
