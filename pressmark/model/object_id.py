"""Article ids that are MongoDB ObjectIds: the id itself holds the time of the article's creation."""

from datetime import UTC, datetime


def created_at(article_id: str) -> datetime:
    """Return the creation time that opens the id's last 24 hex digits, in UTC, to the second.

    An ObjectId's first 4 bytes are Unix seconds (MongoDB manual, ObjectId).

    Raises:
        ValueError: the id does not end with 24 hex digits.
    """
    digits = article_id[-24:]
    if len(digits) < 24:
        raise ValueError(f"{article_id!r} is no ObjectId: 24 hex digits are needed")
    return datetime.fromtimestamp(int(bytes.fromhex(digits)[:4].hex(), 16), UTC)
