"""Alembic's door: runs the scripts in `versions/` on the connection that `schema` hands over."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

import handbill.models  # noqa: F401  (registers the tables)


def render_item(kind: str, item: Any, ctx: Any) -> str | Literal[False]:
    """Write plain SQLAlchemy types, so that old scripts depend on no class of ours."""
    if kind == "type" and isinstance(item, AutoString):
        length = getattr(item.impl, "length", None)
        return f"sa.String(length={length})" if length else "sa.String()"
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, sa.JSON) and "postgresql" in item._variant_mapping:
        ctx.imports.add("from sqlalchemy.dialects import postgresql")
        return "sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,  # one script for both databases; on PostgreSQL it is a plain ALTER
    compare_type=True,
    render_item=render_item,
)
context.run_migrations()
