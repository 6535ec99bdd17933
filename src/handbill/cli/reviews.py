"""`handbill review …`: what the teasers are about."""

import sys
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handbill.cli import render
from handbill.cli.asking import AsJson
from handbill.cli.door import door
from handbill.cli.following import follow
from handbill.domain.disclosures import Disclosure

if TYPE_CHECKING:
    from handbill.models import Review
    from handbill.services.desk import Desk
    from handbill.services.importing import Taken

group = typer.Typer(help="The reviews that posts are about.", no_args_is_help=True)

Slug = Annotated[str, typer.Argument(help="The review's short name.")]
Title = Annotated[str | None, typer.Option(help="The headline.")]
Work = Annotated[str | None, typer.Option(help="The film, book, record, show or game.")]
Link = Annotated[str | None, typer.Option(help="Where it can be read.")]
Outlet = Annotated[str | None, typer.Option(help="Where it appeared.")]
Author = Annotated[str | None, typer.Option(help="Who wrote it.")]
Handle = Annotated[str | None, typer.Option(help="The author's own name, e.g. @me.")]
RatingIs = Annotated[str | None, typer.Option(help="As printed, e.g. 3.5/5, ★★★½, B+.")]
Language = Annotated[str | None, typer.Option(help="Its language, e.g. en.")]
Published = Annotated[
    str | None, typer.Option("--published", help="When it appeared: 2026-11-27, or with a time.")
]
DisclosureIs = Annotated[
    Disclosure | None, typer.Option(help="What you got for it; every post will say so.")
]
CheckLink = Annotated[
    bool | None,
    typer.Option(
        "--check-link/--no-check-link", help="Hold posts while the review is not at its link."
    ),
]

#: So much of a review's text is shown.
_GLIMPSE = 300


@group.command("add")
def add(
    context: typer.Context,
    source: Annotated[
        str | None, typer.Argument(help="A file, a web address, or - for what is piped in.")
    ] = None,
    title: Title = None,
    work: Work = None,
    link: Link = None,
    outlet: Outlet = None,
    author: Author = None,
    handle: Handle = None,
    rating: RatingIs = None,
    language: Language = None,
    published: Published = None,
    disclosure: DisclosureIs = None,
    check_link: CheckLink = None,
    slug: Annotated[str | None, typer.Option(help="Its short name; else made of the work.")] = None,
    into: Annotated[str | None, typer.Option(help="Read this review of yours again.")] = None,
    as_json: AsJson = False,
) -> None:
    """Add a review: read from a file or a page, or as typed."""
    from handbill.inputs import checked_review
    from handbill.services import reviewing

    typed = _typed(
        title=title, work=work, link=link, outlet=outlet, author=author, handle=handle,
        rating=rating, language=language, published=published, disclosure=disclosure,
        check_link=check_link,
    )  # fmt: skip
    here = door(context)
    if source is None:
        if title is None or into is not None:
            raise typer.BadParameter("give a file, an address or -, or else --title")
        return _answer(reviewing.add(here.desk, checked_review({"slug": slug, **typed})), as_json)
    taken = _taken(here.desk, source)
    if into is None:
        review = reviewing.add(here.desk, taken.review(slug=slug, **typed))
        return _answer(review, as_json, taken.remarks)
    before = reviewing.dates(here.desk, into)
    review, others = reviewing.renew(here.desk, into, taken, typed)
    if not as_json:
        _answer(review, as_json, [*taken.remarks, *others], "Read again")
    told = follow(here.desk, review, before, yes=False, quiet=as_json)
    return render.as_json({**_json(review), **told}) if as_json else None


def _typed(*, published: str | None, **options: Any) -> dict[str, Any]:
    """The options that were given, by the names of fields."""
    typed = {name: value for name, value in options.items() if value is not None}
    if published is not None:
        typed |= _published(published)
    return typed


def _published(words: str) -> dict[str, date | datetime | None]:
    from handbill.domain.text import dates

    day, instant = dates.day(words), dates.instant(words)
    if words.strip() and day is None:
        raise typer.BadParameter(
            f"'{words}' is no day; give e.g. 2026-11-27 or 2026-11-27T18:30+01:00",
            param_hint="--published",
        )
    return {"published_on": day, "published_at": instant}


def _taken(desk: "Desk", source: str) -> "Taken":
    from handbill.services import importing

    if source != "-":
        return importing.take(desk, source)
    piped = getattr(sys.stdin, "buffer", None)
    return importing.from_input(piped.read() if piped else sys.stdin.read().encode())


