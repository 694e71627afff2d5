import os
import resource
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from pressmark.archive.spool import segment
from pressmark.archive.spool.batch import Batch
from pressmark.archive.spool.spool import Spool
from pressmark.archive.warc import cdxj
from pressmark.archive.warc.captures import SegmentCaptures
from pressmark.errors import SpoolError
from pressmark.model.capture import Capture
from tests.support.samples import ARTICLE_ID, exchange, staged

KEY = f"articles/news/2022/02/18/{ARTICLE_ID}/20220218T011000Z.json"


def make(folder: Path, handed: list[Batch], **options: Any) -> Spool:
    return Spool(folder, "news", "run1", {"software": "test"}, handed.append, **options)


def stage(spool: Spool, *captures: Capture) -> None:
    draft = staged(KEY)
    spool.stage(draft, captures, version="v1")


def records(path: Path) -> list[tuple[str, str]]:
    with path.open("rb") as file:
        return [
            (record.rec_type, record.content_stream().read().decode())
            for record in ArchiveIterator(file, check_digests="raise")
        ]


def test_a_draft_goes_with_its_segment_and_knows_where_its_captures_lie(tmp_path: Path) -> None:
    handed: list[Batch] = []
    spool = make(tmp_path, handed)
    first, second = spool.record(exchange(1)), spool.record(exchange(2))
    stage(spool, first, second)
    spool.close()
    [batch] = handed
    [draft] = batch.drafts()
    assert (draft.article_id, draft.key, draft.outcome, draft.taken) == (ARTICLE_ID, KEY, "published", "unchanged")
    captures = draft.document["pressmark"]["captures"]
    assert [each["recordId"] for each in captures] == [first.record_id, second.record_id]
    assert {each["warc"] for each in captures} == {batch.segment.key}
    assert draft.document["archivedAt"] == first.record_id
    assert list(SegmentCaptures([(batch.segment.path, batch.segment.key)])) == [first, second]


def test_metadata_records_what_led_here_and_what_it_became(tmp_path: Path) -> None:
    handed: list[Batch] = []
    spool = make(tmp_path, handed)
    stage(spool, spool.record(exchange(1)))
    spool.close()
    metadata = [text for kind, text in records(handed[0].segment.path) if kind == "metadata"]
    assert metadata == ["via: https://news.example/world\r\nfetchTimeMs: 250\r\n", "version: v1\r\n"]


@pytest.mark.parametrize("options", [{"segment_bytes": 1}, {"segment_age": timedelta(0)}, {"large index": 0}])
def test_a_full_or_old_segment_is_handed_on_and_drafts_never_run_ahead_of_it(
    tmp_path: Path, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: list[Batch] = []
    if "large index" in options:
        monkeypatch.setattr(cdxj, "MOST", 1000)
        monkeypatch.setattr(segment, "_INDEX_EVERY", 1)
        options = {}
    spool = make(tmp_path, handed, **options)
    stage(spool, spool.record(exchange(1)))
    spool.close()
    assert [len(list(batch.drafts())) for batch in handed] == [0, 1]
    [draft] = handed[1].drafts()
    assert draft.document["pressmark"]["captures"][0]["warc"] == handed[0].segment.key
    assert sorted(batch.segment.path.name for batch in handed) == [batch.segment.path.name for batch in handed]


def test_a_run_that_captured_nothing_leaves_nothing(tmp_path: Path) -> None:
    handed: list[Batch] = []
    make(tmp_path, handed).close()
    assert handed == []
    assert list(tmp_path.iterdir()) == []


def captured(folder: Path, **changes: Any) -> tuple[Capture, Path]:
    """Capture one exchange today, like an earlier run."""
    handed: list[Batch] = []
    spool = make(folder, handed)
    capture = spool.record(exchange(1, **changes))
    spool.close()
    return capture, handed[0].segment.path


@pytest.mark.parametrize(("body", "kind"), [(b"<h1>Lamps lit</h1>", "revisit"), (b"<h1>Lamps out</h1>", "response")])
def test_the_same_payload_is_kept_once_a_day(tmp_path: Path, body: bytes, kind: str) -> None:
    first, _ = captured(tmp_path / "first", now=True)
    handed: list[Batch] = []
    spool = make(tmp_path / "second", handed, earlier={first.url: first}, reads_alike=lambda *_: True)
    capture = spool.record(exchange(1, body, now=True))
    spool.close()
    path = handed[0].segment.path
    assert [each for each, _ in records(path)] == ["warcinfo", kind, "request", "metadata"]
    assert (capture == first) is (kind == "revisit")
    subprocess.run([Path(sys.executable).parent / "warcio", "check", path], check=True, capture_output=True)


def test_a_payload_of_another_day_is_kept_again(tmp_path: Path) -> None:
    first, _ = captured(tmp_path / "first")  # in 2022
    handed: list[Batch] = []
    spool = make(tmp_path / "second", handed, earlier={first.url: first}, reads_alike=lambda *_: True)
    spool.record(exchange(1))
    spool.close()
    assert records(handed[0].segment.path)[1][0] == "response"


def test_a_full_disk_leaves_whole_records_and_takes_nothing_more(tmp_path: Path) -> None:
    # A file size limit replaces a full disk: the kernel also fails in the middle of a write.
    handed: list[Batch] = []
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    spool = make(tmp_path, handed)
    whole = spool.record(exchange(1))
    stage(spool, whole)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(SpoolError, match="Make room"):
            spool.record(exchange(2, os.urandom(200_000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    with pytest.raises(SpoolError):
        spool.record(exchange(3))
    with pytest.raises(SpoolError, match="Make room"):
        spool.close()
    [batch] = handed
    assert [kind for kind, _ in records(batch.segment.path)] == [
        "warcinfo",
        "response",
        "request",
        "metadata",
        "metadata",
    ]
    assert len(list(batch.drafts())) == 1
    assert signal.getsignal(signal.SIGXFSZ) == signal.SIG_IGN, "Python ignores it, so that the write fails instead"
