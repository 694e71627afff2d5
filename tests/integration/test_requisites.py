"""The requisites of a page are captured with it."""

from io import BytesIO
from urllib.parse import urlsplit

import attrs
from warcio.archiveiterator import ArchiveIterator

from pressmark.local.newsroom.faults import FaultKind
from tests.support.archive import Archive, Crawl
from tests.support.hostile_site import answer, hostile_site, page, path

PAGES = ("/a/", "/world/", "/robots.txt")


@attrs.frozen
class Fetched:
    """One exchange in the bucket."""

    path: str
    status: str
    referer: str | None


def fetched(archive: Archive, run: Crawl) -> list[Fetched]:
    """Return the requisites that a run captured, in order."""
    found: dict[str, Fetched] = {}
    for said in run.manifest["segments"]:
        for record in ArchiveIterator(BytesIO(archive.store.get(said["key"]))):
            head = record.rec_headers
            if record.rec_type == "response":
                path = urlsplit(head.get_header("WARC-Target-URI")).path
                found[head.get_header("WARC-Record-ID")] = Fetched(path, record.http_headers.get_statuscode(), None)
            elif record.rec_type == "request" and (response := found.get(head.get_header("WARC-Concurrent-To"))):
                referer = record.http_headers.get_header("Referer")
                found[head.get_header("WARC-Concurrent-To")] = attrs.evolve(response, referer=referer)
    return [each for each in found.values() if not each.path.startswith(PAGES)]


def test_styles_scripts_and_pictures_are_captured_once_a_day(archive: Archive) -> None:
    first = archive.crawl()
    found = fetched(archive, first)
    paths = [each.path for each in found]
    assert len(paths) == len(set(paths)) == first.manifest["requisites"]["captured"]
    assert {path.rpartition(".")[2] for path in paths} >= {"css", "js", "png", "jpeg", "ico"}
    assert first.manifest["requisites"]["failed"] == first.manifest["requisites"]["left_out"] == 0
    pages = {each["url"] for each in first.manifest["articles"]}
    for each in found:
        assert each.referer is not None
        assert each.referer in pages or "_" in each.referer or each.referer.endswith(".css")
    assert any(each.referer and each.referer.endswith(".css") for each in found), "url() or @import of a stylesheet"

    archive.newsroom.update(archive.newsroom.article_id(29))
    second = archive.crawl()
    assert second.counts["updated"] == 1
    assert [each.path for each in fetched(archive, second) if each.path in paths] == []


HEAD = """<link rel=" Icon" href="/icon.ico"><link rel=Apple-Touch-Icon href="/touch.png">
<link rel=preload as=font href="/font.woff2"><link rel=STYLESHEET href="/main.css">
<style>@import url("/print.css") print and (color);</style>"""
BODY = """<img src="/0.gif" data-src="/lazy.png" data-srcset="/lazy2.png 2x, /lazy,3.png 3x">
<video poster="/film.jpg"><source src="/film.webm"></video><object data="/object.pdf"></object>
<svg><image href="/drawn.png"/></svg>"""
STYLE = '@import "/deeper.css" screen and (min-width: 1px); p { background: image-set("/1x.png" 1x, url(/2x.png) 2x) }'
NAMED = {
    *("/icon.ico", "/touch.png", "/font.woff2", "/main.css", "/print.css", "/deeper.css", "/1x.png", "/2x.png"),
    *("/0.gif", "/lazy.png", "/lazy2.png", "/lazy,3.png", "/film.jpg", "/film.webm", "/object.pdf", "/drawn.png"),
}


def test_all_that_a_page_names_is_captured(archive: Archive) -> None:
    with hostile_site() as site:
        archive.set_site(origin=site.origin, requisites={"number": 50, "size": 10_000_000})
        site.shows({path(1): answer(page(1, body=BODY, head=HEAD))}, links=[path(1)])
        site.server.scripts |= {named: (answer(b"x", b"Content-Type: image/png\r\n"),) for named in NAMED}
        for named, style in {"/main.css": STYLE, "/print.css": "", "/deeper.css": ""}.items():
            site.server.scripts[named] = (answer(style, b"Content-Type: text/css\r\n"),)
        run = archive.crawl()
    assert {each.path: each.status for each in fetched(archive, run)} == dict.fromkeys(NAMED, "200")
    counts = run.manifest["requisites"]
    assert counts == {"captured": len(NAMED), "failed": 0, "left_out": 0, "refused": 0, "unread": 0}


def test_they_come_after_all_articles(archive: Archive) -> None:
    archive.set_site(politeness={"delay": 0.05, "concurrency": 1, "timeout": 10})
    run = archive.crawl("--pages", "1")
    asked = [
        urlsplit(record.rec_headers.get_header("WARC-Target-URI")).path
        for said in run.manifest["segments"]
        for record in ArchiveIterator(BytesIO(archive.store.get(said["key"])))
        if record.rec_type == "request"
    ]
    # The following page of an article is asked for as its first is read, when nothing but requisites may wait.
    is_page = [path.startswith(PAGES) for path in asked if not path.endswith("_2.html")]
    assert is_page.index(False) == sum(is_page)


def test_a_page_gets_no_more_than_its_bounds(archive: Archive) -> None:
    archive.set_site(requisites={"number": 2, "size": 10_000_000})
    run = archive.crawl()
    assert run.manifest["requisites"]["captured"] <= 2 * run.counts["seen"]
    assert run.manifest["requisites"]["left_out"] > 0
    archive.set_site(requisites={"number": 0, "size": 10_000_000})
    archive.newsroom.update(archive.newsroom.article_id(29))
    counts = archive.crawl().manifest["requisites"]
    assert counts == {"captured": 0, "failed": 0, "left_out": 0, "refused": 0, "unread": 0}


def test_one_that_fails_harms_nothing(archive: Archive) -> None:
    archive.newsroom.fault("/css/common.css", FaultKind.STATUS_500)
    archive.newsroom.fault("/js/site.js", FaultKind.CUT_BODY)
    run = archive.crawl()
    assert (run.exit_code, run.manifest["ended"]) == (0, "complete")
    assert run.manifest["requisites"]["failed"] == 2
    statuses = {each.path: each.status for each in fetched(archive, run)}
    assert statuses["/css/common.css"] == "500", "captured as it came"


def test_other_hosts_are_not_asked(archive: Archive) -> None:
    archive.newsroom.crawl_delay = 0
    run = archive.crawl()
    for said in run.manifest["segments"]:
        for record in ArchiveIterator(BytesIO(archive.store.get(said["key"]))):
            if url := record.rec_headers.get_header("WARC-Target-URI"):
                assert urlsplit(url).hostname == "127.0.0.1"
