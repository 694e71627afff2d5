"""A document is published only if each of its records is exactly where it says."""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import attrs
import pytest

from pressmark.archive.publish.pointers import Pointers
from pressmark.archive.publish.publisher import publish
from pressmark.archive.s3.store import Store
from pressmark.archive.spool.batch import Batch, Draft
from pressmark.archive.warc.gzip_member import members
from pressmark.model.outcomes import Outcome
from tests.archive.test_publisher import batches


@attrs.frozen
class Spooled:
    """A segment with one draft, and another one in the bucket with the location of its capture."""

    batch: Batch
    draft: Draft
    earlier: dict[str, Any]

    @property
    def capture(self) -> dict[str, Any]:
        capture: dict[str, Any] = self.draft.document["pressmark"]["captures"][0]
        return capture

    def pointing(self, **changes: Any) -> Draft:
        """Return the draft with another document and another capture."""
        block = {**self.draft.document["pressmark"], "captures": [self.capture | changes]}
        document = {**self.draft.document, "pressmark": block}
        return attrs.evolve(self.draft, key="articles/wrong.json", document=document)


@pytest.fixture
def spooled(store: Store, tmp_path: Path) -> Spooled:
    earlier, batch = batches(tmp_path, "articles/1.json", "articles/2.json")
    [before], [draft] = earlier.drafts(), batch.drafts()
    publish(store, earlier)
    return Spooled(batch, draft, before.document["pressmark"]["captures"][0])


def place(spooled: Spooled, number: int) -> dict[str, int]:
    """Return offset and length of a record of the segment: its warcinfo, response, request and metadata."""
    offset, length = list(members(BytesIO(spooled.batch.segment.path.read_bytes())))[number]
    return {"offset": offset, "length": length}


def with_the_next(spooled: Spooled) -> dict[str, int]:
    return {"length": place(spooled, 1)["length"] + place(spooled, 2)["length"]}


WRONG: dict[str, Callable[[Spooled], dict[str, Any]]] = {
    "record before": lambda spooled: place(spooled, 0),
    "its request": lambda spooled: place(spooled, 2),
    "its metadata": lambda spooled: place(spooled, 3),
    "one byte after": lambda spooled: {"offset": spooled.capture["offset"] + 1},
    "one byte less": lambda spooled: {"length": spooled.capture["length"] - 1},
    "one byte more": lambda spooled: {"length": spooled.capture["length"] + 1},
    "two records": with_the_next,
    "after the end": lambda spooled: {"offset": spooled.batch.segment.size},
    "far after the end": lambda spooled: {"offset": 10**30},
    "longer than all": lambda spooled: {"length": 10**30},
    "another record's id": lambda spooled: {"recordId": spooled.earlier["recordId"]},
    "id of no record": lambda spooled: {"recordId": "urn:uuid:12345678-1234-5678-1234-567812345678"},
    "another segment": lambda spooled: {"warc": spooled.earlier["warc"]},
    "segment that is nowhere": lambda spooled: {"warc": spooled.earlier["warc"].replace("-00001", "-00099")},
    "index of the segment": lambda spooled: {"warc": spooled.capture["warc"].replace(".warc.gz", ".cdxj")},
}


def test_a_document_that_points_elsewhere_is_not_published(store: Store, tmp_path: Path, spooled: Spooled) -> None:
    wrong = {kind: spooled.pointing(**change(spooled)) for kind, change in WRONG.items()}
    drafts = [*wrong.values(), spooled.draft]
    _, results = publish(store, attrs.evolve(spooled.batch, recovered=drafts))
    outcomes = [outcome for _, outcome in results]
    assert dict(zip([*wrong, "right"], outcomes, strict=True)) == dict.fromkeys(wrong, Outcome.FAILED) | {
        "right": Outcome.PUBLISHED
    }
    assert list(store.keys("articles/")) == ["articles/1.json", "articles/2.json"]
    assert json.loads(store.get("articles/2.json")) == spooled.draft.document

    later = Pointers(store, tmp_path, "news")  # Pointers of a run that finds the segment in the bucket.
    assert [kind for kind, draft in wrong.items() if later.checked(draft)] == []
    assert later.checked(spooled.draft) == spooled.draft


def test_one_wrong_capture_of_several_is_enough(store: Store, spooled: Spooled) -> None:
    wrong = spooled.pointing(offset=0)
    wrong.document["pressmark"]["captures"].insert(0, spooled.capture)
    _, results = publish(store, attrs.evolve(spooled.batch, recovered=[wrong]))
    assert [outcome for _, outcome in results] == [Outcome.FAILED]


def test_a_document_without_a_capture_is_not_published(store: Store, spooled: Spooled) -> None:
    wrong = spooled.pointing()
    wrong.document["pressmark"]["captures"].clear()
    _, results = publish(store, attrs.evolve(spooled.batch, recovered=[wrong]))
    assert [outcome for _, outcome in results] == [Outcome.FAILED]
