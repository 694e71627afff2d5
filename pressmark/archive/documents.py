"""Documents as they lie in the bucket, where whoever may write could have changed them."""

import json

from pressmark.archive import keys
from pressmark.archive.store import Store
from pressmark.document import Document, captures_of
from pressmark.errors import FindingsFound


def read(store: Store, key: str) -> Document:
    """Read a version or a rejection.

    Raises:
        KeyError: there is none.
        FindingsFound: what lies there is not what a run published.
    """
    return parse(key, store.get(key))


def parse(key: str, data: bytes) -> Document:
    """Read the document that lies at this key; it has captures, whatever else it says.

    Raises:
        FindingsFound: it is none that a run published.
    """
    try:
        document: Document = json.loads(data)
        captures = captures_of(document)
        places = all(each.warc.startswith(keys.WARC) for each in captures)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise FindingsFound(f"{key} is not what a run published: {type(error).__name__}: {error}") from None
    if not (captures and places):
        raise FindingsFound(f"{key} is not what a run published: it points to no capture")
    return document
