"""Keeps works: their release dates, on which posts may hang, and what no post may give away."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from handbill.domain import offsets
from handbill.domain.embargo import Hold, Kind, holding
from handbill.domain.offsets import Anchor
from handbill.domain.slugs import slugify
from handbill.domain.when import parse
from handbill.domain.zones import fold_named, zone
from handbill.errors import InputProblem, NotFound
from handbill.inputs import TimeIn
from handbill.models import ReleaseDate, Review, Work
from handbill.services import anchors, retiming
from handbill.services.desk import Desk
from handbill.services.retiming import Diff
from handbill.store import listings, reviews, works
from handbill.store.works import NewDate, Shown

#: Names that stand for something else than a date of the work.
TAKEN = ("embargo", "reaction-embargo", "published", "release")


@dataclass(frozen=True)
class Known:
    """A work with its dates and the reviews of it."""

    work: Work
    dates: Sequence[ReleaseDate]
    reviews: Sequence[Review]


def add(desk: Desk, title: str) -> Known:
    """Add a work. Raises InputProblem when it is known already."""
    title = " ".join(title.split())
    if not title or len(title) > 300:
        raise InputProblem("A work has a title of 1 to 300 letters.", 'handbill work add "Title"')
    return _known(desk, works.add(desk.engine, title, slugify(title, "work"), desk.clock()))


def get(desk: Desk, name: str) -> Known:
    """The work of that slug or title; one that only a review names is added. Raises NotFound."""
    try:
        return _known(desk, works.named(desk.engine, name))
    except NotFound:
        title = _named_by_a_review(desk, name)
    if title is None:
        raise NotFound(
            f"There is no work called {name}, and no review of it.",
            f"See: handbill work list, or add it: handbill work add '{name}'",
        )
    return add(desk, title)


def _named_by_a_review(desk: Desk, name: str) -> str | None:
    wanted = name.strip().casefold()
    titles = [review.work for review in reviews.listing(desk.engine) if review.work]
    return next((t for t in titles if t.casefold() == wanted or slugify(t) == wanted), None)


def _known(desk: Desk, work: Work) -> Known:
    dates = works.dates_of(desk.engine, work.id or 0)
    return Known(work, dates, works.reviews_of(desk.engine, work))


def listing(desk: Desk) -> list[Known]:
    """All works, newest first."""
    return [_known(desk, work) for work in works.listing(desk.engine)]


# Dates


@dataclass(frozen=True)
class Change:
    """A date as it would be, and what becomes of the posts that hang on it."""

    work: Work
    name: str
    before: ReleaseDate | None
    #: None: it is taken away.
    new: NewDate | None
    diff: Diff


def plan(desk: Desk, work_name: str, name: str, asked: TimeIn | None) -> Change:
    """What setting a date (None: taking it away) would do; nothing is changed yet.

    Raises NotFound, and InputProblem for a name, a day or a time that cannot be.
    """
    known, name = get(desk, work_name), _checked_name(name)
    before = next((one for one in known.dates if one.name == name), None)
    if asked is None and before is None:
        raise NotFound(
            f"{known.work.title} has no date called {name}.",
            f"See: handbill work show {known.work.slug}",
        )
    new = None if asked is None else _read(desk, name, asked)
    value = new and (new.day or new.at)

    def known_to(review: Review) -> Mapping[str, Anchor]:
        others = {key: v for key, v in anchors.of(desk, review).items() if key != name}
        return {**others, name: value} if value else others

    about = listings.about(desk.engine, [review.id or 0 for review in known.reviews])
    diff = retiming.compare(about, _names(name), known_to, desk.clock())
    return Change(known.work, name, before, new, diff)


def _names(name: str) -> set[str]:
    """The names by which posts may hang on a date."""
    return {name, "release"} if name in offsets.RELEASES else {name}


def keep(desk: Desk, change: Change) -> Known:
    """Set the date and move the posts as planned: all, or none. Raises TooLate when one of them has
    moved on meanwhile, or another hangs on it by now."""
    diff = change.diff
    shown = Shown(_names(change.name), diff.shown, [moving.move for moving in diff.moves])
    works.put_date(desk.engine, change.work.id or 0, change.name, change.new, shown)
    return _known(desk, change.work)


def _checked_name(name: str) -> str:
    name = name.strip().lower()
    if name in TAKEN or len(name) > 32 or offsets.parse(f"{name} 12:00") is None:
        raise InputProblem(
            f"'{name[:40]}' cannot be the name of a release date.",
            "Take a word such as festival, limited, wide, streaming or paperback.",
        )
    return name


def _read(desk: Desk, name: str, asked: TimeIn) -> NewDate:
    text = (asked.at or "").strip()
    with contextlib.suppress(ValueError):
        return NewDate(day=date.fromisoformat(text))
    if asked.zone is None:
        raise InputProblem(
            f"'{text[:40]}' is not a day, and for an instant the zone is missing.",
            f"Write 2017-10-12, or '2017-10-12 18:00' --zone Europe/Paris for '{name}'.",
        )
    moment = parse(text, desk.clock(), zone(asked.zone), fold_named(asked.fold))
    if moment is None:
        raise InputProblem(
            f"'{text[:40]}' is neither a day nor a time.", "Write 2017-10-12 or '2017-10-12 18:00'."
        )
    return NewDate(at=moment.at, wall=moment.wall, zone=moment.zone)


def ends_of(holds: Sequence[Hold]) -> dict[str, Anchor]:
    """The ends of embargoes by the names that offsets give them."""
    found: dict[str, Anchor] = {}
    for name, kind in (("embargo", Kind.REVIEW), ("reaction-embargo", Kind.REACTION)):
        if (held := holding(holds, kind)) is not None:
            found[name] = held.until
    return found


# What no post may give away


def set_spoilers(desk: Desk, name: str, words: Sequence[str]) -> Known:
    """The words that no post about a work may give away, in the place of those before."""
    known = get(desk, name)
    kept = [" ".join(word.split()) for word in words]
    if not all(kept):
        raise InputProblem("A word is empty.", "Give each word or name in quotes.")
    works.put_spoilers(desk.engine, known.work.id or 0, list(dict.fromkeys(kept)))
    return get(desk, known.work.slug)
