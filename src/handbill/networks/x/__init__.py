"""X, through tweepy's `Client` with OAuth 1.0a user tokens.

X has no idempotency key, so `publish` makes one creating request and everything that is not on the
closed list is unknown. A look-up can prove that a post is out, never that it is not.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import requests
import tweepy

from handbill.clock import elapsed
from handbill.domain.network import (
    AccountRef,
    Claim,
    Evidence,
    Found,
    Identity,
    NotSeen,
    Sighting,
)
from handbill.domain.outcomes import (
    Halted,
    NotSent,
    Outcome,
    Receipt,
    Unauthorized,
    Unknown,
)
from handbill.domain.settling import EXCHANGE_DEADLINE
from handbill.networks import wire
from handbill.networks.x import answers, media, timeline
from handbill.networks.x.rules import (
    HAS_WARNINGS,
    MAX_LENGTH,
    PRICES,
    check,
    length,
    links,
    remarks,
    remote_id,
)

__all__ = [
    "APP_KEYS",
    "HAS_WARNINGS",
    "MAX_LENGTH",
    "PRICES",
    "TITLE",
    "TOKENS",
    "X",
    "check",
    "connect",
    "length",
    "links",
    "remarks",
    "remote_id",
]

TITLE = "X"
OFFICIAL = "https://api.twitter.com"  # tweepy's fixed host; signatures are made for it
APP_KEYS: Mapping[str, str] = {
    "api_key": "the app's API key (developer portal, your app, Keys and tokens)",
    "api_secret": "the app's API key secret",
}
TOKENS: Mapping[str, str] = {
    "access_token": "the account's access token, made with Read and Write permission",
    "access_token_secret": "the account's access token secret",
}

#: What tweepy and requests raise for troubles of the network.
TROUBLE = (tweepy.TweepyException, requests.RequestException, ValueError)


def connect(
    credentials: Mapping[str, str],
    server: str | None,
    clock: Callable[[], datetime],
    deadline: timedelta = EXCHANGE_DEADLINE,
) -> "X":
    """A line for these credentials. Opens nothing yet."""
    return X(credentials, server, clock, deadline)


class X:
    """One account's line to X. A fresh connection for every exchange: a kept one may be dead, and
    then nobody can tell whether the request arrived."""

    def __init__(
        self,
        credentials: Mapping[str, str],
        server: str | None,
        clock: Callable[[], datetime],
        deadline: timedelta,
    ) -> None:
        self._secrets = [value for value in credentials.values() if value]
        self._token_owner = credentials["access_token"].partition("-")[0]
        self._server = server
        self._clock = clock
        self._deadline = deadline
        self._built: dict[int, requests.PreparedRequest] = {}
        self._tweepy = tweepy.Client(
            consumer_key=credentials["api_key"],
            consumer_secret=credentials["api_secret"],
            access_token=credentials["access_token"],
            access_token_secret=credentials["access_token_secret"],
            return_type=requests.Response,
        )
        wire.mount(self._tweepy.session, OFFICIAL, server)

    def __repr__(self) -> str:
        return f"X(server={self._server!r})"

    @contextmanager
    def _client(self) -> Generator[tweepy.Client]:
        try:
            yield self._tweepy
        finally:
            self._tweepy.session.close()

    # The creating request

    def publish(self, claim: Claim, evidence: Evidence, send_by: float) -> Outcome:
        """Make exactly one `POST /2/tweets` and say what its answer proves."""
        request = self._built.pop(claim.attempt_id, None) or self._build(claim, evidence)
        trouble: Exception | None = None
        began = elapsed()
        with self._client() as client, wire.exchange(self._deadline, send_by) as exchange:
            try:
                client.session.get_adapter(OFFICIAL).send(request)
            except TROUBLE as error:
                trouble = error
        if exchange.response is None:
            return self._without_answer(exchange, trouble)
        answer = answers.read(exchange.response, self._secrets)
        outcome = answers.outcome(answer, _post_address(claim.account), self._clock)
        newest = evidence.get("since_id")
        took = timedelta(seconds=elapsed() - began)
        if isinstance(outcome, Receipt) and answers.is_older(
            outcome.remote_id, newest, answer, took
        ):
            return Unknown(f"X answered {answer.status} with the number of an older post.")
        return outcome

    def _build(self, claim: Claim, evidence: Evidence) -> requests.PreparedRequest:
        """The creating request as tweepy makes and signs it, unsent: work that need not wait for
        the due time, and nothing that could go wrong between arming and sending."""
        return wire.capture(
            lambda: self._tweepy.create_tweet(
                text=claim.text or None,
                media_ids=evidence.get("media_ids") or None,
                in_reply_to_tweet_id=claim.reply_to,
                user_auth=True,
            )
        )

    def _exchange(
        self, call: Callable[[tweepy.Client], object]
    ) -> tuple[wire.Exchange, Exception | None]:
        """Make one request through tweepy; the answer that came counts, not what it raises."""
        trouble: Exception | None = None
        with self._client() as client, wire.exchange(self._deadline) as exchange:
            try:
                call(client)
            except TROUBLE as error:
                trouble = error
            except (TypeError, AttributeError):
                # tweepy's errors trip over JSON that is no object; before an answer it is a bug
                if exchange.response is None:
                    raise
        return exchange, trouble

    def _without_answer(self, exchange: wire.Exchange, trouble: Exception | None) -> Outcome:
        if not exchange.handed_over and trouble is not None:
            return NotSent(f"X could not be reached: {wire.why_not_sent(trouble)}.")
        if exchange.timed_out:
            seconds = self._deadline.total_seconds()
            return Unknown(f"X did not finish its answer within {seconds:.0f} seconds.")
        return Unknown("The line to X broke before the whole answer had come.")

    # Requests that publish nothing

    def hour(self) -> datetime | None:
        """The `Date` of an answer to a question without credentials."""
        with self._client() as client:
            return wire.hour(client.session, OFFICIAL)

    def whoami(self) -> Identity:
        """`GET /2/users/me`. Raises Halted."""
        data = self._ask(lambda client: client.get_me(user_auth=True)).get("data")
        if not isinstance(data, dict) or not str(data.get("id", "")).isdigit():
            raise Halted(NotSent("X did not say who these credentials are."))
        return Identity(str(data["id"]), f"@{data.get('username', '')}")

    def asks(self, claim: Claim) -> bool:
        """Whether preparing this claim needs X: for pictures, or to learn who and where we are."""
        account = claim.account
        return bool(claim.images) or not (account.remote_id and account.newest_remote_id)

    def prepare(self, claim: Claim) -> Evidence:
        """Upload the pictures and learn behind which post a look-up starts. Raises Halted."""
        user_id = claim.account.remote_id or self.whoami().remote_id
        self._refuse_strangers(claim.account, user_id)
        since_id = claim.account.newest_remote_id or self._newest(user_id)
        uploads = [media.upload(self._ask, image) for image in claim.images]
        evidence = {
            "user_id": user_id,
            "since_id": since_id,
            "media_ids": [media_id for media_id, _key in uploads],
            "media_keys": [key for _id, key in uploads],
        }
        self._built[claim.attempt_id] = self._build(claim, evidence)
        return evidence

    def _refuse_strangers(self, account: AccountRef, user_id: str) -> None:
        """X's access tokens begin with their owner's number: new ones may be another account's."""
        if self._token_owner.isdigit() and self._token_owner != user_id:
            raise Halted(
                Unauthorized(
                    f"The tokens in .env are not those of {account.handle or account.name}.",
                    f"put the right ones there, or make them its own with "
                    f"`handbill account check {account.name}`",
                )
            )

    def _newest(self, user_id: str) -> str | None:
        answer = self._ask(
            lambda client: client.get_users_tweets(user_id, max_results=5, user_auth=True)
        )
        newest = answers.data(answer, "meta").get("newest_id")
        return str(newest) if newest else None

    def _ask(self, call: Callable[[tweepy.Client], object]) -> dict[str, Any]:
        """One exchange of which nobody can see anything; whatever goes wrong, nothing is out."""
        exchange, trouble = self._exchange(call)
        if exchange.response is None:
            says = f"X could not be reached: {wire.why_not_sent(trouble or OSError())}."
            raise Halted(NotSent(says))
        answer = answers.read(exchange.response, self._secrets)
        if not 200 <= answer.status < 300:
            raise Halted(answers.halt(answer, self._clock))
        if answer.body is None and answer.status != 204:
            raise Halted(NotSent("X's answer could not be read."))
        return answer.body or {}

    # Did it go out?

    def find(self, claim: Claim) -> Sighting:
        """Look through the own timeline since before the attempt. Raises Halted.

        A miss proves nothing: the timeline lags by up to 15 minutes.
        """
        user_id = claim.evidence.get("user_id") or claim.account.remote_id
        if not user_id:
            return NotSeen("X was never asked who this account is, so its posts cannot be read.")
        token = None
        for _page in range(timeline.MAX_PAGES):
            page = self._ask(lambda client, token=token: self._timeline(client, claim, token))  # type: ignore[misc]
            if (hit := timeline.match(page, claim)) is not None:
                url = _post_address(claim.account) + hit.id
                return Found(Receipt(hit.id, url, "Found on X's timeline.", hit.created_at))
            token = answers.data(page, "meta").get("next_token")
            if not isinstance(token, str) or not token:
                break
        return NotSeen("X's timeline does not show it; that can lag, so it proves nothing.")

    def _timeline(self, client: tweepy.Client, claim: Claim, token: str | None) -> object:
        since_id = claim.evidence.get("since_id")
        return client.get_users_tweets(
            claim.evidence.get("user_id") or claim.account.remote_id,
            since_id=since_id,
            start_time=None if since_id else timeline.earliest(claim),  # each post read has a price
            max_results=100,
            tweet_fields=timeline.FIELDS,
            pagination_token=token,
            user_auth=True,
        )


def _post_address(account: AccountRef) -> str:
    """Where a post of this account can be seen, without its number."""
    site = account.server or "https://x.com"
    return f"{site}/{(account.handle or 'i').lstrip('@')}/status/"
