"""The contents of the bucket: manifests, documents, visits, cursors and known versions."""
