"""Hashtags, cashtags and mentions, and what holds for anything that is found."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handbill.domain.text.entities import (
    Mention,
    Span,
    cashtags,
    hashtags,
    mentions,
    mentions_or_lists,
    reply_to,
    urls,
)

#: Pieces that the rules treat differently from their neighbours, and any character at all.
PIECES = st.sampled_from(
    [
        *"#＃@＠$._-/:?=() \n1aé映\u0301\ufe0f\u200d👩🏽",
        "RT",
        "://",
        "http://",
        "t.co",
        "weekly.com",
    ]
)
TEXTS = st.lists(PIECES | st.characters(exclude_categories=()), max_size=40).map("".join)
FINDERS: list[Callable[[str], Sequence[Span]]] = [
    urls,
    hashtags,
    cashtags,
    mentions,
    mentions_or_lists,
]


def names(spans: Sequence[Span]) -> list[str]:
    return [span.text for span in spans]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#film #Théâtre #映画 #фильм #فيلم", ["film", "Théâtre", "映画", "фильм", "فيلم"]),
        ("＃film", ["film"]),
        ("#2026 #1984film #_ #a_b", ["1984film", "a_b"]),
        ("a#film 1#film é#film 映#film _#film &#film", []),
        ("(#film) “#book”, …#stage", ["film", "book", "stage"]),
        ("##film", ["film"]),
        ("#film#book", []),
        ("#film-noir #film.", ["film", "film"]),
        ("#film://x", []),
        ("#\ufe0f\u20e3 #\u20e3", []),
        ("👍#film ❤\ufe0f#book", ["film", "book"]),
        ("#e\u0301te\u0301", ["e\u0301te\u0301"]),
        ("#𐐀𐐁", ["𐐀𐐁"]),
        ("#l·l #א־ב", ["l·l", "א־ב"]),
        ("https://weekly.com/#film", []),
        ("https://weekly.com/ #film", ["film"]),
        ("#", []),
    ],
)
def test_hashtags(text: str, expected: list[str]) -> None:
    assert names(hashtags(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$NFLX up, $dis down", ["NFLX", "dis"]),
        ("$BRK.A $RDS_B", ["BRK.A", "RDS_B"]),
        ("$ABCDEF $ABCDEFG", ["ABCDEF"]),
        ("$BRK.ABC", ["BRK"]),
        ("$10 a$NFLX ($NFLX $$NFLX $ NFLX", []),
        ("$NFLX, $NFLX\n$NFLX!", ["NFLX", "NFLX", "NFLX"]),
        ("\u202a$NFLX", ["NFLX"]),
        ("\u3000$NFLX\u3000", ["NFLX"]),
        ("$NFLXé $NFLX1", []),
    ],
)
def test_cashtags(text: str, expected: list[str]) -> None:
    assert names(cashtags(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@critic saw it with ＠friend_1", ["critic", "friend_1"]),
        (".@critic (@critic) 映@critic", ["critic", "critic", "critic"]),
        ("a@critic 1@critic _@critic #@critic @@critic", []),
        ("RT@critic rt:@critic xRT@critic", ["critic", "critic"]),
        ("@critic@friend @critic://x @criticé", []),
        ("@" + "a" * 21, ["a" * 20]),
        ("@critic/films", []),
        ("@critic/1", ["critic"]),
        ("https://weekly.com/@critic", []),
        ("critic@weekly.com", []),
    ],
)
def test_mentions(text: str, expected: list[str]) -> None:
    assert names(mentions(text)) == expected


def test_a_list_is_told_from_an_account() -> None:
    assert mentions_or_lists("by @critic in @weekly/best-films") == [
        Mention(3, 10, "critic"),
        Mention(14, 32, "weekly", "/best-films"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@critic yes", "critic"),
        (" \u3000\n＠critic", "critic"),
        ("\u202a@critic", "critic"),
        (".@critic", None),
        ("yes @critic", None),
        ("@critic@friend", None),
        ("@criticé", None),
        ("", None),
    ],
)
def test_a_text_that_begins_with_a_mention_is_a_reply(text: str, expected: str | None) -> None:
    found = reply_to(text)
    assert (found and found.text) == expected


@pytest.mark.parametrize("find", FINDERS)
def test_offsets_count_code_points(find: Callable[[str], Sequence[Span]]) -> None:
    text = "𝕏👩\u200d🎤 weekly.com #film $NFLX @critic"
    (found,) = find(text)
    assert text[found.start : found.end].lstrip("#$@") == found.text


@pytest.mark.parametrize("find", FINDERS)
@given(text=TEXTS)
@settings(deadline=None)
def test_spans_lie_in_the_text_and_apart(find: Callable[[str], Sequence[Span]], text: str) -> None:
    end = 0
    for span in find(text):
        assert end <= span.start < span.end <= len(text)
        assert span.text
        assert span.text in text[span.start : span.end]
        end = span.end


@given(text=TEXTS)
@settings(deadline=None)
def test_a_hashtag_never_begins_within_a_link(text: str) -> None:
    linked = {place for link in urls(text) for place in range(link.start, link.end)}
    assert not linked & {tag.start for tag in hashtags(text)}


def test_of_a_hashtag_and_a_link_that_overlap_the_first_stays() -> None:
    assert names(hashtags("#映画weekly.com")) == ["映画weekly"]
    assert names(urls("#映画weekly.com")) == ["weekly.com"]


@given(text=TEXTS)
@settings(deadline=None)
def test_any_text_may_be_asked_whether_it_is_a_reply(text: str) -> None:
    found = reply_to(text)
    assert found is None or found.text == text[found.start + 1 : found.end]
