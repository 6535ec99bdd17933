"""Pictures: one-shot and chunked upload, processing, alt text, use in a post."""

import base64
import hashlib
from typing import Any

import pytest
import requests

from handbill.rehearsal import multipart
from tests.rehearsal.driving import PNG, Json, StandIn

JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 64
WEBP = b"RIFF\x40\0\0\0WEBP" + b"\0" * 64
GIF = b"GIF89a" + b"\0" * 64


@pytest.mark.parametrize(
    ("content", "kind"), [(PNG, "image/png"), (JPEG, "image/jpeg"), (WEBP, "image/webp")]
)
def test_a_picture_is_known_by_its_first_bytes(
    stand_in: StandIn, content: bytes, kind: str
) -> None:
    data = stand_in.uploaded("mira", content)
    assert data["media_key"] == f"3_{data['id']}"
    assert data["expires_after_secs"] == 86_400
    assert "processing_info" not in data
    (medium,) = stand_in.ledger()["media"]
    assert (medium["type"], medium["bytes"]) == (kind, len(content))
    assert medium["sha256"] == hashlib.sha256(content).hexdigest()
    assert medium["account"] == "mira"


@pytest.mark.parametrize(
    ("content", "category"),
    [
        (b"<svg/>", "tweet_image"),
        (GIF, "tweet_image"),
        (PNG, "tweet_gif"),
        (PNG, "poster"),
        (b"", "tweet_image"),
    ],
)
def test_what_x_does_not_take_is_refused(stand_in: StandIn, content: bytes, category: str) -> None:
    assert stand_in.upload("mira", content, category).status_code == 400
    assert stand_in.ledger()["media"] == []


def test_five_megabytes_and_not_a_byte_more(stand_in: StandIn) -> None:
    limit = 5 * 1024 * 1024
    assert stand_in.upload("mira", PNG.ljust(limit, b"\0")).status_code == 200
    assert stand_in.upload("mira", PNG.ljust(limit + 1, b"\0")).status_code == 413
    assert len(stand_in.ledger()["media"]) == 1


def test_multipart_is_taken_as_it_is(stand_in: StandIn) -> None:
    content = PNG + bytes(range(256)) + b"\r\n--not the boundary\r\n\r\n"
    answer = stand_in.call(
        "mira",
        "POST",
        "/2/media/upload",
        files={"media": ("a.png", content, "image/png")},
        data={"media_category": "tweet_image"},
    )
    assert answer.status_code == 200
    (medium,) = stand_in.ledger()["media"]
    assert medium["sha256"] == hashlib.sha256(content).hexdigest()


def test_a_category_that_is_no_text_is_refused(stand_in: StandIn) -> None:
    answer = stand_in.call(
        "mira",
        "POST",
        "/2/media/upload",
        files={"media": ("a.png", PNG), "media_category": (None, b"\xff")},
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data; boundary=x"),
        (
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\ncut',
            "multipart/form-data; boundary=x",
        ),
        (b"--x\r\n\r\n--x--", "multipart/form-data"),
    ],
)
def test_broken_multipart_has_no_fields(body: bytes, kind: str) -> None:
    assert multipart.fields(body, kind) == {}


def chunked(stand_in: StandIn, content: bytes, declared: int, **first: Any) -> requests.Response:
    start = {"media_type": "image/gif", "media_category": "tweet_gif", "total_bytes": declared}
    path = "/2/media/upload/initialize"
    begun = stand_in.call("mira", "POST", path, json={**start, **first})
    if begun.status_code != 200:
        return begun
    media_id = begun.json()["data"]["id"]
    for index, start_at in enumerate(range(0, len(content), 40)):
        part = content[start_at : start_at + 40]
        address = f"/2/media/upload/{media_id}/append"
        if index % 2:
            body = {"media": base64.b64encode(part).decode(), "segment_index": index}
            added = stand_in.call("mira", "POST", address, json=body)
        else:
            files = {"media": ("blob", part)}
            form = {"segment_index": str(index)}
            added = stand_in.call("mira", "POST", address, files=files, data=form)
        if added.status_code != 200:
            return added
    return stand_in.call("mira", "POST", f"/2/media/upload/{media_id}/finalize")


def test_a_gif_in_parts_is_put_together_and_worked_on(stand_in: StandIn) -> None:
    stand_in.plan(processing_seconds=900)
    data = chunked(stand_in, GIF, len(GIF)).json()["data"]
    assert data["media_key"].startswith("16_")
    assert data["processing_info"]["state"] == "pending"
    assert 0 < data["processing_info"]["check_after_secs"] <= 900
    (medium,) = stand_in.ledger()["media"]
    assert medium["sha256"] == hashlib.sha256(GIF).hexdigest()
    body = {"media_ids": [data["id"]]}
    assert stand_in.post("mira", "too soon", media=body).status_code == 400


