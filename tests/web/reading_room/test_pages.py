"""The pages of the reading room, over three runs of the newsroom."""

import asyncio
import hashlib
import json
import os
import re
import threading
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import attrs
import httpx
import pytest
from warcio.archiveiterator import ArchiveIterator

from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.errors import UsageError
from pressmark.model import keys
from pressmark.reader import Document
from pressmark.system.ports import free_port
from pressmark.web.common.captured import stored_file
from pressmark.web.common.repository import Repository
from pressmark.web.reading_room.app import room_app
from pressmark.web.reading_room.replay_origin import replay_app
from pressmark.web.reading_room.search.catalogue import Catalogue, SearchTimeout
from pressmark.web.reading_room.search.limiter import TooManySearches
from pressmark.web.reading_room.search.query import Finder
from pressmark.web.reading_room.search.refresh import Refresher
from pressmark.web.reading_room.serving import checked
from tests.web.reading_room.conftest import PLACES, Archived, Visitor, ask, words_of


def article(document: Document) -> str:
    return "/" + document.key.rpartition("/")[0] + "/"


def page(document: Document) -> str:
    return "/" + document.key.removesuffix(".json")


def test_the_first_page_leads_to_what_is_new(visitor: Visitor, archived: Archived) -> None:
    text = visitor.read("/")
    assert "newsroom 26 articles in 28 versions, " in text
    assert article(archived.updated) in visitor.links("/", archived.updated.headline)


def test_articles_are_browsed_by_month_day_and_section(visitor: Visitor, archived: Archived) -> None:
    day = archived.updated.day
    assert visitor.links("/articles/newsroom/", f"{day:%Y-%m}") == [f"/articles/newsroom/{day:%Y/%m}/"]
    [of_day] = visitor.links(f"/articles/newsroom/{day:%Y/%m}/", f"{day:%A, %-d %B %Y}")
    assert article(archived.updated) in visitor.links(of_day, archived.updated.headline)
    [of_section] = visitor.links("/articles/newsroom/", "World / Europe")
    assert "26 articles, updated last first" in visitor.read(of_section)
    assert "0 articles" in visitor.read("/articles/newsroom/?section=None")
    [second] = visitor.links("/articles/newsroom/", "Next")
    assert "page 2 of 2" in visitor.read(f"/articles/newsroom/{second}")


def test_an_article_is_found_by_a_word_of_its_text(visitor: Visitor, archived: Archived) -> None:
    words = re.findall(r"[A-Za-z]{4,}", archived.updated.body)[:8]
    answer = visitor.get(f"/search?q={'+'.join(words)}")
    assert re.search(rf"\b[1-9] articles? with {' '.join(words)}, the best first\.", words_of(answer.text))
    assert article(archived.updated) in answer.text
    assert f"<mark>{words[0]}</mark>" in answer.text
    assert "3 versions." in words_of(answer.text)
    assert "No article has all of zzzz" in visitor.read("/search?q=zzzz")
    assert "Type words of a headline or text." in visitor.read("/search?q=")


def test_the_time_line_has_every_version_silent_edit_and_tombstone(visitor: Visitor, archived: Archived) -> None:
    text = visitor.read(article(archived.updated))
    assert text.count("Version, updated") == 3
    assert text.count("What changed") == 2
    edits = archived.reader.silent_edits(archived.edited.article_id)
    assert edits
    text = visitor.read(article(archived.edited))
    assert (text.count("Version, updated"), text.count("Silent edit, updated")) == (1, len(edits))
    text = visitor.read(article(archived.gone))
    assert "Gone from the site: status 410, captured " in text
    assert archived.gone.body.split("\n\n")[0] in text, "what it said stays"


def test_a_version_shows_its_provenance_and_citation(visitor: Visitor, archived: Archived) -> None:
    document, capture = archived.updated, archived.updated.data["pressmark"]["captures"][0]
    shown = visitor.read(page(document))
    stored = archived.archive.store.get(document.key)
    for text in (
        capture["recordId"],
        capture["payloadDigest"],
        document.data["pressmark"]["contentSha256"],
        hashlib.sha256(stored).hexdigest(),
        f"{PLACES.room}{page(document)}",
        f"WARC record {document.data['archivedAt']}.",
    ):
        assert text in shown, text
    for name, value in archived.reader.capture(document).headers:
        assert f"{name}: {value}" in shown


