"""POST /2/tweets: what X takes, what it refuses and in which words."""

import re
from typing import Any

import pytest
import tweepy

from handbill.domain.text.entities import urls
from tests.rehearsal.driving import Json, StandIn


def test_a_post_by_tweepy_is_in_the_ledger(stand_in: StandIn) -> None:
    data = stand_in.client("mira").create_tweet(text="Stunning.").json()["data"]
    assert data["text"] == "Stunning."
    assert data["edit_history_tweet_ids"] == [data["id"]]
    (post,) = stand_in.posts("mira")
    assert (post["n"], post["id"], post["text"], post["shown"]) == (
        1,
        data["id"],
        "Stunning.",
        "Stunning.",
    )
    assert post["answered"] == "201"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", post["accepted_at"])


def test_accepted_after_the_request_arrived_and_before_now(stand_in: StandIn) -> None:
    stand_in.post("mira", "one")
    ledger = stand_in.ledger()
    (arrival,) = stand_in.requests("mira")
    assert arrival["at"] <= ledger["posts"][0]["accepted_at"] <= ledger["now"]


def test_ids_rise_and_tell_the_time_of_acceptance(stand_in: StandIn) -> None:
    for number in range(20):
        stand_in.post("mira", f"post {number}")
    posts = stand_in.posts("mira")
    ids = [int(post["id"]) for post in posts]
    assert ids == sorted(set(ids))
    first = stand_in.call("mira", "GET", f"/2/tweets/{ids[0]}?tweet.fields=created_at").json()
    assert first["data"]["created_at"][:19] == posts[0]["accepted_at"][:19]


def test_the_text_comes_back_escaped_with_short_links(stand_in: StandIn) -> None:
    text = "  Cats & <dogs> at https://example.com/a?b=1&c=2 or example.org 👍 "
    shown = stand_in.post("mira", text).json()["data"]["text"]
    link = r"https://t\.co/[0-9A-Za-z]{10}"
    assert re.fullmatch(rf"Cats &amp; &lt;dogs&gt; at {link} or {link} 👍", shown)
    (tweet,) = stand_in.timeline("mira", "?tweet.fields=entities")["data"]
    found = tweet["entities"]["urls"]
    assert [url["expanded_url"] for url in found] == [
        "https://example.com/a?b=1&c=2",
        "http://example.org",
    ]
    assert [shown[url["start"] : url["end"]] for url in found] == [url["url"] for url in found]
    assert found[0]["display_url"] == "example.com/a?b=1&c=2"
    assert stand_in.posts("mira")[0]["text"] == text


def test_a_short_link_weighs_what_x_says(stand_in: StandIn) -> None:
    shown = stand_in.post("mira", "https://example.com").json()["data"]["text"]
    assert len(shown) == 23
    assert len(urls(shown)) == 1


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("a" * 280, 201),
        ("a" * 281, 403),
        ("漢" * 140, 201),
        ("漢" * 141, 403),
        ("a" * 256 + " https://example.com/" + "x" * 300, 201),
        ("a" * 257 + " https://example.com/" + "x" * 300, 403),
    ],
)
def test_the_weighted_length_counts(stand_in: StandIn, text: str, status: int) -> None:
    assert stand_in.post("mira", text).status_code == status
    assert len(stand_in.posts("mira")) == (status == 201)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([], "must be an object"),
        ({}, "required: text, media"),
        ({"text": "  \n"}, "required: text, media"),
        ({"text": 5}, r"\[\$\.text\] : has the wrong type"),
        ({"text": "a", "tetx": "b"}, r"\[\$\.tetx\] : is not defined in the schema"),
        ({"text": "a", "reply_settings": "nobody"}, "enumeration"),
        ({"text": "a", "media": {"ids": ["1"]}}, r"\[\$\.media\.ids\] : is not defined"),
        ({"text": "a", "media": {"media_ids": []}}, "1 to 4 items"),
        ({"text": "a", "media": {"media_ids": ["1", "2", "3", "4", "5"]}}, "1 to 4 items"),
        ({"text": "a", "media": {"media_ids": [1]}}, "does not match"),
        ({"text": "a", "media": {"media_ids": ["12"]}}, r"Your media IDs are invalid\."),
        ({"text": "a", "reply": {"in_reply_to_tweet_id": "x"}}, "does not match"),
        ({"text": "a", "reply": {"exclude_reply_user_ids": []}}, "does not match"),
        ({"text": "\ud800"}, "not valid Unicode"),
        ({"text": "a", "\ud800": 1}, r"\[\$\.\\ud800\]"),
        ({"text": "a", "reply": {"in_reply_to_tweet_id": "\ud800"}}, "does not match"),
    ],
)
def test_a_bad_body_is_an_invalid_request(stand_in: StandIn, body: Any, words: str) -> None:
    answer = stand_in.call("mira", "POST", "/2/tweets", json=body)
    assert answer.status_code == 400
    document = answer.json()
    assert document["title"] == "Invalid Request"
    assert document["type"].endswith("/invalid-request")
    assert re.search(words, document["errors"][0]["message"])
    assert stand_in.ledger()["posts"] == []


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b'{"text": "a"', b"[" * 100_000])
def test_what_is_no_json_is_an_invalid_request(stand_in: StandIn, data: bytes) -> None:
    kind = {"Content-Type": "application/json"}
    answer = stand_in.call("mira", "POST", "/2/tweets", data=data, headers=kind)
    assert (answer.status_code, answer.json()["title"]) == (400, "Invalid Request")


