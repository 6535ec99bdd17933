"""Figures: one module each, `python -m bench NAME …` prints `NAME key=value …`."""
