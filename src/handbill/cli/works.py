"""`handbill work …`: what reviews are about, when it comes out, and what nobody may give away."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handbill.cli import render
from handbill.cli.asking import AsJson, Fold
from handbill.cli.door import door
from handbill.cli.embargoes import keeps_json, show_loose, show_moves
from handbill.domain.lifecycle import LABELS
from handbill.errors import InputProblem

if TYPE_CHECKING:
    from handbill.models import ReleaseDate
    from handbill.services.desk import Desk
    from handbill.services.works import Change, Known

group = typer.Typer(help="The works that reviews are about.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="WORK", help="Its title, or its short name.")]


@group.command("add")
def add(
    context: typer.Context,
    title: Annotated[str, typer.Argument(help="Its title.")],
    as_json: AsJson = False,
) -> None:
    """Add a work that no review names yet."""
    from handbill.services import works

    known = works.add(door(context).desk, title)
    if as_json:
        return render.as_json(_json(known))
    render.say(f"Added the work {known.work.title} ({known.work.slug}).")
    return render.hint(f"handbill work date {known.work.slug} wide 2026-11-27")


@group.command("list")
def listing(context: typer.Context, as_json: AsJson = False) -> None:
    """List the works, newest first."""
    from handbill.services import works

    found = works.listing(door(context).desk)
    if as_json:
        return render.as_json([_json(known) for known in found])
    if not found:
        render.say("No works yet.")
        return render.hint("handbill work date 'Salyut-7' wide 2017-10-12")
    return render.table(
        ["work", "title", "dates", "reviews"],
        [
            [
                known.work.slug,
                known.work.title,
                "\n".join(f"{one.name} {when(one)}" for one in known.dates) or "–",
                "\n".join(review.slug for review in known.reviews) or "–",
            ]
            for known in found
        ],
    )


def when(one: "ReleaseDate") -> str:
    """A release date: its day, or its instant in its own zone."""
    return str(one.day) if one.day else render.time(one.at, one.zone or "UTC")


@group.command("show")
def show(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Show a work: its dates, its reviews, and the words that no post may give away."""
    from handbill.services import works

    known = works.get(door(context).desk, name)
    if as_json:
        return render.as_json(_json(known))
    rows = [[one.name, when(one)] for one in known.dates]
    rows += [["review", review.slug] for review in known.reviews]
    rows += [["not to be given away", word] for word in known.work.spoilers]
    return render.table([known.work.slug, known.work.title], rows)


@group.command("date")
def date(
    context: typer.Context,
    name: Name,
    which: Annotated[str, typer.Argument(metavar="DATE", help="festival, limited, wide, …")],
    at: Annotated[
        str | None, typer.Argument(metavar="WHEN", help="2017-10-12, or '2017-10-12 18:00'.")
    ] = None,
    zone: Annotated[str | None, typer.Option(help="Zone of that time of day.")] = None,
    fold: Fold = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take the date away.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Move posts without asking.")] = False,
    as_json: AsJson = False,
) -> None:
    """Set or move a release date, and with it the posts that hang on it."""
    from handbill.inputs import TimeIn
    from handbill.services import works

    if remove is (at is not None):
        raise typer.BadParameter("give either WHEN or --remove", param_hint="WHEN")
    desk = door(context).desk
    asked = None if at is None else TimeIn(at=at, zone=zone, fold=fold)
    change = works.plan(desk, name, which, asked)
    if not as_json:
        _show(change)
    _ask(change, yes)
    known = works.keep(desk, change)
    if as_json:
        moved = [moving.entry.post.id for moving in change.diff.moves]
        keeps = keeps_json(change.diff.loose)
        return render.as_json({**_json(known), "moved": moved, "keeps": keeps})
    return _answer(change, known)


def _show(change: "Change") -> None:
    diff = change.diff
    if diff.moves:
        render.say(f"These hang on '{change.name}' and move with it:")
        show_moves(diff.moves)
    for entry in diff.stay:
        label = LABELS[entry.post.status].lower()
        render.say(f"#{entry.post.id} stays as it is: it is {label}.")
    show_loose(diff.loose)


def _ask(change: "Change", yes: bool) -> None:
    """Posts move only when a person says so; nobody there to ask means no."""
    count = len(change.diff.moves)
    if not count or yes:
        return
    posts = "this post" if count == 1 else f"these {count} posts"
    if not sys.stdin.isatty():
        raise InputProblem(f"That moves {posts}. Nothing was changed.", "Add --yes to move them.")
    typer.confirm(f"Move {posts}?", err=True, abort=True)


def _answer(change: "Change", known: "Known") -> None:
    title, name = known.work.title, change.name
    new = next((one for one in known.dates if one.name == name), None)
    render.say(f"{title}: {name} is {when(new)}." if new else f"{title} has no '{name}' any more.")
    if change.diff.moves:
        numbers = ", ".join(f"#{moving.entry.post.id}" for moving in change.diff.moves)
        render.say(f"Moved: {numbers}.")


@group.command("spoilers")
def spoilers(
    context: typer.Context,
    name: Name,
    words: Annotated[list[str] | None, typer.Argument(help="Words or names, in quotes.")] = None,
    none: Annotated[bool, typer.Option("--none", help="Forget all of them.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say which words no post about a work may give away; they take the place of the old ones."""
    from handbill.services import works

    desk = door(context).desk
    if words and none:
        raise typer.BadParameter("give either words or --none", param_hint="WORDS")
    known = works.set_spoilers(desk, name, words or []) if words or none else works.get(desk, name)
    if as_json:
        return render.as_json(_json(known))
    listed = ", ".join(known.work.spoilers)
    render.say(
        f"No post about {known.work.title} may give away: {listed}."
        if listed
        else f"Nothing of {known.work.title} needs to be kept back."
    )
    return misfits(desk, [review.id or 0 for review in known.reviews])


def misfits(desk: "Desk", review_ids: list[int]) -> None:
    """Name the waiting posts that must not leave as they are; none of them will."""
    from handbill.services import wording

    for entry, why in wording.misfits(desk, review_ids):
        render.say(f"! #{entry.post.id} is held. {why}")
        render.hint(f"handbill queue edit {entry.post.id} --text TEXT, or queue cancel it")


def _json(known: "Known") -> dict[str, Any]:
    from handbill.services.history import utc

    return {
        "slug": known.work.slug,
        "title": known.work.title,
        "spoilers": known.work.spoilers,
        "dates": [
            {
                "name": one.name,
                "day": one.day.isoformat() if one.day else None,
                "at": utc(one.at),
                "wall": one.wall,
                "zone": one.zone,
            }
            for one in known.dates
        ],
        "reviews": [review.slug for review in known.reviews],
    }
