"""Guard the steps of a post, name the workers, keep what holds for all."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

#: Every step that a post may take. Whoever writes another by hand is refused by the database.
STEPS = (
    "draft>queued",
    "draft>cancelled",
    "draft>published",
    "queued>draft",
    "queued>publishing",
    "queued>missed",
    "queued>cancelled",
    "queued>published",
    "publishing>queued",
    "publishing>in_doubt",
    "publishing>published",
    "publishing>failed",
    "in_doubt>published",
    "in_doubt>queued",
    "in_doubt>failed",
    "missed>queued",
    "missed>cancelled",
    "missed>published",
    "failed>queued",
    "failed>cancelled",
    "failed>published",
    "cancelled>published",
)
ILLEGAL = (
    "OLD.status <> NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ("
    + ", ".join(f"'{step}'" for step in STEPS)
    + ")"
)
SQLITE_GUARD = f"""
CREATE TRIGGER post_step BEFORE UPDATE OF status ON post WHEN {ILLEGAL}
BEGIN SELECT RAISE(ABORT, 'a post cannot take this step'); END
"""
POSTGRES_GUARD = f"""
CREATE FUNCTION handbill_refuse_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a post cannot take this step: % to %', OLD.status, NEW.status
        USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER post_step BEFORE UPDATE OF status ON post FOR EACH ROW WHEN ({ILLEGAL})
EXECUTE FUNCTION handbill_refuse_step();
"""


def upgrade() -> None:
    op.create_table(
        "worker",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker")),
        sa.UniqueConstraint("name", name=op.f("uq_worker_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "standing",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_standing")),
    )
    # Not in batch mode: that would re-create the table of posts and lose its AUTOINCREMENT.
    op.add_column("post", sa.Column("strikes", sa.Integer(), server_default="0", nullable=False))
    op.create_index(
        "ix_post_turn",
        "post",
        ["account_id", "not_before", "id"],
        sqlite_where=sa.text("status = 'queued'"),
        postgresql_where=sa.text("status = 'queued'"),
    )
    op.create_index(
        "ix_post_history",
        "post",
        [sa.text("coalesce(published_at, due_at, created_at)"), "id"],
        sqlite_where=sa.text("status NOT IN ('draft', 'publishing', 'queued')"),
        postgresql_where=sa.text("status NOT IN ('draft', 'publishing', 'queued')"),
    )
    # A later script that re-creates the table of posts must make this trigger anew.
    op.execute(SQLITE_GUARD if op.get_bind().dialect.name == "sqlite" else POSTGRES_GUARD)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER post_step")
    else:
        op.execute("DROP TRIGGER post_step ON post")
        op.execute("DROP FUNCTION handbill_refuse_step()")
    op.drop_index("ix_post_history", table_name="post")
    op.drop_index("ix_post_turn", table_name="post")
    op.drop_column("post", "strikes")
    op.drop_table("standing")
    op.drop_table("worker")
