import gzip
import json
import re
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import attrs
import pytest

from pressmark.archive.bucket import manifest
from pressmark.archive.bucket.manifest_model import Manifest
from pressmark.archive.publish.publisher import publish
from pressmark.archive.s3.store import JSON, WARC, Store
from pressmark.archive.spool.segment import Segment
from pressmark.archive.warc import cdxj
from pressmark.archive.warc.gzip_member import members
from pressmark.jobs.audit.verify import verify_run, verify_runs
from tests.archive.test_publisher import batches
from tests.support.manifests import facts_of
from tests.support.samples import exchange

BEGAN = datetime(2022, 2, 18, tzinfo=UTC)


@pytest.fixture
def run(store: Store, tmp_path: Path) -> dict[str, Any]:
    """A run of one segment and one document, as in its manifest."""
    [batch] = batches(tmp_path, "articles/1.json")
    published, _ = publish(store, batch)
    segment = {**attrs.asdict(published.segment), "records": published.records}
    return facts_of(
        BEGAN,
        segments=[{**segment, "index": attrs.asdict(published.index)}],
        objects=[attrs.asdict(each) for each in published.objects],
    )


def written(store: Store, run: dict[str, Any]) -> str:
    return manifest.write(store, Manifest.from_json(run))


def problems(store: Store, run: dict[str, Any]) -> list[tuple[str, str]]:
    found = verify_run(store, written(store, run))
    return [(each.key.split("/")[0], each.problem) for each in found]


def replace(store: Store, said: dict[str, Any], data: bytes) -> None:
    """Change an object and its entry in the manifest, so that only reading the object shows it."""
    stored = store.put(said["key"], data, WARC if said["key"].endswith("gz") else JSON)
    said.update(attrs.asdict(stored))


def test_all_is_well(store: Store, run: dict[str, Any]) -> None:
    assert problems(store, run) == []


def test_a_missing_object_is_found(store: Store, run: dict[str, Any]) -> None:
    store.client.delete_object(Bucket=store.bucket, Key="articles/1.json")
    assert problems(store, run) == [("articles", "articles/1.json is missing")]


@pytest.mark.parametrize("full", [True, False])
def test_a_rejection_may_have_expired(store: Store, run: dict[str, Any], full: bool) -> None:
    run["objects"].append({"key": "rejected/news/2022/02/18/WS1/no-body.json", "size": 1, "sha256": "0"})
    run["objects"].append({"key": "articles/news/2022/02/18/WS1/x.json", "size": 1, "sha256": "0"})
    found = verify_runs(store, [written(store, run)], full=full)
    assert [(each.key.split("/")[0], each.grave) for each in found] == [("rejected", False), ("articles", True)]