def _answer(
    review: "Review", as_json: bool, remarks: list[str] | None = None, did: str = "Added"
) -> None:
    if as_json:
        return render.as_json(_json(review))
    render.say(f"{did} the review {review.slug}.")
    if review.text:
        _show(review)
    for remark in remarks or []:
        render.say(f"  {remark}")
    if review.unsure:
        options = " ".join(_option(name) for name in review.unsure)
        render.hint(
            f"Is what has a ? right? Then: handbill review keep {review.slug}; "
            f"else: handbill review edit {review.slug} {options}"
        )
    return render.hint(
        f"handbill queue add TEXT --account NAME --at 'fri 18:30' --review {review.slug}"
    )


def _option(name: str) -> str:
    name = "published" if name.startswith("published") else name
    return f"--{name.replace('_', '-')} {name.upper()}"


@group.command("edit")
def edit(
    context: typer.Context,
    slug: Slug,
    title: Title = None,
    work: Work = None,
    link: Link = None,
    outlet: Outlet = None,
    author: Author = None,
    handle: Handle = None,
    rating: RatingIs = None,
    language: Language = None,
    published: Published = None,
    disclosure: Annotated[
        str | None, typer.Option(help="screener, copy, trip, affiliate, or '' for none.")
    ] = None,
    check_link: CheckLink = None,
    text: Annotated[
        str | None, typer.Option(help="A file with the review's text, or - for what is piped in.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Move posts without asking.")] = False,
    as_json: AsJson = False,
) -> None:
    """Change a review, and with its dates the posts that hang on them; '' takes a field away."""
    from handbill.services import reviewing

    changes = _typed(
        title=title, work=work, link=link, outlet=outlet, author=author, handle=handle,
        rating=rating, language=language, published=published, check_link=check_link,
    )  # fmt: skip
    changes = {name: None if value == "" else value for name, value in changes.items()}
    if disclosure is not None:
        changes["disclosure"] = disclosure or None
    desk = door(context).desk
    if text is not None:
        changes["text"] = _taken(desk, text).whole
    before = reviewing.dates(desk, slug)
    review = reviewing.edit(desk, slug, changes)
    if not as_json:
        _done(review, f"Changed the review {slug}.", as_json)
    told = follow(desk, review, before, yes=yes, quiet=as_json)
    return render.as_json({**_json(review), **told}) if as_json else None


@group.command("keep")
def keep(context: typer.Context, slug: Slug, as_json: AsJson = False) -> None:
    """Say that a draft is right as it is."""
    from handbill.services import reviewing

    review = reviewing.keep(door(context).desk, slug)
    return _done(review, f"Kept the review {slug} as it is.", as_json)


def _done(review: "Review", says: str, as_json: bool) -> None:
    if as_json:
        return render.as_json(_json(review))
    render.say(says)
    return _show(review)


@group.command("list")
def listing(context: typer.Context, as_json: AsJson = False) -> None:
    """List the reviews, newest first."""
    from handbill.services import reviewing

    reviews = reviewing.listing(door(context).desk)
    if as_json:
        return render.as_json([_json(review) for review in reviews])
    if not reviews:
        render.say("No reviews yet.")
        return render.hint("handbill review add FILE, or an address; or --title HEADLINE …")
    return render.table(
        ["review", "title", "work", "outlet", "rating", ""],
        [
            [r.slug, r.title, r.work or "–", r.outlet or "–", _rating(r) or "–", _marks(r)]
            for r in reviews
        ],
    )


@group.command("show")
def show(context: typer.Context, slug: Slug, as_json: AsJson = False) -> None:
    """Show one review."""
    from handbill.services import reviewing

    review = reviewing.get(door(context).desk, slug)
    if as_json:
        return render.as_json(_json(review))
    return _show(review)


def _show(review: "Review") -> None:
    """Everything but the text, of which the beginning; a ? is behind what is unsure."""
    fields = _json(review) | {"rating": _rating(review), "text": _glimpse(review.text)}
    shown = [
        [name, f"{value}{' ?' if name in review.unsure else ''}"]
        for name, value in fields.items()
        if value not in (None, "", [], False) and name not in ("slug", "unsure")
    ]
    render.table(["", review.slug], shown)


def _rating(review: "Review") -> str:
    from handbill.services.reviewing import rating

    return rating(review)


def _marks(review: "Review") -> str:
    marks = ["draft"] if review.draft else []
    return ", ".join([*marks, *(f"{name}?" for name in review.unsure)])


def _glimpse(text: str) -> str:
    words = " ".join(text[: 2 * _GLIMPSE].split())
    return words if len(words) <= _GLIMPSE else f"{words[: _GLIMPSE - 1].rstrip()}…"


def _json(review: "Review") -> dict[str, Any]:
    from handbill.services.reviewing import as_json

    return as_json(review)
