"""A bucket that was edited by hand: `verify --full` names what was changed, and nothing crashes."""

import json
from collections.abc import Callable

import pytest

from pressmark.crawl.derive import rederive
from pressmark.errors import FindingsFound
from pressmark.sites.site_files import load_sites
from tests.integration.test_bad_input import QUICK, command, fates, warnings
from tests.support.archive import READABLE, SECTION, Archive

pytestmark = pytest.mark.long


@pytest.fixture(autouse=True)
def quick(archive: Archive) -> None:
    archive.set_site(**QUICK)


def without_pressmark(document: bytes) -> bytes:
    facts = json.loads(document)
    del facts["pressmark"]
    return json.dumps(facts).encode()


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "other text": lambda document: document.replace(b'"headline":"', b'"headline":"Not '),
    "no JSON": lambda document: document[:-20],
    "empty": lambda document: b"",
    "no object": lambda document: b"[1]\n",
    "no pressmark": without_pressmark,
    "gone": lambda document: b"",
}


def test_versions_edited_by_hand_are_found_and_stop_nothing(archive: Archive) -> None:
    first = archive.crawl()
    by_id = {document["identifier"]: key for key, document in archive.documents().items()}
    listed = [entry.article_id for entry in archive.newsroom.listing("world/europe", 1)]
    ids = dict(zip(DAMAGES, [each for each in listed if each in by_id], strict=False))
    damaged = {damage: by_id[article_id] for damage, article_id in ids.items()}
    for damage, key in damaged.items():
        archive.store.put(key, DAMAGES[damage](archive.store.get(key)))
    archive.store.client.delete_object(Bucket=archive.store.bucket, Key=damaged["gone"])

    checked = command("verify", SECTION, "--full", "--json")
    assert checked.exit_code == 8
    assert {finding["key"] for finding in json.loads(checked.stdout)} == set(damaged.values())

    site = load_sites(archive.config.sites)["newsroom"]
    for damage, key in damaged.items():
        shown = command("versions", ids[damage])
        if damage == "other text":
            assert (shown.exit_code, rederive(archive.store, site, key).changed) == (0, ("headline",))
            continue
        with pytest.raises(FindingsFound, match=key):
            rederive(archive.store, site, key)
        assert shown.exit_code == (2 if damage == "gone" else 8)
        assert (key if damage != "gone" else "no version is published") in shown.stderr
    read_again = command("rederive", SECTION)
    assert read_again.exit_code == 8
    assert "other text" in damaged
    assert f"{len(damaged) - 1} documents can't be read again" in read_again.stderr
    assert all(key in read_again.stderr for damage, key in damaged.items() if damage != "other text")
    assert damaged["other text"].rpartition("/")[2] in read_again.stdout.replace("\n", ""), "the others are read"

    archive.store.client.delete_object(Bucket=archive.store.bucket, Key=first.manifest["visits"]["key"])
    second = archive.crawl("--recheck")
    assert second.exit_code == 0
    became = fates(second)
    kept = ("failed", "unreadable-version")  # An edit can't be recognized any more.
    assert {damage: became[article_id] for damage, article_id in ids.items()} == {
        **dict.fromkeys(DAMAGES, kept),
        "other text": ("unchanged", None),
        "gone": ("published", None),
    }
    noted = warnings(second, "can't be compared")
    assert len(noted) == 4
    assert all(any(damaged[damage] in line for line in noted) for damage in list(DAMAGES)[1:5])
    assert not list(archive.store.keys("silent-edits/"))
    third = archive.crawl()
    assert set(fates(third).values()) == {("not_modified", None), kept}, "the failed are asked for again"


def test_a_stored_version_of_the_schema_s_no_kind_is_not_listed(archive: Archive) -> None:
    archive.crawl()
    key, document = next(iter(archive.documents().items()))
    archive.store.put(key, json.dumps({**document, "headline": 7}).encode())
    shown = command("versions", document["identifier"], "--json")
    assert (shown.exit_code, shown.stdout) == (8, "[]\n")
    assert f"{key} is not what a run published: headline: " in shown.stderr


def test_a_stored_version_without_captures_or_of_another_key_is_named_by_versions(archive: Archive) -> None:
    archive.crawl()
    (one, first), (two, second), *_ = archive.documents().items()
    archive.store.put(one, json.dumps({**first, "pressmark": {**first["pressmark"], "captures": []}}).encode())
    archive.store.put(two, archive.store.get(next(key for key in archive.documents() if key not in {one, two})))
    for key, document, why in ((one, first, "points to no capture"), (two, second, "contains the document of")):
        shown = command("versions", document["identifier"])
        assert shown.exit_code == 8
        assert f"{key} is not what a run published: it {why}" in shown.stderr


def test_visits_and_an_index_that_are_broken_are_as_none(archive: Archive) -> None:
    first = archive.crawl()
    broken = [first.manifest["visits"]["key"], first.manifest["segments"][0]["index"]["key"]]
    for key in broken:
        archive.store.put(key, b"neither (gzip nor) 2022 JSON")
    second = archive.crawl("--recheck")
    assert second.exit_code == 0
    assert (second.counts["unchanged"], second.counts["published"]) == (READABLE, 0)
    fates(second)
    assert [len(warnings(second, key)) for key in broken] == [1, 1]
    assert archive.crawl().counts["not_modified"] == 20


def test_a_broken_manifest_is_found_and_the_next_run_reads_on(archive: Archive) -> None:
    first = archive.crawl()
    assert first.manifest_key
    archive.store.put(first.manifest_key, b'{"run_id": ')
    shown = command("status")
    assert (shown.exit_code, first.manifest_key in shown.stderr) == (8, True)
    second = archive.crawl()
    assert (second.exit_code, second.counts["listing_pages"], second.counts["unchanged"]) == (0, 2, READABLE)
    assert len(warnings(second, first.manifest_key)) == 1
    checked = command("verify", SECTION, "--json")
    assert checked.exit_code == 8
    assert [finding["key"] for finding in json.loads(checked.stdout)] == [first.manifest_key]
