"""The state of a run: what it knows, what it has done, and how it ends."""
