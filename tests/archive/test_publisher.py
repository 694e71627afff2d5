import os
from pathlib import Path

import attrs
import pytest

from pressmark.archive.publish.publisher import DraftOutcomes, Publisher, publish
from pressmark.archive.s3.store import Store, Stored
from pressmark.archive.spool.batch import Batch, Published, published_note_path, published_notes
from pressmark.archive.spool.spool import Spool
from pressmark.config import Config
from pressmark.errors import BucketUnreachable
from pressmark.model import keys
from pressmark.model.document import to_bytes
from pressmark.model.outcomes import Outcome
from tests.support.s3_proxy import Fault, error, of, proxied, times
from tests.support.samples import DAY, article, document, exchange, staged


def batches(folder: Path, *keys: str) -> list[Batch]:
    """Spool one segment per key, each with one draft."""
    handed: list[Batch] = []
    for number, key in enumerate(keys, start=1):
        spool = Spool(folder, "news", f"run{number}", {"software": "test"}, handed.append)
        draft = staged(key)
        spool.stage(draft, [spool.record(exchange(number))])
        spool.close()
    return handed


@attrs.frozen
class Watched(Store):
    """The real store, which records the order of writes, and fails at one key if it is set to."""

    order: list[str] = attrs.field(factory=list)
    broken: str = ""

    def put_file(self, key: str, path: Path, sha256: str, content_type: str, *, only_new: bool = False) -> Stored:
        if self.broken and self.broken in key:
            raise BucketUnreachable("gone")
        self.order.append(key)
        return super().put_file(key, path, sha256, content_type, only_new=only_new)

    def put_new(self, key: str, data: bytes, content_type: str = "application/json") -> Stored | None:
        self.order.append(key)
        return super().put_new(key, data, content_type)


@pytest.fixture
def watched(store: Store) -> Watched:
    return Watched(store.bucket, store.client)


def test_a_capture_is_durable_before_any_document_points_to_it(watched: Watched, tmp_path: Path) -> None:
    [batch] = batches(tmp_path, "articles/1.json")
    published, _ = publish(watched, batch)
    assert watched.order == [batch.segment.key, "articles/1.json"]
    assert published.segment.sha256 == batch.segment.sha256
    assert list(tmp_path.iterdir()) == [published_note_path(tmp_path, published)]
    assert published_notes(tmp_path, "news") == {published_note_path(tmp_path, published): published}


def test_publishing_again_does_no_harm(watched: Watched, tmp_path: Path) -> None:
    [batch] = batches(tmp_path, "articles/1.json")
    copies = {path: path.read_bytes() for path in tmp_path.iterdir()}
    first, _ = publish(watched, batch)
    for path, data in copies.items():
        path.write_bytes(data)
    again, results = publish(watched, batch)
    assert [outcome for _, outcome in results] == [Outcome.PUBLISHED], "it is this very document that has the key"
    assert again == first


def test_another_document_keeps_its_key(watched: Watched, tmp_path: Path) -> None:
    [batch] = batches(tmp_path, "articles/1.json")
    there = to_bytes(document())  # The same content, from another capture.
    watched.put("articles/1.json", there)
    published, results = publish(watched, batch)
    assert [outcome for _, outcome in results] == [Outcome.UNCHANGED]
    assert published.objects == ()
    assert watched.get("articles/1.json") == there


@pytest.mark.parametrize(("wrong_answers", "versions"), [(1, 1), (2, 0)])
def test_a_key_that_is_taken_by_nothing_is_asked_for_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong_answers: int, versions: int
) -> None:
    [batch] = batches(tmp_path, "articles/1.json")
    with proxied(os.environ["AWS_ENDPOINT_URL_S3"]) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", proxy.endpoint)
        lie = Fault(answer=error(412, "PreconditionFailed"), reaches_server=False)
        proxy.rule = times(wrong_answers, lie, of("PUT", "/articles/"))
        through = Store.open(Config.from_env(os.environ))
        if versions:
            publish(through, batch)
        else:
            with pytest.raises(BucketUnreachable, match="exists, and that it does not"):
                publish(through, batch)
    assert len(list(store.keys("articles/"))) == versions


def test_nothing_overtakes_a_batch_that_failed(watched: Watched, tmp_path: Path) -> None:
    one, two, three = batches(tmp_path, "articles/1.json", "articles/2.json", "articles/3.json")
    failing = Watched(watched.bucket, watched.client, broken=two.segment.path.name)
    done: list[Published] = []
    failures: list[Exception] = []

    def published(each: Published, results: DraftOutcomes) -> None:
        done.append(each)

    publisher = Publisher(failing, published, failures.append)
    for batch in (one, two, three):
        publisher.take(batch)
    with pytest.raises(BucketUnreachable):
        publisher.close()
    assert [each.segment.key for each in done] == [one.segment.key]
    assert len(failures) == 1
    assert list(watched.keys("articles/")) == ["articles/1.json"]
    assert [path.exists() for path in (one.segment.path, two.segment.path, three.segment.path)] == [False, True, True]


def test_other_content_of_a_run_at_the_same_time_is_a_silent_edit(store: Store, tmp_path: Path) -> None:
    """Two runs found no such version, and the page changed between their requests."""
    key = keys.version("news", DAY, article().version)
    outcomes = []
    for number, body in enumerate(("Two lines.", "Two  lines.", "Three lines.", "Three lines.")):
        handed: list[Batch] = []
        spool = Spool(tmp_path / str(number), "news", f"run{number}", {"software": "test"}, handed.append)
        draft = staged(key, body=body)
        spool.stage(draft, [spool.record(exchange(number))])
        spool.close()
        published, results = publish(store, handed[0])
        outcomes += [(outcome, each.key.split("/")[0]) for each, outcome in results]
        assert len(published.objects) == (number in {0, 2})
    assert outcomes == [
        (Outcome.PUBLISHED, "articles"),
        (Outcome.UNCHANGED, "articles"),
        (Outcome.SILENT_EDIT, "silent-edits"),
        (Outcome.UNCHANGED, "silent-edits"),
    ]


@pytest.mark.parametrize(
    "stored", [b"{}", b"<html><p>Log in</p></html>", to_bytes(document(article_id="WS1", body="x"))]
)
def test_no_silent_edit_is_concluded_from_what_is_no_document_of_the_version(
    store: Store, tmp_path: Path, stored: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    key = keys.version("news", DAY, article().version)
    store.put(key, stored)
    [batch] = batches(tmp_path, key)
    published, results = publish(store, batch)
    assert [outcome for _, outcome in results] == [Outcome.FAILED]
    assert (published.objects, list(store.keys("silent-edits/"))) == ((), [])
    assert f"{key} is not what a run published" in caplog.text
