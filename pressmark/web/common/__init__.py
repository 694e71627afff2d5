"""Shared by console and reading room: page shell, documents of the bucket, their differences, captured bodies."""
