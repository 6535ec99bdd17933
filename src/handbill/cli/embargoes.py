"""`handbill review embargo …`: until when nothing about a review may leave."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handbill.cli import render
from handbill.cli.asking import AsJson
from handbill.cli.door import door
from handbill.domain.embargo import Kind
from handbill.domain.lifecycle import LABELS, Status
from handbill.errors import InputProblem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from handbill.models import Embargo
    from handbill.services.embargoes import Change, Lifting
    from handbill.services.retiming import Moving
    from handbill.store.embargoes import Told
    from handbill.store.listings import Entry

group = typer.Typer(help="Until when nothing about a review may leave.", no_args_is_help=True)

Slug = Annotated[str, typer.Argument(metavar="REVIEW", help="The review's short name.")]
May = Annotated[bool, typer.Option("--yes-i-may", help="You may let it end earlier.")]

#: What each kind holds, in words.
HOLDS = {Kind.REVIEW: "everything but first reactions", Kind.REACTION: "everything"}


@group.command("set")
def set_embargo(
    context: typer.Context,
    slug: Slug,
    when: Annotated[str, typer.Argument(help="When it lifts: 2026-11-27 18:30.")],
    zone: Annotated[str | None, typer.Option(help="Zone of that time; else yours.")] = None,
    kind: Annotated[
        Kind, typer.Option(help="On the review, or on every reaction to the work.")
    ] = Kind.REVIEW,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Move what is due before it, without asking.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Set or move an embargo. Until then nothing that it holds leaves by any path."""
    from handbill.inputs import TimeIn
    from handbill.services import embargoes

    here = door(context)
    asked = TimeIn(at=when, zone=zone or here.zone)
    change = embargoes.plan(here.desk, slug, kind, asked)
    _refuse_loosening(change)
    if not as_json:
        _show_change(change)
    move = bool(change.effect.moves) and agreed(len(change.effect.moves), yes)
    told = embargoes.keep(here.desk, change, move=move)
    if as_json:
        return render.as_json(_told_json(change, told))
    return _answer(change, told)


def _refuse_loosening(change: "Change") -> None:
    was = change.before
    if change.loosens and was is not None:
        slug = change.review.slug
        raise InputProblem(
            f"The embargo that is set lifts later, {render.time(was.until, was.zone)}. "
            "Nothing was changed.",
            "If you may end it early, say so, and it is kept: "
            f"handbill review embargo lift {slug} --kind {change.kind} --yes-i-may --why …",
        )


def _show_change(change: "Change") -> None:
    lifts, slug = change.lifts, change.review.slug
    render.say(
        f"The embargo on {slug} holds {HOLDS[change.kind]} until "
        f"{render.time(lifts.at, lifts.zone)}, that is {render.utc(lifts.at)}."
    )
    effect = change.effect
    if effect.follow:
        render.say("These hang on it and would move:")
        show_moves(effect.follow)
    if effect.held:
        render.say("These are due before it lifts and could move to that moment:")
        show_moves(effect.held)
    show_loose(effect.loose)


def show_moves(moves: "Sequence[Moving]") -> None:
    """The old and the new time of each post."""
    render.table(
        ["post", "from", "to", "to, and what"],
        [
            [
                f"#{one.entry.post.id} {render.status(one.entry.post.status)}",
                render.time(one.entry.post.due_at, one.entry.post.zone),
                render.time(one.timing.due_at, one.timing.zone) + _held_until(one),
                f"{render.where(one.entry)}\n{render.short(one.entry)}",
            ]
            for one in moves
        ],
    )


def show_loose(loose: "Sequence[tuple[Entry, str]]") -> None:
    """The posts that hang on what moves and do not move with it, and why."""
    for entry, why in loose:
        render.say(f"#{entry.post.id} ({entry.post.anchor}) keeps its time. {why}")


def keeps_json(loose: "Sequence[tuple[Entry, str]]") -> list[dict[str, Any]]:
    """`show_loose`, for programs."""
    return [{"post": e.post.id, "hangs_on": e.post.anchor, "why": why} for e, why in loose]


def _held_until(one: "Moving") -> str:
    post = one.entry.post
    if post.embargo_until is None or post.embargo_until <= one.timing.due_at:
        return ""
    return f"\nheld by its embargo until {_brief(post.embargo_until, post.embargo_zone)}"


def _brief(moment: "datetime", zone: str | None) -> str:
    return render.time(moment, zone or "UTC")


def agreed(count: int, yes: bool) -> bool:
    """Whether the person wants posts moved; nobody there to ask means no."""
    if yes or not sys.stdin.isatty():
        return yes
    return typer.confirm(f"Move {'this post' if count == 1 else f'these {count} posts'}?", err=True)


def _answer(change: "Change", told: "Told") -> None:
    render.say("Set." + (f" Moved: {_numbers(told.moved)}." if told.moved else ""))
    by_number = {one.entry.post.id: one.entry for one in change.effect.moves}
    for number in told.held:
        entry = by_number.get(number)
        if entry is not None and number not in told.moved:
            render.say(_keeps(entry, change))
            name = "embargo" if entry.post.kind is Kind.REVIEW else "reaction-embargo"
            render.hint(f"handbill queue reschedule {number} --at {name}+0")
    for number in told.in_hand:
        render.say(
            f"! #{number} is in a worker's hands at this moment: its text is held, "
            "but a picture of it may have been uploaded."
        )
    _too_late(change.effect.gone, told)


