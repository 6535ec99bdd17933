"""Works and their dates, embargoes, plans, prices, feeds."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
UNDER_EMBARGO = (
    "embargo_until IS NULL OR status NOT IN ('queued', 'publishing') OR not_before >= embargo_until"
)


def upgrade() -> None:
    _new_tables()
    _add("account", sa.Column("slots", JSON, nullable=False, server_default="[]"))
    _add("account", sa.Column("monthly_cap", sa.BigInteger(), nullable=True))
    _extend_reviews()
    _extend_posts()
    _add("part", sa.Column("quote", sa.String(), nullable=True))


def _add(table: str, *columns: sa.Column[Any]) -> None:
    # Not in batch mode: that would re-create the table, and lose its AUTOINCREMENT and its trigger.
    for column in columns:
        op.add_column(table, column)


def _add_checked(table: str, name: str, kind: str, check: str, rest: str = "") -> None:
    """A column with a CHECK on it; SQLite takes one only together with its column."""
    constraint = f"ck_{table}_{check.split('(')[0]}"
    condition = check.split("(", 1)[1][:-1]
    op.execute(
        f"ALTER TABLE {table} ADD COLUMN {name} {kind}{rest} CONSTRAINT {constraint} CHECK ({condition})"
    )


def _new_tables() -> None:
    op.create_table(
        "work",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("spoilers", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work")),
        sa.UniqueConstraint("slug", name=op.f("uq_work_slug")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "release_date",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("work_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wall", sa.String(length=64), nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "(day IS NULL) <> (at IS NULL)", name=op.f("ck_release_date_day_or_instant")
        ),
        sa.CheckConstraint(
            "(at IS NULL) = (zone IS NULL)", name=op.f("ck_release_date_instant_has_zone")
        ),
        sa.ForeignKeyConstraint(
            ["work_id"], ["work.id"], name=op.f("fk_release_date_work_id_work"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_date")),
        sa.UniqueConstraint("work_id", "name", name=op.f("uq_release_date_work_id_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "embargo",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wall", sa.String(length=64), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_why", sa.String(), nullable=True),
        sa.Column("events", JSON, nullable=False, server_default="[]"),
        sa.CheckConstraint("kind IN ('reaction', 'review')", name=op.f("ck_embargo_kind")),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lifted_why IS NULL)",
            name=op.f("ck_embargo_early_lift_has_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["review.id"],
            name=op.f("fk_embargo_review_id_review"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_embargo")),
        sa.UniqueConstraint("review_id", "kind", name=op.f("uq_embargo_review_id_kind")),
        sqlite_autoincrement=True,
    )
    _feeds()


def _feeds() -> None:
    op.create_table(
        "feed",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("title", sa.String(length=500), nullable=True),
        sa.Column("etag", sa.String(length=500), nullable=True),
        sa.Column("modified", sa.String(length=100), nullable=True),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed")),
        sa.UniqueConstraint("url", name=op.f("uq_feed_url")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "feed_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=500), nullable=False),
        sa.Column("review_id", sa.Integer(), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["feed_id"], ["feed.id"], name=op.f("fk_feed_entry_feed_id_feed"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["review_id"],
            ["review.id"],
            name=op.f("fk_feed_entry_review_id_review"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_entry")),
        sa.UniqueConstraint("feed_id", "key", name=op.f("uq_feed_entry_feed_id_key")),
        sqlite_autoincrement=True,
    )


def _extend_reviews() -> None:
    _add(
        "review",
        sa.Column("text", sa.String(), nullable=False, server_default=""),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("published_on", sa.Date(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("check_link", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("draft", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("unsure", JSON, nullable=False, server_default="[]"),
        sa.Column("source", sa.String(length=2000), nullable=True),
    )
    op.execute(
        "ALTER TABLE review ADD COLUMN work_id INTEGER "
        "CONSTRAINT fk_review_work_id_work REFERENCES work (id) ON DELETE RESTRICT"
    )
    op.create_index("ix_review_work_id", "review", ["work_id"])
    _add_checked(
        "review",
        "disclosure",
        "VARCHAR(16)",
        "disclosure(disclosure IN ('screener', 'copy', 'trip', 'affiliate'))",
    )


def _extend_posts() -> None:
    moment = "DATETIME" if op.get_bind().dialect.name == "sqlite" else "TIMESTAMP WITH TIME ZONE"
    word = "VARCHAR(16)"
    _add_checked(
        "post", "kind", word, "kind(kind IN ('reaction', 'review'))", " DEFAULT 'review' NOT NULL"
    )
    _add_checked("post", "embargo_until", moment, f"under_embargo({UNDER_EMBARGO})")
    _add_checked(
        "post",
        "spoiler",
        word,
        "spoiler(spoiler IN ('none', 'mild', 'full'))",
        " DEFAULT 'none' NOT NULL",
    )
    _add(
        "post",
        sa.Column("embargo_zone", sa.String(length=64), nullable=True),
        sa.Column("anchor", sa.String(length=120), nullable=True),
        sa.Column("plan", sa.String(length=64), nullable=True),
        sa.Column("step", sa.String(length=64), nullable=True),
        sa.Column("price", sa.BigInteger(), nullable=True),
        sa.Column("link_seen_at", sa.DateTime(timezone=True), nullable=True),
    )
    held = sa.text("status = 'queued' AND embargo_until IS NOT NULL")
    op.create_index(
        "ix_post_embargo",
        "post",
        ["no_later_than"],
        sqlite_where=held,
        postgresql_where=held,
    )
    once = sa.text("plan IS NOT NULL AND status <> 'cancelled'")
    op.create_index(
        "uq_post_step",
        "post",
        ["review_id", "account_id", "plan", "step"],
        unique=True,
        sqlite_where=once,
        postgresql_where=once,
    )


def downgrade() -> None:
    op.drop_index("uq_post_step", table_name="post")
    op.drop_index("ix_post_embargo", table_name="post")
    for name in ("embargo_until", "embargo_zone", "anchor", "plan", "step", "spoiler", "price"):
        op.drop_column("post", name)
    op.drop_column("post", "link_seen_at")
    op.drop_column("post", "kind")
    op.drop_column("part", "quote")
    op.drop_index("ix_review_work_id", table_name="review")
    for name in ("work_id", "disclosure", "check_link", "draft", "unsure", "source"):
        op.drop_column("review", name)
    for name in ("text", "language", "published_on", "published_at"):
        op.drop_column("review", name)
    op.drop_column("account", "monthly_cap")
    op.drop_column("account", "slots")
    for table in ("feed_entry", "feed", "embargo", "release_date", "work"):
        op.drop_table(table)
