"""The tables. `status` is written only in `store/`.

A `table=True` class does not validate itself: what comes from outside passes through a model of
`inputs` first, and the CHECK constraints are the last line.
"""

import enum
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlmodel import Field, SQLModel, col

from handbill.domain.disclosures import Disclosure
from handbill.domain.embargo import Kind
from handbill.domain.lifecycle import NEEDS_EYES, Status
from handbill.domain.outcomes import KINDS
from handbill.domain.spoilers import Spoiler

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def one_of(kind: type[enum.Enum], name: str) -> sa.Enum:
    """A column of the enum's values: VARCHAR and a CHECK, the same on both databases."""
    return sa.Enum(
        kind,
        native_enum=False,
        values_callable=lambda members: [m.value for m in members],
        validate_strings=True,
        create_constraint=True,
        name=name,
        length=16,
    )


def where(condition: str) -> dict[str, Any]:
    """The keyword arguments of a partial index, for both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def quoted(*values: str) -> str:
    """SQL literals of constants of this program."""
    return ", ".join(f"'{value}'" for value in sorted(values))


class Dollars(sa.TypeDecorator[Decimal]):
    """Money in US dollars, kept exactly: as whole hundredths of a cent."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: sa.Dialect) -> int | None:
        """Refuses what is finer than a hundredth of a cent."""
        del dialect
        if value is None:
            return None
        whole = value * 10_000
        if whole != int(whole):
            raise ValueError(f"{value} dollars cannot be kept exactly")
        return int(whole)

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> Decimal | None:
        """With four decimals."""
        del dialect
        return None if value is None else Decimal(value).scaleb(-4)


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


class Work(SQLModel, table=True):
    """What reviews are about: a film, book, record, show or game."""

    __table_args__ = ({"sqlite_autoincrement": True},)

    id: int | None = Field(default=None, primary_key=True)
    slug: str = Field(max_length=80, unique=True)
    title: str = Field(max_length=300)
    #: Words that no post about it may give away, such as who did it.
    spoilers: list[str] = Field(default_factory=list, sa_type=Json)
    created_at: datetime


class ReleaseDate(SQLModel, table=True):
    """When a work comes out somewhere: a day, or an instant with its zone."""

    __tablename__ = "release_date"
    __table_args__ = (
        sa.UniqueConstraint("work_id", "name"),
        sa.CheckConstraint("(day IS NULL) <> (at IS NULL)", name="day_or_instant"),
        sa.CheckConstraint("(at IS NULL) = (zone IS NULL)", name="instant_has_zone"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    work_id: int = Field(foreign_key="work.id", ondelete="CASCADE")
    #: festival, limited, wide, streaming, paperback, …
    name: str = Field(max_length=32)
    #: The day wherever one is; a plan's times of day are those of each account's zone.
    day: date | None = None
    at: datetime | None = None
    #: The instant as the person gave it, in `zone`.
    wall: str | None = Field(default=None, max_length=64)
    zone: str | None = Field(default=None, max_length=64)


class ReviewBase(SQLModel):
    """What the critic wrote and where it can be read."""

    title: str = Field(min_length=1, max_length=500)
    #: The work's title as this review writes it.
    work: str | None = Field(default=None, max_length=300)
    outlet: str | None = Field(default=None, max_length=200)
    author: str | None = Field(default=None, max_length=200)
    #: The critic's own name on the network, with its @.
    handle: str | None = Field(default=None, max_length=100)
    link: str | None = Field(default=None, max_length=2000)
    #: In the form of `domain.ratings`: `3.5/5`, `B+`.
    rating: str | None = Field(default=None, max_length=20)
    #: The whole review, as plain text; what is quoted is verbatim in it.
    text: str = Field(default="", sa_column_kwargs={"server_default": ""})
    #: BCP 47, e.g. `en`.
    language: str | None = Field(default=None, max_length=35)
    #: The day on which it appeared; and the very instant, where that is known.
    published_on: date | None = None
    published_at: datetime | None = None


class Review(ReviewBase, table=True):
    """A review as kept; `slug` is its name in commands."""

    __table_args__ = ({"sqlite_autoincrement": True},)

    id: int | None = Field(default=None, primary_key=True)
    slug: str = Field(max_length=80, unique=True)
    work_id: int | None = Field(
        default=None, foreign_key="work.id", ondelete="RESTRICT", index=True
    )
    disclosure: Disclosure | None = Field(
        default=None, sa_column=sa.Column(one_of(Disclosure, "disclosure"), nullable=True)
    )
    #: Whether its link must lead to it before a post about it leaves.
    check_link: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    #: A draft was taken from a feed or a page and waits for the critic's eyes.
    draft: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})
    #: Names of the fields that Handbill is not sure of.
    unsure: list[str] = Field(
        default_factory=list, sa_type=Json, sa_column_kwargs={"server_default": "[]"}
    )
    #: The address or file that it was read from.
    source: str | None = Field(default=None, max_length=2000)
    created_at: datetime


