"""What an archive is of: articles, captures, documents, their keys and schemas."""
