"""What stands in for the world on one machine: an S3 server, an Airflow, a news site, and a demo of all."""
