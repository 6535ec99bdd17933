"""/_rehearsal/…: reading the ledger, emptying it, and changing the fault plan at run time."""

import json
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from handbill.errors import Problem
from handbill.rehearsal.stage import Stage


def routes(stage: Stage) -> list[BaseRoute]:
    """The control routes of one stage."""

    async def ledger(_request: Request) -> Response:
        return JSONResponse(stage.ledger.report())

    async def count(_request: Request) -> Response:
        """How many posts so far: cheap enough to be asked again and again."""
        return JSONResponse({"posts": len(stage.ledger.posts)})

    async def reset(request: Request) -> Response:
        return _refuse_strangers(request) or _done(stage.reset)

    async def plan(request: Request) -> Response:
        if request.method == "POST":
            refusal = _refuse_strangers(request) or _replace(stage, await request.body())
            if refusal:
                return refusal
        return JSONResponse(stage.plan.report())

    async def picture(request: Request) -> Response:
        medium = stage.ledger.media.get(request.path_params["id"])
        if medium is None or medium.content is None:
            return JSONResponse({"error": "No such picture, or too old to be kept."}, 404)
        return Response(medium.content, media_type=medium.type)

    return [
        Route("/_rehearsal/ledger", ledger),
        Route("/_rehearsal/count", count),
        Route("/_rehearsal/reset", reset, methods=["POST"]),
        Route("/_rehearsal/faults", plan, methods=["GET", "POST"]),
        Route("/_rehearsal/media/{id:str}", picture),
    ]


def _refuse_strangers(request: Request) -> Response | None:
    """A page of some other site, open in the same browser, may not write here."""
    if request.headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
        return None
    return JSONResponse({"error": "Another site cannot do this."}, 403)


def _done(action: Callable[[], None]) -> Response:
    action()
    return JSONResponse({"done": True})


def _replace(stage: Stage, body: bytes) -> Response | None:
    try:
        stage.plan.replace(json.loads(body))
    except Problem as problem:
        return JSONResponse({"error": str(problem)}, 400)
    except (ValueError, RecursionError):
        return JSONResponse({"error": "The fault plan is not valid JSON."}, 400)
    return None
