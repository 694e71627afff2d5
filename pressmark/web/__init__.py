"""Pages for people: what Airflow's console, the reading room and replay have in common, and the latter two."""
