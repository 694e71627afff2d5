from pathlib import Path

from pressmark.archive.spool import Batch, Spool, leftovers, torn
from pressmark.outcomes import Outcome
from tests.samples import ARTICLE_ID, document, exchange


def make(folder: Path, handed: list[Batch], segment_bytes: int = 1 << 20) -> Spool:
    return Spool(folder, "news", "run1", {"software": "test"}, handed.append, segment_bytes)


def stage(spool: Spool, *record_ids: str) -> None:
    spool.stage(ARTICLE_ID, "k", document(), record_ids, outcome=Outcome.PUBLISHED, taken=Outcome.UNCHANGED)


def test_a_draft_goes_with_its_segment_and_knows_where_its_captures_lie(tmp_path: Path) -> None:
    handed: list[Batch] = []
    spool = make(tmp_path, handed)
    first, second = spool.record(exchange(1)), spool.record(exchange(2))
    stage(spool, first, second)
    spool.close()
    [batch] = handed
    [draft] = batch.drafts()
    assert (draft.article_id, draft.key, draft.outcome, draft.taken) == (ARTICLE_ID, "k", "published", "unchanged")
    captures = draft.document["pressmark"]["captures"]
    assert [each["recordId"] for each in captures] == [first, second]
    assert {each["warc"] for each in captures} == {batch.segment.key}
    assert draft.document["archivedAt"] == first


def test_a_full_segment_is_handed_on_and_drafts_never_run_ahead_of_it(tmp_path: Path) -> None:
    handed: list[Batch] = []
    spool = make(tmp_path, handed, segment_bytes=1)
    record_id = spool.record(exchange(1))
    assert len(handed) == 1
    stage(spool, record_id)
    spool.record(exchange(2))
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


def test_what_was_sealed_and_not_published_is_found_again(tmp_path: Path) -> None:
    handed: list[Batch] = []
    spool = make(tmp_path, handed)
    stage(spool, spool.record(exchange()))
    spool.close()
    assert leftovers(tmp_path, "news") == handed
    assert leftovers(tmp_path, "other") == []
    handed[0].delete()
    assert leftovers(tmp_path, "news") == []
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_open_is_named(tmp_path: Path) -> None:
    spool = make(tmp_path, [])
    spool.record(exchange())
    assert [path.suffix for path in torn(tmp_path, "news")] == [".open"]
    assert leftovers(tmp_path, "news") == []
    spool.close()
