"""What is done with an archive: read again, audited."""
