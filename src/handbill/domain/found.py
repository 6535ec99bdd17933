"""What was found about a review, and how sure that is."""

from dataclasses import dataclass
from datetime import date, datetime

Value = str | date | datetime


@dataclass(frozen=True)
class Found:
    """A field's value; unsure ones are shown for correction."""

    value: Value
    sure: bool = True


class Findings(dict[str, Found]):
    """By the field's name in the review. The first word on a field stands; surer words beat it."""

    def add(self, field: str, value: Value | None, *, sure: bool = True) -> None:
        """Take a value down, unless it is none or a better one is known."""
        known = self.get(field)
        if value and (known is None or (sure and not known.sure)):
            self[field] = Found(value, sure)

    def told(self, field: str) -> str:
        """A field as text; empty when nothing is known of it."""
        return str(self[field].value) if field in self else ""
