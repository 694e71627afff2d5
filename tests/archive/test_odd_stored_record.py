"""A bucket with a record of release f168f16, which has empty lines before its status line."""

import subprocess
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import attrs
import pytest

from pressmark.archive.bucket import manifest
from pressmark.archive.publish.publisher import publish
from pressmark.archive.s3.store import Store
from pressmark.archive.spool.batch import Batch
from pressmark.archive.spool.spool import Spool
from pressmark.archive.warc import cdxj
from pressmark.jobs.audit.verify import Finding, verify_run
from tests.support.manifests import manifest_of
from tests.support.samples import exchange, staged
from tests.support.tools import BIN

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
BODY = b"<h1>Lamps lit</h1>"
ODD = {"one": (b"\r\n" + ANSWER, BODY), "two": (b"\r\n\r\n", ANSWER + BODY)}
"""The recorded head and body, by the number of empty lines. That release found no status in them."""


@pytest.mark.parametrize(("head", "body"), ODD.values(), ids=ODD)
def test_it_alone_is_named_and_all_else_is_well(store: Store, tmp_path: Path, head: bytes, body: bytes) -> None:
    odd = {"response_head": head, "response_body": BytesIO(body), "size": len(body), "status": 0}
    batch = spooled(tmp_path, {}, odd, {})
    offset = list(batch.drafts())[1].document["pressmark"]["captures"][0]["offset"]
    copy = tmp_path / "copy" / batch.segment.path.name
    copy.parent.mkdir()
    copy.write_bytes(batch.segment.path.read_bytes())
    published, _ = publish(store, batch)
    asked = [BIN / "cdxj-indexer", "--sort", "--fields", "warc-record-id,warc-date", copy]
    indexed = subprocess.run(asked, check=True, capture_output=True)
    assert store.get(published.index.key) == indexed.stdout
    assert len(cdxj.captures(store, "news", datetime.now(UTC))) == 3

    segment = {**attrs.asdict(published.segment), "records": 13, "index": attrs.asdict(published.index)}
    objects = [attrs.asdict(each) for each in published.objects]
    run = manifest.write(store, manifest_of(datetime.now(UTC), segments=[segment], objects=objects))
    problem = f"the record at byte {offset}: payload digest failed"
    [found] = verify_run(store, run)
    assert attrs.evolve(found, problem=found.problem[: len(problem)]) == Finding(published.segment.key, problem)


def spooled(folder: Path, *changes: dict[str, Any]) -> Batch:
    """Spool one exchange with a document for each of these."""
    handed: list[Batch] = []
    spool = Spool(folder, "news", "run1", {"software": "test"}, handed.append)
    for number, each in enumerate(changes, start=1):
        draft = staged(f"articles/{number}.json")
        spool.stage(draft, [spool.record(attrs.evolve(exchange(number), **each))])
    spool.close()
    return handed[0]
