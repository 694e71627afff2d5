"""The console: pages in Airflow's UI that tell what was captured, what changed, what is wrong and what to do."""

MOUNT = "/archive"
"""Where Airflow mounts it."""
