"""Teasers of a kept review, what was quoted already, and quotes that are no longer there."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from handbill.domain.lifecycle import Status
from handbill.domain.teasing import Mark
from handbill.domain.text.quotes import GONE
from handbill.errors import InputProblem, NotFound, SettingsProblem
from handbill.models import Part, Post, Review, Work
from handbill.services import teasing
from handbill.services.desk import Desk
from handbill.store import reviews
from handbill.store.engine import write
from tests.factories import (
    NOW,
    add_in,
    add_post,
    add_review,
    get,
    make_desk,
    overwrite,
)
from tests.reviews import sample

RAVE = sample("rave_film")
TEXT = "The film is gorgeous. Its score is dull. The cast is superb, and nobody sings."


@pytest.fixture
def desk(engine: Engine, tmp_path: Path) -> Desk:
    """A desk on each kind of database, with a config folder that is not there yet."""
    return make_desk(engine, config=tmp_path / "config")


def kept(engine: Engine, text: str = TEXT, **fields: Any) -> Review:
    return add_review(engine, text=text, **fields)


def quoting(engine: Engine, review: Review, *quotes: str, status: Status = Status.QUEUED) -> int:
    """A post whose parts quote these."""
    post_id = add_in(engine, status, review=review, more=["more"] * (len(quotes) - 1))
    for part, quote in zip(get(engine, post_id).parts, quotes, strict=True):
        overwrite(engine, Part, part.id or 0, quote=quote)
    return post_id


def rewrite(engine: Engine, review: Review, text: str) -> Review:
    overwrite(engine, Review, review.id or 0, text=text)
    return reviews.named(engine, review.slug)


def attention(engine: Engine, post_id: int) -> str | None:
    return get(engine, post_id).post.attention


def test_teasers_are_numbered_and_have_a_length_on_each_network(desk: Desk) -> None:
    kept(desk.engine)
    found = teasing.tease(desk, "skerry-light", 2, ["x"])
    assert [one.number for one in found.teasers] == [1, 2]
    assert found.found == 3
    first = found.teasers[0]
    assert first.lengths == {"x": teasing.Length(len(first.candidate.shown), 280)}


def test_an_ellipsis_counts_as_the_network_counts_it(desk: Desk) -> None:
    text = "Although Lola Vance returns to Leeds, the film is never less than gorgeous."
    kept(desk.engine, text=f"{text}\n\n{'zig zag ' * 10}", language="en")
    (one, *_) = teasing.tease(desk, "skerry-light", 10, ["x"]).teasers
    assert one.candidate.shown == "…the film is never less than gorgeous."
    assert one.lengths["x"].counted == len(one.candidate.shown) + 1


def test_a_number_leads_to_the_same_candidate_again(desk: Desk) -> None:
    kept(desk.engine, RAVE.text)
    for one in teasing.tease(desk, "skerry-light", 7, []).teasers:
        assert teasing.picked(desk, "skerry-light", one.number) == one.candidate


@pytest.mark.parametrize("number", [0, -1, 4])
def test_a_number_that_is_not_there_is_told(desk: Desk, number: int) -> None:
    kept(desk.engine)
    with pytest.raises(NotFound, match=f"no quote {number}; there are 3"):
        teasing.picked(desk, "skerry-light", number)


def test_a_review_without_text_has_nothing_to_quote(desk: Desk) -> None:
    add_review(desk.engine)
    with pytest.raises(InputProblem, match="has no text"):
        teasing.tease(desk, "skerry-light", 10, [])
    with pytest.raises(NotFound):
        teasing.tease(desk, "nothing", 10, [])


def test_what_the_work_forbids_is_marked(desk: Desk) -> None:
    review = kept(desk.engine, "The film is gorgeous. Its gorgeous twins sing.", language="en")
    with write(desk.engine) as session:
        work = Work(slug="elsewhere", title="Elsewhere", spoilers=["twin"], created_at=NOW)
        session.add(work)
        session.flush()
        number = work.id
    assert not any(
        Mark.SPOILER in one.candidate.marks
        for one in teasing.tease(desk, review.slug, 10, []).teasers
    )
    overwrite(desk.engine, Review, review.id or 0, work_id=number)
    last = teasing.tease(desk, review.slug, 10, []).teasers[-1].candidate
    assert last.text == "Its gorgeous twins sing."
    assert Mark.SPOILER in last.marks


def test_what_was_quoted_already_is_told(desk: Desk) -> None:
    review = kept(desk.engine, language="en")
    whole = quoting(desk.engine, review, "The film is  gorgeous.")
    part = quoting(desk.engine, review, "cast is superb", status=Status.PUBLISHED)
    quoting(desk.engine, review, "Its score is dull.", status=Status.CANCELLED)
    found = teasing.tease(desk, review.slug, 10, []).teasers
    used = {one.candidate.text.split()[1]: one.used_in for one in found}
    assert used == {"film": (whole,), "cast": (part,), "score": ()}


def test_ones_own_list_of_words_is_used_or_refused(desk: Desk) -> None:
    kept(desk.engine, language="en")
    desk.config.mkdir()
    own = desk.config / "words.toml"
    own.write_text('language = "en"\n[praise]\nstrong = "dull"\n', "utf-8")
    first = teasing.picked(desk, "skerry-light", 1)
    assert first.text == "Its score is dull."
    for content in (b'language = "en"\n[pan]\nfair = "x"', b"\xff\xfe"):
        own.write_bytes(content)
        with pytest.raises(SettingsProblem, match=str(own)):
            teasing.picked(desk, "skerry-light", 1)


# Quotes that have gone


def test_a_quote_that_has_gone_raises_attention_and_its_return_takes_it_back(desk: Desk) -> None:
    review = kept(desk.engine)
    post_id = quoting(desk.engine, review, "Its score is dull.")
    fine = quoting(desk.engine, review, "The film is gorgeous.")
    assert teasing.mark_stale(desk, review) == ([], [])

    review = rewrite(desk.engine, review, TEXT.replace("dull", "bright"))
    assert teasing.mark_stale(desk, review) == ([post_id], [])
    assert attention(desk.engine, post_id) == f"{GONE}“Its score is dull.”"
    assert attention(desk.engine, fine) is None
    assert get(desk.engine, post_id).post.status is Status.QUEUED
    assert [entry.post.id for entry in teasing.stale(desk, review)] == [post_id]
    assert teasing.mark_stale(desk, review) == ([], [])

    review = rewrite(desk.engine, review, TEXT)
    assert teasing.mark_stale(desk, review) == ([], [post_id])
    assert attention(desk.engine, post_id) is None
    assert teasing.stale(desk, review) == []


def test_other_blanks_and_marks_are_no_change(desk: Desk) -> None:
    review = kept(desk.engine, "“It’s\nnever  dull” – or is it?")
    quoting(desk.engine, review, '"It\'s never dull" - or')
    assert teasing.mark_stale(desk, review) == ([], [])


def test_each_part_is_looked_at(desk: Desk) -> None:
    review = kept(desk.engine)
    post_id = quoting(desk.engine, review, "The film is gorgeous.", "It never ends.")
    assert teasing.mark_stale(desk, review) == ([post_id], [])
    assert "It never ends." in (attention(desk.engine, post_id) or "")


@pytest.mark.parametrize("status", Status)
def test_only_waiting_posts_are_told_of(desk: Desk, status: Status) -> None:
    review = kept(desk.engine)
    post_id = quoting(desk.engine, review, "It never ends.", status=status)
    before = attention(desk.engine, post_id)
    raised, _ = teasing.mark_stale(desk, review)
    waits = status in (Status.DRAFT, Status.QUEUED)
    assert raised == ([post_id] if waits else [])
    assert [entry.post.id for entry in teasing.stale(desk, review)] == raised
    assert waits or attention(desk.engine, post_id) == before


def test_another_reason_for_attention_stays(desk: Desk) -> None:
    review = kept(desk.engine)
    post_id = quoting(desk.engine, review, "It never ends.")
    overwrite(desk.engine, Post, post_id, attention="The clocks have changed.")
    assert teasing.mark_stale(desk, review) == ([], [])
    assert attention(desk.engine, post_id) == "The clocks have changed."
    assert teasing.mark_stale(desk, rewrite(desk.engine, review, "It never ends.")) == ([], [])
    assert attention(desk.engine, post_id) == "The clocks have changed."


def test_a_post_that_has_changed_since_it_was_read_is_left_alone(desk: Desk) -> None:
    from handbill.store import quotes

    review = kept(desk.engine)
    post_id = quoting(desk.engine, review, "It never ends.")
    (read,) = quotes.quoting(desk.engine, review.id or 0)
    older = replace(read, revision=read.revision - 1)
    assert quotes.tell(desk.engine, [(older, f"{GONE}x")]) == []
    assert attention(desk.engine, post_id) is None
    assert quotes.tell(desk.engine, [(read, f"{GONE}x")]) == [post_id]


def test_posts_that_quote_nothing_and_posts_of_other_reviews_are_left_alone(desk: Desk) -> None:
    review, other = kept(desk.engine), kept(desk.engine, slug="other")
    add_post(desk.engine, review=review)
    quoting(desk.engine, other, "It never ends.")
    assert teasing.mark_stale(desk, review) == ([], [])
    with write(desk.engine) as session:
        assert (
            session.scalar(
                sa.select(sa.func.count())
                .where(sa.column("attention").is_not(None))
                .select_from(Post)
            )
            == 0
        )
