"""A sample of documents, chosen evenly over the time of an archive; the same archive gives the same."""

import hashlib
from bisect import insort
from datetime import datetime

import attrs


@attrs.frozen(order=True)
class Sampled:
    """A chosen document."""

    rank: bytes = attrs.field(repr=False)
    """The lowest is chosen; it depends on the key and the seed."""
    key: str
    moment: datetime = attrs.field(order=False)
    """When its run began."""
    software: str = attrs.field(order=False)
    """Software of its run."""


class Sample:
    """Chooses documents from each part of a period; they are offered one by one, and few are held.

    The period is divided into as many parts as documents are wanted, and each part gives one. For an empty part, a
    document of another part is chosen.

    Args:
        size: how many are wanted.
        since: start of the period.
        until: its end; documents outside count to the first or last part.
        seed: another one chooses other documents.
    """

    def __init__(self, size: int, since: datetime, until: datetime, seed: str) -> None:
        self._size, self._since, self._length, self._seed = size, since, max((until - since).total_seconds(), 1), seed
        self._of_part: dict[int, Sampled] = {}
        self._first: list[Sampled] = []  # Twice as many as gaps can need: some may be the parts' own.

    def offer(self, key: str, moment: datetime, software: str) -> None:
        """Take a document into account."""
        if not self._size:
            return
        rank = hashlib.sha256(f"{self._seed} {key}".encode()).digest()
        offered = Sampled(rank, key, moment, software)
        part = int((moment - self._since).total_seconds() / self._length * self._size)
        part = min(max(part, 0), self._size - 1)
        self._of_part[part] = min(self._of_part.get(part, offered), offered)
        if len(self._first) < 2 * self._size or offered < self._first[-1]:
            insort(self._first, offered)
            del self._first[2 * self._size :]

    def chosen(self) -> list[Sampled]:
        """Return the chosen documents, the oldest first; all of them if there are not more than wanted."""
        found = {each.key: each for each in self._of_part.values()}
        for each in self._first:
            if len(found) == self._size:
                break
            found.setdefault(each.key, each)
        return sorted(found.values(), key=lambda each: (each.moment, each.key))
