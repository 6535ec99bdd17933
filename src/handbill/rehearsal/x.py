"""X's side: which path does what, users and timelines."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from typing import Any

from handbill.domain.text.weighted import weighted_length
from handbill.rehearsal import media, posting, user_id
from handbill.rehearsal.ledger import Entry
from handbill.rehearsal.shapes import Refusal, forbidden, invalid, no_such, not_found, problem
from handbill.rehearsal.stage import Stage
from handbill.rehearsal.wire import Answer, Call

Handler = Callable[[Stage, Call, str], Answer]

#: What a classic post shows before the rest goes into `note_tweet`.
CLASSIC_LENGTH = 280

TWEET_FIELDS = {
    "attachments",
    "author_id",
    "context_annotations",
    "conversation_id",
    "created_at",
    "edit_controls",
    "edit_history_tweet_ids",
    "entities",
    "geo",
    "id",
    "in_reply_to_user_id",
    "lang",
    "note_tweet",
    "possibly_sensitive",
    "public_metrics",
    "referenced_tweets",
    "reply_settings",
    "source",
    "text",
    "withheld",
}
TIMELINE_PARAMETERS = {
    "since_id",
    "start_time",
    "until_id",
    "max_results",
    "pagination_token",
    "exclude",
    "tweet.fields",
}


def dispatch(stage: Stage, call: Call) -> Answer:
    """Answer one signed request."""
    handler, argument = find(call.method, call.path)
    try:
        return handler(stage, call, argument)
    except Refusal as refusal:
        return refusal.answer


def route(method: str, path: str) -> str:
    """The name under which rate limits count a request: ids are left out."""
    return f"{method} {re.sub('(?<=.)/[0-9]+', '/:id', path)}"


def find(method: str, path: str) -> tuple[Handler, str]:
    """Who answers a path, and the id in it."""
    known = False
    for verb, pattern, handler in ROUTES:
        match = pattern.fullmatch(path)
        if match and verb == method:
            return handler, match[1] if match.lastindex else ""
        known = known or match is not None
    return (_wrong_method if known else _unknown), ""


def _unknown(_stage: Stage, _call: Call, _argument: str) -> Answer:
    return not_found()


def _wrong_method(_stage: Stage, _call: Call, _argument: str) -> Answer:
    return problem(405, "Method Not Allowed", "Method Not Allowed")


def _create(stage: Stage, call: Call, _argument: str) -> Answer:
    return posting.create(stage, call)


def _me(_stage: Stage, call: Call, _argument: str) -> Answer:
    name = call.account
    return Answer.of(200, {"data": {"id": user_id(name), "name": name, "username": name}})


def _tweet(stage: Stage, call: Call, post_id: str) -> Answer:
    entry = stage.ledger.by_id.get(post_id)
    wanted = _fields(call.query)
    if entry is None or entry.deleted:
        return no_such(post_id, "id", "tweet")
    return Answer.of(200, {"data": tweet(stage, entry, wanted)})


def _delete(stage: Stage, call: Call, post_id: str) -> Answer:
    entry = stage.ledger.by_id.get(post_id)
    if entry is None or entry.deleted:
        return Answer.of(200, {"data": {"deleted": False}})
    if entry.account != call.account:
        return forbidden("You are not authorized to delete this Tweet.")
    stage.ledger.delete(entry)
    return Answer.of(200, {"data": {"deleted": True}})


def _timeline(stage: Stage, call: Call, owner_id: str) -> Answer:
    query = call.query
    for name in query.keys() - TIMELINE_PARAMETERS:
        allowed = ",".join(sorted(TIMELINE_PARAMETERS))
        raise Refusal(invalid(f"The query parameter [{name}] is not one of [{allowed}]"))
    wanted, size = _fields(query), _page_size(query)
    below = min(
        _id(query, "until_id", 10**19), _token(query.get("pagination_token"), default=10**19)
    )
    above = _id(query, "since_id", 0)
    owner = stage.ledger.names.get(owner_id)
    if owner is None:
        return no_such(owner_id, "id", "user")
    own_only = "replies" in query.get("exclude", "").split(",")
    entries = _between(stage, owner, above, below, skip_replies=own_only)
    since = _time(query, "start_time")
    if since is not None:
        entries = takewhile(lambda entry: entry.accepted_at >= since, entries)
    page = list(islice(entries, size))
    more = next(entries, None) is not None
    return Answer.of(200, _page([tweet(stage, entry, wanted) for entry in page], more))


def _between(
    stage: Stage, owner: str, above: int, below: int, *, skip_replies: bool
) -> Iterator[Entry]:
    lag = timedelta(seconds=stage.plan.settings.timeline_lag)
    for entry in stage.ledger.timeline(owner, lag):
        number = int(entry.id)
        if number <= above:
            return
        if number < below and not (skip_replies and entry.reply_to):
            yield entry


def _page(tweets: list[dict[str, Any]], more: bool) -> dict[str, Any]:
    """X leaves `data` out when there is nothing."""
    if not tweets:
        return {"meta": {"result_count": 0}}
    meta: dict[str, Any] = {
        "result_count": len(tweets),
        "newest_id": tweets[0]["id"],
        "oldest_id": tweets[-1]["id"],
    }
    if more:
        meta["next_token"] = f"r{int(tweets[-1]['id']):x}"
    return {"data": tweets, "meta": meta}


def tweet(stage: Stage, entry: Entry, wanted: set[str]) -> dict[str, Any]:
    """A post as X describes it; fields beyond the three default ones only when asked for."""
    parent = stage.ledger.by_id.get(entry.reply_to or "")
    long = weighted_length(entry.text) > CLASSIC_LENGTH
    entities = {"urls": entry.urls} if entry.urls else None
    extra: dict[str, Any] = {
        "author_id": user_id(entry.account),
        "created_at": entry.accepted_at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "conversation_id": _root(stage, entry),
        "entities": entities,
        "referenced_tweets": entry.reply_to and [{"type": "replied_to", "id": entry.reply_to}],
        "in_reply_to_user_id": parent and user_id(parent.account),
        "attachments": entry.media and {"media_keys": [medium.key for medium in entry.media]},
        "note_tweet": long and {"text": entry.shown, "entities": entities or {}},
    }
    shown = f"{entry.shown[: CLASSIC_LENGTH - 1]}…" if long else entry.shown
    return {
        "id": entry.id,
        "text": shown,
        "edit_history_tweet_ids": [entry.id],
        **{name: value for name, value in extra.items() if name in wanted and value},
    }


def _root(stage: Stage, entry: Entry) -> str:
    while entry.reply_to:
        entry = stage.ledger.by_id[entry.reply_to]
    return entry.id


def _fields(query: dict[str, str]) -> set[str]:
    wanted = set(filter(None, query.get("tweet.fields", "").split(",")))
    for name in sorted(wanted - TWEET_FIELDS):
        raise Refusal(
            invalid(
                f"The `tweet.fields` query parameter value [{name}] is not one of "
                f"[{','.join(sorted(TWEET_FIELDS))}]",
                {"tweet.fields": [query["tweet.fields"]]},
            )
        )
    return wanted


def _page_size(query: dict[str, str]) -> int:
    given = query.get("max_results", "10")
    if given.isascii() and given.isdigit() and 5 <= int(given[:9]) <= 100:
        return int(given)
    raise Refusal(
        invalid(
            f"The `max_results` query parameter value [{given}] is not between 5 and 100",
            {"max_results": [given]},
        )
    )


def _id(query: dict[str, str], name: str, default: int) -> int:
    given = query.get(name)
    if given is None:
        return default
    if not posting.ID.fullmatch(given):
        message = f"The `{name}` query parameter value [{given}] does not match ^[0-9]{{1,19}}$"
        raise Refusal(invalid(message, {name: [given]}))
    return int(given)


def _time(query: dict[str, str], name: str) -> datetime | None:
    given = query.get(name)
    if given is None:
        return None
    try:
        return datetime.strptime(given, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        message = f"The `{name}` query parameter value [{given}] is not a valid RFC3339 date time"
        raise Refusal(invalid(message, {name: [given]})) from None


def _token(given: str | None, default: int) -> int:
    if given is None:
        return default
    if not re.fullmatch("r[0-9a-f]{1,16}", given):
        message = f"The `pagination_token` query parameter value [{given}] is not valid"
        raise Refusal(invalid(message, {"pagination_token": [given]}))
    return int(given[1:], 16)


#: The busiest first.
ROUTES: list[tuple[str, re.Pattern[str], Handler]] = [
    (method, re.compile(path), handler)
    for method, path, handler in (
        ("POST", "/2/tweets", _create),
        ("GET", "/2/users/me", _me),
        ("GET", "/2/users/([0-9]{1,19})/tweets", _timeline),
        ("GET", "/2/tweets/([0-9]{1,19})", _tweet),
        ("DELETE", "/2/tweets/([0-9]{1,19})", _delete),
        ("POST", "/2/media/upload", media.upload),
        ("GET", "/2/media/upload", media.status),
        ("POST", "/2/media/upload/initialize", media.initialize),
        ("POST", "/2/media/upload/([0-9]{1,19})/append", media.append),
        ("POST", "/2/media/upload/([0-9]{1,19})/finalize", media.finalize),
        ("POST", "/2/media/metadata", media.describe),
    )
]
