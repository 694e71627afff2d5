"""Access to the S3 server: requests, retries, and checks of its responses."""
