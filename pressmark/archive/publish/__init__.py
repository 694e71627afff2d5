"""From the spool to the bucket: the archivist process, uploads, and recovery after kills."""
