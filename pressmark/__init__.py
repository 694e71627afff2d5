"""Pressmark: every version of every article, and the exact page it was read from."""

__version__ = "0.1.0"
