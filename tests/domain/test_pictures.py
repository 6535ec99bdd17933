"""A picture is known by its first bytes; a name can say anything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.domain.pictures import ENDINGS, media_type
from tests.factories import png


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01", "image/jpeg"),
        (png()[:12], "image/png"),
        (b"GIF87a\x01\x00\x01\x00\x00\x00", "image/gif"),
        (b"GIF89a\x01\x00\x01\x00\x00\x00", "image/gif"),
        (b"RIFF\x24\x00\x00\x00WEBP", "image/webp"),
    ],
)
def test_a_picture_is_known_by_its_first_twelve_bytes(head: bytes, kind: str) -> None:
    assert media_type(head[:12]) == kind


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"<svg xmlns=",
        b"<!DOCTYPE ht",
        b"%PDF-1.7\n%\xe2\xe3",
        b"RIFF\x24\x00\x00\x00WAVE",
        b"\x89PNG\n\n\x1a\n\x00\x00\x00\x0d",
        b"GIF90a\x01\x00\x01\x00\x00\x00",
        b" \xff\xd8\xff\xe0\x00\x10JFIF\x00",
    ],
)
def test_anything_else_is_no_picture(head: bytes) -> None:
    assert media_type(head) is None


@given(st.binary(max_size=12))
def test_no_beginning_upsets_it_and_every_kind_has_an_ending(head: bytes) -> None:
    kind = media_type(head)
    assert kind is None or kind in ENDINGS
