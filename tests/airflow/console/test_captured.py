"""Captured content is served so that it can do no harm."""

import gzip
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import attrs
import lxml.html
import pytest
from warcio.archiveiterator import ArchiveIterator

from pressmark.archive.s3.store import WARC
from pressmark.archive.spool.segment import Segment
from pressmark.local.s3server import RunningS3
from pressmark.model import keys
from pressmark.model.document import with_captures
from pressmark.reader import Response
from pressmark.web.common.captured import UNKNOWN, _type_of
from tests.airflow.console.conftest import Visitor, visitor
from tests.conftest import fresh_bucket
from tests.support.archive import Archive, Crawl, archiving
from tests.support.samples import exchange

EVIL = "\u202eEvil \x1b[31m\x00\x9b lamps \u2066\u2028<b>"
SHOWN = "\u202eEvil [31m lamps \u2066\u2028<b>"
ISOLATED = {"bdi", "caption", "dd", "div", "dt", "h1", "h2", "h3", "li", "p", "section", "td", "th"}
"""Elements that browsers isolate by themselves (HTML standard, 15.3.6), beside those in our style sheet."""
OURS = re.compile(r"^([\w, ]+) \{ unicode-bidi: isolate; \}", re.MULTILINE)


@pytest.fixture(scope="module")
def crawled(s3: RunningS3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Archive, Crawl]]:
    with pytest.MonkeyPatch.context() as patch:
        fresh_bucket(s3, patch)
        with archiving(tmp_path_factory.mktemp("captured"), patch) as archive:
            yield archive, archive.crawl()


@pytest.fixture(scope="module")
def console(crawled: tuple[Archive, Crawl]) -> Visitor:
    return visitor()


def key_of(crawled: tuple[Archive, Crawl], outcome: str = "published") -> str:
    return next(each["key"] for each in crawled[1].manifest["articles"] if each["outcome"] == outcome)


def test_a_capture_is_the_decoded_body_and_has_no_rights(crawled: tuple[Archive, Crawl], console: Visitor) -> None:
    answer = console.get(f"/capture?key={quote(key_of(crawled))}&page=1")
    assert answer.text.startswith("<!DOCTYPE html")
    assert "<script" in answer.text, "it stays as it came"
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].startswith("inline")
    policy = [part.strip() for part in answer.headers["content-security-policy"].split(";")]
    assert "sandbox" in policy, "no script, no form, an origin of its own"
    assert {"default-src 'none'", "style-src 'unsafe-inline'", "img-src data:"} <= set(policy)


def test_the_page_around_a_capture_frames_it_without_rights(crawled: tuple[Archive, Crawl], console: Visitor) -> None:
    page = console.get(f"/page?key={quote(key_of(crawled))}").text
    assert '<iframe class="captured" sandbox="" ' in page
    assert "200 <bdi>OK</bdi>" in page


def test_console_pages_allow_nothing_from_elsewhere(crawled: tuple[Archive, Crawl], console: Visitor) -> None:
    for path in ("/", f"/page?key={quote(key_of(crawled))}", f"/{crawled[1].manifest_key}", "/nowhere"):
        headers = console.get(path, 404 if path == "/nowhere" else 200).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; ")
        for part in ("frame-ancestors 'self'", "form-action 'self'", "base-uri 'none'"):
            assert part in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


def test_pages_keep_their_own_policy(crawled: tuple[Archive, Crawl], console: Visitor) -> None:
    page = console.get("/").text
    assert " style=" not in page
    assert " onclick=" not in page
    assert page.count("<script") == page.count('<script src="/archive/static/console.js">') == 1


@pytest.mark.parametrize(
    ("said", "handed_out", "shown"),
    [
        ("text/html; charset=utf-8", "text/html; charset=utf-8", True),
        ('Text/HTML;charset="gb2312"', "text/html; charset=gb2312", True),
        ("text/html;", "text/html", True),
        ("text/plain; format=flowed; charset=utf-8", "text/plain; charset=utf-8", True),
        ("text/html; charset=a b", "text/html", True),
        ("text/plain", "text/plain", True),
        ("image/jpeg", "image/jpeg", True),
        ("image/svg+xml", UNKNOWN, False),
        ("application/xhtml+xml", UNKNOWN, False),
        ("text/javascript", UNKNOWN, False),
        ("text/html, text/javascript", UNKNOWN, False),
        ("text/html\r\nSet-Cookie: a=b", UNKNOWN, False),
        ("", UNKNOWN, False),
    ],
)
def test_only_types_that_can_be_looked_at_are_shown(said: str, handed_out: str, shown: bool) -> None:
    head = [("Content-Type", said)] if said else []
    response = Response("https://news.example/", datetime.now(UTC), 200, "OK", head, b"", b"")
    assert _type_of(response) == (handed_out, shown)


