"""The rehearsal as a process, for this room."""

from tests.stage import home, running_stage, stage

__all__ = ["home", "running_stage", "stage"]