@pytest.mark.parametrize(("fails", "state"), [(False, "succeeded"), (True, "failed")])
def test_processing_ends_one_way_or_the_other(stand_in: StandIn, fails: bool, state: str) -> None:
    stand_in.plan(processing_seconds=0, processing_fails=fails)
    media_id = stand_in.uploaded("mira", GIF, "tweet_gif")["id"]
    path = f"/2/media/upload?command=STATUS&media_id={media_id}"
    answer = stand_in.call("mira", "GET", path).json()
    assert answer["data"]["processing_info"]["state"] == state
    posted = stand_in.post("mira", "a gif", media={"media_ids": [media_id]})
    assert posted.status_code == (400 if fails else 201)


@pytest.mark.parametrize(
    ("content", "declared", "first"),
    [
        (GIF, len(GIF) + 1, {}),
        (GIF, len(GIF) - 1, {}),
        (PNG, len(PNG), {}),
        (GIF, 15 * 1024 * 1024 + 1, {}),
        (GIF, 0, {}),
        (GIF, len(GIF), {"media_type": "video/mp4"}),
    ],
)
def test_a_chunked_upload_that_does_not_add_up(
    stand_in: StandIn, content: bytes, declared: int, first: Json
) -> None:
    assert chunked(stand_in, content, declared, **first).status_code == 400


def test_a_post_with_pictures_ends_in_their_link(stand_in: StandIn) -> None:
    media = [stand_in.uploaded("mira", PNG), stand_in.uploaded("mira", JPEG)]
    ids = [one["id"] for one in media]
    made = stand_in.post("mira", "Look", media={"media_ids": ids}).json()["data"]
    words, _, link = made["text"].partition(" ")
    assert words == "Look"
    assert link.startswith("https://t.co/")
    (tweet,) = stand_in.timeline("mira", "?tweet.fields=entities,attachments")["data"]
    keys = [one["media_key"] for one in media]
    assert tweet["attachments"]["media_keys"] == keys
    assert [url["media_key"] for url in tweet["entities"]["urls"]] == keys
    assert {url["url"] for url in tweet["entities"]["urls"]} == {link}
    (post,) = stand_in.posts("mira")
    assert [one["sha256"] for one in post["media"]] == [
        hashlib.sha256(content).hexdigest() for content in (PNG, JPEG)
    ]
    assert [one["used_by"] for one in stand_in.ledger()["media"]] == [made["id"]] * 2


def test_a_picture_alone_is_a_post(stand_in: StandIn) -> None:
    media_id = stand_in.uploaded("mira")["id"]
    answer = stand_in.call("mira", "POST", "/2/tweets", json={"media": {"media_ids": [media_id]}})
    assert answer.json()["data"]["text"].startswith("https://t.co/")


def test_media_is_for_one_post_of_its_own_account(stand_in: StandIn) -> None:
    body = {"media_ids": [stand_in.uploaded("mira")["id"]]}
    statuses = [
        stand_in.post(name, text, media=body).status_code
        for name, text in (("joe", "not mine"), ("mira", "mine"), ("mira", "used up"))
    ]
    assert statuses == [400, 201, 400]


def test_media_expires(stand_in: StandIn) -> None:
    media_id = stand_in.uploaded("mira")["id"]
    stand_in.plan(media_ttl=0)
    answer = stand_in.post("mira", "late", media={"media_ids": [media_id]})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameters"] == {"media.media_ids": [media_id]}


@pytest.mark.parametrize(
    ("text", "status"),
    [("A lamp.", 200), ("é" * 1000, 200), ("é" * 1001, 400), ("", 400), (5, 400)],
)
def test_alt_text_up_to_a_thousand_characters(stand_in: StandIn, text: object, status: int) -> None:
    media_id = stand_in.uploaded("mira")["id"]
    assert stand_in.describe("mira", media_id, text) == status
    expected = text if status == 200 else None
    assert stand_in.ledger()["media"][0]["alt"] == expected


def test_alt_text_of_an_unknown_picture(stand_in: StandIn) -> None:
    body = {"id": "12", "metadata": {"alt_text": {"text": "A lamp."}}}
    answer = stand_in.call("mira", "POST", "/2/media/metadata", json=body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameters"] == {"id": ["12"]}
