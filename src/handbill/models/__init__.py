"""The tables. `status` is written only in `store/`.

A `table=True` class does not validate itself: what comes from outside passes through a model of
`inputs` first, and the CHECK constraints are the last line.
"""

from handbill.models.columns import Dollars, Json, one_of, quoted, where
from handbill.models.house import Standing, Worker
from handbill.models.posts import (
    BY_NUMBER,
    HELD_BY_EMBARGO,
    IS_PUBLISHING,
    IS_QUEUED,
    PUBLISHING,
    QUEUED,
    Account,
    Attempt,
    Part,
    Post,
)
from handbill.models.reviews import Embargo, Feed, FeedEntry, ReleaseDate, Review, ReviewBase, Work

__all__ = [
    "BY_NUMBER",
    "HELD_BY_EMBARGO",
    "IS_PUBLISHING",
    "IS_QUEUED",
    "PUBLISHING",
    "QUEUED",
    "Account",
    "Attempt",
    "Dollars",
    "Embargo",
    "Feed",
    "FeedEntry",
    "Json",
    "Part",
    "Post",
    "ReleaseDate",
    "Review",
    "ReviewBase",
    "Standing",
    "Work",
    "Worker",
    "one_of",
    "quoted",
    "where",
]
