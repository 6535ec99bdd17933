"""Queues posts, and changes or gives up queued ones. Refuses early what could never go out."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from handbill.domain.lifecycle import Status
from handbill.domain.network import Image
from handbill.errors import InputProblem, Problem
from handbill.inputs import ImageIn, PostIn, TimeIn
from handbill.models import Account, Part
from handbill.services import embargoes, moments, pictures, wording
from handbill.services.desk import Desk
from handbill.services.moments import About, Confirm
from handbill.services.pricing import Purse, priced, refuse_over_cap
from handbill.store import accounts, listings, posts, reviews
from handbill.store.claims import images_of
from handbill.store.listings import Entry
from handbill.store.posts import NewPost


def queue(
    desk: Desk,
    new: Sequence[tuple[str, PostIn]],
    confirm: Confirm,
) -> list[Entry]:
    """Queue posts, or keep them as drafts: all, or none and an InputProblem that names each fault.

    Each post comes with where it was given ("line 3"; empty for a single one).
    """
    now, ready, wrong, purse = desk.clock(), [], [], Purse(desk)
    taken: dict[str, list[datetime]] = {}
    for place, one in new:
        try:
            times = taken.setdefault(one.account, [])
            checked = _checked(desk, one, times, confirm)
            times += [checked.timing.due_at] if checked.timing else []
            _pay(desk, checked, one.account, purse)
            ready.append(checked)
        except Problem as problem:
            if not place:
                raise
            wrong.append(f"{place}: {problem}")
    if wrong:
        raise InputProblem("\n".join([f"Nothing was queued. {len(wrong)} of {len(new)}:", *wrong]))
    return [listings.get(desk.engine, number) for number in posts.add(desk.engine, ready, now)]


def _checked(desk: Desk, new: PostIn, taken: Sequence[datetime], confirm: Confirm) -> NewPost:
    account = accounts.named(desk.engine, new.account)
    review = reviews.named(desk.engine, new.review) if new.review else None
    texts, quote = wording.quoted(desk, review, [part.text for part in new.parts], new.quote)
    texts = wording.disclosed(desk, review, texts)
    kept = [[pictures.keep(image, desk.pictures) for image in part.images] for part in new.parts]
    for text, images in zip(texts, kept, strict=True):
        refuse(desk, account, text, images)
    alts = [image.alt for images in kept for image in images]
    wording.refuse_spoilers(desk, account, review, [*texts, *alts], new.spoiler)
    if not new.at and not new.draft:
        raise InputProblem("The post has no time.", "Give --at WHEN, --now, --slot or --draft.")
    about = About(review, new.kind, taken)
    due = moments.when(desk, account, new, about, confirm) if new.at else None
    embargoes.refuse_early(desk, account, review, new.kind, due.timing.due_at if due else None)
    embargoes.refuse_giving_away(desk, review, new.kind, texts, quote)
    rows = [[pictures.as_row(image) for image in images] for images in kept]
    return NewPost(
        account_id=account.id or 0,
        review_id=review.id if review else None,
        zone=due.timing.zone if due else account.zone,
        timing=due.timing if due else None,
        parts=list(zip(texts, rows, strict=True)),
        draft=new.draft,
        quotes=[quote],
        kind=new.kind,
        spoiler=new.spoiler,
        anchor=due.anchor if due else None,
        price=priced(
            desk, account, [(t, len(images)) for t, images in zip(texts, kept, strict=True)]
        ),
    )


def _pay(desk: Desk, new: NewPost, account: str, purse: Purse) -> None:
    if new.timing and not new.draft:
        purse.take(accounts.named(desk.engine, account), new.price, new.timing.due_at)


def twins(desk: Desk, entry: Entry) -> list[int]:
    """Numbers of the account's other posts that say just the same and are not given up."""
    text = entry.parts[0].text
    others = listings.saying(desk.engine, entry.account.id or 0, text)
    return [number for number in others if number != entry.post.id]


def refuse(desk: Desk, account: Account, text: str, images: Sequence[Image]) -> None:
    """Raise InputProblem with everything the account's network would refuse."""
    wrong = desk.networks(account.network).check(text, images)
    if wrong:
        raise InputProblem(" ".join(wrong), "Nothing was kept of it; change it and try again.")