def test_a_segment_comes_whole(crawled: tuple[Archive, Crawl], console: Visitor) -> None:
    segment = crawled[1].manifest["segments"][0]
    answer = console.get(f"/segment?key={quote(segment['key'])}")
    assert answer.content == crawled[0].store.get(segment["key"])
    assert int(answer.headers["content-length"]) == segment["size"]
    assert answer.headers["content-disposition"].startswith("attachment")
    assert sum(1 for _ in ArchiveIterator(BytesIO(answer.content))) == segment["records"]
    assert gzip.decompress(answer.content)


def test_head_works_wherever_get_does(crawled: tuple[Archive, Crawl], console: Visitor) -> None:
    segment, key = crawled[1].manifest["segments"][0], quote(key_of(crawled))
    for path in ("/", "/sections/newsroom/world/europe", f"/diff?key={key}", f"/page?key={key}", f"/capture?key={key}"):
        asked, got = console.get(path, method="HEAD"), console.get(path)
        assert asked.headers["content-type"] == got.headers["content-type"]
    asked = console.get(f"/segment?key={quote(segment['key'])}", method="HEAD")
    assert (int(asked.headers["content-length"]), asked.content) == (segment["size"], b""), "nothing is read for it"
    assert console.get("/nowhere", 404, "HEAD")
    assert console.get("/", 405, "POST")


def test_a_document_is_its_json(crawled: tuple[Archive, Crawl], console: Visitor) -> None:
    for key in (key_of(crawled), crawled[1].manifest_key or ""):
        answer = console.get(f"/document?key={quote(key)}")
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == json.loads(crawled[0].store.get(key))
        assert "\n  " in answer.text


@pytest.mark.parametrize(
    "key",
    [
        "",
        "articles/newsroom/",
        "warc/newsroom/2022/02/18/x.warc.gz",
        "exports/newsroom/reached.json",
        "schemas/article-1.json",
        "../../etc/passwd",
        "articles/../runs/newsroom/world/europe/2022/02/18/x.json",
        "articles/newsroom/2022/02/18/../18/WS0/20220218T005300Z.json",
        "articles/newsroom/2022/02/18/WS0/20220218T005300Z.json\n",
        "/articles/newsroom/2022/02/18/WS0/20220218T005300Z.json",
        "articles/newsroom/2022/02/18/WS0/20220218T005300Z.json",
        "runs/newsroom/world/europe/2022/02/18/x.visits.jsonl.gz",
        "runs/newsroom/../newsroom/world/europe/2022/02/18/x.json",
    ],
)
def test_no_other_key_leads_anywhere(crawled: tuple[Archive, Crawl], console: Visitor, key: str) -> None:
    for page in ("document", "capture", "page", "diff"):
        assert "Traceback" not in console.get(f"/{page}?key={quote(key, safe='')}", 404).text
    console.get(f"/segment?key={quote(key, safe='')}", 404)
    console.get(f"/runs/{quote(key)}", 404)


def stray_text(page: str, isolated: set[str]) -> Iterator[str]:
    """Return texts of a page where captured words come before ours, or have no element of their own."""
    for element in lxml.html.document_fromstring(page).iter():
        texts = [element.text, *(child.tail for child in element)]
        if any("\u202e" in (text or "") for text in texts):
            whole = element.text_content().strip()
            if element.tag not in isolated or not whole.endswith(SHOWN):
                yield f"{element.tag}: {whole}"
        yield from (element.get(name) for name in ("title", "aria-label", "alt") if "\u202e" in element.get(name, ""))


def evil_document(crawled: tuple[Archive, Crawl], folder: Path) -> tuple[str, bytes]:
    """Return key and bytes of a version as older releases wrote it, captured from an equally hostile response."""
    store, key = crawled[0].store, key_of(crawled)
    document = json.loads(store.get(key))
    lines = (f"HTTP/1.1 200 {EVIL}", f"X-Author: {EVIL}", f"X-{EVIL}: 1", f"Content-Type: text/html; charset={EVIL}")
    head = "\r\n".join([*lines, "", ""])
    segment = Segment(folder, "newsroom", "evil", 1, {"software": "test"})
    capture = segment.write(attrs.evolve(exchange(), response_head=head.encode()))
    sealed = segment.seal()
    warc = keys.segment("newsroom", datetime.now(UTC), sealed.path.name)
    store.put_file(warc, sealed.path, sealed.sha256, WARC)
    changes = {"identifier": "WSEVIL", "headline": EVIL, "articleBody": f"{EVIL}\n\n{EVIL}"}
    evil = with_captures({**document, **changes}, [attrs.evolve(capture, warc=warc)])
    return key.replace(document["identifier"], "WSEVIL"), json.dumps(evil).encode()


