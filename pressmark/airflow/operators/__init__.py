"""Operators that DAGs use."""
