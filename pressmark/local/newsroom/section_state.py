"""The state of a section: its articles, and their changes since the start."""

from bisect import insort
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import attrs

from pressmark.local.newsroom.content.article_generator import (
    Change,
    Edits,
    article_source,
    first_update,
    picture_path,
    write_headline,
    write_story,
)
from pressmark.local.newsroom.content.section import Numbering, article_path, minute
from pressmark.local.newsroom.content.story import Story

PER_PAGE: Final = 20
"""Articles on a listing page."""


@attrs.frozen(kw_only=True)
class Entry:
    """An article as lists show it."""

    index: int
    article_id: str
    path: str
    headline: str
    created_at: datetime
    picture: str


class SectionState:
    """The articles of one section; it stores only changes since the start."""

    def __init__(self, numbering: Numbering) -> None:
        self.numbering = numbering
        self.withdrawn: dict[int, int] = {}
        """HTTP status by index."""
        self._published: list[datetime] = []
        self._edits: dict[int, Edits] = {}
        self._gone: list[int] = []

    @property
    def total(self) -> int:
        """Articles ever published, withdrawn ones included: indexes go from 0 to total - 1."""
        return self.numbering.count + len(self._published)

    @property
    def listed(self) -> int:
        """Articles that the listing shows."""
        return self.total - len(self.withdrawn)

    @property
    def pages(self) -> int:
        """Pages of the listing; an empty section has one."""
        return max(1, -(-self.listed // PER_PAGE))

    def created(self, index: int) -> datetime:
        """Return when the article was created; IndexError if no article has that index."""
        if not 0 <= index < self.total:
            raise IndexError(f"{self.numbering.section} has articles 0 to {self.total - 1}, so no article {index}")
        at_start = self.numbering.count
        return self.numbering.created(index) if index < at_start else self._published[index - at_start]

    def article_id(self, index: int) -> str:
        """Return the article's id; IndexError if no article has that index."""
        return self.numbering.article_id(index, self.created(index))

    def entry(self, index: int) -> Entry:
        """Return how lists show the article."""
        article_id = self.article_id(index)
        return Entry(
            index=index,
            article_id=article_id,
            path=article_path(article_id),
            headline=write_headline(article_source(self.numbering, index)),
            created_at=self.created(index),
            picture=picture_path(article_id, 0),
        )

    def indexes(self, page: int, at_most: int = PER_PAGE) -> Iterator[int]:
        """Return the indexes of a listing page's articles (or of its first few), newest first."""
        index = self.total - 1 - (page - 1) * PER_PAGE
        for gone in reversed(self._gone):
            if gone >= index:
                index -= 1
        found = 0
        while index >= 0 and found < at_most:
            if index not in self.withdrawn:
                found += 1
                yield index
            index -= 1

    def edits(self, index: int) -> Edits:
        """Return what happened to the article since the start."""
        if index in self._edits:
            return self._edits[index]
        created = self.created(index)
        updated = first_update(self.numbering, index, created)
        return Edits(updated_at=updated, modified_at=max(created, updated))

    def story(self, index: int) -> Story:
        """Return the current article."""
        return write_story(self.numbering, index, self.created(index), self.edits(index))

    def publish(self, moment: datetime) -> int:
        """Add an article and return its index."""
        self._published.append(moment)
        return self.total - 1

    def change(self, index: int, change: Change, moment: datetime) -> None:
        """Change the article; an update also sets its *Updated* time to the moment's minute."""
        before = self.edits(index)
        # Last-Modified counts seconds: two changes in one second of a stopped clock must still differ.
        modified = max(moment, before.modified_at + timedelta(seconds=1))
        updated = minute(moment) if change is Change.UPDATE else before.updated_at
        self._edits[index] = Edits(changes=(*before.changes, change), updated_at=updated, modified_at=modified)

    def withdraw(self, index: int, status: int) -> None:
        """Remove the article from the listing; its page answers with the status from now on."""
        if index not in self.withdrawn:
            insort(self._gone, index)
        self.withdrawn[index] = status
