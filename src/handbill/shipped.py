"""The files of `config/` that ship with Handbill: plans, and the words of teasers."""

from pathlib import Path


def folder() -> Path:
    """Where they are: inside an installed package, or beside the sources."""
    installed = Path(__file__).parent / "config"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "config"
