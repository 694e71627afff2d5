"""What Airflow sees: plugin, DAG defaults, operators, tasks, alerts and the console."""
