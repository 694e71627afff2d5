"""Web pages: the reading room, the replay server, and what they share with Airflow's console."""
