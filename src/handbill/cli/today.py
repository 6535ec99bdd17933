"""`handbill today`: the morning sheet."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from handbill.cli import render
from handbill.cli.accounts import paused_words
from handbill.cli.door import Door, door
from handbill.domain.lifecycle import LABELS
from handbill.domain.zones import DAYS, MONTHS

if TYPE_CHECKING:
    from handbill.services.morning import Sheet
    from handbill.store.listings import Entry


def today(
    context: typer.Context,
    date: Annotated[
        str | None, typer.Option(help="Another day: tomorrow, fri, 2026-11-27.")
    ] = None,
    zone: Annotated[
        str | None, typer.Option(help="Where that day is; else the zone in force.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """The morning sheet: what leaves, when and at what price, and what needs a look before."""
    from handbill.domain import zones
    from handbill.services import morning

    here = door(context)
    sheet = morning.sheet(here.desk, zones.zone(zone or here.zone), date)
    if as_json:
        return render.as_json(_json(sheet))
    return _show(here, sheet)


def _show(here: Door, sheet: "Sheet") -> None:
    day = sheet.day
    render.say(
        f"{DAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year} ({sheet.zone.key})"
    )
    if sheet.pause:
        render.say(f"! Everything is paused, and nothing leaves: {sheet.pause.value}")
        render.say(f"    → {here.command('resume')}")
    _show_leaving(sheet)
    if sheet.drafts:
        render.say(f"\nDrafts for this day, which leave only if approved ({len(sheet.drafts)}):")
        for entry in sheet.drafts:
            render.say(f"  {_line(entry)}")
            render.say(f"    → {here.command(f'queue approve {entry.post.id}')}")
    if sheet.out:
        render.say(f"\nOut already ({len(sheet.out)}):")
        for entry in sheet.out:
            render.say(f"  ✓ {_line(entry)}")
    _show_care(here, sheet)


def _show_leaving(sheet: "Sheet") -> None:
    if not sheet.leaving:
        return render.say("\nNothing leaves.")
    render.say(f"\nLeaves ({len(sheet.leaving)}):")
    render.table(
        ["post", "when", "to", "text", "price"],
        [
            [
                f"#{entry.post.id}",
                render.time(entry.post.due_at, entry.post.zone).replace(" (", "\n("),
                render.where(entry),
                "\n".join([_text(entry), *_marks(sheet, entry)]),
                "–" if entry.post.price is None else f"${entry.post.price.normalize():f}",
            ]
            for entry in sheet.leaving
        ],
    )
    if sheet.price:
        render.say(f"Together ${sheet.price.normalize():f}.")
    return None


def _text(entry: "Entry") -> str:
    parts = [part.text for part in entry.parts]
    return "\n---\n".join(parts)


def _marks(sheet: "Sheet", entry: "Entry") -> list[str]:
    from handbill.services.morning import lacking_alt

    marks = []
    if sheet.embargoed(entry) and entry.post.embargo_until:
        lifts = render.time(entry.post.embargo_until, entry.post.embargo_zone or entry.post.zone)
        marks.append(f"⚑ under embargo until {lifts}")
    if number := sum(len(part.images) for part in entry.parts):
        marks.append(f"{number} picture{'s' * (number > 1)}")
    if lacking := lacking_alt(entry):
        marks.append(f"! {lacking} without alt text")
    if entry.review and entry.review.disclosure:
        marks.append(f"says: {entry.review.disclosure.value}")
    return marks


def _line(entry: "Entry") -> str:
    due = render.time(entry.post.due_at, entry.post.zone)
    return f"#{entry.post.id} {due}, {render.where(entry)}: {render.short(entry)}"


def _show_care(here: Door, sheet: "Sheet") -> None:
    lines = []
    for entry in sheet.held:
        lines.append(f"! #{entry.post.id} {LABELS[entry.post.status]}. {entry.post.attention}")
        if (step := render.what_next(entry)) is not None:
            lines.append(f"    → {step}")
    lines += [f"! {account.name}: {paused_words(account)}" for account in sheet.paused]
    lines += [
        f"· {account.name} rests until {render.time(account.rest_until, account.zone)}."
        for account in sheet.resting
    ]
    for slug in sheet.unread:
        lines.append(f"· {slug} came from a feed and waits for you.")
        lines.append(f"    → {here.command(f'review show {slug}')}")
    if not lines:
        return render.say("\n✓ Nothing else needs your eyes.")
    render.say("\nNeeds care:")
    for line in lines:
        render.say(f"  {line}")
    return None


def _json(sheet: "Sheet") -> dict[str, Any]:
    from handbill.services.history import utc

    return {
        "date": sheet.day.isoformat(),
        "zone": sheet.zone.key,
        "leaving": [
            {**one, "embargoed": sheet.embargoed(entry)}
            for entry, one in zip(sheet.leaving, render.posts_json(sheet.leaving), strict=True)
        ],
        "drafts": render.posts_json(sheet.drafts),
        "out": render.posts_json(sheet.out),
        "held": render.posts_json(sheet.held),
        "price_usd": f"{sheet.price:f}",
        "reviews_to_read": list(sheet.unread),
        "pause": sheet.pause.value if sheet.pause else None,
        "paused": [{"account": a.name, "reason": a.pause_reason} for a in sheet.paused],
        "resting": [{"account": a.name, "until": utc(a.rest_until)} for a in sheet.resting],
        "needs_care": sheet.needs_care,
    }