class Embargo(SQLModel, table=True):
    """Until when nothing about a review may leave."""

    __table_args__ = (
        sa.UniqueConstraint("review_id", "kind"),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lifted_why IS NULL)", name="early_lift_has_reason"
        ),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    review_id: int = Field(foreign_key="review.id", ondelete="RESTRICT")
    #: Which posts it holds: all of them, or also the first reactions.
    kind: Kind = Field(sa_column=sa.Column(one_of(Kind, "kind"), nullable=False))
    until: datetime
    #: The instant as the person gave it, in `zone`.
    wall: str = Field(max_length=64)
    zone: str = Field(max_length=64)
    created_at: datetime
    #: Lifted early by a person, who said that they may, and why.
    lifted_at: datetime | None = None
    lifted_why: str | None = None


class Feed(SQLModel, table=True):
    """A critic's RSS or Atom feed; each new entry becomes the draft of a review, once."""

    __table_args__ = ({"sqlite_autoincrement": True},)

    id: int | None = Field(default=None, primary_key=True)
    url: str = Field(max_length=2000, unique=True)
    title: str | None = Field(default=None, max_length=500)
    #: What the server wants to hear again (RFC 9110, 13.1).
    etag: str | None = Field(default=None, max_length=500)
    modified: str | None = Field(default=None, max_length=100)
    looked_at: datetime | None = None
    #: Why it could not be read when last looked at, in one sentence.
    trouble: str | None = None
    created_at: datetime


class FeedEntry(SQLModel, table=True):
    """An entry of a feed that was seen, so that it is taken once."""

    __tablename__ = "feed_entry"
    __table_args__ = (sa.UniqueConstraint("feed_id", "key"), {"sqlite_autoincrement": True})

    id: int | None = Field(default=None, primary_key=True)
    feed_id: int = Field(foreign_key="feed.id", ondelete="CASCADE")
    #: Its own id, or else its link.
    key: str = Field(max_length=500)
    review_id: int | None = Field(default=None, foreign_key="review.id", ondelete="SET NULL")
    seen_at: datetime


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
#: The order of numbers, for a few posts among many: not by walking through the numbers of all.
BY_NUMBER = col(Post.id) + 0


class Worker(SQLModel, table=True):
    """A process that publishes, or did lately: `handbill run`, or one `handbill tick`."""

    __table_args__ = ({"sqlite_autoincrement": True},)

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=64, unique=True)
    host: str = Field(max_length=255)
    pid: int
    version: str = Field(max_length=32)
    started_at: datetime
    #: Its last sign of life.
    seen_at: datetime
    #: It ended in peace.
    stopped_at: datetime | None = None
    #: Why it publishes nothing although it lives, in one sentence.
    trouble: str | None = None


class Standing(SQLModel, table=True):
    """What holds for the whole house until it is taken away, such as the one big pause."""

    name: str = Field(max_length=32, primary_key=True)
    value: str
    since: datetime
