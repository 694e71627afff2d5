"""WARC: records, indexes, HTTP heads, and what bodies decode to."""
