"""The commonest end of an attempt, in four statements instead of a dozen.

A post of one part, claimed once, still publishing, answered with a receipt: nothing is left to
weigh. Whatever is not just so is left to `records.end_attempt`, which would say the same of this.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlmodel import SQLModel, col
from sqlmodel.sql.sqltypes import UTCDateTime

from handbill.domain.lifecycle import Status, Verb, step
from handbill.domain.network import Claim
from handbill.domain.outcomes import Receipt
from handbill.failpoints import failpoint
from handbill.models import Account, Attempt, Part, Post
from handbill.store.group import Change, all_or_none

_TABLES = SQLModel.metadata.tables


def publish_plainly(engine: Engine, claim: Claim, receipt: Receipt, now: datetime) -> bool:
    """Record the receipt if the case is plain; False, and nothing changed, if it is not."""
    if claim.fence != 1 or claim.parts != 1 or receipt.at is not None or not receipt.remote_id:
        return False
    values = {
        "its_post": claim.post_id,
        "its_part": claim.part_id,
        "its_attempt": claim.attempt_id,
        "its_account": claim.account.id,
        "number": receipt.remote_id,
        "link": receipt.url,
        "says": receipt.says,
        "now": now,
    }
    return all_or_none(engine, _PUBLISH, values)


def _post() -> sa.Update:
    part, other = _TABLES["part"].alias("its"), _TABLES["part"].alias("other")
    now = sa.bindparam("now", type_=UTCDateTime())
    answered = sa.exists().where(
        col(Attempt.id) == sa.bindparam("its_attempt"),
        col(Attempt.ended_at).is_(None),
        col(Attempt.armed_at) <= now,
    )
    waiting = sa.exists().where(part.c.id == sa.bindparam("its_part"), part.c.remote_id.is_(None))
    alone = ~sa.exists().where(
        other.c.post_id == sa.bindparam("its_post"), other.c.id != sa.bindparam("its_part")
    )
    return (
        sa.update(_TABLES["post"])
        .where(
            col(Post.id) == sa.bindparam("its_post"),
            col(Post.fence) == 1,
            col(Post.status) == Status.PUBLISHING,
            answered,
            waiting,
            alone,
        )
        .values(
            status=step(Status.PUBLISHING, Verb.CONFIRM),
            published_at=now,
            lease_until=None,
            worker=None,
            attention=None,
        )
    )


_ATTEMPT = (
    sa.update(_TABLES["attempt"])
    .where(col(Attempt.id) == sa.bindparam("its_attempt"))
    .values(
        ended_at=sa.bindparam("now", type_=UTCDateTime()),
        outcome=Receipt.kind,
        detail=sa.bindparam("says"),
    )
)


def _part() -> sa.Update:
    """Refuses the number of another post of the account."""
    other, neighbour = _TABLES["part"].alias("other"), _TABLES["post"].alias("neighbour")
    twin = sa.exists().where(
        other.c.remote_id == sa.bindparam("number"),
        other.c.post_id == neighbour.c.id,
        neighbour.c.account_id == sa.bindparam("its_account"),
    )
    return (
        sa.update(_TABLES["part"])
        .where(col(Part.id) == sa.bindparam("its_part"), ~twin)
        .values(
            remote_id=sa.bindparam("number"),
            url=sa.bindparam("link"),
            published_at=sa.bindparam("now", type_=UTCDateTime()),
        )
    )


_ACCOUNT = (
    sa.update(_TABLES["account"])
    .where(col(Account.id) == sa.bindparam("its_account"))
    .values(newest_remote_id=sa.bindparam("number"))
)


def _publishing() -> Change:
    """The post before its try, as everywhere. And the account before the part: while its row is
    ours, nobody records the same number for another post of it."""
    statements = (_post(), _ACCOUNT, _ATTEMPT, _part())
    return Change(statements, lambda: failpoint("record.before_commit"))


_PUBLISH = _publishing()
