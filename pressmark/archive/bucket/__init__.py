"""What is in the bucket: keys, manifests, documents, and what is known by them."""
