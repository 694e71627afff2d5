"""Publishes the JSON schemas in the bucket."""

from pressmark.archive.s3.store import Store
from pressmark.model.schema import KEYS, schema_bytes


def publish_schemas(store: Store) -> None:
    """Write the schemas into the bucket.

    Raises:
        BucketError: the bucket failed.
    """
    for key in KEYS:
        store.put(key, schema_bytes(key), "application/schema+json")
