"""`make demo`: the archive with embedded services."""
