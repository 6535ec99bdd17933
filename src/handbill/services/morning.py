"""The morning sheet: what one day brings, and what needs a look before it does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from handbill.domain.lifecycle import NEEDS_EYES, Status
from handbill.domain.when import parse
from handbill.errors import InputProblem
from handbill.models import Account, Standing
from handbill.services.desk import Desk
from handbill.store import accounts, listings, reviews, standing
from handbill.store.listings import Entry

#: Where a post of the day still is to leave, or could.
AHEAD = (Status.QUEUED, Status.PUBLISHING)


@dataclass(frozen=True)
class Sheet:
    """One day's posts, in the order of their times, and whatever needs care."""

    day: date
    zone: ZoneInfo
    now: datetime
    leaving: Sequence[Entry]
    #: Drafts with a time that day: they do not leave unless somebody approves them.
    drafts: Sequence[Entry]
    out: Sequence[Entry]
    #: Held, failed or missed, whatever their day.
    held: Sequence[Entry]
    #: Reviews drafted from a feed, which wait for the critic.
    unread: Sequence[str]
    #: The one big pause, if it is on.
    pause: Standing | None
    paused: Sequence[Account]
    resting: Sequence[Account]

    def embargoed(self, entry: Entry) -> bool:
        """Whether an embargo holds the post at this moment."""
        until = entry.post.embargo_until
        return until is not None and until > self.now

    @property
    def price(self) -> Decimal:
        """What the posts that leave will cost, in dollars, as far as prices are known."""
        return sum((entry.post.price or Decimal(0) for entry in self.leaving), Decimal(0))

    @property
    def needs_care(self) -> bool:
        """Whether a person should do something this morning."""
        blind = any(lacking_alt(entry) for entry in self.leaving)
        return bool(self.held or self.drafts or self.pause or self.paused or blind)


def lacking_alt(entry: Entry) -> int:
    """How many pictures of a post have no text for those who cannot see them."""
    return sum(not image["alt"].strip() for part in entry.parts for image in part.images)


def sheet(desk: Desk, zone: ZoneInfo, asked: str | None = None) -> Sheet:
    """The sheet of today in `zone`, or of the day that is asked for. Raises InputProblem."""
    now = desk.clock()
    day = _day(asked, now, zone)
    entries = [*reversed(_due(desk, day, zone))]
    everyone = accounts.listing(desk.engine)
    return Sheet(
        day=day,
        zone=zone,
        now=now,
        leaving=[entry for entry in entries if entry.post.status in AHEAD],
        drafts=[entry for entry in entries if entry.post.status is Status.DRAFT],
        out=[entry for entry in entries if entry.post.status is Status.PUBLISHED],
        held=listings.needing_eyes(desk.engine),
        unread=[review.slug for review in reviews.listing(desk.engine) if review.draft],
        pause=standing.get(desk.engine, standing.PAUSE),
        paused=[account for account in everyone if account.paused_at],
        resting=[a for a in everyone if a.rest_until and a.rest_until > now and not a.paused_at],
    )


def _due(desk: Desk, day: date, zone: ZoneInfo) -> list[Entry]:
    """The day's posts, latest first; those that need eyes are told apart from it."""
    since, until = (_midnight(day + timedelta(days=n), zone) for n in (0, 1))
    those = [status for status in Status if status not in (Status.CANCELLED, *NEEDS_EYES)]
    found = listings.history(desk.engine, those, since, until, None, None, None)
    known = {entry.post.id for entry in found}
    lifting = listings.lifting(desk.engine, since, until)
    found = [*(entry for entry in lifting if entry.post.id not in known), *found]
    return [entry for entry in found if _leaves_on(entry, until)]


def _leaves_on(entry: Entry, until: datetime) -> bool:
    """Whether a post of the day is not held beyond it."""
    post = entry.post
    held = post.status in AHEAD and post.embargo_until is not None and post.embargo_until >= until
    return post.due_at is not None and not held


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """When a day begins, even where the clocks change at midnight: fold 0 takes the first."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _day(asked: str | None, now: datetime, zone: ZoneInfo) -> date:
    if asked is None:
        return now.astimezone(zone).date()
    words = asked.strip()
    moment = parse(f"{words} 12:00", now, zone) if words else None
    if moment is None:
        raise InputProblem(
            f"'{words}' is not a day.", "Write 2026-11-27, tomorrow, fri or 27 Nov 2026."
        )
    return moment.at.astimezone(zone).date()
