"""OAuth 1.0a as X checks it (RFC 5849, HMAC-SHA1). Written without a client library, so that it
is a second opinion on whatever the client signed."""

import base64
import hashlib
import hmac
import re
from collections import OrderedDict
from urllib.parse import parse_qsl, quote, unquote

from handbill.rehearsal import APP_KEY, APP_SECRET, NAME, token_secret, user_id

#: Clients sign for X's own host, whatever address they were pointed at.
SIGNED_HOST = "https://api.twitter.com"

#: How many used nonces are remembered. X forgets them too, with its five-minute window.
NONCES_KEPT = 100_000

_PAIR = re.compile(r'([A-Za-z_]+)="([^"]*)"')
_REQUIRED = {
    "oauth_consumer_key",
    "oauth_token",
    "oauth_signature_method",
    "oauth_timestamp",
    "oauth_nonce",
    "oauth_signature",
}


def claimed_account(authorization: str) -> str | None:
    """The @name that a header claims to speak for, unproven; None if it is not a practice token."""
    return _owner(_fields(authorization).get("oauth_token", ""))


class Guard:
    """Decides whose request this is, and remembers nonces so that a replay is refused."""

    def __init__(self) -> None:
        self._nonces: OrderedDict[tuple[str, str, str], None] = OrderedDict()

    def admit(
        self, method: str, path: str, query: str, authorization: str, form: str = ""
    ) -> str | None:
        """The account that provably signed the request, or None: wrong, missing or replayed.

        `path` and `query` as sent, still percent-encoded; `form` is the body when it is
        form-encoded and empty otherwise (RFC 5849, 3.4.1.3.1: JSON and multipart do not count).
        """
        fields = _fields(authorization)
        if not fields.keys() >= _REQUIRED or not fields["oauth_timestamp"].isdigit():
            return None
        if (fields["oauth_consumer_key"], fields["oauth_signature_method"]) != (
            APP_KEY,
            "HMAC-SHA1",
        ):
            return None
        account = _owner(fields["oauth_token"])
        if account is None:
            return None
        proof = fields.pop("oauth_signature")
        sent = parse_qsl(query, keep_blank_values=True) + parse_qsl(form, keep_blank_values=True)
        expected = _sign(method, SIGNED_HOST + path, [*sent, *fields.items()], account)
        if not hmac.compare_digest(proof.encode(), expected.encode()):
            return None
        return account if self._first_use(fields) else None

    def _first_use(self, fields: dict[str, str]) -> bool:
        key = (fields["oauth_token"], fields["oauth_timestamp"], fields["oauth_nonce"])
        if key in self._nonces:
            return False
        self._nonces[key] = None
        if len(self._nonces) > NONCES_KEPT:
            self._nonces.popitem(last=False)
        return True


def _fields(authorization: str) -> dict[str, str]:
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() != "oauth":
        return {}
    return {key: unquote(value) for key, value in _PAIR.findall(rest) if key != "realm"}


def _owner(token: str) -> str | None:
    number, _, name = token.partition("-rehearsal-")
    return name if NAME.fullmatch(name) and number == user_id(name) else None


def _sign(method: str, url: str, parameters: list[tuple[str, str]], account: str) -> str:
    pairs = sorted((quote(key, safe=""), quote(value, safe="")) for key, value in parameters)
    normal = "&".join(f"{key}={value}" for key, value in pairs)
    base = "&".join(quote(part, safe="") for part in (method.upper(), url, normal))
    key = f"{quote(APP_SECRET, safe='')}&{quote(token_secret(account), safe='')}"
    return base64.b64encode(hmac.digest(key.encode(), base.encode(), hashlib.sha1)).decode()
