"""What comes from outside, checked: the same for every door."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, ValidationError, field_validator
from sqlmodel import Field, SQLModel

from handbill.domain import ratings
from handbill.domain.disclosures import Disclosure
from handbill.domain.embargo import Kind
from handbill.domain.lateness import DEFAULT_LIMIT
from handbill.domain.spoilers import Spoiler
from handbill.domain.text.characters import forbidden
from handbill.errors import InputProblem
from handbill.models import ReviewBase


def _account_name(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or len(name) > 32:
        raise ValueError("use lower-case letters, digits and single underscores, e.g. my_blog")
    return name


LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

#: Names an account in commands and in the names of its `.env` keys.
AccountName = Annotated[str, AfterValidator(_account_name)]


class Input(SQLModel):
    """Base of what comes from outside: no unknown keys, no stray blanks."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)  # type: ignore[assignment]


class AccountIn(Input):
    """A login to add; its tokens are not here but in `.env`."""

    name: AccountName
    network: str
    server: str | None = None
    zone: str = "UTC"
    lateness_limit: timedelta = DEFAULT_LIMIT

    @field_validator("server")
    @classmethod
    def _plain_origin(cls, server: str | None) -> str | None:
        if server is None:
            return None
        parts = urlsplit(server)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
            raise ValueError("give scheme and host only, e.g. http://127.0.0.1:8765")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError("use https://; plain http:// is for a server on this machine only")
        try:
            parts.port  # noqa: B018  raises when it is none
        except ValueError:
            raise ValueError("the port is not one; give e.g. http://127.0.0.1:8765") from None
        if parts.username or parts.query or parts.fragment:
            raise ValueError("give scheme and host only, without user, query or fragment")
        return server.rstrip("/")


class ReviewIn(Input, ReviewBase):
    """A review to add, as typed."""

    slug: str | None = Field(default=None, max_length=80)
    disclosure: Disclosure | None = None
    check_link: bool = False
    draft: bool = False
    unsure: list[str] = []
    source: str | None = Field(default=None, max_length=2000)

    @field_validator("slug")
    @classmethod
    def _short_name(cls, slug: str | None) -> str | None:
        if slug is not None and not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug):
            raise ValueError("use lower-case letters, digits and single hyphens, e.g. my-review")
        return slug

    @field_validator("rating", mode="before")
    @classmethod
    def _one_spelling(cls, rating: object) -> object:
        """Other words than ratings, such as "A must", are kept as they were typed."""
        if not isinstance(rating, str):
            return rating
        known = ratings.read(rating)
        return known.kept if known else rating.strip() or None

    @field_validator("text")
    @classmethod
    def _fit_to_print(cls, text: str) -> str:
        text = text.replace("\r\n", "\n")
        for one in forbidden(text):
            raise ValueError(f"there is a {one.name} at position {one.position + 1}")
        return text

    @field_validator("published_at")
    @classmethod
    def _in_utc(cls, moment: datetime | None) -> datetime | None:
        if moment and moment.tzinfo is None:
            raise ValueError("give the time with its offset, e.g. 2026-11-27T18:30+01:00")
        return moment.astimezone(UTC) if moment else None

    @field_validator("handle")
    @classmethod
    def _with_at(cls, handle: str | None) -> str | None:
        return f"@{handle.lstrip('@')}" if handle else None

    @field_validator("link")
    @classmethod
    def _web_address(cls, link: str | None) -> str | None:
        if link and not re.match(r"https?://[^\s/]+\.[^\s/]+", link):
            raise ValueError("give the whole address, beginning with https://")
        return link or None


class ImageIn(Input):
    """A picture to attach, before it is copied into the pictures folder."""

    file: str
    alt: str = Field(min_length=1)


class PartIn(Input):
    """One message of a post, as typed."""

    text: str = ""
    images: list[ImageIn] = []

    @field_validator("text")
    @classmethod
    def _line_ends(cls, text: str) -> str:
        return text.replace("\r\n", "\n")

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)


class TimeIn(Input):
    """When, in words: resolved in `zone`, or else in the account's."""

    at: str | None = None
    zone: str | None = None
    #: Which of the two, where an hour comes twice: "earlier" or "later".
    fold: str | None = None
    no_later_than: str | None = None


class PostIn(TimeIn):
    """A post to queue, or to keep as a draft."""

    account: str
    parts: list[PartIn] = Field(min_length=1)
    review: str | None = None
    #: Which of the review's embargoes hold it.
    kind: Kind = Kind.REVIEW
    #: The number of a quote, as `handbill tease` shows it; it stands where the text says {quote}.
    quote: int | None = None
    spoiler: Spoiler = Spoiler.NONE
    draft: bool = False


def checked_review(fields: dict[str, Any]) -> ReviewIn:
    """A review's fields, checked. Raises InputProblem."""
    try:
        return ReviewIn.model_validate(fields)
    except ValidationError as error:
        raise InputProblem(f"The review was not kept: {explain(error)}.") from None


def explain(error: ValidationError) -> str:
    """What is wrong with an input, one clause a field."""
    return "; ".join(
        f"{'.'.join(map(str, one['loc'])) or 'input'}: {one['msg'].removeprefix('Value error, ')}"
        for one in error.errors(include_url=False, include_input=False, include_context=False)
    )
