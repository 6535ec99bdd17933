"""Bytes become text as they were meant, or with a word that says what was guessed."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.domain.text.encodings import decode

WORDS = "Grüße – “Zoë” kostet 5 €"


@pytest.mark.parametrize(
    ("raw", "content_type"),
    [
        (WORDS.encode(), ""),
        (codecs.BOM_UTF8 + WORDS.encode(), ""),
        (codecs.BOM_UTF16_LE + WORDS.encode("utf-16-le"), ""),
        (codecs.BOM_UTF16_BE + WORDS.encode("utf-16-be"), ""),
        (WORDS.encode(), "text/html; charset=utf-8"),
        (WORDS.encode(), 'text/html; charset="UTF-8"'),
        (WORDS.encode("cp1252"), "text/html; charset=windows-1252"),
        (WORDS.encode("cp1252"), "text/html; charset=iso-8859-1"),
        (WORDS.encode("utf-16"), "text/html; charset=utf-16"),
        (WORDS.encode(), "text/html; charset=nonsense"),
        (WORDS.encode(), "text/html; charset=hex"),
        (WORDS.encode(), "text/html; charset=windows-1252"),
        (codecs.BOM_UTF8 + WORDS.encode(), "text/html; charset=koi8-r"),
    ],
)
def test_what_is_declared_or_plain_is_read_without_a_remark(raw: bytes, content_type: str) -> None:
    decoded = decode(raw, content_type)
    assert (decoded.text, decoded.remark) == (WORDS, "")


@pytest.mark.parametrize(
    "head",
    [b'<meta charset="koi8-r">', b"<?xml version='1.0' encoding='koi8-r'?>",
     b'<META http-equiv="Content-Type" content="text/html; charset=koi8-r">'],
)  # fmt: skip
def test_what_a_page_declares_is_believed(head: bytes) -> None:
    decoded = decode(head + "Ночь".encode("koi8-r"))
    assert decoded.text.endswith("Ночь")
    assert decoded.remark == ""


def test_text_of_windows_is_read_with_a_word() -> None:
    decoded = decode(WORDS.encode("cp1252"))
    assert decoded.text == WORDS
    assert "windows-1252" in decoded.remark


@pytest.mark.parametrize(
    ("raw", "content_type"),
    [(b"caf\x81", ""), (b"caf\xe9x", "text/html; charset=utf-16"),
     (codecs.BOM_UTF16_LE + b"a", ""), (codecs.BOM_UTF8 + b"caf\xe9", "")],
)  # fmt: skip
def test_letters_that_cannot_be_read_are_shown_and_told(raw: bytes, content_type: str) -> None:
    decoded = decode(raw, content_type)
    assert "�" in decoded.text
    assert "could not be read" in decoded.remark


def test_a_picture_is_no_text() -> None:
    with pytest.raises(ValueError, match="is no text"):
        decode(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")


def test_there_is_one_kind_of_line_end() -> None:
    assert decode(b"a\r\nb\rc\nd").text == "a\nb\nc\nd"


@given(st.binary(max_size=300), st.text(max_size=40))
def test_any_bytes_are_read_or_are_no_text(raw: bytes, content_type: str) -> None:
    try:
        decoded = decode(raw, content_type)
    except ValueError:
        assert b"\0" in raw
    else:
        assert "\r" not in decoded.text


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\ufeff")))
def test_utf_8_comes_back_as_it_was(text: str) -> None:
    assert decode(text.encode()).text == text
