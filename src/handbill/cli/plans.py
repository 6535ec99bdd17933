"""`handbill plan …`: one review becomes a campaign, shown before it is made."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handbill.cli import render
from handbill.cli.asking import AsJson
from handbill.cli.door import Door, door
from handbill.domain import prices, timetables
from handbill.domain.durations import spell
from handbill.domain.timetables import Change

if TYPE_CHECKING:
    from handbill.domain.plans import Plan, Step
    from handbill.domain.timetables import Row
    from handbill.services.planning import Timetable

group = typer.Typer(help="Plans, which turn one review into posts.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The plan.", metavar="PLAN")]
Review = Annotated[str, typer.Argument(help="The review.", metavar="REVIEW")]


@group.command("list")
def listing(context: typer.Context, as_json: AsJson = False) -> None:
    """List the plans: those that ship, and yours, which go before them."""
    from handbill.services import plans

    here = door(context)
    found, wrong = plans.listing(here.desk)
    for problem in wrong:
        render.hint(str(problem))
    if as_json:
        return render.as_json([_plan_json(plan) for plan in found])
    render.table(
        ["plan", "posts", "what"],
        [[plan.name, str(len([*plan.turns()])), plan.about] for plan in found],
    )
    return render.hint(f"Your own go into {here.desk.config / 'plans'}.")


@group.command("show")
def show(context: typer.Context, plan: Name, as_json: AsJson = False) -> None:
    """Show a plan: its steps, their times and texts."""
    from handbill.services import plans

    found = plans.named(door(context).desk, plan)
    if as_json:
        return render.as_json(_plan_json(found))
    render.say(f"{found.name}: {found.about}\n{found.file}")
    return render.table(
        ["step", "when", "text: the first that fits"],
        [[_step_words(step), _when_words(step), "\n– ".join(step.texts)] for step in found.steps],
    )


def _step_words(step: "Step") -> str:
    to = f"\nto {', '.join(step.accounts)}" if step.accounts else ""
    return f"{step.name}\n{step.kind}{to}"


def _when_words(step: "Step") -> str:
    words = "\nor ".join(map(str, step.when))
    return words + (f"\n{step.times} times, every {spell(step.every)}" if step.times > 1 else "")


def _plan_json(plan: "Plan") -> dict[str, Any]:
    return {
        "name": plan.name,
        "about": plan.about,
        "file": plan.file,
        "steps": [
            {
                "name": step.name,
                "when": [str(when) for when in step.when],
                "text": step.texts,
                "accounts": step.accounts,
                "kind": step.kind.value,
                "quote": step.quote,
                "spoiler": step.spoiler.value,
                "no_later_than_s": step.no_later_than and step.no_later_than.total_seconds(),
                "times": step.times,
                "every_s": step.every.total_seconds() or None,
            }
            for step in plan.steps
        ],
    }


@group.command("apply")
def apply(
    context: typer.Context,
    plan: Name,
    review: Review,
    account: Annotated[
        list[str] | None, typer.Option(help="Only this account; may be given several times.")
    ] = None,
    quote: Annotated[
        list[str] | None,
        typer.Option(help="A sentence of the review; several, best first. Else tease finds them."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show it only.")] = False,
    approve: Annotated[bool, typer.Option("--approve", help="Queue the posts at once.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make the posts of a plan for a review, as drafts. Again: change what it made before."""
    from handbill.services import planning, plans

    here = door(context)
    found = plans.named(here.desk, plan)
    table = planning.propose(here.desk, found, review, account or [], quote or [])
    if not as_json:
        _show(table)
    if not dry_run:
        if sys.stdin.isatty() and not yes:
            typer.confirm("Make it so?", err=True, abort=True)
        made = planning.apply(here.desk, table, approve)
    if as_json:
        rows = [_json(row) for row in table.rows]
        posts = [] if dry_run else render.posts_json(made)
        price = prices.plain(timetables.total(table.rows))
        return render.as_json({"rows": rows, "posts": posts, "price": price, "unit": "USD"})
    if dry_run:
        return render.hint("Nothing was made: it was a dry run.")
    return _answer(here, table, approve)


def _show(table: "Timetable") -> None:
    render.table(
        ["step", "when", "account, and what", "length", "price", "remarks"],
        [
            [
                f"{row.step}\n{row.change}",
                _times(row),
                f"{row.account}\n{_text(row)}",
                f"{row.written.length}/{row.written.most}" if row.written else "–",
                _price(row),
                "\n".join(row.remarks),
            ]
            for row in table.rows
        ],
    )
    stands = [row for row in table.rows if row.stands]
    skipped = sum(row.change is Change.SKIPPED for row in table.rows)
    render.say(
        f"{len(stands)} post{'s' * (len(stands) != 1)}, "
        f"{prices.show(timetables.total(table.rows))} in all; {skipped} skipped."
    )


def _times(row: "Row") -> str:
    if row.moment is None:
        return "–"
    new = render.time(row.moment.at, row.moment.zone)
    return f"{new}\nwas {render.time(row.was_due, row.moment.zone)}" if row.was_due else new


def _text(row: "Row") -> str:
    now = row.written.text if row.written else "–"
    return now if row.was_text is None else f"{now}\nwas: {row.was_text}"


def _price(row: "Row") -> str:
    has = row.written is not None and row.written.price is not None
    return prices.show(row.written.price) if has and row.written and row.written.price else "–"


def _json(row: "Row") -> dict[str, Any]:
    from handbill.services.history import utc

    text, moment = row.written, row.moment
    return {
        "account": row.account,
        "step": row.step,
        "change": row.change.value,
        "post": row.post,
        "anchor": row.anchor,
        "at": utc(moment.at) if moment else None,
        "wall": moment.wall if moment else None,
        "zone": moment.zone if moment else None,
        "text": text.text if text else None,
        "quote": text.quote if text else None,
        "length": text.length if text else None,
        "max_length": text.most if text else None,
        "price": prices.plain(text.price) if text and text.price is not None else None,
        "was_at": utc(row.was_due),
        "was_text": row.was_text,
        "remarks": list(row.remarks),
    }


def _answer(here: Door, table: "Timetable", queued: bool) -> None:
    counts = [
        f"{sum(row.change is change for row in table.rows)} {change}"
        for change in Change
        if any(row.change is change for row in table.rows)
    ]
    render.say(f"Done: {', '.join(counts) or 'nothing'}.")
    if not queued and any(row.stands for row in table.rows):
        words = f"plan approve {table.plan.name} {table.review.slug}"
        render.hint(f"New posts are drafts; queue them: {here.command(words)}")
    if queued:
        _remind(here, [row.account for row in table.rows if row.stands])


@group.command("approve")
def approve_(context: typer.Context, plan: Name, review: Review, as_json: AsJson = False) -> None:
    """Queue the drafts that a plan has made for a review, all or none."""
    from handbill.services import planning

    here = door(context)
    queued = planning.approve(here.desk, plan, review)
    if as_json:
        return render.as_json(render.posts_json(queued))
    render.say(f"Queued {len(queued)}:")
    render.posts(queued)
    return _remind(here, [entry.account.name for entry in queued])


def _remind(here: Door, names: "list[str]") -> None:
    from handbill.services import connecting

    if not names:
        return
    here.remind_of_daemon()
    here.remind_of_pause()
    for account in connecting.listing(here.desk):
        if account.name in names and account.paused_at:
            resume = f"handbill account resume {account.name}"
            render.hint(f"{account.name} is paused, so nothing leaves: {resume}")
