"""Own timeline and single posts, as a look-up reads them."""

from datetime import datetime, timedelta

import pytest

from handbill.rehearsal import user_id
from tests.rehearsal.driving import StandIn


def ids_of(document: dict[str, list[dict[str, str]]]) -> list[str]:
    return [tweet["id"] for tweet in document.get("data", [])]


def some_posts(stand_in: StandIn, count: int) -> list[str]:
    return [stand_in.post("mira", f"post {number}").json()["data"]["id"] for number in range(count)]


def test_an_empty_timeline_has_no_data(stand_in: StandIn) -> None:
    stand_in.client("mira").get_me()
    assert stand_in.timeline("mira") == {"meta": {"result_count": 0}}


def test_an_unknown_user_is_an_error_document(stand_in: StandIn) -> None:
    document = stand_in.call("mira", "GET", "/2/users/12/tweets").json()
    assert "data" not in document
    assert document["errors"][0]["type"].endswith("/resource-not-found")


def test_newest_first_and_only_ones_own(stand_in: StandIn) -> None:
    ids = some_posts(stand_in, 3)
    stand_in.post("joe", "not mine")
    document = stand_in.timeline("mira")
    assert ids_of(document) == ids[::-1]
    assert document["meta"] == {"result_count": 3, "newest_id": ids[2], "oldest_id": ids[0]}


def test_since_id_and_until_id_are_exclusive(stand_in: StandIn) -> None:
    ids = some_posts(stand_in, 4)
    assert ids_of(stand_in.timeline("mira", f"?since_id={ids[1]}")) == [ids[3], ids[2]]
    query = f"?since_id={ids[0]}&until_id={ids[3]}"
    assert ids_of(stand_in.timeline("mira", query)) == [ids[2], ids[1]]


def test_start_time_is_inclusive_and_in_whole_seconds(stand_in: StandIn) -> None:
    some_posts(stand_in, 1)
    made = stand_in.timeline("mira", "?tweet.fields=created_at")["data"][0]["created_at"]
    second = datetime.fromisoformat(made).replace(microsecond=0)
    for start, count in ((second, 1), (second + timedelta(seconds=1), 0)):
        shown = stand_in.timeline("mira", f"?start_time={start:%Y-%m-%dT%H:%M:%SZ}")
        assert len(ids_of(shown)) == count


def test_pages_follow_each_other_without_gap_or_overlap(stand_in: StandIn) -> None:
    ids = some_posts(stand_in, 12)
    seen: list[str] = []
    query = "?max_results=5"
    for _ in range(3):
        document = stand_in.timeline("mira", query)
        seen += ids_of(document)
        token = document["meta"].get("next_token")
        query = f"?max_results=5&pagination_token={token}"
    assert seen == ids[::-1]
    assert token is None


@pytest.mark.parametrize(
    "query",
    [
        "?max_results=4",
        "?max_results=101",
        "?max_results=x",
        "?max_results=99999999999999999999999",
        "?since_id=abc",
        "?since_id=-1",
        "?start_time=yesterday",
        "?start_time=2026-11-20T10:00:00.5Z",
        "?pagination_token=zz",
        "?tweet.fields=created_at,colour",
        "?colour=red",
    ],
)
def test_a_bad_parameter_is_refused_by_name(stand_in: StandIn, query: str) -> None:
    document = stand_in.timeline("mira", query)
    assert document["title"] == "Invalid Request"
    name = "colour" if "colour" in query else query[1:].partition("=")[0]
    assert name in document["errors"][0]["message"]


def test_only_the_fields_that_were_asked_for(stand_in: StandIn) -> None:
    some_posts(stand_in, 1)
    (plain,) = stand_in.timeline("mira")["data"]
    assert plain.keys() == {"id", "text", "edit_history_tweet_ids"}
    (more,) = stand_in.timeline("mira", "?tweet.fields=created_at,author_id,entities")["data"]
    assert more.keys() - plain.keys() == {"created_at", "author_id"}
    assert more["author_id"] == user_id("mira")


def test_a_lagging_timeline_hides_young_posts_only(stand_in: StandIn) -> None:
    (post_id,) = some_posts(stand_in, 1)
    stand_in.plan(timeline_lag=900)
    assert stand_in.timeline("mira") == {"meta": {"result_count": 0}}
    assert stand_in.call("mira", "GET", f"/2/tweets/{post_id}").json()["data"]["id"] == post_id
    stand_in.plan(timeline_lag=0)
    assert ids_of(stand_in.timeline("mira")) == [post_id]


def test_a_long_post_is_cut_and_kept_whole_in_note_tweet(stand_in: StandIn) -> None:
    stand_in.plan(text_limit=25_000)
    text = "word " * 100 + "end"
    stand_in.post("mira", text)
    (tweet,) = stand_in.timeline("mira", "?tweet.fields=note_tweet")["data"]
    assert tweet["text"].endswith("…")
    assert len(tweet["text"]) == 280
    assert tweet["note_tweet"]["text"] == text


def test_exclude_replies(stand_in: StandIn) -> None:
    (first,) = some_posts(stand_in, 1)
    stand_in.post("mira", "and", reply={"in_reply_to_tweet_id": first})
    assert ids_of(stand_in.timeline("mira", "?exclude=replies")) == [first]


def test_a_post_that_is_not_there(stand_in: StandIn) -> None:
    document = stand_in.call("mira", "GET", "/2/tweets/12").json()
    assert document["errors"][0]["resource_type"] == "tweet"
    assert stand_in.call("mira", "DELETE", "/2/tweets/12").json() == {"data": {"deleted": False}}
