"""Who works here, and what holds for all."""

from datetime import datetime

from sqlmodel import Field, SQLModel


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
