"""What can go wrong, in one tree.

    Exception
    └── Problem            a person can mend it: one sentence, the next command, exit 1
        ├── SettingsProblem    a key, a file or a file mode of the configuration
        ├── StoreProblem       the database is missing, newer, locked or unreadable
        │   ├── Damaged            its file is damaged or none; only a backup helps
        │   └── Deadlock           two waited for each other, and the server ended this one
        ├── InputProblem       what was typed or imported cannot be queued
        ├── NotFound           no account, post or review by that name
        └── TooLate            the post's state no longer allows it

Everything that is not a Problem is a bug and shows its traceback, redacted.
"""


class Problem(Exception):
    """Something a person can mend. `says` is one sentence, `cure` the next thing to do."""

    def __init__(self, says: str, cure: str = "") -> None:
        super().__init__(says)
        self.says = says
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.says} {self.cure}".strip()


class SettingsProblem(Problem):
    """The configuration is wrong; names the key, the file and the mend, never a secret."""


class StoreProblem(Problem):
    """The database cannot be used as it is."""


class Damaged(StoreProblem):
    """The database's file is damaged or is no database."""


class Deadlock(StoreProblem):
    """Two transactions waited for each other; this one changed nothing and may be tried again."""


class InputProblem(Problem):
    """The input was refused; nothing was kept of it."""


class NotFound(Problem):
    """No row by that name or number."""


class TooLate(Problem):
    """The post has moved on; what was asked is no longer possible."""