def test_a_version_can_be_followed_by_machines(visitor: Visitor, archived: Archived) -> None:
    url, captured = archived.updated.data["url"], archived.reader.capture(archived.updated).captured_at
    links = visitor.get(page(archived.updated)).headers["link"]
    assert f'<{url}>; rel="original"' in links
    assert f'<{PLACES.room}{page(archived.updated)}>; rel="cite-as"' in links
    assert f'<{PLACES.room}/{archived.updated.key}>; rel="describedby"; type="application/ld+json"' in links
    assert f'<{PLACES.pywb}/newsroom/{url}>; rel="timegate"' in links
    assert f'<{PLACES.pywb}/newsroom/timemap/link/{url}>; rel="timemap"; type="application/link-format"' in links
    memento = f"{PLACES.pywb}/newsroom/{captured:%Y%m%d%H%M%S}/{url}"
    moment = format_datetime(captured.astimezone(UTC), usegmt=True)
    assert f'<{memento}>; rel="memento"; datetime="{moment}"' in links
    robust = f'data-originalurl="{url}" data-versionurl="{memento}" data-versiondate="{captured:%Y-%m-%d}"'
    assert robust in visitor.read(page(archived.updated))
    alone = attrs.evolve(visitor, origins=attrs.evolve(PLACES, pywb=""))
    assert "timegate" not in alone.get(page(archived.updated)).headers["link"]


def test_any_two_versions_are_compared(visitor: Visitor, archived: Archived) -> None:
    first, _, last = archived.reader.versions(archived.updated.article_id)
    for view in ("inline", "side"):
        text = visitor.get(f"/compare?earlier={first.key}&later={last.key}&view={view}").text
        assert f"<ins>{last.data['dateModified']}</ins>" in text
        assert f"<del>{first.data['dateModified']}</del>" in text
    assert "They have the same content." in visitor.read(f"/compare?earlier={last.key}&later={last.key}")
    visitor.get(f"/compare?earlier={first.key}&later={archived.edited.key}", 404)
    visitor.get(f"/compare?earlier={first.key}", 400)


def test_a_page_that_may_be_cut_says_so(visitor: Visitor, archived: Archived) -> None:
    store, key = archived.archive.store, archived.edited.key
    edit = archived.reader.silent_edits(archived.edited.article_id)[0].key
    was = store.get(key)
    document = json.loads(was)
    words = {
        page(archived.edited): "did not say where it ends",
        f"/compare?earlier={key}&later={edit}": "and no edit.",
    }
    assert not [address for address, said in words.items() if said in visitor.read(address)]
    store.put(key, json.dumps({**document, "pressmark": {**document["pressmark"], "cutShort": True}}).encode())
    try:
        fresh = Visitor(attrs.evolve(archived, repository=Repository.open()))
        assert [address for address, said in words.items() if said in fresh.read(address)] == list(words)
    finally:
        store.put(key, was)