def _keeps(entry: "Entry", change: "Change") -> str:
    post = entry.post
    says = f"#{post.id} keeps its time, {render.time(post.due_at, post.zone)}, and is held."
    if post.no_later_than and post.no_later_than < change.lifts.at:
        says += " When the embargo lifts its limit is over: it will be missed."
    return says


def _too_late(gone: "Sequence[Entry]", told: "Told") -> None:
    for entry in gone:
        if entry.post.id in told.too_late:
            status = LABELS[entry.post.status].lower()
            out = "already out" if entry.post.status is Status.PUBLISHED else status
            render.say(f"! Too late for #{entry.post.id}: it is {out}.")


def _numbers(numbers: "Sequence[int]") -> str:
    return ", ".join(f"#{number}" for number in numbers)


def _told_json(change: "Change", told: "Told") -> dict[str, Any]:
    from handbill.services.history import utc

    return {
        "review": change.review.slug,
        "kind": change.kind.value,
        "until": utc(change.lifts.at),
        "zone": change.lifts.zone,
        "moved": told.moved,
        "held": told.held,
        "too_late": told.too_late,
        "keeps": keeps_json(change.effect.loose),
        "in_hand": told.in_hand,
    }


@group.command("list")
def listing(context: typer.Context, slug: Slug, as_json: AsJson = False) -> None:
    """List the embargoes on a review, with those that are over."""
    from handbill.services import embargoes

    desk = door(context).desk
    review, found = embargoes.listing(desk, slug)
    now = desk.clock()
    if as_json:
        return render.as_json([_json(one, now) for one in found])
    if not found:
        render.say(f"There is no embargo on {review.slug}.")
        return render.hint(f"handbill review embargo set {review.slug} WHEN --zone ZONE")
    render.table(
        ["on", "lifts", "in UTC", "now"],
        [
            [
                one.kind.value,
                render.time(one.until, one.zone),
                render.utc(one.until),
                _state(one, now),
            ]
            for one in found
        ],
    )
    for one in found:
        for event in one.events:
            render.say(_event(one, event))
    return None


def _event(one: "Embargo", event: "dict[str, str | None]") -> str:
    at, until = (render.brief(_instant(event[name]), one.zone) for name in ("at", "until"))
    says = f"{at}: {one.kind} embargo, until {until}, {event['what']} by {event['by']}."
    return f"{says} {event['why']}" if event["why"] else says


def _instant(written: str | None) -> "datetime | None":
    from datetime import datetime

    return datetime.fromisoformat(written) if written else None


def _state(one: "Embargo", now: "datetime") -> str:
    if one.lifted_at is not None:
        return f"lifted early, {render.brief(one.lifted_at, one.zone)}\n{one.lifted_why}"
    return "in force" if one.until > now else "lifted"


def _json(one: "Embargo", now: "datetime") -> dict[str, Any]:
    from handbill.services.history import utc

    return {
        "kind": one.kind.value,
        "until": utc(one.until),
        "wall": one.wall,
        "zone": one.zone,
        "in_force": one.lifted_at is None and one.until > now,
        "lifted_at": utc(one.lifted_at),
        "lifted_why": one.lifted_why,
        "events": [
            event | {name: utc(_instant(event[name])) for name in ("at", "until")}
            for event in one.events
        ],
    }


@group.command("lift")
def lift(
    context: typer.Context,
    slug: Slug,
    kind: Annotated[Kind | None, typer.Option(help="Which, if there are two.")] = None,
    may: May = False,
    why: Annotated[str, typer.Option(help="Why; it is kept.")] = "No reason was given.",
    as_json: AsJson = False,
) -> None:
    """End an embargo before its time. It is recorded, and what is due leaves at once."""
    from handbill.services import embargoes

    here = door(context)
    lifting = embargoes.plan_lift(here.desk, slug, kind)
    if not may:
        raise InputProblem(
            f"{_consequence(lifting)} Nothing was lifted.", "If you may, add --yes-i-may."
        )
    if not as_json:
        _show_lifting(lifting)
    told = embargoes.lift(here.desk, lifting, why)
    if as_json:
        due = [entry.post.id for entry in lifting.effect.free]
        keeps = keeps_json(lifting.effect.loose)
        return render.as_json({"review": slug, "due": due, "moved": told.moved, "keeps": keeps})
    render.say(f"Lifted the embargo on {slug}, and kept why: {why}")
    if lifting.effect.free or told.moved:
        here.remind_of_daemon()
    return None


def _consequence(lifting: "Lifting") -> str:
    one, free = lifting.embargo, lifting.effect.free
    says = f"The embargo on {lifting.review.slug} lifts {render.time(one.until, one.zone)}."
    if free:
        says += f" Lifted now, {_numbers([e.post.id or 0 for e in free])} would leave at once."
    if lifting.effect.follow:
        numbers = _numbers([one.entry.post.id or 0 for one in lifting.effect.follow])
        says += f" What hangs on it would move: {numbers}."
    return says


def _show_lifting(lifting: "Lifting") -> None:
    effect = lifting.effect
    for entry in effect.free:
        due = render.time(entry.post.due_at, entry.post.zone)
        render.say(f"#{entry.post.id} to {render.where(entry)} becomes due at once: it was {due}.")
    if effect.follow:
        render.say("These hang on it and move:")
        show_moves(effect.follow)
    show_loose(effect.loose)
