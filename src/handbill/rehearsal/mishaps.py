"""Plays a planned fault: on the answer, on the clock, or on the socket."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.types import Receive

from handbill.rehearsal import x
from handbill.rehearsal.faults import Rule
from handbill.rehearsal.ledger import Arrival, Entry
from handbill.rehearsal.limits import QUARTER
from handbill.rehearsal.shapes import ERRORS, html_page
from handbill.rehearsal.stage import Stage
from handbill.rehearsal.wire import Answer, Call, Line

#: Where `redirect` points to; it would accept the post.
DETOUR = "/2/elsewhere/tweets"

_CHUNK = 65_536
#: Seconds for the reader to take what was written, before a reset throws it away.
_SETTLE = 0.02
#: The first tweet of all: surely not the post that was just sent.
_FIRST_TWEET = "20"
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Scene:
    """One fault on one request."""

    rule: Rule
    call: Call
    arrival: Arrival
    line: Line
    stage: Stage
    #: What X would do and answer; calling it makes the post.
    handle: Callable[[], Answer]


async def play(scene: Scene) -> Answer | None:
    """Play the fault. Returns an answer that is to be sent in the ordinary way, or None when the
    fault has dealt with the connection itself."""
    scene.arrival.fault = scene.rule.do
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - uvicorn runs every request in a task
    scene.stage.playing[task] = scene.line
    try:
        return await _perform(scene)
    except asyncio.CancelledError:  # the server stops, and Stage.break_off has hung up already
        return None
    finally:
        del scene.stage.playing[task]


async def cut(rule: Rule, arrival: Arrival, line: Line, receive: Receive) -> None:
    """Break the connection once the head and so many bytes of the body have come."""
    arrival.fault = rule.do
    more = True
    while more and arrival.bytes < rule.args["after_request_bytes"]:
        message = await receive()
        arrival.bytes += len(message.get("body", b""))
        more = message.get("more_body", False)
    line.reset()


async def _perform(scene: Scene) -> Answer | None:
    rule = scene.rule
    if rule.do == "delay" and not rule.accept:
        await asyncio.sleep(rule.args["seconds"])
    answer = _honest(scene)
    if rule.do in _REWRITES:
        answer = _REWRITES[rule.do](scene, answer)
        if not rule.args.keys() & _RAW.get(rule.do, set()):
            return answer
    scene.arrival.status = answer.status
    return await _ON_THE_WIRE.get(rule.do, _raw)(scene, answer)


def _honest(scene: Scene) -> Answer:
    """X's true answer if the post is to be made, otherwise what stands in for it."""
    rule = scene.rule
    if rule.accept or rule.do == "delay":
        answer = scene.handle()
        if scene.call.made is not None:
            scene.call.made.answered = rule.do
        return answer
    if rule.do in ("no-id", "wrong-id"):
        data = {"id": _FIRST_TWEET, "text": "", "edit_history_tweet_ids": [_FIRST_TWEET]}
        return Answer.of(201, {"data": data})
    return ERRORS["unavailable"]()


# On the answer


def _error(scene: Scene, _answer: Answer) -> Answer:
    args, call = scene.rule.args, scene.call
    answer = ERRORS[args["shape"]]()
    moment = scene.stage.ledger.clock().timestamp()
    headers = scene.stage.limits.headers(call.account, x.route(call.method, call.path), moment)
    if answer.status == 429:
        headers["x-rate-limit-remaining"] = "0"
        headers["x-rate-limit-reset"] = str(int(moment) + QUARTER)
    reset = args.get("reset", headers["x-rate-limit-reset"])
    if isinstance(reset, int | float):
        reset = str(int(moment + reset))
    wanted = {**headers, "x-rate-limit-reset": None if reset == "none" else reset}
    wanted |= {name.lower(): text for name, text in args.get("headers", {}).items()}
    answer.headers |= {name: text for name, text in wanted.items() if text is not None}
    return answer


def _status(scene: Scene, _answer: Answer) -> Answer:
    args = scene.rule.args
    given = args.get("headers", {})
    headers = {name.lower(): text for name, text in given.items() if text is not None}
    kind = args.get("content_type", "application/json")
    return Answer(args["status"], args.get("body", "").encode(), headers, kind)


def _html_login(_scene: Scene, _answer: Answer) -> Answer:
    return html_page(200, "Log in", "Welcome to Hotel Wi-Fi. Please log in to continue.")


def _null(_scene: Scene, answer: Answer) -> Answer:
    return replace(answer, status=200, body=b"null")