def approve(desk: Desk, post_id: int) -> Entry:
    """Queue a draft. Raises InputProblem when its time is past, and its limit too."""
    entry = listings.get(desk.engine, post_id)
    post, due = entry.post, entry.post.due_at
    if post.status is Status.DRAFT:
        wording.refuse_unfit(desk, entry)
        embargoes.refuse_early(desk, entry.account, entry.review, post.kind, due)
    last = post.no_later_than
    if post.status is Status.DRAFT and last is not None and last < desk.clock():
        raise InputProblem(
            f"The time of post #{post_id} is past.",
            f"Give it a new one: handbill queue reschedule {post_id} --at 'fri 18:30'",
        )
    if due is not None:
        refuse_over_cap(desk, entry.account, entry.post.price, due, post_id)
    posts.change(desk.engine, post_id, posts.approve)
    return listings.get(desk.engine, post_id)


def unqueue(desk: Desk, post_id: int) -> Entry:
    """Make a queued post a draft again."""
    posts.change(desk.engine, post_id, posts.unqueue)
    return listings.get(desk.engine, post_id)


def cancel(desk: Desk, post_id: int) -> Entry:
    """Give a post up."""
    posts.change(desk.engine, post_id, posts.cancel)
    return listings.get(desk.engine, post_id)


def reschedule(desk: Desk, post_id: int, asked: TimeIn, confirm: Confirm) -> Entry:
    """Give a post a new time; a missed or failed one is queued again with it."""
    entry = listings.get(desk.engine, post_id)
    here = asked.model_copy(update={"zone": asked.zone or entry.post.zone})
    found = moments.when(desk, entry.account, here, About(entry.review, entry.post.kind), confirm)
    timing, kept = found.timing, _limit(entry)
    if asked.no_later_than is None and kept is not None:
        timing = replace(timing, no_later_than=timing.due_at + kept)
    if entry.post.status is not Status.DRAFT:
        refuse_over_cap(desk, entry.account, entry.post.price, timing.due_at, post_id)
    kind = entry.post.kind
    embargoes.refuse_early(desk, entry.account, entry.review, kind, timing.due_at)
    if entry.post.status is not Status.DRAFT:
        wording.refuse_unfit(desk, entry)
    posts.change(desk.engine, post_id, posts.reschedule(timing, found.anchor))
    return listings.get(desk.engine, post_id)


def _limit(entry: Entry) -> timedelta | None:
    post = entry.post
    return post.no_later_than - post.due_at if post.no_later_than and post.due_at else None


def edit(desk: Desk, post_id: int, text: str | None, images: list[ImageIn] | None) -> Entry:
    """Change text or pictures of a post that is not out. Raises TooLate, InputProblem."""
    entry = listings.get(desk.engine, post_id)
    part = next((part for part in entry.parts if part.remote_id is None), entry.parts[-1])
    kept = None if images is None else [pictures.keep(image, desk.pictures) for image in images]
    new_text = part.text if text is None else text
    if part is entry.parts[0]:
        (new_text,) = wording.disclosed(desk, entry.review, [new_text])
    shown = images_of(part.images, desk.pictures) if kept is None else kept
    refuse(desk, entry.account, new_text, shown)
    says = [new_text, *(image.alt for image in shown)]
    wording.refuse_spoilers(desk, entry.account, entry.review, says, entry.post.spoiler)
    embargoes.refuse_giving_away(desk, entry.review, entry.post.kind, [new_text])
    rows = None if kept is None else [pictures.as_row(image) for image in kept]
    price = _repriced(desk, entry, part, new_text, len(shown))
    if entry.post.status is Status.QUEUED and entry.post.due_at:
        refuse_over_cap(desk, entry.account, price, entry.post.due_at, post_id)
    posts.change(desk.engine, post_id, posts.edit(new_text, rows, price))
    return listings.get(desk.engine, post_id)


def _repriced(desk: Desk, entry: Entry, part: Part, text: str, images: int) -> Decimal | None:
    """What a post costs once a part of it is changed."""
    changed = [
        (text, images) if one is part else (one.text, len(one.images)) for one in entry.parts
    ]
    return priced(desk, entry.account, changed)
