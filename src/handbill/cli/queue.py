"""`handbill queue …`: the posts that wait, and what a person can do with one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handbill.cli import asking, render
from handbill.cli.asking import (
    Alts,
    AsJson,
    At,
    Fold,
    Images,
    Limit,
    Now,
    Number,
    Yes,
    Zone,
)
from handbill.cli.door import Door, door
from handbill.cli.requeueing import requeue
from handbill.cli.settling import confirm, deny
from handbill.domain import prices
from handbill.domain.embargo import Kind
from handbill.domain.lifecycle import Status
from handbill.domain.spoilers import Spoiler
from handbill.errors import InputProblem

if TYPE_CHECKING:
    from handbill.store.listings import Entry

group = typer.Typer(help="The posts that wait.", no_args_is_help=True)


@group.command("add")
def add(
    context: typer.Context,
    text: Annotated[
        str | None, typer.Argument(help="The text; - reads it from standard input.")
    ] = None,
    account: Annotated[str | None, typer.Option(help="The account it goes to.")] = None,
    at: At = None,
    now: Now = False,
    zone: Zone = None,
    fold: Fold = None,
    review: Annotated[str | None, typer.Option(help="The review it is about.")] = None,
    image: Images = None,
    alt: Alts = None,
    no_later_than: Limit = None,
    kind: Annotated[
        Kind | None, typer.Option(help="A first reaction, or a teaser of the review.")
    ] = None,
    slot: Annotated[bool, typer.Option("--slot", help="The account's next free slot.")] = False,
    quote: Annotated[
        int | None, typer.Option(help="A quote by its number in `handbill tease`.")
    ] = None,
    spoiler: Annotated[Spoiler | None, typer.Option(help="How much it gives away.")] = None,
    draft: Annotated[bool, typer.Option("--draft", help="Keep it until it is approved.")] = False,
    file: Annotated[
        Path | None, typer.Option(help="Many at once, from a .csv or .json; all or nothing.")
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Queue a post for one account at one time."""
    from handbill.inputs import PartIn, PostIn
    from handbill.services import batches, queueing

    here = door(context)
    if file is not None:
        beside = (text, account, at, zone, fold, review, image, alt, no_later_than, kind)
        if any(one is not None for one in (*beside, quote, spoiler)) or now or draft or slot:
            raise typer.BadParameter("the file says all of that itself", param_hint="--file")
        new = batches.read(file)
    else:
        if slot and (at is not None or now):
            raise typer.BadParameter("give one of --at, --now and --slot", param_hint="--slot")
        asked = asking.time_of("slot" if slot else at, now, zone, fold, no_later_than)
        post = PostIn(
            **asked.model_dump(),
            account=_only_account(here, account),
            parts=[PartIn(text=asking.text_of(text), images=asking.images_of(image, alt) or [])],
            review=review,
            kind=kind or Kind.REVIEW,
            quote=quote,
            spoiler=spoiler or Spoiler.NONE,
            draft=draft,
        )
        new = [("", post)]
    entries = queueing.queue(here.desk, new, asking.confirmation(yes))
    if as_json:
        return render.as_json(render.posts_json(entries))
    return _answer(here, entries)


def _only_account(here: Door, name: str | None) -> str:
    """The account named, or the only one there is."""
    from handbill.services import connecting

    if name is not None:
        return name
    names = [account.name for account in connecting.listing(here.desk)]
    if len(names) == 1:
        return names[0]
    if not names:
        raise InputProblem(
            "There are no accounts yet.", "Add one: handbill account add my_blog --network x"
        )
    raise InputProblem("Which account?", f"Give --account, one of: {', '.join(names)}.")


def _answer(here: Door, entries: "list[Entry]") -> None:
    from handbill.services import queueing

    for entry in entries:
        render.say(_confirmation(entry))
        module = here.desk.networks(entry.account.network)
        for part in entry.parts:
            for remark in module.remarks(part.text):
                render.say(f"    {remark}")
        if twins := queueing.twins(here.desk, entry):
            same = ", ".join(f"#{number}" for number in twins)
            render.hint(f"{same} says just the same; a network may refuse it the second time.")
    waiting = any(entry.post.status is Status.QUEUED for entry in entries)
    if waiting:
        here.remind_of_daemon()
        here.remind_of_pause()
    for name in sorted({entry.account.name for entry in entries if entry.account.paused_at}):
        render.hint(f"{name} is paused, so nothing leaves: handbill account resume {name}")


def _confirmation(entry: "Entry") -> str:
    post = entry.post
    where = render.where(entry)
    if post.due_at is None:
        return f"Draft #{post.id} to {where}, without a time."
    verb = "Draft" if post.status is Status.DRAFT else "Queued"
    return (
        f"{verb} #{post.id} to {where}: {render.time(post.due_at, post.zone)}, "
        f"that is {render.utc(post.due_at)}."
    )


