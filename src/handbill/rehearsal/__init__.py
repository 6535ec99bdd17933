"""The stand-in networks: practise a campaign without an account, and test against the truth.

Light on purpose: importing this package loads no web server.
"""

import hashlib
import re

from handbill.errors import InputProblem

#: The one app that the stand-in X knows. Public: it opens nothing anywhere else.
APP_KEY = "rehearsal-app"
APP_SECRET = "rehearsal-app-secret"  # noqa: S105 - public by design

#: What may stand after the @. Wider than X's own rule (15 letters, digits, underscores), so that
#: any account name of a practice campaign will do.
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,49}")


def user_id(name: str) -> str:
    """The numeric user id of @name: always the same, and as long as a real one (18 digits)."""
    digest = hashlib.sha256(name.encode()).digest()
    return str(10**17 + int.from_bytes(digest[:8], "big") % (9 * 10**17))


def token_secret(name: str) -> str:
    """The practice secret of @name."""
    return f"rehearsal-{name}-secret"


def practice_keys(name: str) -> dict[str, str]:
    """The keys with which @name posts to the rehearsal. Any name will do; first use creates it."""
    if not NAME.fullmatch(name):
        raise InputProblem(
            f"{name!r} cannot be a practice name.",
            "Use 1 to 50 letters, digits, underscores, dots or hyphens.",
        )
    return {
        "api_key": APP_KEY,
        "api_secret": APP_SECRET,
        "access_token": f"{user_id(name)}-rehearsal-{name}",
        "access_token_secret": token_secret(name),
    }
