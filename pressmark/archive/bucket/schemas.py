"""The schemas in the bucket, beside what they describe."""

from pressmark.archive.s3.store import Store
from pressmark.model.schema import KEYS, schema_bytes


def publish_schemas(store: Store) -> None:
    """Put the schemas beside what they describe.

    Raises:
        BucketError: the bucket failed.
    """
    for key in KEYS:
        store.put(key, schema_bytes(key), "application/schema+json")
