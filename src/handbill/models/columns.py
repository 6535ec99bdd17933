"""What the columns of several tables are made of, the same on both databases."""

import enum
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

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