def test_json_must_call_itself_json(stand_in: StandIn) -> None:
    kind = {"Content-Type": "text/plain"}
    answer = stand_in.call("mira", "POST", "/2/tweets", data=b'{"text":"a"}', headers=kind)
    assert answer.status_code == 400
    assert "content-type" in answer.json()["errors"][0]["message"]


def test_known_fields_pass(stand_in: StandIn) -> None:
    answer = stand_in.post(
        "mira", "a", made_with_ai=False, reply_settings="following", paid_partnership=True
    )
    assert answer.status_code == 201


DUPLICATE: Json = {
    "title": "Forbidden",
    "detail": "You are not allowed to create a Tweet with duplicate content.",
    "type": "about:blank",
    "status": 403,
}


def test_the_same_text_twice_is_a_duplicate_for_one_account_only(stand_in: StandIn) -> None:
    first, again, other = (stand_in.post(name, "Stunning.") for name in ("mira", "mira", "joe"))
    assert (first.status_code, again.status_code, other.status_code) == (201, 403, 201)
    assert again.json() == DUPLICATE


def test_the_duplicate_check_can_be_switched_off(stand_in: StandIn) -> None:
    stand_in.plan(duplicate_check=False)
    assert [stand_in.post("mira", "Stunning.").status_code for _ in range(2)] == [201, 201]


def test_a_deleted_text_may_be_said_again(stand_in: StandIn) -> None:
    client = stand_in.client("mira")
    post_id = client.create_tweet(text="Stunning.").json()["data"]["id"]
    with pytest.raises(tweepy.Forbidden):
        stand_in.client("joe").delete_tweet(post_id)
    assert client.delete_tweet(post_id).json() == {"data": {"deleted": True}}
    assert client.create_tweet(text="Stunning.").status_code == 201
    assert [post["deleted"] for post in stand_in.posts("mira")] == [True, False]
    assert stand_in.timeline("mira")["meta"]["result_count"] == 1


def test_a_thread_is_linked(stand_in: StandIn) -> None:
    client = stand_in.client("mira")
    ids: list[str] = []
    for text in ("one", "two", "three"):
        parent = ids[-1] if ids else None
        answer = client.create_tweet(text=text, in_reply_to_tweet_id=parent)
        ids.append(answer.json()["data"]["id"])
    assert [post["reply_to"] for post in stand_in.posts("mira")] == [None, *ids[:2]]
    query = "?tweet.fields=referenced_tweets,conversation_id"
    tweets = stand_in.timeline("mira", query)["data"]
    assert tweets[0]["referenced_tweets"] == [{"type": "replied_to", "id": ids[1]}]
    assert {tweet["conversation_id"] for tweet in tweets} == {ids[0]}


def test_a_reply_to_nothing_is_forbidden(stand_in: StandIn) -> None:
    answer = stand_in.post("mira", "a", reply={"in_reply_to_tweet_id": "123"})
    assert answer.status_code == 403
    assert "deleted or not visible" in answer.json()["detail"]


def test_replies_to_others_need_a_mention(stand_in: StandIn) -> None:
    plain, mention = (
        stand_in.post("joe", text).json()["data"]["id"] for text in ("hello", "hello @Mira")
    )
    answers = [
        stand_in.post("mira", f"re {parent}", reply={"in_reply_to_tweet_id": parent})
        for parent in (plain, mention)
    ]
    assert [answer.status_code for answer in answers] == [403, 201]


def test_every_answer_tells_the_limits(stand_in: StandIn) -> None:
    stand_in.plan(limit_15min=2, limit_24h=10)
    answers = [stand_in.post("mira", f"post {number}") for number in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    left = [answer.headers["x-rate-limit-remaining"] for answer in answers]
    assert left == ["1", "0", "0"]
    assert answers[2].headers["x-user-limit-24hour-remaining"] == "8"
    assert answers[2].json() == {
        "title": "Too Many Requests",
        "detail": "Too Many Requests",
        "type": "about:blank",
        "status": 429,
    }
    assert stand_in.post("joe", "mine").status_code == 201


def test_the_daily_cap_shows_only_in_its_own_headers(stand_in: StandIn) -> None:
    stand_in.plan(limit_24h=1)
    stand_in.post("mira", "one")
    refused = stand_in.post("mira", "two")
    assert refused.status_code == 429
    assert refused.headers["x-rate-limit-remaining"] == "99"
    assert refused.headers["x-user-limit-24hour-remaining"] == "0"
    day = int(refused.headers["x-user-limit-24hour-reset"])
    assert day - int(refused.headers["x-rate-limit-reset"]) == 86_400 - 900
