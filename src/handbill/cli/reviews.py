"""`handbill review …`: what the teasers are about."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from handbill.cli import render
from handbill.cli.door import door
from handbill.errors import InputProblem

if TYPE_CHECKING:
    from handbill.models import Review

group = typer.Typer(help="The reviews that posts are about.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@group.command("add")
def add(
    context: typer.Context,
    title: Annotated[str, typer.Option(help="The headline.")],
    work: Annotated[str | None, typer.Option(help="The film, book, record, show or game.")] = None,
    link: Annotated[str | None, typer.Option(help="Where it can be read.")] = None,
    outlet: Annotated[str | None, typer.Option(help="Where it appeared.")] = None,
    author: Annotated[str | None, typer.Option(help="Who wrote it.")] = None,
    handle: Annotated[str | None, typer.Option(help="The author's own name, e.g. @me.")] = None,
    rating: Annotated[str | None, typer.Option(help="As printed, e.g. 3.5/5.")] = None,
    slug: Annotated[str | None, typer.Option(help="Its short name; else made of the work.")] = None,
    as_json: AsJson = False,
) -> None:
    """Add a review."""
    from pydantic import ValidationError

    from handbill.inputs import ReviewIn, explain
    from handbill.services import reviewing

    try:
        new = ReviewIn(
            title=title,
            work=work,
            link=link,
            outlet=outlet,
            author=author,
            handle=handle,
            rating=rating,
            slug=slug,
        )
    except ValidationError as error:
        raise InputProblem(f"The review was not added: {explain(error)}.") from None
    review = reviewing.add(door(context).desk, new)
    if as_json:
        return render.as_json(_json(review))
    render.say(f"Added the review {review.slug}.")
    return render.hint(
        f"handbill queue add TEXT --account NAME --at 'fri 18:30' --review {review.slug}"
    )


@group.command("list")
def listing(context: typer.Context, as_json: AsJson = False) -> None:
    """List the reviews, newest first."""
    from handbill.services import reviewing

    reviews = reviewing.listing(door(context).desk)
    if as_json:
        return render.as_json([_json(review) for review in reviews])
    if not reviews:
        render.say("No reviews yet.")
        return render.hint("handbill review add --title HEADLINE --work WORK --link LINK")
    return render.table(
        ["review", "title", "work", "outlet", "rating"],
        [[r.slug, r.title, r.work or "–", r.outlet or "–", r.rating or "–"] for r in reviews],
    )


@group.command("show")
def show(
    context: typer.Context,
    slug: Annotated[str, typer.Argument(help="The review's short name.")],
    as_json: AsJson = False,
) -> None:
    """Show one review."""
    from handbill.services import reviewing

    fields = _json(reviewing.get(door(context).desk, slug))
    if as_json:
        return render.as_json(fields)
    return render.table(
        ["", slug], [[key, str(value)] for key, value in fields.items() if value is not None]
    )


def _json(review: "Review") -> dict[str, Any]:
    from handbill.services.history import utc

    return {
        "slug": review.slug,
        "title": review.title,
        "work": review.work,
        "outlet": review.outlet,
        "author": review.author,
        "handle": review.handle,
        "link": review.link,
        "rating": review.rating,
        "created_at": utc(review.created_at),
    }
