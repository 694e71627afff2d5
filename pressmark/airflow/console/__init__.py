"""The console: pages in Airflow's UI about captures, changes, problems and what to do about them."""

MOUNT = "/archive"
"""Path below which Airflow serves it."""
