"""The archive: WARC segments, the local spool, and the bucket."""
