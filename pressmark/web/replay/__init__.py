"""Replay: pywb over the bucket, in its own Python environment."""
