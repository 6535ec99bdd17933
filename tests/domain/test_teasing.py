"""What is proposed of whole reviews, and why."""

import re
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill import shipped
from handbill.domain import scoring, teasing
from handbill.domain.spoilers import forbidden
from handbill.domain.teasing import Candidate, Mark, Proposal, Subject, propose
from handbill.domain.words import Words, read
from tests.reviews import Sample, names, sample

SALYUT = Path(__file__).parents[3] / "shared" / "samples" / "salyut-7.txt"


@cache
def words() -> Words:
    return read((shipped.folder() / "words.toml").read_text("utf-8"), "words.toml")


def proposed(review: Sample, *, known: bool = True) -> Proposal:
    if not known:
        return propose(review.text, words())
    subject = Subject(review.headline, (review.work,), (review.author,), review.spoilers, "en")
    return propose(review.text, words(), subject)


def only(text: str, **fields: object) -> Candidate:
    """The one candidate of an English text, in which it is not the last paragraph."""
    subject = Subject(language="en", **fields)  # type: ignore[arg-type]
    around = "zig zag " * 10
    found = propose(f"{around}\n\n{text}\n\n{around}", words(), subject).candidates
    (one,) = [one for one in found if "zig" not in one.text]
    return one


def why(text: str, **fields: object) -> dict[str, float]:
    return {reason.words: reason.points for reason in only(text, **fields).reasons}


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("known", [True, False], ids=["work known", "nothing known"])
def test_of_the_top_five_four_are_opinion_and_none_is_plot(name: str, known: bool) -> None:
    review = sample(name)
    top = proposed(review, known=known).candidates[:5]
    kinds = [review.kind(one.start) for one in top]
    assert kinds.count("O") >= 4, [one.text for one in top]
    assert not {"P", "S", "X"} & set(kinds)
    assert not [one.text for one in top if forbidden(one.text, review.spoilers)]


@pytest.mark.parametrize("name", names())
def test_whatever_gives_something_away_is_marked_and_comes_last(name: str) -> None:
    review = sample(name)
    found = proposed(review).candidates
    secret = [bool(forbidden(one.text, review.spoilers)) for one in found]
    assert any(secret)
    assert all(
        Mark.SPOILER in one.marks for one, is_secret in zip(found, secret, strict=True) if is_secret
    )
    marked = [Mark.SPOILER in one.marks for one in found]
    assert marked == sorted(marked)


@pytest.mark.skipif(not SALYUT.exists(), reason="the shared sample is not here")
def test_of_a_real_review_the_top_five_are_opinion() -> None:
    text = SALYUT.read_text("utf-8")
    found = propose(text, words(), Subject(titles=("Salyut-7",))).candidates[:5]
    opinion = (
        "celebrates",
        "deliciously",
        "beautifully",
        "remarkable",
        "gorgeous",
        "stunning",
        "solid",
    )
    assert sum(any(word in one.text for word in opinion) for one in found) >= 4
    assert not [one.text for one in found if "station" in one.text or "cosmonaut" in one.text]


@pytest.mark.parametrize("name", names())
def test_every_candidate_is_word_for_word_and_its_points_add_up(name: str) -> None:
    review = sample(name)
    for one in proposed(review).candidates:
        assert review.text[one.start : one.end] == one.text
        assert one.score == sum(reason.points for reason in one.reasons)
        assert one.shown.strip("…") == " ".join(one.text.split())


PIECES = st.sampled_from(
    [". ", "! ", "; ", ", but ", "\n", "\n\n", "“", "”", "(", "The film is gorgeous", "It is",
     "Then Ada", "returns to", "my", "https://a.example", "good", "Attic!", "I'd", "Who is it? "]
)  # fmt: skip


@given(
    st.lists(PIECES | st.text(max_size=10), max_size=60).map("".join),
    st.sampled_from([None, "en", "de"]),
)
def test_every_candidate_of_any_text_is_word_for_word(text: str, language: str | None) -> None:
    subject = Subject("Attic", ("Attic!", ""), (), ("Ada",), language)
    found = propose(text, words(), subject).candidates
    assert all(text[one.start : one.end] == one.text for one in found)
    assert len({one.start for one in found}) == len(found)