@pytest.mark.parametrize("kind", ["segments", "objects"])
def test_a_flipped_byte_is_found(store: Store, run: dict[str, Any], kind: str) -> None:
    [said] = run[kind]
    data = bytearray(store.get(said["key"]))
    data[len(data) // 2] ^= 1
    store.put(said["key"], bytes(data))
    assert (said["key"].split("/")[0], "its SHA-256 is not the manifest's") in problems(store, run)


@pytest.mark.parametrize("cut", [1, 8, 100])
def test_a_cut_segment_is_found_though_the_manifest_agrees(store: Store, run: dict[str, Any], cut: int) -> None:
    [said] = run["segments"]
    replace(store, said, store.get(said["key"])[:-cut])
    where, problem = problems(store, run)[0]
    assert where == "warc"
    assert "is cut" in problem or "WARC-Block-Digest" in problem


def test_a_byte_that_only_a_digest_can_miss_is_found(store: Store, run: dict[str, Any]) -> None:
    [said] = run["segments"]
    first, *others = [gzip.decompress(member) for member in split(store.get(said["key"]))]
    assert b"Lamps lit" in others[0]
    others[0] = others[0].replace(b"Lamps lit", b"Lamps out")
    replace(store, said, b"".join(map(gzip.compress, [first, *others])))
    where, problem = problems(store, run)[0]
    assert (where, problem.split(": ")[1]) == ("warc", "its block does not match its WARC-Block-Digest")


def test_a_payload_digest_that_is_not_the_payload_s_is_found(store: Store, run: dict[str, Any]) -> None:
    [said] = run["segments"]
    records = [gzip.decompress(member) for member in split(store.get(said["key"]))]
    records[1] = re.sub(rb"(?<=WARC-Payload-Digest: sha1:)\w+", b"A" * 32, records[1])
    replace(store, said, b"".join(map(gzip.compress, records)))
    where, problem = problems(store, run)[0]
    assert (where, problem.split(":")[0][:18]) == ("warc", "the record at byte")
    assert "digest failed" in problem


def test_a_head_of_bare_line_feeds_is_no_fault(store: Store, run: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    segment = Segment(tmp_path / "odd", "news", "r2", 1, {"software": "test"})
    segment.write(attrs.evolve(exchange(), response_head=b"HTTP/1.1 200 OK\nX-A: 1\n\n"))
    sealed = segment.seal()
    index = store.put(cdxj.index_key(sealed.key), cdxj.index(sealed.path).encode())
    stored = store.put_file(sealed.key, sealed.path, sealed.sha256, WARC)
    run["segments"] = [{**attrs.asdict(stored), "records": 4, "index": attrs.asdict(index)}]
    run["objects"] = []
    assert problems(store, run) == []


def split(segment: bytes) -> list[bytes]:
    return [segment[offset : offset + length] for offset, length in members(BytesIO(segment))]


def test_what_is_after_the_last_record_is_found(store: Store, run: dict[str, Any]) -> None:
    [said] = run["segments"]
    replace(store, said, store.get(said["key"]) + gzip.compress(b""))
    assert problems(store, run)[0][1].startswith("there is data after the record at byte")


@pytest.mark.parametrize("change", ["lost", "other"])
def test_an_index_that_is_not_the_segment_s_is_found(store: Store, run: dict[str, Any], change: str) -> None:
    said = run["segments"][0]["index"]
    if change == "lost":
        store.client.delete_object(Bucket=store.bucket, Key=said["key"])
    else:
        replace(store, said, store.get(said["key"]).replace(b"200", b"404"))
    [(where, problem)] = problems(store, run)
    assert where == "warc"
    assert problem in {f"{said['key']} is missing", f"its index {said['key']} is not the one made from it"}


def quickly(store: Store, run: dict[str, Any]) -> list[tuple[str, str, bool]]:
    found = verify_runs(store, [written(store, run)], orphans_of="news")
    return [(each.key, each.problem, each.grave) for each in found]


def test_sizes_are_compared_without_reading(store: Store, run: dict[str, Any]) -> None:
    assert quickly(store, run) == []
    segment = run["segments"][0]
    store.put(segment["key"], b"short", WARC)
    store.client.delete_object(Bucket=store.bucket, Key=segment["index"]["key"])
    run["objects"][0]["size"] += 1
    assert [problem for _, problem, _ in quickly(store, run)] == [
        f"5 bytes, the manifest says {segment['size']}",
        f"{segment['index']['key']} is missing",
        f"{run['objects'][0]['size'] - 1} bytes, the manifest says {run['objects'][0]['size']}",
    ]


def test_an_object_in_no_manifest_is_reported_and_is_not_grave(store: Store, run: dict[str, Any]) -> None:
    store.put("warc/news/2022/02/18/of-a-killed-run.warc.gz", b"x", WARC)
    store.put("warc/elsewhere/2022/02/18/other.warc.gz", b"x", WARC)
    [(key, problem, grave)] = quickly(store, run)
    assert key == "warc/news/2022/02/18/of-a-killed-run.warc.gz"
    assert problem.startswith("in no manifest")
    assert not grave


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("offset", 0),
        ("length", 1),
        ("url", "https://other.example/"),
        ("payloadDigest", "sha1:AAAA"),
        ("recordId", "urn:x"),
    ],
)
def test_a_pointer_that_does_not_point_is_found(store: Store, run: dict[str, Any], field: str, value: Any) -> None:
    [said] = run["objects"]
    document = json.loads(store.get(said["key"]))
    document["pressmark"]["captures"][0][field] = value
    replace(store, said, json.dumps(document).encode())
    [(where, problem)] = problems(store, run)
    assert where == "articles"
    assert "record" in problem


def test_a_capture_may_lie_in_a_segment_of_an_earlier_run(store: Store, run: dict[str, Any]) -> None:
    run["segments"] = []
    assert problems(store, run) == []
    store.client.delete_object(Bucket=store.bucket, Key=next(key for key in store.keys("warc/") if key.endswith(".gz")))
    [(where, problem)] = problems(store, run)
    assert where == "articles"
    assert problem.endswith("is missing")
