"""What is written about: works and their dates, reviews, embargoes, feeds."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from handbill.domain.disclosures import Disclosure
from handbill.domain.embargo import Kind
from handbill.models.columns import Json, one_of


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
    #: What was done to it, in order; only ever added to. Each: `at`, `what` (set, moved, lifted),
    #: `until` (when it was to lift), `why`, `by`.
    events: list[dict[str, str | None]] = Field(
        default_factory=list, sa_type=Json, sa_column_kwargs={"server_default": "[]"}
    )


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
