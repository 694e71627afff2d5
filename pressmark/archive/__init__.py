"""The archive: WARC segments, the local spool, the bucket and what is known from it."""
