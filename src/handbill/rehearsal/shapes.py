"""X's error answers, as seen in real traffic (NETWORKS.md)."""

from collections.abc import Callable

from handbill.rehearsal.wire import Answer

PROBLEMS = "https://api.twitter.com/2/problems/"
HTML = "text/html; charset=utf-8"


class Refusal(Exception):
    """X says no; the answer says why."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def problem(status: int, title: str, detail: str, kind: str = "about:blank") -> Answer:
    """A problem document (RFC 7807) with X's four fields."""
    return Answer.of(status, {"title": title, "detail": detail, "type": kind, "status": status})


def invalid(message: str, parameters: dict[str, list[str]] | None = None) -> Answer:
    """400 Invalid Request, with the parameter and X's reason."""
    return Answer.of(
        400,
        {
            "errors": [{"parameters": parameters or {}, "message": message}],
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": PROBLEMS + "invalid-request",
        },
    )


def forbidden(detail: str) -> Answer:
    """403 with a plain reason."""
    return problem(403, "Forbidden", detail)


def unauthorized() -> Answer:
    """401: not signed, wrongly signed, or a replay."""
    return problem(401, "Unauthorized", "Unauthorized")


def duplicate() -> Answer:
    """403: the account said this before."""
    return forbidden("You are not allowed to create a Tweet with duplicate content.")


def not_found() -> Answer:
    """404 for a path that X does not have."""
    return problem(404, "Not Found", "Not Found")


def no_such(value: str, parameter: str, resource: str) -> Answer:
    """X answers 200 with `errors` and no data when a path names nothing."""
    return Answer.of(
        200,
        {
            "errors": [
                {
                    "value": value,
                    "detail": f"Could not find {resource} with {parameter}: [{value}].",
                    "title": "Not Found Error",
                    "resource_type": resource,
                    "parameter": parameter,
                    "resource_id": value,
                    "type": PROBLEMS + "resource-not-found",
                }
            ]
        },
    )


def too_many() -> Answer:
    """429; the caller adds the rate-limit headers."""
    return problem(429, "Too Many Requests", "Too Many Requests")


def _client_not_enrolled() -> Answer:
    data = {
        "client_id": "0",
        "detail": "When authenticating requests to the Twitter API v2 endpoints, you must use keys "
        "and tokens from a Twitter developer App that is attached to a Project.",
        "registration_url": "https://developer.twitter.com/en/docs/projects/overview",
        "title": "Client Forbidden",
        "required_enrollment": "Appropriate Level of API Access",
        "reason": "client-not-enrolled",
        "type": PROBLEMS + "client-forbidden",
    }
    return Answer.of(403, data)


def _credits() -> Answer:
    data = {
        "title": "CreditsDepleted",
        "detail": "Your enrolled account [0] does not have any credits to fulfill this request.",
        "type": PROBLEMS + "credits",
    }
    return Answer.of(402, data)


def _usage_cap() -> Answer:
    data = {
        "account_id": 0,
        "product_name": "standard-basic",
        "title": "UsageCapExceeded",
        "period": "Monthly",
        "scope": "Product",
        "detail": "Usage cap exceeded: Monthly product cap",
        "type": PROBLEMS + "usage-capped",
    }
    return Answer.of(429, data)


def html_page(status: int, title: str, text: str) -> Answer:
    """What a proxy or a gateway says instead of X."""
    page = f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{text}</h1></body>"
    return Answer(status, f"{page}</html>".encode(), content_type=HTML)


#: The names that a fault plan may ask for.
ERRORS: dict[str, Callable[[], Answer]] = {
    "duplicate": duplicate,
    "oauth1-permissions": lambda: problem(
        403,
        "Forbidden",
        "Your client app is not configured with the appropriate oauth1 app permissions for this "
        "endpoint.",
        PROBLEMS + "oauth1-permissions",
    ),
    "client-not-enrolled": _client_not_enrolled,
    "suspended": lambda: forbidden(
        "Your account is suspended and is not permitted to access this feature."
    ),
    "locked": lambda: forbidden(
        "To protect our users from spam and other malicious activity, this account is temporarily "
        "locked. Please log in to https://twitter.com to unlock your account."
    ),
    "credits": _credits,
    "too-many-requests": too_many,
    "usage-cap": _usage_cap,
    "unavailable": lambda: problem(503, "Service Unavailable", "Service Unavailable"),
    "unavailable-html": lambda: html_page(503, "X / Over capacity", "Over capacity"),
    "unauthorized": unauthorized,
    "invalid-request": lambda: invalid("One of the parameters is invalid."),
    "not-found": not_found,
    "too-large": lambda: problem(413, "Request Entity Too Large", "Request Entity Too Large"),
    "unprocessable": lambda: problem(422, "Unprocessable Entity", "Unprocessable Entity"),
    "bad-gateway-html": lambda: html_page(502, "502 Bad Gateway", "502 Bad Gateway"),
    "server-error": lambda: problem(500, "Internal Server Error", "Internal Server Error"),
}
