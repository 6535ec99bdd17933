"""Drives a rehearsal server from outside: tweepy, signed requests, bare sockets."""

import base64
import json
import socket
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

import requests
import tweepy
from oauthlib.oauth1 import Client as Signer
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from handbill.rehearsal import practice_keys, user_id

X = "https://api.twitter.com"

#: The smallest thing that the server takes for a picture.
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64

Json = dict[str, Any]


class Rewriting(HTTPAdapter):
    """Sends what was signed for X's host to the rehearsal."""

    def __init__(self, base: str) -> None:
        self.base = base
        super().__init__(max_retries=0)

    def send(self, request: PreparedRequest, **kw: Any) -> Response:  # type: ignore[override]
        kw["timeout"] = kw.get("timeout") or 5
        request.url = (request.url or "").replace(X, self.base, 1)
        return super().send(request, **kw)


@dataclass
class StandIn:
    """One running server."""

    base: str

    @property
    def port(self) -> int:
        return int(self.base.rpartition(":")[2])

    def client(self, name: str, **overrides: str) -> tweepy.Client:
        """tweepy as an account of its own; `overrides` spoil a key."""
        keys = {**practice_keys(name), **overrides}
        client = tweepy.Client(
            consumer_key=keys["api_key"],
            consumer_secret=keys["api_secret"],
            access_token=keys["access_token"],
            access_token_secret=keys["access_token_secret"],
            return_type=requests.Response,
        )
        client.session.mount("https://", Rewriting(self.base))
        client.session.trust_env = False
        return client

    def call(self, name: str, method: str, path: str, **kw: Any) -> Response:
        """One signed request; the answer whatever its status."""
        headers = {**sign(name, method, path), **kw.pop("headers", {})}
        target = self.base + path
        return requests.request(
            method, target, headers=headers, timeout=5, allow_redirects=False, **kw
        )

    def post(self, name: str, text: str, **body: Any) -> Response:
        return self.call(name, "POST", "/2/tweets", json={"text": text, **body})

    def upload(self, name: str, content: bytes, category: str = "tweet_image") -> Response:
        body = {"media": base64.b64encode(content).decode(), "media_category": category}
        return self.call(name, "POST", "/2/media/upload", json=body)

    def uploaded(self, name: str, content: bytes = PNG, category: str = "tweet_image") -> Json:
        answer = self.upload(name, content, category)
        assert answer.status_code == 200, answer.text
        data: Json = answer.json()["data"]
        return data

    def describe(self, name: str, media_id: str, alt: object) -> int:
        body = {"id": media_id, "metadata": {"alt_text": {"text": alt}}}
        return self.call(name, "POST", "/2/media/metadata", json=body).status_code

    def raw(self, name: str, body: Json) -> socket.socket:
        """A socket on which a signed post has just been written."""
        data = json.dumps(body).encode()
        headers = {
            "Host": f"127.0.0.1:{self.port}",
            "Content-Type": "application/json",
            "Content-Length": str(len(data)),
            **sign(name, "POST", "/2/tweets"),
        }
        lines = ["POST /2/tweets HTTP/1.1", *(f"{key}: {text}" for key, text in headers.items())]
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=5)
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + data)
        return connection

    def plan(self, *faults: Json, **settings: Any) -> Json:
        answer = requests.post(
            f"{self.base}/_rehearsal/faults",
            json={"faults": list(faults), "settings": settings, "seed": 7},
            timeout=5,
        )
        assert answer.status_code == 200, answer.text
        report: Json = answer.json()
        return report

    def get(self, path: str) -> Json:
        document: Json = requests.get(self.base + path, timeout=5).json()
        return document

    def ledger(self) -> Json:
        return self.get("/_rehearsal/ledger")

    def posts(self, name: str) -> list[Json]:
        return [post for post in self.ledger()["posts"] if post["account"] == name]

    def requests(self, name: str) -> list[Json]:
        return [line for line in self.ledger()["requests"] if line["account"] == name]

    def timeline(self, name: str, query: str = "") -> Json:
        path = f"/2/users/{user_id(name)}/tweets{query}"
        document: Json = self.call(name, "GET", path).json()
        return document

    def page(self, query: str = "") -> Response:
        return requests.get(f"{self.base}/{query}", timeout=5)


def sign(name: str, method: str, path: str) -> dict[str, str]:
    """Headers of an OAuth 1.0a signature, made by a library that the server does not use."""
    keys = practice_keys(name)
    signer = Signer(
        keys["api_key"], keys["api_secret"], keys["access_token"], keys["access_token_secret"]
    )
    verb: Any = method
    _, headers, _ = signer.sign(X + path, verb)
    return {str(key): str(text) for key, text in headers.items()}


def until(condition: Callable[[], bool], seconds: float = 5) -> None:
    """Ask again and again until it is so."""
    end = monotonic() + seconds
    while not condition():
        assert monotonic() < end, "it did not come to that"


def everything(connection: socket.socket) -> bytes:
    """All that comes until the other side ends it."""
    received = b""
    with connection:
        while chunk := connection.recv(65_536):
            received += chunk
    return received
