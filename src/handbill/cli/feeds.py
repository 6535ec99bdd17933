"""`handbill feed …`: your own feeds, whose new entries become drafts of reviews."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from handbill.cli import render
from handbill.cli.asking import AsJson
from handbill.cli.door import door

if TYPE_CHECKING:
    from handbill.models import Feed
    from handbill.services.feeds import Looked

group = typer.Typer(help="Your feeds; each new entry becomes a draft.", no_args_is_help=True)


@group.command("add")
def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="The address of an RSS or Atom feed.")],
    everything: Annotated[
        bool, typer.Option("--all", help="Draft also the reviews that are in it already.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Watch a feed from now on."""
    from handbill.services import feeds

    looked, skipped = feeds.add(door(context).desk, url, everything=everything)
    if as_json:
        return render.as_json(_looked(looked) | {"skipped": skipped})
    render.say(f"Watching {looked.feed.title or url}.")
    _drafts(looked)
    if skipped:
        render.say(f"{skipped} older entries were left alone; --all would have drafted them.")
    return render.hint("The daemon looks every half an hour; now: handbill feed look")


@group.command("list")
def listing(context: typer.Context, as_json: AsJson = False) -> None:
    """List the feeds, and what is wrong with them."""
    from handbill.services import feeds

    here = door(context)
    found = feeds.listing(here.desk)
    if as_json:
        return render.as_json([_json(feed) for feed in found])
    if not found:
        render.say("No feed is watched.")
        return render.hint("handbill feed add ADDRESS")
    return render.table(
        ["#", "feed", "address", "looked at", "trouble"],
        [
            [str(f.id), f.title or "–", f.url, render.time(f.looked_at, here.zone), f.trouble or ""]
            for f in found
        ],
    )


@group.command("look")
def look(context: typer.Context, as_json: AsJson = False) -> None:
    """Look at all feeds now."""
    from handbill.services import feeds

    found = feeds.look(door(context).desk)
    if as_json:
        return render.as_json([_looked(one) for one in found])
    for one in found:
        _drafts(one)
        if one.trouble:
            render.say(f"{one.feed.title or one.feed.url}: {one.trouble}")
    if not any(one.drafts or one.trouble for one in found):
        render.say("Nothing new.")
    return None


@group.command("remove")
def remove(
    context: typer.Context,
    which: Annotated[str, typer.Argument(help="Its number or its address.")],
    as_json: AsJson = False,
) -> None:
    """Watch a feed no longer; its reviews stay."""
    from handbill.services import feeds

    feed = feeds.remove(door(context).desk, which)
    if as_json:
        return render.as_json(_json(feed))
    return render.say(f"{feed.url} is not watched any more.")


def _drafts(looked: "Looked") -> None:
    for review in looked.drafts:
        render.say(f"Drafted {review.slug}: {review.title}")
    if looked.drafts:
        render.hint(f"Look at each: handbill review show {looked.drafts[0].slug}")


def _looked(looked: "Looked") -> dict[str, Any]:
    return _json(looked.feed) | {
        "drafts": [review.slug for review in looked.drafts],
        "trouble": looked.trouble,
    }


def _json(feed: "Feed") -> dict[str, Any]:
    from handbill.services.history import utc

    return {
        "id": feed.id,
        "url": feed.url,
        "title": feed.title,
        "looked_at": utc(feed.looked_at),
        "trouble": feed.trouble,
    }