def test_what_strangers_wrote_reaches_no_further_than_its_element(
    crawled: tuple[Archive, Crawl], tmp_path: Path
) -> None:
    store, now = crawled[0].store, datetime.now(UTC)
    key, document = evil_document(crawled, tmp_path)
    edit = key.replace("articles/", "silent-edits/").replace(".json", "-0123456789ab.json")
    fate = {"article_id": "WSEVIL", "url": f"http://127.0.0.1/{EVIL}", "reason": EVIL, "message": EVIL}
    manifest: dict[str, Any] = {
        **crawled[1].manifest,
        "run_id": "evil",
        "started_at": now.isoformat(),
        "ended_at": now.isoformat(),
        "ended": "failed",
        "reason": EVIL,
        "failure": "RunFailed",
        "articles": [
            {**fate, "outcome": "failed"},
            {**fate, "outcome": "rejected"},
            {**fate, "outcome": "published", "key": key},
            {**fate, "outcome": "silent_edit", "key": edit},
        ],
        "requests": [{"host": EVIL, "number": 1, "busiest_minute": 1}],
    }
    manifest["counts"] |= {"seen": 4, "failed": 1, "rejected": 1, "published": 1, "silent_edit": 1}
    run = keys.manifest("newsroom", "world/europe", now, "evil")
    wrote = {key: document, edit: document, run: json.dumps(manifest).encode()}
    for each, data in wrote.items():
        store.put(each, data)
    console = visitor()
    styled = OURS.search(console.get("/static/console.css").text)
    assert styled
    isolated = ISOLATED | set(styled[1].split(", "))
    try:
        for path in ("/", "/sections/newsroom/world/europe", f"/{run}", f"/diff?key={key}", f"/diff?key={edit}"):
            page = console.get(path).text
            assert SHOWN.replace("<", "&lt;").replace(">", "&gt;") in page, path
            assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", page), path
            assert list(stray_text(page, isolated)) == [], path
        page = console.get(f"/page?key={key}").text
        assert page.count("\u202e") == 4, "reason phrase, header names and values"
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", page)
        assert list(stray_text(page, isolated)) == []
        assert "\\u202eEvil" in console.get(f"/diff?key={key}").text, "a window's title isolates nothing"
        served = [console.get(f"/document?key={each}").text for each in (key, run)]
        assert not any(re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u202e]", each) for each in served)
    finally:
        for each in wrote:
            store.client.delete_object(Bucket=store.bucket, Key=each)


def test_what_came_whole_after_a_cut_page_need_not_be_an_edit(crawled: tuple[Archive, Crawl]) -> None:
    store, key = crawled[0].store, key_of(crawled)
    other = key.replace(document_id := key.split("/")[-2], "WSCUT")
    whole = json.loads(store.get(key).replace(document_id.encode(), b"WSCUT"))
    before = [{**each, "capturedAt": "2022-02-18T05:00:00Z"} for each in whole["pressmark"]["captures"]]
    block = {**whole["pressmark"], "captures": before}
    cut = {**whole, "articleBody": whole["articleBody"][:20], "pressmark": {**block, "cutShort": True}}
    edit = other.replace("articles/", "silent-edits/").replace(".json", "-0123456789ab.json")
    try:
        for each, document in {other: cut, edit: whole}.items():
            store.put(each, json.dumps(document).encode())
        remark = "may be the rest of that page, and no edit"
        assert remark in visitor().read(f"/diff?key={edit}")
        store.put(other, json.dumps({**cut, "pressmark": block}).encode())
        assert remark not in visitor().read(f"/diff?key={edit}")
    finally:
        for each in (other, edit):
            store.client.delete_object(Bucket=store.bucket, Key=each)


@pytest.mark.parametrize("page", ["0", "-1", "99"])
def test_there_is_no_such_page(crawled: tuple[Archive, Crawl], console: Visitor, page: str) -> None:
    console.get(f"/capture?key={quote(key_of(crawled))}&page={page}", 404)


def test_a_document_that_points_elsewhere_is_not_followed(crawled: tuple[Archive, Crawl]) -> None:
    store, console = crawled[0].store, visitor()
    whole = json.loads(store.get(key_of(crawled)))
    for number, (change, status) in enumerate(
        [
            ({"warc": "runs/newsroom/world/europe/2022/02/18/x.json"}, 404),
            ({"warc": "warc/chinadaily/2022/02/18/x.warc.gz"}, 404),
            ({"length": 1 << 40}, 500),
            ({"length": "long"}, 500),
            ({"length": 7.5}, 500),
            ({"offset": -1}, 500),
            ({"offset": "0"}, 500),
            ({"url": None}, 500),
            ({"offset": 1}, 500),
        ]
    ):
        capture = {**whole["pressmark"]["captures"][0], **change}
        key = f"articles/newsroom/2022/02/18/WSforged/{number}.json"
        store.put(key, json.dumps({**whole, "pressmark": {**whole["pressmark"], "captures": [capture]}}).encode())
        assert "Traceback" not in console.get(f"/capture?key={key}", status).text
