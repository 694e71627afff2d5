"""JSON Schemas of the bucket's documents; a document names its schema by the schema's key in the bucket."""

from importlib.resources import files

ARTICLE = "schemas/article-1.json"
"""For versions, their corrections and silent edits."""
WITHDRAWAL = "schemas/withdrawal-1.json"
REJECTION = "schemas/rejection-1.json"
MANIFEST = "schemas/manifest-1.json"
AUDIT = "schemas/audit-1.json"
KEYS = (ARTICLE, WITHDRAWAL, REJECTION, MANIFEST, AUDIT)


def schema_bytes(key: str) -> bytes:
    """Return the JSON Schema with this key, as stored in the bucket."""
    return (files("pressmark") / key).read_bytes()
