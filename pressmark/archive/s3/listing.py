"""Listings of the bucket: each page is held against what S3 promises before anybody reads it."""

from collections.abc import Callable, Iterator
from typing import Any

from pressmark.archive.s3.patience import check_haste
from pressmark.archive.s3.s3_errors import CutShort

Ask = Callable[[Callable[[], Any]], Any]
"""Calls again while the bucket is away."""


def pages(call: Callable[..., Any], prefix: str, ask: Ask) -> Iterator[Any]:
    """Return the pages of a listing; each is whole, brings new keys, and says where the next begins.

    Args:
        call: asks for one page, from a `ContinuationToken` on.
        prefix: of all keys.
        ask: calls it again while an answer is not whole.

    Raises:
        BucketUnreachable: a page does not come whole, or the process was asked to end meanwhile.
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
        ) as error:  # Of a field that is odd or missing, by botocore's parser.
            raise CutShort(f"it is no listing: {type(error).__name__}: {error}") from None
        _check(found, prefix, last)
        return found

    while True:
        found = ask(page)
        yield found
        if not found["IsTruncated"]:
            return
        more["ContinuationToken"], last = found["NextContinuationToken"], max(_names(found))
        check_haste(f"the listing of {prefix}")


def _check(page: Any, prefix: str, last: str) -> None:
    """Refuse what is no page of a listing, or brings no key behind `last` and says that there is more.

    Raises:
        CutShort: it does.
    """
    if "IsTruncated" not in page:  # HTML, a cut head, an empty body: botocore takes all for an empty listing.
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
        raise CutShort("the listing says that there is more, and not where, or brings nothing new")


def _objects(page: Any) -> Any:
    return page.get("Contents", ())


def _names(page: Any) -> list[str]:
    return [each["Key"] for each in _objects(page)] + [each["Prefix"] for each in page.get("CommonPrefixes", ())]
