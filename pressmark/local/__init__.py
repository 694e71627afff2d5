"""Local stand-ins for the outside world: an S3 server, an Airflow, a news site, and a demo of all three."""
