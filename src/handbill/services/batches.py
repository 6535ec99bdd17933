"""Reads many posts from one CSV or JSON file; every fault is named with its line."""

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from handbill.errors import InputProblem
from handbill.models import ImageIn, PartIn, PostIn, explain

MAX_FILE_BYTES = 10_000_000
FIELDS = ("account", "text", "at", "zone", "fold", "review", "no_later_than", "draft")
PICTURES = tuple((f"image{n}", f"alt{n}") for n in ("", "_2", "_3", "_4"))
COLUMNS = (*FIELDS, *(name for pair in PICTURES for name in pair))


def read(path: Path) -> list[tuple[str, PostIn]]:
    """The posts of a `.csv` or `.json` file, each with where it stands.

    Raises InputProblem, with every line that is wrong. Pictures are taken relative to it.
    """
    content = _content(path)
    rows = _csv_rows(content) if path.suffix.lower() == ".csv" else _json_rows(path, content)
    found, wrong = [], []
    for place, row in rows:
        try:
            found.append((place, _post(row, path.parent)))
        except ValidationError as error:
            wrong.append(f"{place}: {explain(error)}")
        except InputProblem as problem:
            wrong.append(f"{place}: {problem}")
    if wrong:
        raise InputProblem("\n".join([f"{path}: nothing was queued.", *wrong]))
    if not found:
        raise InputProblem(f"{path} holds no posts.", f"Its columns are: {', '.join(COLUMNS)}.")
    return found


def _content(path: Path) -> str:
    if path.suffix.lower() not in (".csv", ".json"):
        raise InputProblem(f"{path} is neither .csv nor .json.", "Rename or convert it.")
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputProblem(f"{path} cannot be read ({error.strerror}).") from None
    if len(raw) > MAX_FILE_BYTES:
        raise InputProblem(f"{path} is larger than {MAX_FILE_BYTES // 1_000_000} MB.", "Split it.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InputProblem(f"{path}, line {line}: not UTF-8.", "Save it as UTF-8.") from None


def _csv_rows(content: str) -> Iterable[tuple[str, Mapping[str, Any]]]:
    reader = csv.DictReader(content.splitlines(keepends=True), strict=True)
    unknown = [name for name in reader.fieldnames or [] if name not in COLUMNS]
    if unknown:
        raise InputProblem(
            f"line 1: unknown column {', '.join(unknown)}.", f"Known: {', '.join(COLUMNS)}."
        )
    rows = []
    try:
        start = 2
        for row in reader:
            filled = {key: value for key, value in row.items() if value not in (None, "")}
            rows.append((f"line {start}", filled))
            start = reader.line_num + 1
    except csv.Error as error:
        raise InputProblem(f"line {reader.line_num}: {error}.", "Mend that line.") from None
    return rows


def _json_rows(path: Path, content: str) -> Iterable[tuple[str, Mapping[str, Any]]]:
    try:
        rows = json.loads(content)
    except (json.JSONDecodeError, RecursionError) as error:
        line = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise InputProblem(f"{path}{line}: not valid JSON.", "Mend that line.") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputProblem(f"{path} is not a list of posts.", 'Write [{"account": …}, …].')
    return [(f"post {number}", row) for number, row in enumerate(rows, 1)]


def _post(row: Mapping[str, Any], folder: Path) -> PostIn:
    unknown = [str(key) for key in row if key not in (*COLUMNS, "images")]
    if unknown:
        raise InputProblem(f"unknown: {', '.join(unknown)}.", f"Known: {', '.join(COLUMNS)}.")
    images = [*_pairs(row), *row.get("images", [])]
    part = PartIn(
        text=row.get("text", ""),
        images=[_beside(ImageIn.model_validate(image), folder) for image in images],
    )
    plain = {key: row[key] for key in FIELDS if key in row and key != "text"}
    return PostIn.model_validate({"account": "", **plain, "parts": [part]})


def _pairs(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """CSV's picture columns: image and alt, image_2 and alt_2, …"""
    pairs = []
    for image, alt in PICTURES:
        if image in row:
            pairs.append({"file": row[image], "alt": row.get(alt, "")})
        elif alt in row:
            raise InputProblem(f"{alt} is given without {image}.")
    return pairs


def _beside(image: ImageIn, folder: Path) -> ImageIn:
    return ImageIn(file=str(folder / Path(image.file).expanduser()), alt=image.alt)
