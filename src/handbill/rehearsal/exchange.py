"""One exchange with X's side: read, prove who signed, consult the fault plan, answer, log."""

from collections.abc import Mapping
from typing import Any

from starlette.types import Receive, Scope, Send

from handbill.rehearsal import user_id, x
from handbill.rehearsal.ledger import Arrival
from handbill.rehearsal.mishaps import DETOUR, Scene, cut, play
from handbill.rehearsal.shapes import ERRORS, not_found, unauthorized
from handbill.rehearsal.signatures import claimed_account
from handbill.rehearsal.stage import Stage
from handbill.rehearsal.wire import Answer, Call, Line, arrival_time

MAX_BODY = 25_000_000
#: Of a body that is too big, this much is read and thrown away before the 413.
MAX_DISCARDED = 4 * MAX_BODY


async def exchange(
    stage: Stage, headers: Mapping[str, str], scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer one request to an X path, or play the fault that is planned for it."""
    arrival = stage.ledger.arrive(arrival_time(scope), scope["method"], scope["path"])
    line: Line = scope["state"]["line"]
    if await _cut(stage, headers, arrival, line, receive):
        return
    body = await _read(receive, arrival)
    if body is None:
        arrival.bytes += len(line.cycle.body)
        line.hang_up()
        return
    if len(body) > MAX_BODY:
        await _send(_too_large(), arrival, send)
        return
    call = Call(
        method=scope["method"],
        path=scope["path"],
        query_string=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=body,
    )
    if call.path == DETOUR:
        await _send(_detour(stage, call, arrival), arrival, send)
        return
    answer = _stranger(stage, call, scope["raw_path"].decode("latin-1"))
    if answer is not None:
        await _send(_with_limits(stage, call, answer), arrival, send)
        return
    arrival.account = call.account
    rule = stage.plan.strike(call.method, call.path, call.account)
    if rule is None:
        await _send(_handle(stage, call), arrival, send)
        return
    answer = await play(Scene(rule, call, arrival, line, stage, lambda: _handle(stage, call)))
    if answer is not None:
        await _send(answer, arrival, send)


def header_map(scope: Scope) -> Mapping[str, str]:
    """The headers by lower-case name; of a repeated one the last."""
    pairs = scope["headers"]
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in pairs}


async def _cut(
    stage: Stage, headers: Mapping[str, str], arrival: Arrival, line: Line, receive: Receive
) -> bool:
    """Whether the plan breaks this request off; the signature is not looked at before that."""
    account = claimed_account(headers.get("authorization", ""))
    rule = stage.plan.cut(arrival.method, arrival.path, account) if account else None
    if rule is None:
        return False
    arrival.account = account
    await cut(rule, arrival, line, receive)
    return True


async def _read(receive: Receive, arrival: Arrival) -> bytes | None:
    """The body, more than MAX_BODY of it if it is too big; None if the client left or overdid it.
    What has come of it is in the ledger in any case."""
    chunks: list[bytes] = []
    while True:
        message: Any = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunk: bytes = message.get("body", b"")
        if arrival.bytes <= MAX_BODY:
            chunks.append(chunk)
        arrival.bytes += len(chunk)
        if arrival.bytes > MAX_DISCARDED:
            return None
        if not message.get("more_body", False):
            return b"".join(chunks)


def _too_large() -> Answer:
    answer = ERRORS["too-large"]()
    answer.headers["connection"] = "close"
    return answer


def _stranger(stage: Stage, call: Call, raw_path: str) -> Answer | None:
    """401 unless the request is signed by an account, which is then noted in the call."""
    if not call.path.startswith("/2/"):
        return not_found()
    form = call.content_type == "application/x-www-form-urlencoded"
    account = stage.guard.admit(
        call.method,
        raw_path,
        call.query_string,
        call.headers.get("authorization", ""),
        call.body.decode("latin-1") if form else "",
    )
    if account is None:
        return unauthorized()
    call.account = account
    stage.ledger.names[user_id(account)] = account
    return None


def _handle(stage: Stage, call: Call) -> Answer:
    """What X answers when nothing goes wrong, rate limits included."""
    route, moment = x.route(call.method, call.path), stage.ledger.clock().timestamp()
    if stage.limits.take(call.account, route, moment):
        answer = x.dispatch(stage, call)
    else:
        answer = ERRORS["too-many-requests"]()
    return _with_limits(stage, call, answer)


def _with_limits(stage: Stage, call: Call, answer: Answer) -> Answer:
    route, moment = x.route(call.method, call.path), stage.ledger.clock().timestamp()
    answer.headers = {**stage.limits.headers(call.account, route, moment), **answer.headers}
    return answer


def _detour(stage: Stage, call: Call, arrival: Arrival) -> Answer:
    """Where a redirect leads: takes the post without looking at the signature, so that a client
    which follows is found out."""
    account = claimed_account(call.headers.get("authorization", ""))
    if call.method != "POST" or account is None:
        return not_found()
    call.account = arrival.account = account
    call.path = "/2/tweets"
    answer = x.dispatch(stage, call)
    if call.made is not None:
        call.made.answered = "redirect"
    return answer


async def _send(answer: Answer, arrival: Arrival, send: Send) -> None:
    arrival.status = answer.status
    await answer.send(send)