def test_a_refused_search_says_why(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "A prefix needs at least 2 letters: t was searched as a word." in visitor.read("/search?q=t*")
    for error, said in ((SearchTimeout, "This search takes too long"), (TooManySearches, "Too many searches")):
        monkeypatch.setattr(Finder, "search", Mock(side_effect=error))  # Other tests raise each of them for real.
        answer = visitor.get("/search?q=text", 503)
        assert said in answer.text
        assert answer.headers["retry-after"]


def test_many_searches_of_one_client_hold_up_no_page_of_another(
    visitor: Visitor, archived: Archived, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time of an expensive search depends on the machine; here each waits until all other pages are done."""
    pages_came, asked = threading.Event(), threading.Semaphore(0)
    search = Finder.search

    def slow(*args: Any) -> Any:
        asked.release()
        assert pages_came.wait(60)
        return search(*args)

    monkeypatch.setattr(Finder, "search", slow)
    app = room_app(archived.repository, archived.refresher, PLACES)

    async def all_at_once() -> list[int]:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=PLACES.room, timeout=60) as client:
            searches = [asyncio.create_task(client.get("/search?q=text")) for _ in range(45)]
            await asyncio.to_thread(asked.acquire)
            others = [await client.get(each) for each in ("/", article(archived.updated), page(archived.updated))]
            assert not any(each.done() and not each.exception() for each in searches)
            pages_came.set()
            await asyncio.gather(*searches)
            return [each.status_code for each in others]

    try:
        assert asyncio.run(all_at_once()) == [200, 200, 200]
    finally:
        pages_came.set()


def test_head_works_wherever_get_does(visitor: Visitor, archived: Archived) -> None:
    app = room_app(archived.repository, archived.refresher, PLACES)
    first, _, last = archived.reader.versions(archived.updated.article_id)
    for address in (
        *("/", "/search?q=text", article(archived.updated), page(archived.updated), f"/{archived.updated.key}"),
        f"/compare?earlier={first.key}&later={last.key}",
        *visitor.links(page(archived.updated), "WARC record"),
    ):
        asked = ask(app, PLACES.room, address, "HEAD")
        assert (asked.status_code, asked.headers["content-type"]) == (200, visitor.get(address).headers["content-type"])
    segment = archived.updated.data["pressmark"]["captures"][0]["warc"]
    asked = ask(app, PLACES.room, f"/{segment}", "HEAD")
    assert int(asked.headers["content-length"]) == len(archived.archive.store.get(segment))
    assert not asked.content, "nothing is read for it"
    assert ask(app, PLACES.room, "/nowhere", "HEAD").status_code == 404
    assert ask(app, PLACES.room, "/", "POST").status_code == 405


def test_saved_files_equal_those_of_the_bucket(visitor: Visitor, archived: Archived) -> None:
    document, store = archived.updated, archived.archive.store
    answer = visitor.get(f"/{document.key}")
    assert (answer.json(), answer.headers["content-type"]) == (document.data, "application/ld+json")
    [segment] = visitor.links(page(document), "segment")
    assert visitor.get(segment).content == store.get(segment[1:])
    [index] = visitor.links(page(document), "its index")
    assert visitor.get(index).content == store.get(index[1:])
    [record] = visitor.links(page(document), "WARC record")
    [only] = ArchiveIterator(BytesIO(visitor.get(record).content))
    assert only.rec_headers.get_header("WARC-Record-ID") == f"<{document.data['archivedAt']}>"


def test_a_page_that_is_not_packaged_says_what_to_do(visitor: Visitor, archived: Archived) -> None:
    [replay] = visitor.links(page(archived.updated), "Replay the page as it was")
    text = visitor.read(replay)
    assert "pressmark package newsroom" in text
    assert visitor.links(replay, "Replay in pywb")[0].startswith(f"{PLACES.pywb}/newsroom/2")


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/nowhere", 404),
        ("/articles/other/", 404),
        ("/articles/newsroom/2022/99/", 404),
        ("/articles/newsroom/2022/02/31/", 404),
        ("/articles/newsroom/999999999999999999999999999999/1/1/", 404),
        ("/articles/newsroom/999999999999999999999999999999/1/", 404),
        ("/articles/newsroom/2022/02/18/NONE/", 404),
        ("/articles/newsroom/2022/02/18/NONE/20220218T000000Z", 404),
        ("/articles/newsroom/2022/02/18/NONE/20220218T000000Z.json", 404),
        ("/runs/newsroom/2022/02/18/NONE/x.json", 404),
        ("/warc/newsroom/../../runs", 404),
        ("/wacz/newsroom/2022-02-18.wacz", 404),
        ("/wacz/newsroom/x", 404),
        ("/search?q=a&first=yesterday", 400),
        ("/search?q=a&page=0", 400),
        ("/search?q=a&page=99999999999", 400),
        ("/compare?earlier=a&later=b", 404),
    ],
)
def test_unknown_addresses_get_an_error_page(visitor: Visitor, address: str, status: int) -> None:
    text = visitor.read(address, status)
    assert "Search for it, or start at the first page." in text or "Correct the address" in text


def test_every_page_allows_nothing_from_elsewhere(visitor: Visitor, archived: Archived) -> None:
    addresses = [
        "/",
        "/search?q=a",
        article(archived.updated),
        page(archived.updated),
        f"/replay{page(archived.updated)}",
    ]
    for address in addresses:
        answer = visitor.get(address)
        policy = answer.headers["content-security-policy"].split("; ")
        assert "default-src 'none'" in policy
        assert f"frame-src {PLACES.replay}" in policy
        assert "frame-ancestors 'none'" in policy
        assert not any("script-src" in each for each in policy), "there are no scripts"
        assert "<script" not in answer.text
        assert " style=" not in answer.text
        assert "set-cookie" not in answer.headers
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "sandbox" in visitor.get(f"/{archived.updated.key}").headers["content-security-policy"]


def test_a_name_that_is_not_its_own_is_refused(visitor: Visitor) -> None:
    visitor.get("/", 400, host="rebound.example.org")
    visitor.get("/", host="localhost:8090")


def test_what_a_page_says_is_shown_as_text(archived: Archived, tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>\"'"
    document = json.loads(archived.archive.store.get(archived.gone.key))
    key = archived.gone.key.replace(archived.gone.article_id, "HOSTILE")
    document |= {"identifier": "HOSTILE", "headline": hostile, "articleBody": hostile, "url": f"javascript:{hostile}"}
    store = archived.archive.store
    store.put(key, json.dumps(document).encode())
    try:
        visitor = Visitor(archived)
        for address in (f"/{key.rpartition('/')[0]}/", f"/{key.removesuffix('.json')}"):
            answer = visitor.get(address)
            assert "<script>" not in answer.text
            assert 'href="javascript:' not in answer.text
            assert hostile in words_of(answer.text) or "alert(1)" in words_of(answer.text)
    finally:
        store.client.delete_object(Bucket=store.bucket, Key=key)


def test_before_there_is_anything_it_says_what_to_do(bucket: str, tmp_path: Path) -> None:
    repository = Repository(Store.open(Config(bucket=bucket, spool=tmp_path)), None)
    refresher = Refresher(Catalogue(tmp_path / "catalogue.sqlite"), repository)
    visitor = Visitor(Archived(None, repository, refresher, None, None, None))  # type: ignore[arg-type]
    assert "The catalogue is being built" in visitor.read("/")
    refresher.refresh()
    assert "pressmark export SITE" in visitor.read("/")


@pytest.mark.parametrize("why", ["none", "nobody", "refused"])
def test_without_the_bucket_search_still_works(
    archived: Archived, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    if why == "nobody":
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{free_port()}")
    if why == "refused":
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    config = Config.from_env(os.environ)
    away = Store.connect(attrs.evolve(config, bucket="nowhere" if why == "none" else config.bucket, patience=0.0))
    refresher = Refresher(archived.refresher.catalogue, Repository(away, archived.repository.folder))
    visitor = Visitor(attrs.evolve(archived, repository=refresher.repository, refresher=refresher))
    refresher.refresh()
    (tmp_path / "ui.js").write_text("")
    stage = replay_app(refresher.repository, PLACES, tmp_path)
    replay = ask(stage, PLACES.replay, "/show/newsroom/2022-02-18?url=http://x/&ts=20220218000000")
    assert replay.status_code == 503
    read = visitor.read("/search?q=the"), visitor.read(article(archived.updated), 503), replay.text
    assert "The catalogue can't be refreshed" in read[0]
    assert "The archive can't be read now" in read[1]
    endpoint = str(away.client.meta.endpoint_url)
    assert not [word for text in read for word in (away.bucket, endpoint, "PRESSMARK_", "AWS_") if word in text]


def test_captured_pages_are_shown_in_frames_only(archived: Archived, visitor: Visitor, tmp_path: Path) -> None:
    for name in ("ui.js", "sw.js"):
        (tmp_path / name).write_bytes(b"as it came \xff")
    store, key = archived.archive.store, "wacz/newsroom/2001-01-02.wacz"
    store.put(key, b"package", "application/wacz")
    stage = replay_app(archived.repository, PLACES, tmp_path)
    address = "/show/newsroom/2001-01-02?url=http://x/&ts=20010102000000"
    assert ask(stage, PLACES.replay, address, **{"Sec-Fetch-Dest": "iframe"}).status_code == 200
    refused = ask(stage, PLACES.replay, address, **{"Sec-Fetch-Dest": "document"})
    assert (refused.status_code, PLACES.room in refused.text) == (403, True)
    worker, replayweb = (
        ask(stage, PLACES.replay, f"/show/newsroom/replay/{name}") for name in ("sw.js", "replayweb.js")
    )
    assert 'importScripts("replayweb.js")' in worker.text
    for script in ("/show/newsroom/replay/replayweb.js", "/show/newsroom/replay/ui.js", "/ui.js"):
        assert ask(stage, PLACES.replay, script, **{"Service-Worker": "script"}).status_code == 403
    assert "allow-popups" not in worker.text
    assert replayweb.content == b"as it came \xff", "for its licence"
    captured = datetime.fromisoformat(archived.updated.data["pressmark"]["captures"][0]["capturedAt"])
    store.put(keys.package("newsroom", captured.astimezone(UTC).date()), b"package", "application/wacz")
    alone = visitor.get(f"/replay{page(archived.updated)}?view=alone")
    assert f"frame-src {PLACES.replay}" in alone.headers["content-security-policy"]
    assert re.findall(r"<iframe[^>]* sandbox=\"([^\"]*)\"", alone.text) == [
        "allow-scripts allow-same-origin allow-forms"
    ]
    assert "view=alone" in visitor.get(f"/replay{page(archived.updated)}").text


def test_a_document_that_is_taken_down_is_gone_within_a_minute_and_a_large_one_is_not_kept(
    visitor: Visitor, archived: Archived, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, whole = archived.archive.store, archived.updated
    repository, later = Repository.open(), time.monotonic() + 61
    there = attrs.evolve(visitor, archived=attrs.evolve(archived, repository=repository))
    for size, is_kept in ((1, True), (10_000_000, False)):
        article_id = f"WS620eee0ba310cdd1c5cfff{size % 7:02x}"
        key = whole.key.replace(whole.article_id, article_id)
        data = {**whole.data, "identifier": article_id, "articleBody": "x" * size}
        store.put(key, json.dumps(data).encode())
        there.get(page(Document(key, data)))
        store.client.delete_object(Bucket=store.bucket, Key=key)
        if is_kept:
            assert repository.document(key).data == data
        with monkeypatch.context() as patch:
            if is_kept:
                patch.setattr("pressmark.web.common.repository.time.monotonic", lambda: later)
            there.get(page(Document(key, data)), 404)


def test_a_package_is_read_by_parts(archived: Archived, tmp_path: Path) -> None:
    for name in ("ui.js", "sw.js"):
        (tmp_path / name).write_text(name)
    store, key = archived.archive.store, "wacz/newsroom/2001-01-01.wacz"
    store.put(key, bytes(range(100)), "application/wacz")
    stage = replay_app(archived.repository, PLACES, tmp_path)
    assert ask(stage, PLACES.replay, "/ui.js", "HEAD").status_code == 200
    address = f"/wacz/{stored_file(archived.repository, key).tag}/newsroom/2001-01-01.wacz"

    def asked(part: str) -> tuple[int, bytes, str]:
        answer = ask(stage, PLACES.replay, address, range=part)
        return answer.status_code, answer.content, answer.headers.get("content-range", "")

    whole = bytes(range(100))
    assert asked("") == (200, whole, "")
    assert asked("bytes=10-19") == (206, whole[10:20], "bytes 10-19/100")
    assert asked("bytes=-30") == (206, whole[70:], "bytes 70-99/100")
    assert asked("bytes=-300") == (206, whole, "bytes 0-99/100"), "all of it is a part, too"
    assert asked("bytes=0-") == (206, whole, "bytes 0-99/100")
    assert asked("bytes=100-")[0] == 416
    assert asked("lines=1-2") == (200, whole, "")
    assert ask(stage, PLACES.replay, address, "HEAD").headers["content-length"] == "100"
    for other, status in (
        ("/wacz/x/newsroom/2001-01-01.wacz", 404),
        ("/wacz/x/newsroom/2001-01-02.wacz", 404),
        ("/wacz/newsroom/reached.json", 404),
        ("/show/newsroom/2001-01-01?url=x&ts=no", 422),
        ("/show/newsroom/replay/sw.js", 200),
        ("/favicon.ico", 204),
    ):
        assert ask(stage, PLACES.replay, other).status_code == status, other
    assert ask(stage, "http://evil.example", address).status_code == 400, "the name of another leads here"
    store.put(key, b"another", "application/wacz")
    assert ask(stage, PLACES.replay, address).status_code == 404, "what was read of the one before fits no more"
    shown = ask(stage, PLACES.replay, "/show/newsroom/2001-01-01?url=x&ts=20010101000000").text
    assert f"/wacz/{stored_file(archived.repository, key).tag}/newsroom/2001-01-01.wacz" in shown


def test_the_player_is_shown_in_the_reading_room_only(archived: Archived, tmp_path: Path) -> None:
    archived.archive.store.put("wacz/newsroom/2001-01-01.wacz", b"x", "application/wacz")
    stage = replay_app(archived.repository, PLACES, tmp_path)
    worker = ask(stage, PLACES.replay, "/show/newsroom/replay/sw.js")
    assert worker.headers["content-security-policy"].startswith("default-src 'self' ")
    query = "url=http://a.example/%22%3E&ts=20010101000000"
    shown = ask(stage, PLACES.replay, f"/show/newsroom/2001-01-01?{query}")
    policy = shown.headers["content-security-policy"]
    assert f"frame-ancestors 'self' {PLACES.room}" in policy
    assert "; sandbox allow-scripts allow-same-origin " in policy, "it leads no window away, framed or not"
    assert 'url="http://a.example/&#34;&gt;"' in shown.text
    assert "serviceWorker.ready" in ask(stage, PLACES.replay, "/show/newsroom/replay/?source=x").text


@pytest.mark.parametrize(
    ("room", "replay", "pywb", "wrong"),
    [
        ("https://a.example/room", "https://a.example", "", "--url and --replay-url"),
        ("http://a.example:80", "http://a.example", "", "--url and --replay-url"),
        ("https://A.example", "https://a.example", "", "--url and --replay-url"),
        ("http://a.example", "http://b.example", "http://a.example/pywb", "--url and --pywb"),
        ("http://a.example", "http://b.example", "http://b.example", "--replay-url and --pywb"),
        ("http://a.example", "http://b.example/deep", "", "--replay-url"),
        ("ftp://a.example", "http://b.example", "", "--url"),
        ("http://a.example", "http://b.example:port", "", "--replay-url"),
    ],
)
def test_captured_pages_have_an_origin_of_their_own(room: str, replay: str, pywb: str, wrong: str) -> None:
    with pytest.raises(UsageError, match=wrong):
        checked(room, replay, pywb)
    assert checked("https://a.example/room/", "https://r.a.example/", "").room == "https://a.example/room"


@pytest.mark.parametrize(
    "change", [{"wordCount": None}, {"image": 3}, {"author": [3]}, {"url": None}, {"inLanguage": 7}]
)
def test_an_invalid_version_hides_no_other(visitor: Visitor, archived: Archived, change: dict[str, Any]) -> None:
    store, key = archived.archive.store, archived.updated.key
    stray = f"{key.rpartition('/')[0]}/.DS_Store"
    whole = store.get(key)
    store.put(key, json.dumps(json.loads(whole) | change).encode())
    store.put(stray, b"")
    try:
        there = attrs.evolve(visitor, archived=attrs.evolve(archived, repository=Repository.open()))
        assert there.read(article(archived.updated)).count("Version, updated") == 2
        assert "is no valid version" in there.read(page(archived.updated), 500)
    finally:
        store.put(key, whole)
        store.client.delete_object(Bucket=store.bucket, Key=stray)


def test_what_a_site_wrote_reaches_no_further_than_its_element(visitor: Visitor, archived: Archived) -> None:
    store, article_id = archived.archive.store, "WS620eee0ba310cdd1c5cffff0"
    key = archived.updated.key.replace(archived.updated.article_id, article_id)
    headline = "\u202eEvil \x1b[31m\x00\x9b lamps <b>"
    old = {**archived.updated.data, "identifier": article_id, "headline": headline, "author": [{"name": headline}]}
    store.put(key, json.dumps(old).encode())  # As earlier releases wrote it.
    document = Document(key, old)
    try:
        pages = [visitor.get(address).text for address in (page(document), article(document))]
        served = visitor.get(f"/{key}").text
    finally:
        store.client.delete_object(Bucket=store.bucket, Key=key)
    for text in pages:
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", text)
        assert "<title>\\u202eEvil" in text
        assert "<bdi>\u202eEvil [31m lamps &lt;b&gt;</bdi>" in text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", served)
    assert json.loads(served)["headline"] == headline
