"""Handbill, the post scheduler for reviewers."""

__version__ = "0.1.0"
