"""The S3 server: how it is asked, and what of its answers is believed."""