@pytest.mark.parametrize(
    ("text", "reason", "points"),
    [
        ("A gorgeous and good thing.", "opinion: gorgeous, good", 3),
        (
            "Gorgeous, superb, stunning, sublime stuff.",
            "opinion: gorgeous, superb, stunning, sublime",
            4,
        ),
        ("The camera never rests.", "of the craft: camera", 1),
        ("The camera never rests.", "states, does not judge", -1),
        ("A thing worth your Sunday.", "sums up: worth your", 1),
        ("Nine Doors is on.", "names the work", 0.5),
        ("A thing that is on again and runs until the spring.", "a good length", 1),
        ("A thing " + "that runs " * 20 + "on.", "long", -1),
        ("A thing " + "that runs " * 30 + "on.", "too long for many networks", -2),
        ("Who needs such a thing?", "asks", -0.5),
        ("It is a gorgeous thing.", "needs what stands before it: it", -0.75),
        ("What a thing for me!", "about the critic: me", -1),
        ("A thing by Lola Vance and Kit.", "names: Lola Vance, Kit", -2),
        ("A woman returns to Leeds.", "tells the plot: returns to", -1.5),
        ("Then the hijacking comes.", "opens as a story does: then", -1.5),
        ("A butler is the killer.", "may give away: is the killer, the killer", -5),
        ("A thing about the TWINS.", "gives away: twin", -10),
        ("A thing (that is on.", "leaves a quotation or bracket open", -2),
        ("Subscribe to this thing.", "no part of the review: subscribe, subscribe to", -4),
        ("Read it at https://a.example now.", "no part of the review: a link or a handle", -4),
    ],
)
def test_each_point_is_named(text: str, reason: str, points: float) -> None:
    given = why(text, titles=("Nine Doors",), forbidden=("twin",))
    if reason.startswith("may give away"):
        reason = next(words for words in given if words.startswith("may give away"))
    assert given[reason] == points


def test_every_name_of_a_point_is_in_the_table() -> None:
    table = teasing.__doc__ or ""
    code = "".join(Path(str(one.__file__)).read_text("utf-8") for one in (teasing, scoring))
    named = re.findall(r'Reason\(f?"([^":{]+)(:?)', code.replace(table, ""))
    named += re.findall(r'\("([a-z ]+)", -\d\)', code)
    assert len(named) > 12
    for name in named:
        plain, colon = name if isinstance(name, tuple) else (name, "")
        assert f"`{plain}: " in table if colon else f"`{plain}`" in table


def test_names_of_the_work_and_its_people_do_not_count_against() -> None:
    assert why("A gorgeous Nine Doors by Ines Cole.") != {}
    assert "names: Nine Doors, Ines Cole" in why("A gorgeous Nine Doors by Ines Cole.")
    known = why("A gorgeous Nine Doors by Ines Cole.", titles=("Nine Doors",), names=("Ines Cole",))
    assert not [reason for reason in known if reason.startswith("names:")]


def test_the_headline_is_not_proposed() -> None:
    text = "A Gorgeous Night at the Fair\n\nThe film is gorgeous.\n\nA gorgeous night in all."
    found = propose(text, words(), Subject("A gorgeous night in all.", language="en")).candidates
    assert [one.text for one in found] == ["The film is gorgeous."]


def test_a_clause_is_proposed_where_it_is_better_than_its_sentence() -> None:
    one = only("Although Lola Vance returns to Leeds, the film is never less than gorgeous.")
    assert one.shown == "…the film is never less than gorgeous."
    assert Mark.CLAUSE in one.marks


def test_plot_is_ranked_behind_what_is_none_whatever_its_points() -> None:
    text = "A woman returns to Leeds in a gorgeous film with a good score.\n\nIt is on."
    found = propose(f"{text} She marries a good man and moves to York.", words()).candidates
    assert Mark.PLOT in found[-1].marks


GERMAN = (
    "Der Film ist ein stilles Wunder, und man möchte ihn gleich noch einmal sehen. "
    "Dann kehrt Nuria zurück. Die Kamera von Iker Soto ist warm und genau.\n\n"
    "Nachtlicht ist ein großer, zärtlicher Film über das Warten und die Liebe zur See."
)


@pytest.mark.parametrize("language", ["de", "de-AT", None])
def test_in_another_language_the_shape_counts_and_it_is_said(language: str | None) -> None:
    subject = Subject(titles=("Nachtlicht",), forbidden=("Nuria",), language=language)
    proposal = propose(GERMAN, words(), subject)
    assert proposal.candidates[0].text.startswith("Nachtlicht ist")
    assert proposal.candidates[-1].text == "Dann kehrt Nuria zurück."
    (remark,) = proposal.remarks
    assert "list of words is English" in remark


def test_a_list_of_ones_own_language_counts() -> None:
    own = read('language = "de"\n[praise]\nstrong = "warm"', "words.toml")
    proposal = propose(GERMAN, own, Subject(language="de"))
    assert proposal.remarks == ()
    assert any(r.words == "opinion: warm" for c in proposal.candidates for r in c.reasons)


def test_of_a_text_without_end_only_the_beginning_is_read_and_it_is_said() -> None:
    text = "The film is gorgeous. " * 20_000
    proposal = propose(text, words())
    assert max(one.end for one in proposal.candidates) <= teasing.MAX_READ
    (remark,) = proposal.remarks
    assert f"first {teasing.MAX_READ:,} of {len(text):,} characters" in remark


@pytest.mark.parametrize("text", ["", " \n", ".", "…" * 500, "a" * 5000, "Skip."])
def test_where_nothing_can_be_quoted_nothing_is_proposed(text: str) -> None:
    assert propose(text, words(), Subject(language="en")).candidates == ()
