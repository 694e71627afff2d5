"""A spool that release f168f16 poisoned: it recorded heads that no reader takes, and every later run of it failed."""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from pressmark.archive.spool.segment import Segment
from tests.integration.test_hostile_responses import verify
from tests.integration.test_killed import records, whole_records
from tests.support.archive import Archive
from tests.support.samples import exchange

MANY_LINES = b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%04d: %s\r\n" % (each, b"a" * 60) for each in range(600)) + b"\r\n"
FAR = "https://news.example/i?" + "%C3%A9" * 7000
POISON = 4
"""Records that can't be read: the first one's response, and all three whose address is so long."""


def poison(folder: Path) -> Iterator[bytes]:
    """Return the records of a favicon, of a redirect to a long address, and of a picture that came after them."""
    segment = Segment(folder, "news", "run1", 1, {"software": "test"})
    for number, changes in enumerate(({"response_head": MANY_LINES}, {"url": FAR}, {})):
        segment.write(attrs.evolve(exchange(number), **changes))
    _, *poisoned = whole_records(segment.seal().path.read_bytes())
    yield from poisoned


def as_f168f16_left_it(path: Path, folder: Path) -> tuple[set[str], set[str]]:
    """Rewrite what a killed crawl left: records that name no warcinfo, and drafts without checksums.

    Returns:
        The ids of the records that can be read, and of those that can't.
    """
    segment, places = b"", {}
    for record in (*whole_records(path.read_bytes()), *poison(folder)):
        member = gzip.compress(re.sub(rb"WARC-Warcinfo-ID: [^\r]+\r\n", b"", record, count=1))
        [record_id] = records(member)
        places[record_id.strip("<>")] = {"offset": len(segment), "length": len(member)}
        segment += member
    path.write_bytes(segment)
    drafts = path.with_name(path.name.removesuffix(".open") + ".drafts.jsonl")
    lines = []
    for line in drafts.read_text().splitlines():
        draft = json.loads(line.rpartition("\t")[0])
        for capture in draft["document"]["pressmark"]["captures"]:
            capture.update(places[capture["recordId"]])
        lines.append(json.dumps(draft) + "\n")
    drafts.write_text("".join(lines))
    assert lines
    all_ids = [f"<{each}>" for each in places]
    bad = {all_ids[-9], *all_ids[-6:-3]}
    assert len(bad) == POISON
    return {*all_ids} - bad, bad


@pytest.mark.long
def test_the_rest_is_salvaged_and_published_and_the_next_run_goes_on(archive: Archive, tmp_path: Path) -> None:
    archive.set_site(politeness={"delay": 0.02, "concurrency": 1, "timeout": 10})
    archive.killed(12)
    [path] = (archive.config.spool / "newsroom").glob("*.open")
    good, bad = as_f168f16_left_it(path, tmp_path / "poison")
    before = path.read_bytes()

    run = archive.crawl()
    assert run.exit_code == 0, run.error
    assert run.manifest["recovered"]["published"] > 0
    [listed] = run.manifest["set_aside"]
    assert (listed["file"], listed["records"]) == (path.name, len(good))
    assert path.with_name(f"{path.name}.bad").read_bytes() == before
    keys = [key for key in archive.store.keys("warc/") if key.endswith(".warc.gz")]
    published = [record_id for key in keys for record_id in records(archive.store.get(key))]
    assert good <= set(published)
    assert not bad & set(published)
    verify()

    again = archive.crawl()
    assert again.exit_code == 0, again.error
    assert again.manifest["recovered"]["segments"] == 0
    assert again.manifest["set_aside"] == run.manifest["set_aside"]
    verify()
