"""What is sent, by whom, and every try at it."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel, col

from handbill.domain.embargo import Kind
from handbill.domain.lifecycle import NEEDS_EYES, Status
from handbill.domain.outcomes import KINDS
from handbill.domain.spoilers import Spoiler
from handbill.models.columns import Dollars, Json, one_of, quoted, where


class Account(SQLModel, table=True):
    """A named login on one network, with its zone, its slots, its limits and its pause."""

    __table_args__ = (
        sa.CheckConstraint("(paused_at IS NULL) = (pause_reason IS NULL)", name="pause_has_reason"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=32, unique=True)
    network: str = Field(max_length=32)
    #: Base address instead of the network's own; the rehearsal server, for one.
    server: str | None = Field(default=None, max_length=255)
    zone: str = Field(max_length=64)
    lateness_limit: timedelta
    #: Weekly posting times on the clocks of `zone`: ["mon 09:00", …]
    slots: list[str] = Field(
        default_factory=list, sa_type=Json, sa_column_kwargs={"server_default": "[]"}
    )
    #: What its posts may cost in a calendar month of its zone, in dollars; None: no cap.
    monthly_cap: Decimal | None = Field(default=None, sa_type=Dollars)
    #: Who the network says this is, once asked.
    remote_id: str | None = Field(default=None, max_length=64)
    handle: str | None = Field(default=None, max_length=255)
    #: The newest post of ours that we know of; look-ups start behind it.
    newest_remote_id: str | None = Field(default=None, max_length=64)
    #: The network asked us to rest until then.
    rest_until: datetime | None = None
    paused_at: datetime | None = None
    pause_reason: str | None = None
    pause_cure: str | None = None
    created_at: datetime


class Post(SQLModel, table=True):
    """One message for one account, once. `due_at` is the promise and never moves by itself."""

    __table_args__ = (
        sa.CheckConstraint(
            "status IN ('draft', 'cancelled') OR (due_at IS NOT NULL AND not_before IS NOT NULL "
            "AND no_later_than IS NOT NULL)",
            name="has_time",
        ),
        sa.CheckConstraint("not_before >= due_at", name="not_before_due"),
        sa.CheckConstraint("no_later_than >= due_at", name="limit_after_due"),
        sa.CheckConstraint(
            "(status = 'publishing') = (lease_until IS NOT NULL)", name="publishing_has_lease"
        ),
        sa.CheckConstraint(
            "(status = 'published') = (published_at IS NOT NULL)", name="published_has_time"
        ),
        sa.CheckConstraint(
            f"status NOT IN ({quoted(*NEEDS_EYES)}) OR attention IS NOT NULL", name="never_silent"
        ),
        sa.CheckConstraint(
            "embargo_until IS NULL OR status NOT IN ('queued', 'publishing') "
            "OR not_before >= embargo_until",
            name="under_embargo",
        ),
        sa.Index(
            "uq_post_step",
            "review_id",
            "account_id",
            "plan",
            "step",
            unique=True,
            **where("plan IS NOT NULL AND status <> 'cancelled'"),
        ),
        sa.Index("ix_post_ready", "not_before", "id", **where("status = 'queued'")),
        sa.Index("ix_post_turn", "account_id", "not_before", "id", **where("status = 'queued'")),
        sa.Index("uq_post_publishing", "account_id", unique=True, **where("status = 'publishing'")),
        sa.Index(
            "ix_post_embargo",
            "no_later_than",
            **where("status = 'queued' AND embargo_until IS NOT NULL"),
        ),
        sa.Index("ix_post_attention", "id", **where("attention IS NOT NULL")),
        sa.Index("ix_post_due_at", "due_at", "id"),
        sa.Index(
            "ix_post_history",
            sa.text("coalesce(published_at, due_at, created_at)"),
            "id",
            **where("status NOT IN ('draft', 'publishing', 'queued')"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", ondelete="RESTRICT", index=True)
    review_id: int | None = Field(
        default=None, foreign_key="review.id", ondelete="RESTRICT", index=True
    )
    status: Status = Field(sa_column=sa.Column(one_of(Status, "status"), nullable=False))
    #: Counts the changes of text, pictures and time; a claim of an older revision cannot arm.
    revision: int = 1
    #: Counts the claims; a worker with an older number can neither arm nor overrule.
    fence: int = 0
    #: Counts the workers that died over it since a person last touched it.
    strikes: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    due_at: datetime | None = None
    #: The time as the person gave it, in `zone`.
    due_wall: str | None = Field(default=None, max_length=64)
    zone: str = Field(max_length=64)
    #: The first instant at which it may leave: the due time, or later for a retry.
    not_before: datetime | None = None
    #: The last instant at which it may leave; after it the post is missed.
    no_later_than: datetime | None = None
    #: Which of its review's embargoes hold it.
    kind: Kind = Field(
        default=Kind.REVIEW,
        sa_column=sa.Column(one_of(Kind, "kind"), nullable=False, server_default="review"),
    )
    #: When the last embargo that holds it lifts, and the zone in which that was set.
    embargo_until: datetime | None = None
    embargo_zone: str | None = Field(default=None, max_length=64)
    #: What its due time hangs on, such as `release-1d 18:00`; it moves with that.
    anchor: str | None = Field(default=None, max_length=120)
    #: The plan and the step of it that made this post.
    plan: str | None = Field(default=None, max_length=64)
    step: str | None = Field(default=None, max_length=64)
    spoiler: Spoiler = Field(
        default=Spoiler.NONE,
        sa_column=sa.Column(one_of(Spoiler, "spoiler"), nullable=False, server_default="none"),
    )
    #: What the network will charge for it, in dollars, by the table of prices when it was written.
    price: Decimal | None = Field(default=None, sa_type=Dollars)
    #: When it was last asked whether the review can be read at its link.
    link_seen_at: datetime | None = None
    lease_until: datetime | None = None
    worker: str | None = Field(default=None, max_length=64)
    #: Why a person should look, in one sentence; None when nobody needs to.
    attention: str | None = None
    published_at: datetime | None = None
    created_at: datetime


class Part(SQLModel, table=True):
    """One of the messages that a post consists of."""

    __table_args__ = (
        sa.UniqueConstraint("post_id", "position"),
        sa.CheckConstraint("(remote_id IS NULL) = (published_at IS NULL)", name="receipt_is_whole"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    post_id: int = Field(foreign_key="post.id", ondelete="CASCADE")
    position: int
    text: str
    #: What of the text is quoted from the review, word for word.
    quote: str | None = None
    #: [{"file": name under pictures/, "media_type": …, "alt": …, "size_bytes": …}]
    images: list[dict[str, Any]] = Field(default_factory=list, sa_type=Json)
    remote_id: str | None = Field(default=None, max_length=255, index=True)
    url: str | None = Field(default=None, max_length=2000)
    published_at: datetime | None = None


class Attempt(SQLModel, table=True):
    """One try at sending one part: when, how it ended, what the network said."""

    __table_args__ = (
        sa.CheckConstraint("(outcome IS NULL) = (ended_at IS NULL)", name="ended_has_outcome"),
        sa.CheckConstraint(f"outcome IN ({quoted(*KINDS)})", name="outcome"),
        sa.CheckConstraint(
            "resolution IN ('found', 'absent', 'confirmed', 'denied')", name="resolution"
        ),
        sa.CheckConstraint(
            "resolution IS NULL OR outcome = 'unknown'", name="only_doubts_are_resolved"
        ),
        sa.Index("uq_attempt_open", "post_id", unique=True, **where("ended_at IS NULL")),
        sa.Index("ix_attempt_look", "next_look_at", **where("next_look_at IS NOT NULL")),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    post_id: int = Field(foreign_key="post.id", ondelete="CASCADE", index=True)
    part_id: int = Field(foreign_key="part.id", ondelete="CASCADE", index=True)
    fence: int
    revision: int
    worker: str = Field(max_length=64)
    started_at: datetime
    #: From here on the part may be public.
    armed_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str | None = Field(default=None, max_length=16)
    #: What the network said, in plain words.
    detail: str = ""
    #: What a look-up needs, written when armed.
    evidence: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    looks: int = 0
    next_look_at: datetime | None = None
    resolution: str | None = Field(default=None, max_length=16)
    resolved_at: datetime | None = None


# In the very words of the partial indexes: a planner cannot compare those with a bound value.
QUEUED: sa.ColumnElement[Any] = sa.literal_column(quoted(Status.QUEUED))
PUBLISHING: sa.ColumnElement[Any] = sa.literal_column(quoted(Status.PUBLISHING))
IS_QUEUED = col(Post.status) == QUEUED
IS_PUBLISHING = col(Post.status) == PUBLISHING
#: In the words of its index, too.
HELD_BY_EMBARGO = sa.and_(
    IS_QUEUED,
    col(Post.embargo_until).is_not(None),
    col(Post.embargo_until) > col(Post.no_later_than),
)
#: The order of numbers, for a few posts among many: not by walking through the numbers of all.
BY_NUMBER = col(Post.id) + 0