def _no_id(_scene: Scene, answer: Answer) -> Answer:
    return _with_id(answer, None)


def _wrong_id(scene: Scene, answer: Answer) -> Answer:
    made, ledger = scene.call.made, scene.stage.ledger

    def earlier(entries: list[Entry]) -> str | None:
        return next((entry.id for entry in reversed(entries) if entry is not made), None)

    own = earlier(ledger.timelines.get(scene.call.account, []))
    return _with_id(answer, own or earlier(ledger.posts) or _FIRST_TWEET)


def _with_id(answer: Answer, post_id: str | None) -> Answer:
    document = json.loads(answer.body)
    data: Any = document.get("data")
    if not isinstance(data, dict):
        return answer
    for name in ("id", "edit_history_tweet_ids"):
        data.pop(name, None)
    if post_id is not None:
        data |= {"id": post_id, "edit_history_tweet_ids": [post_id]}
    return replace(Answer.of(answer.status, document), headers=answer.headers)


def _wrong_charset(_scene: Scene, answer: Answer) -> Answer:
    return replace(answer, body=answer.body.decode().encode("utf-16"))


def _truncated(_scene: Scene, answer: Answer) -> Answer:
    return replace(answer, body=answer.body[: len(answer.body) * 2 // 3])


def _redirect(scene: Scene, _answer: Answer) -> Answer:
    address = f"http://{scene.call.headers.get('host', '')}{DETOUR}"
    return Answer(scene.rule.args["status"], headers={"location": address})


def _forget(scene: Scene, answer: Answer) -> Answer:
    if scene.call.made is not None:
        scene.call.made.hidden_until = _NEVER
    return answer


def _hide(scene: Scene, answer: Answer) -> Answer:
    if scene.call.made is not None:
        span = timedelta(seconds=scene.rule.args["seconds"])
        scene.call.made.hidden_until = scene.call.made.accepted_at + span
    return answer


# On the clock and on the socket


async def _raw(scene: Scene, answer: Answer) -> None:
    await scene.line.write(answer.raw())
    scene.line.hang_up()


async def _drop(scene: Scene, _answer: Answer) -> None:
    scene.arrival.status = None
    scene.line.hang_up()


async def _reset(scene: Scene, answer: Answer) -> None:
    part = answer.raw()[: scene.rule.args["after_bytes"]]
    if part:
        await scene.line.write(part)
        await asyncio.sleep(_SETTLE)
    else:
        scene.arrival.status = None
    scene.line.reset()


async def _half(scene: Scene, answer: Answer) -> None:
    await scene.line.write(answer.raw_head() + answer.body[: len(answer.body) // 2])
    scene.line.hang_up()


async def _drip(scene: Scene, answer: Answer) -> None:
    speed = scene.rule.args["bytes_per_second"]
    step = max(1, int(speed / 10))
    data = answer.raw()
    for start in range(0, len(data), step):
        if scene.line.lost:
            return
        await scene.line.write(data[start : start + step])
        await asyncio.sleep(step / speed)
    scene.line.hang_up()


async def _delay(scene: Scene, answer: Answer) -> Answer:
    if scene.rule.accept:
        await asyncio.sleep(scene.rule.args["seconds"])
    return answer


async def _big(scene: Scene, answer: Answer) -> None:
    """Blanks before the JSON: whoever reads it all finds a valid answer at the end."""
    await scene.line.write(answer.raw_head(sized=False))
    left = scene.rule.args["bytes"]
    while left > 0 and not scene.line.lost:
        await scene.line.write(b" " * min(left, _CHUNK))
        left -= _CHUNK
        await asyncio.sleep(0)  # the others' turn
    if not scene.line.lost:
        await scene.line.write(answer.body)
    scene.line.hang_up()


_REWRITES: dict[str, Callable[[Scene, Answer], Answer]] = {
    "error": _error,
    "status": _status,
    "html-login": _html_login,
    "null": _null,
    "no-id": _no_id,
    "wrong-id": _wrong_id,
    "wrong-charset": _wrong_charset,
    "truncated": _truncated,
    "redirect": _redirect,
    "forget": _forget,
    "hide": _hide,
}
#: With these arguments an answer may hold what the HTTP layer would refuse to send.
_RAW = {"error": {"reset", "headers"}, "status": {"status"}}

_ON_THE_WIRE: dict[str, Callable[[Scene, Answer], Awaitable[Answer | None]]] = {
    "drop": _drop,
    "reset": _reset,
    "half": _half,
    "drip": _drip,
    "delay": _delay,
    "big": _big,
}
