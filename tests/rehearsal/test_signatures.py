"""Only what is rightly signed is let in; oauthlib, which signs here, is not used by the server."""

import pytest
import requests
import tweepy
from oauthlib.oauth1 import Client as Signer

from handbill.errors import InputProblem
from handbill.rehearsal import practice_keys
from handbill.rehearsal.signatures import Guard, claimed_account
from tests.rehearsal.driving import StandIn, X, sign


def test_practice_keys_are_the_same_each_time_and_carry_the_name() -> None:
    keys = practice_keys("mira")
    assert keys == practice_keys("mira")
    assert keys["api_key"] == "rehearsal-app"
    number, _, name = keys["access_token"].partition("-rehearsal-")
    assert number.isdigit()
    assert name == "mira"
    assert practice_keys("joe")["access_token"].partition("-")[0] != number


@pytest.mark.parametrize("name", ["", "a b", "a" * 51, "é", "-x", 'a"b', "a\n"])
def test_a_name_that_no_header_can_carry_is_refused(name: str) -> None:
    with pytest.raises(InputProblem):
        practice_keys(name)


def test_the_server_knows_who_signed(stand_in: StandIn) -> None:
    me = stand_in.client("mira.k-2").get_me().json()["data"]
    assert me["username"] == "mira.k-2"
    assert me["id"] == practice_keys("mira.k-2")["access_token"].partition("-")[0]


@pytest.mark.parametrize("key", ["consumer", "token"])
def test_a_wrong_secret_is_unauthorized_and_posts_nothing(stand_in: StandIn, key: str) -> None:
    name = "api_secret" if key == "consumer" else "access_token_secret"
    with pytest.raises(tweepy.Unauthorized):
        stand_in.client("mira", **{name: "guessed"}).create_tweet(text="no")
    assert stand_in.ledger()["posts"] == []


@pytest.mark.parametrize(
    "keys",
    [
        {"api_key": "other-app"},
        {"access_token": "1-rehearsal-mira"},
        {"access_token": "1-other"},
    ],
)
def test_keys_of_another_family_are_unauthorized(stand_in: StandIn, keys: dict[str, str]) -> None:
    with pytest.raises(tweepy.Unauthorized):
        stand_in.client("mira", **keys).get_me()


def test_no_signature_gets_the_shape_of_x(stand_in: StandIn) -> None:
    answer = requests.post(f"{stand_in.base}/2/tweets", json={"text": "no"}, timeout=5)
    assert answer.status_code == 401
    assert answer.json() == {
        "title": "Unauthorized",
        "detail": "Unauthorized",
        "type": "about:blank",
        "status": 401,
    }
    (line,) = stand_in.ledger()["requests"]
    assert (line["account"], line["status"], line["bytes"]) == (None, 401, 14)


def test_a_replayed_request_is_refused(stand_in: StandIn) -> None:
    headers = sign("mira", "POST", "/2/tweets")
    statuses = [
        requests.post(
            f"{stand_in.base}/2/tweets", json={"text": text}, headers=headers, timeout=5
        ).status_code
        for text in ("once", "twice")
    ]
    assert statuses == [201, 401]
    assert [post["text"] for post in stand_in.posts("mira")] == ["once"]


def test_the_query_is_part_of_the_signature(stand_in: StandIn) -> None:
    signed = "/2/media/upload?command=STATUS&media_id=1"
    good = stand_in.call("mira", "GET", signed)
    assert good.status_code == 400
    headers = sign("mira", "GET", signed)
    other = requests.get(
        f"{stand_in.base}{signed}2", headers=headers, timeout=5, allow_redirects=False
    )
    assert other.status_code == 401


def test_awkward_characters_in_the_query_are_signed_alike(stand_in: StandIn) -> None:
    query = {"pagination_token": "a+b c/%ü=&*~'()", "tweet.fields": ""}
    with pytest.raises(tweepy.BadRequest, match="pagination_token"):
        stand_in.client("mira").request("GET", "/2/users/1/tweets", params=query, user_auth=True)


@pytest.mark.parametrize(("sent", "status"), [("a=1&b=x+y", 400), ("a=1&b=x+z", 401)])
def test_a_form_body_is_part_of_the_signature(stand_in: StandIn, sent: str, status: int) -> None:
    keys = practice_keys("mira")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    signer = Signer(
        keys["api_key"], keys["api_secret"], keys["access_token"], keys["access_token_secret"]
    )
    _, headers, _ = signer.sign(f"{X}/2/tweets", "POST", body="a=1&b=x+y", headers=form)
    answer = requests.post(f"{stand_in.base}/2/tweets", data=sent, headers=headers, timeout=5)
    assert answer.status_code == status


@pytest.mark.parametrize(
    "header",
    ["", "Bearer x", "OAuth", 'OAuth oauth_token="1"', 'OAuth oauth_timestamp="x", realm="y"'],
)
def test_an_odd_authorization_header_is_no_crash(header: str) -> None:
    assert Guard().admit("GET", "/2/users/me", "", header) is None
    assert claimed_account(header) is None