@group.command("list")
def listing(
    context: typer.Context,
    account: Annotated[str | None, typer.Option(help="Only this account.")] = None,
    as_json: AsJson = False,
) -> None:
    """List what waits, soonest first."""
    from handbill.services import history

    entries = history.queue(door(context).desk, account)
    if as_json:
        return render.as_json(render.posts_json(entries))
    if not entries:
        render.say("Nothing waits.")
        return render.hint("handbill queue add TEXT --account NAME --at 'fri 18:30'")
    return render.table(
        ["post", "due", "to, and what"],
        [
            [
                f"#{entry.post.id} {render.status(entry.post.status)}",
                _when(entry),
                f"{_to(entry)}{_price(entry)}\n{render.short(entry)}",
            ]
            for entry in entries
        ],
    )


def _price(entry: "Entry") -> str:
    return "" if entry.post.price is None else f", {prices.show(entry.post.price)}"


def _when(entry: "Entry") -> str:
    """When it is due, and until when an embargo holds it."""
    post = entry.post
    due = render.brief(post.due_at, post.zone)
    if post.embargo_until is None or post.due_at is None or post.due_at >= post.embargo_until:
        return due
    return f"{due}\n⚑ held until {render.brief(post.embargo_until, post.zone)}"


def _to(entry: "Entry") -> str:
    about = f", about {entry.review.slug}" if entry.review else ""
    return render.where(entry) + about


@group.command("show")
def show(context: typer.Context, number: Number, as_json: AsJson = False) -> None:
    """Show one post whole, with every attempt."""
    from handbill.cli.reports import attempts, proof
    from handbill.store import listings

    entry = listings.get(door(context).desk.engine, number)
    if as_json:
        return render.as_json(render.posts_json([entry])[0])
    post = entry.post
    rows = [
        ["status", render.status(post.status)],
        ["to", render.where(entry)],
        ["review", entry.review.slug if entry.review else "–"],
        ["due", f"{render.time(post.due_at, post.zone)}\n{_utc(entry)}"],
        ["not after", render.time(post.no_later_than, post.zone)],
        ["price", "–" if post.price is None else prices.show(post.price)],
        ["out", render.time(post.published_at, post.zone)],
    ]
    rows += [["embargo", "\n".join(proof(entry))]] if proof(entry) else []
    for part in entry.parts:
        rows.append(["text" if len(entry.parts) == 1 else f"part {part.position}", part.text])
        rows += [["picture", f"{image['file']}\n{image['alt']}"] for image in part.images]
        rows += [["link", part.url]] if part.url else []
    rows += [["attempts", "\n".join(attempts(entry))]] if attempts(entry) else []
    render.table(["", f"#{post.id}"], rows)
    if (next_step := render.what_next(entry)) is not None:
        render.hint(next_step)
    return None


def _utc(entry: "Entry") -> str:
    return render.utc(entry.post.due_at) if entry.post.due_at else ""


@group.command("edit")
def edit(
    context: typer.Context,
    number: Number,
    text: Annotated[str | None, typer.Option(help="The new text; - reads standard input.")] = None,
    image: Images = None,
    alt: Alts = None,
    no_images: Annotated[bool, typer.Option("--no-images", help="Remove the pictures.")] = False,
) -> None:
    """Change text or pictures of a post that is not out yet."""
    from handbill.services import queueing

    if no_images and image:
        raise typer.BadParameter("give either --image or --no-images", param_hint="--image")
    images = [] if no_images else asking.images_of(image, alt)
    if text is None and images is None:
        raise typer.BadParameter("give --text, --image or --no-images", param_hint="--text")
    entry = queueing.edit(
        door(context).desk, number, None if text is None else asking.text_of(text), images
    )
    render.say(f"Changed #{number}: {render.short(entry)}")


@group.command("reschedule")
def reschedule(
    context: typer.Context,
    number: Number,
    at: At = None,
    now: Now = False,
    zone: Zone = None,
    fold: Fold = None,
    no_later_than: Limit = None,
    yes: Yes = False,
) -> None:
    """Give a post another time; a missed or failed one is queued again."""
    from handbill.services import queueing

    if at is None and not now:
        raise typer.BadParameter("give --at or --now", param_hint="--at")
    asked = asking.time_of(at, now, zone, fold, no_later_than)
    here = door(context)
    _answer(here, [queueing.reschedule(here.desk, number, asked, asking.confirmation(yes))])


group.command("requeue")(requeue)


@group.command("cancel")
def cancel(context: typer.Context, number: Number) -> None:
    """Give a post up. It stays in the history."""
    from handbill.services import queueing

    queueing.cancel(door(context).desk, number)
    render.say(f"Cancelled #{number}.")


@group.command("approve")
def approve(context: typer.Context, number: Number) -> None:
    """Queue a draft."""
    from handbill.services import queueing

    here = door(context)
    _answer(here, [queueing.approve(here.desk, number)])


@group.command("unqueue")
def unqueue(context: typer.Context, number: Number) -> None:
    """Make a queued post a draft again."""
    from handbill.services import queueing

    queueing.unqueue(door(context).desk, number)
    render.say(f"#{number} is a draft again.")


group.command("confirm")(confirm)
group.command("deny")(deny)
