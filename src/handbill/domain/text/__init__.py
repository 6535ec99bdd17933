"""Counting and finding in text: weights, links, tags, mentions, unsafe characters."""
