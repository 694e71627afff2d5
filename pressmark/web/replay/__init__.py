"""Replay: pywb over the bucket, in an environment of its own."""
