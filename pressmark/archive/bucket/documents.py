"""Reading documents from the bucket, where anybody with write access may have changed them."""

from pressmark.archive.s3.store import Store
from pressmark.errors import FindingsFound
from pressmark.model import keys, strict_json
from pressmark.model.document import Document, captures_of


def read(store: Store, key: str) -> Document:
    """Read a version or a rejection.

    Raises:
        KeyError: it does not exist.
        FindingsFound: it is not what a run published.
    """
    return parse(key, store.get(key, most=strict_json.MOST))


def parse(key: str, data: bytes) -> Document:
    """Read the bytes of the document with this key; check only its key and its captures.

    Raises:
        FindingsFound: it is not what a run published.
    """
    try:
        document: Document = strict_json.load_object(data)
    except ValueError as error:
        raise FindingsFound(f"{key} is not what a run published: {type(error).__name__}: {error}") from None
    check(key, document)
    return document


def check(key: str, document: Document) -> None:
    """Check a document against its key, and its captures against their rules.

    Raises:
        FindingsFound: it is not what a run published.
    """
    try:
        captures = captures_of(document)
        named, filed = document["identifier"], keys.article_of(key)
        if not key.startswith(keys.REJECTED):
            named, filed = document["pressmark"]["version"], keys.version_of(key)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise FindingsFound(f"{key} is not what a run published: {type(error).__name__}: {error}") from None
    if not captures:
        raise FindingsFound(f"{key} is not what a run published: it points to no capture")
    if named != filed:
        raise FindingsFound(f"{key} is not what a run published: it contains the document of {named!r}")
