"""Listings of the bucket: each page is checked before it is used."""

from collections.abc import Callable, Iterator
from typing import Any

from pressmark.archive.s3.patience import check_time_left
from pressmark.archive.s3.s3_errors import CutShort

Ask = Callable[[Callable[[], Any]], Any]
"""Retries a call while the bucket is unavailable."""


def pages(call: Callable[..., Any], prefix: str, ask: Ask) -> Iterator[Any]:
    """Return the pages of a listing; each is complete, has new keys, and says where the next one starts.

    Args:
        call: gets one page, starting at a `ContinuationToken`.
        prefix: prefix of all keys.
        ask: retries the call while a response is incomplete.

    Raises:
        BucketUnreachable: a page stays incomplete, or the process was asked to end.
    """
    more: dict[str, str] = {}
    last = ""

    def page() -> Any:
        try:
            found = call(**more)
        except (
            ValueError,
            LookupError,
            TypeError,
        ) as error:  # From botocore's parser, for an invalid or missing field.
            raise CutShort(f"it is no listing: {type(error).__name__}: {error}") from None
        _check(found, prefix, last)
        return found

    while True:
        found = ask(page)
        yield found
        if not found["IsTruncated"]:
            return
        more["ContinuationToken"], last = found["NextContinuationToken"], max(_names(found))
        check_time_left(f"the listing of {prefix}")


def _check(page: Any, prefix: str, last: str) -> None:
    """Check that a response is a page of a listing, and has keys after `last` if more pages follow.

    Raises:
        CutShort: it is not.
    """
    if "IsTruncated" not in page:  # botocore takes HTML, a truncated head or an empty body for an empty listing.
        raise CutShort("it is no listing")
    try:
        names = _names(page)
        sound = all(name.startswith(prefix) for name in names) and all(
            each["ETag"] and each["Size"] >= 0 for each in _objects(page)
        )
    except LookupError as error:
        raise CutShort(f"an entry has no {error}") from None
    if not sound:
        raise CutShort("an entry is of another prefix, or has no size or ETag")
    if page["IsTruncated"] and (not page.get("NextContinuationToken") or max(names, default="") <= last):
        raise CutShort("the listing says that more pages follow, but has no token or no new keys")


def _objects(page: Any) -> Any:
    return page.get("Contents", ())


def _names(page: Any) -> list[str]:
    return [each["Key"] for each in _objects(page)] + [each["Prefix"] for each in page.get("CommonPrefixes", ())]
