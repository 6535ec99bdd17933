"""Reads many posts from one CSV or JSON file; every fault is named with its line."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from handbill.errors import InputProblem
from handbill.inputs import ImageIn, PartIn, PostIn, explain

MAX_FILE_BYTES = 10_000_000
FIELDS = ("account", "text", "at", "zone", "fold", "review", "kind", "no_later_than", "draft")
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
            found.append((place, _post(row(), path.parent)))
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


#: Where a row stands, and what reads it.
Row = tuple[str, Callable[[], Mapping[str, Any]]]


def _csv_rows(content: str) -> list[Row]:
    """The rows under the head, without blank ones, each with the line on which it begins."""
    reader = csv.reader(io.StringIO(content, newline=""), strict=True)
    lines, begins = [], 1
    try:
        for cells in reader:
            if cells:
                lines.append((begins, cells))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise InputProblem(f"line {begins}: {error}.", "Mend that line.") from None
    if not lines:
        return []
    head = _head(*lines[0])
    return [(f"line {number}", partial(_row, head, cells)) for number, cells in lines[1:]]


def _head(number: int, names: list[str]) -> list[str]:
    names = [name.strip() for name in names]
    unknown = [name for name in names if name not in COLUMNS]
    twice = sorted({name for name in names if names.count(name) > 1} - set(unknown))
    if unknown or twice:
        what = "unknown column" if unknown else "twice the column"
        raise InputProblem(
            f"line {number}: {what} {', '.join(unknown or twice)}.",
            f"Known: {', '.join(COLUMNS)}; they are parted by commas.",
        )
    return names


def _row(head: list[str], cells: list[str]) -> dict[str, str]:
    if len(cells) > len(head):
        raise InputProblem(
            f"{len(cells)} cells under {len(head)} columns.",
            'Put a text that has a comma in it between "quotes".',
        )
    return {name: cell for name, cell in zip(head, cells, strict=False) if cell != ""}


def _json_rows(path: Path, content: str) -> list[Row]:
    try:
        rows = json.loads(content)
    except (ValueError, RecursionError) as error:  # also a number of too many digits
        line = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise InputProblem(f"{path}{line}: not valid JSON.", "Mend that line.") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputProblem(f"{path} is not a list of posts.", 'Write [{"account": …}, …].')
    return [(f"post {number}", partial(dict, row)) for number, row in enumerate(rows, 1)]


def _post(row: Mapping[str, Any], folder: Path) -> PostIn:
    unknown = [str(key) for key in row if key not in (*COLUMNS, "images")]
    if unknown:
        raise InputProblem(f"unknown: {', '.join(unknown)}.", f"Known: {', '.join(COLUMNS)}.")
    listed = row.get("images", [])
    if not isinstance(listed, list):
        raise InputProblem("images: not a list.", 'Write [{"file": …, "alt": …}].')
    images = [*_pairs(row), *listed]
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
