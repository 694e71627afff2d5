"""Broken heads, codings and ends of responses, on the real path from the wire to `verify`."""

import gzip
import json
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import brotli
import pytest
from backports import zstd
from click.testing import CliRunner

from pressmark.archive.warc import cdxj
from pressmark.archive.warc.captures import SegmentCaptures
from pressmark.cli.main import main
from pressmark.crawl.derive import derive
from pressmark.model import keys
from pressmark.model.document import to_bytes
from pressmark.sites.site_files import load_sites
from tests.crawl.scrapy.raw_server import Script
from tests.support.archive import SECTION, Archive, Crawl
from tests.support.hostile_site import (
    HOSTILE,
    HTML,
    HostileSite,
    answer,
    article_id,
    hostile_site,
    page,
    path,
    redirect,
)
from tests.support.process_tree import MostMemory
from tests.support.tools import until

pytestmark = pytest.mark.long
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + HTML + b"Transfer-Encoding: chunked\r\n\r\n"
CUT = b"Content-Encoding: gzip\r\n"
HUGE_HEAD: Script = (OK + (b"X-Huge: " + b"h" * 10_000 + b"\r\n") * 120, b"\r\nlamps", None)
"""Above the 1 MiB at which Scrapy has a body."""


@pytest.fixture
def site(archive: Archive) -> Iterator[HostileSite]:
    """A section of raw bytes in the newsroom's place."""
    with hostile_site() as serving:
        archive.set_site(origin=serving.origin, politeness={"delay": 0, "concurrency": 1, "timeout": 5, "retries": 1})
        yield serving


def shows(site: HostileSite, scripts: dict[str, Script]) -> None:
    site.shows(dict.fromkeys(scripts, b""))
    site.server.scripts |= scripts


def fates(run: Crawl) -> dict[str, tuple[str, str | None]]:
    assert run.manifest, run.error
    return {each["article_id"]: (each["outcome"], each.get("reason")) for each in run.manifest["articles"]}


def verify() -> None:
    verified = CliRunner().invoke(main, ["verify", SECTION, "--full"])
    assert verified.exit_code == 0, verified.output


def all_is_well(archive: Archive, folder: Path) -> None:
    """Verify everything, hold the indexes against cdxj-indexer, and read every document again."""
    verify()
    tool = Path(sys.executable).parent / "cdxj-indexer"
    for key in archive.store.keys("warc/"):
        if key.endswith(".warc.gz"):
            copy = folder / Path(key).name
            copy.write_bytes(archive.store.get(key))
            asked = [tool, "--sort", "--fields", "warc-record-id,warc-date", copy]
            lines = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.splitlines()
            index = archive.store.get(cdxj.index_key(key)).decode().splitlines()
            assert index == [line for line in lines if '"status": "304"' not in line]
    again = CliRunner().invoke(main, ["rederive", SECTION, "--json"])
    assert again.exit_code == 0, again.output


def same_by_recovery(archive: Archive, folder: Path, without: str = "-") -> None:
    """What recovery makes of the captures is what the crawl published, to the byte; but for one article."""
    site = load_sites(archive.config.sites)["newsroom"]
    segments = [(folder / Path(key).name, key) for key in archive.store.keys("warc/") if key.endswith(".gz")]
    made = {draft.key: to_bytes(draft.document) for draft in derive(site, SegmentCaptures(segments))}
    published = {
        key: archive.store.get(key)
        for key in archive.store.keys("")
        if key.startswith(("articles/", "rejec")) and without not in key
    }
    assert made == published


def test_heads_that_no_reader_takes_are_refused_and_the_rest_goes_on(
    archive: Archive, site: HostileSite, tmp_path: Path
) -> None:
    many = b"".join(b"X-%04d: %s\r\n" % (number, b"a" * 60) for number in range(600))
    kilo = b"".join(b"X-%02d: %s\r\n" % (number, b"k" * 1000) for number in range(60))
    favicon = '<link rel="Icon" href="/favicon.ico"><link rel=icon href="/small.ico"><link rel=icon href="/huge.ico">'
    shows(
        site,
        {
            path(1): (answer(page(1, head=favicon)),),
            path(2): (answer(page(2), HTML + kilo),),
            path(3): (redirect("/i?" + "é" * 7000),),
            path(4): HUGE_HEAD,
            path(5): (b"\r\n\r\n" + answer(page(5)),),
            path(6): (answer(page(6)).replace(b"HTTP/1.1 200 OK\r\n", b"http/1.1 200 ok\r\n"),),
            path(7): (b"ICY 200 OK\r\n" + HTML + b"\r\n" + page(7).encode(), None),
            path(8): (answer(page(8), HTML + b"X-A: 1\r\n \t\r\nX-B: 2\r\n"),),
            path(9): (b"HTTP/1.1 200 OK\n" + HTML.replace(b"\r", b"") + b"\n" + page(9).encode() + b"x" * 40_000, None),
            path(10): (answer(page(10), HTML + b"X-Long: " + b"l" * 20_000 + b"\r\n"),),
            path(11): (answer(page(11), HTML + b"Transfer-Encoding: identity\r\n"),),
            path(12): (answer(page(12), HTML + b"Content-Encoding : gzip\r\n"),),
            path(13): (b"HTTP/1.1 200 OK\r\nContent-Length: 0x10\r\n\r\n" + b"x" * 16, None),
            path(14): (b"HTTP/1.1 200 OK\r\nContent-Length: 16\r\n", None),
        },
    )
    site.server.scripts |= {"/favicon.ico": (answer(b"icon", many),), "/small.ico": (answer(b"icon"),)}
    site.server.scripts |= {"/huge.ico": HUGE_HEAD}
    run = archive.crawl()
    assert run.exit_code == 0, run.error
    assert fates(run) == {
        article_id(1): ("published", None),
        article_id(2): ("failed", "bad-head"),
        article_id(3): ("failed", "url-too-long"),
        article_id(4): ("failed", "bad-head"),
        article_id(5): ("published", None),
        article_id(6): ("published", None),
        article_id(7): ("failed", "bad-head"),
        article_id(8): ("failed", "bad-head"),
        article_id(9): ("published", None),
        article_id(10): ("published", None),
        article_id(11): ("failed", "bad-head"),
        article_id(12): ("failed", "bad-head"),
        article_id(13): ("failed", "bad-head"),
        article_id(14): ("failed", "network"),
    }
    requisites = run.manifest["requisites"]
    assert (requisites["captured"], requisites["failed"]) == (1, 2)
    all_is_well(archive, tmp_path)
    assert archive.crawl().exit_code == 0, "the spool is not poisoned"


def test_a_run_whose_listing_or_robots_has_a_huge_head_says_so_and_the_next_goes_on(
    archive: Archive, site: HostileSite
) -> None:
    shows(site, {path(1): (answer(page(1)),)})
    whole = dict(site.server.scripts)
    refusal = "is not recorded: it has more than 32768 bytes before its body"
    for address in ("/robots.txt", "/world/europe"):
        site.server.scripts[address] = HUGE_HEAD
        run = archive.crawl()
        assert (run.exit_code, run.manifest["ended"], run.manifest["failure"]) == (4, "failed", "RunFailed")
        assert f"the response of {site.origin}{address} {refusal}" in run.manifest["reason"]
        assert not site.asked(path(1))
        site.server.scripts[address] = whole[address]
    assert fates(archive.crawl()) == {article_id(1): ("published", None)}
    verify()


def test_every_coding_gives_the_same_text_on_each_way(archive: Archive, site: HostileSite, tmp_path: Path) -> None:
    text = [page(number, body=f"<p>Lamps {number} lit.</p>" * 50).encode() for number in range(15)]
    codings = {
        1: (b"gzip", gzip.compress(text[1])),
        2: (b"X-GZIP", gzip.compress(text[2])),
        3: (b"deflate", zlib.compress(text[3])),
        4: (b"Deflate", zlib.compress(text[4])[2:-4]),
        5: (b"br", brotli.compress(text[5])),
        6: (b"zstd", zstd.compress(text[6])),
        7: (b"deflate, gzip", gzip.compress(zlib.compress(text[7]))),
        8: (b"gzip", text[8]),
        9: (b"gzip, gzip", gzip.compress(text[9])),
        10: (b"utf-8", text[10]),
        11: (b"gzip", gzip.compress(text[11][:40]) + gzip.compress(text[11][40:]) + b"\x00" * 20),
        12: (b"gzip, gzip", gzip.compress(gzip.compress(text[12]))),
        13: (b"deflate\r\nContent-Encoding: gzip", gzip.compress(zlib.compress(text[13]))),
        14: (b"gzip\r\nX-Between: 1\r\ncontent-encoding: GZIP", gzip.compress(gzip.compress(text[14]))),
    }
    shows(
        site,
        {
            path(number): (answer(body, HTML + b"Content-Encoding: %s\r\n" % coding),)
            for number, (coding, body) in codings.items()
        },
    )
    run = archive.crawl()
    offered = {each for address in site.server.log for each in site.headers(address, b"Accept-Encoding")}
    assert offered == {b"gzip, deflate"}, "what every replay tool reads"
    assert fates(run) == {article_id(number): ("published", None) for number in codings}
    for document in archive.documents().values():
        number = int(document["identifier"][-3:], 16)
        assert document["articleBody"] == "\n\n".join([f"Lamps {number} lit."] * 50)
    all_is_well(archive, tmp_path)
    same_by_recovery(archive, tmp_path)


def test_a_body_that_ends_early_is_no_page(archive: Archive, site: HostileSite, tmp_path: Path) -> None:
    body = page(0, body="<p>Lamps lit.</p>" * 2000).encode()
    packed = {number: gzip.compress(body.replace(b"5c1d000", b"5c1d%03x" % number)) for number in range(9)}
    shows(
        site,
        {
            path(1): (answer(packed[1][:-30], HTML + CUT),),
            path(2): (answer(zlib.compress(page(2).encode())[:-4], HTML + b"Content-Encoding: deflate\r\n"),),
            path(3): (CHUNKED + b"%x\r\n%s\r\n" % (len(page(3)), page(3).encode()), None),
            path(4): (OK + HTML + b"Content-Length: 9999\r\n\r\n" + page(4).encode(), None),
            path(5): (answer(packed[5][:20] + b"\xff" * 200, HTML + CUT),),
            path(6): (answer(packed[6], HTML + CUT),),
        },
    )
    run = archive.crawl()
    assert fates(run) == {
        article_id(1): ("published", None),
        article_id(2): ("published", None),
        article_id(3): ("failed", "cut-short"),
        article_id(4): ("failed", "cut-short"),
        article_id(5): ("rejected", "undecodable"),
        article_id(6): ("published", None),
    }
    marked = {each["identifier"]: each["pressmark"].get("cutShort") for each in archive.documents().values()}
    assert marked == {article_id(1): True, article_id(2): True, article_id(6): None}
    assert len(site.asked(path(1))) == 2, "asked twice before it is believed"
    all_is_well(archive, tmp_path)
    same_by_recovery(archive, tmp_path)


def test_a_body_that_is_cut_here_and_there_is_asked_for_again(
    archive: Archive, site: HostileSite, tmp_path: Path
) -> None:
    packed = gzip.compress(page(1, body="<p>Lamps lit.</p>" * 2000).encode())
    served = iter([packed[:-30], packed[:-50], packed])
    shows(site, {path(1): ()})

    class Changing(dict[str, Script]):
        def __getitem__(self, key: str) -> Script:
            return (answer(next(served), HTML + CUT),) if key == path(1) else super().__getitem__(key)

    site.server.scripts = Changing(site.server.scripts)
    assert fates(archive.crawl()) == {article_id(1): ("failed", "cut-short")}
    assert not list(archive.store.keys(keys.REJECTED))
    assert fates(archive.crawl()) == {article_id(1): ("published", None)}
    [document] = archive.documents().values()
    assert "cutShort" not in document["pressmark"]
    assert json.dumps(document).count("Lamps lit.") == 2000
    all_is_well(archive, tmp_path)


def closed(body: str) -> Script:
    """Return a response that only the end of its connection ends."""
    return (OK + HTML + b"Last-Modified: Fri, 18 Feb 2022 01:00:00 GMT\r\n\r\n" + body.encode(), None)


def test_a_body_without_a_length_is_whole_if_something_says_so(
    archive: Archive, site: HostileSite, tmp_path: Path
) -> None:
    whole = {number: f"{page(number, body='<p>Lamps lit.</p>' * 9)}<!-- cached --></HTML>\n" for number in range(9)}
    cut = {number: page(number, body="<p>Lamps lit.</p>" * 5) for number in range(9)}
    served = {
        path(2): iter([cut[2][:-20], cut[2][:-10], whole[2]]),
        path(3): iter([f"{n}{cut[3]}" for n in range(9)]),
    }
    shows(site, dict.fromkeys([path(2), path(3)], ()) | {path(1): closed(whole[1]), path(4): closed(cut[4][:-9])})

    class Changing(dict[str, Script]):
        def __getitem__(self, key: str) -> Script:
            return closed(next(served[key])) if key in served else super().__getitem__(key)

    site.server.scripts = Changing(site.server.scripts)
    expected = {
        article_id(1): ("published", None),
        article_id(2): ("failed", "cut-short"),
        article_id(3): ("published", None),  # Whatever changes in it, it ends so each time.
        article_id(4): ("published", None),
    }
    assert fates(archive.crawl()) == expected
    assert [len(site.asked(path(number))) for number in range(1, 5)] == [1, 2, 2, 2]
    all_is_well(archive, tmp_path)
    same_by_recovery(archive, tmp_path, without=article_id(3))  # It leaves that one to the next crawl.
    assert fates(archive.crawl()) == {
        article_id(1): ("unchanged", None),
        article_id(2): ("published", None),
        article_id(3): ("unchanged", None),
        article_id(4): ("unchanged", None),
    }
    marked = {each["identifier"]: each["pressmark"].get("cutShort") for each in archive.documents().values()}
    assert marked == {article_id(1): None, article_id(2): None, article_id(3): True, article_id(4): True}
    conditional = [len(site.headers(path(number), b"If-Modified-Since")) for number in range(1, 5)]
    assert conditional == [1, 0, 0, 0], "a page that may be cut is fetched again"
    all_is_well(archive, tmp_path)


def test_an_earlier_version_that_comes_back_is_no_silent_edit(archive: Archive, site: HostileSite) -> None:
    for headline, minute in [("One", 1), ("Two", 2), ("One", 1), ("Two", 2)]:
        byline = f"By LI LAMP | Newsroom | Updated: 2022-02-18 09:0{minute}"
        shows(site, {path(1): (answer(page(1, headline, byline=byline)),)})
        assert archive.crawl("--recheck").exit_code == 0
    assert {document["headline"] for document in archive.documents().values()} == {"One", "Two"}
    assert list(archive.store.keys(keys.SILENT_EDITS)) == []


def test_a_download_that_is_given_up_leaves_no_traceback(archive: Archive, site: HostileSite) -> None:
    drips: Script = (OK + HTML + b"\r\n", *(b"x", 0.3) * 30)
    archive.set_site(origin=site.origin, politeness={"delay": 0, "concurrency": 1, "timeout": 1, "retries": 0})
    shows(site, {path(1): drips, path(2): (answer(page(2)),)})
    run = archive.crawl()
    assert fates(run) == {article_id(1): ("failed", "timeout"), article_id(2): ("published", None)}
    assert not [line for line in run.log if "Traceback" in line["message"] or line["level"] == "CRITICAL"]


def test_a_server_that_drips_holds_no_crawl_that_is_stopped(archive: Archive, site: HostileSite) -> None:
    drips: Script = (OK + HTML + b"\r\n", *(b"x", 0.3) * 2000)
    archive.set_site(origin=site.origin, politeness={"delay": 0, "concurrency": 1, "timeout": 500, "retries": 0})
    shows(site, {path(2): drips})
    process, reader = archive.start()
    until(lambda: bool(site.asked(path(2))), 60)
    process.terminate()
    run = archive.finish(process, reader)
    assert run.manifest["ended"] == "interrupted"
    assert fates(run) == {article_id(2): ("failed", "interrupted")}
    verify()


def test_many_streams_without_content_hold_up_nothing(archive: Archive, site: HostileSite, tmp_path: Path) -> None:
    body = gzip.compress(page(1).encode()) + gzip.compress(b"") * 300_000
    shows(site, {path(1): (answer(body, HTML + CUT),), path(2): (answer(page(2)),)})
    run = archive.crawl()
    assert fates(run) == {article_id(1): ("rejected", "undecodable"), article_id(2): ("published", None)}
    all_is_well(archive, tmp_path)


def test_large_bodies_at_once_take_no_more_memory_than_a_crawl_may(archive: Archive, site: HostileSite) -> None:
    archive.set_site(origin=site.origin, politeness={"delay": 0, "concurrency": 8, "timeout": 60, "retries": 0})
    body: Script = (OK + HTML + b"Content-Length: %d\r\n\r\n" % (60 << 20), *[b"x" * (10 << 20)] * 6)
    shows(site, {path(number): body for number in range(9)} | {path(9): (answer(page(9)),)})
    with MostMemory() as memory:
        run = archive.crawl()
    large = {article_id(number): ("failed", "too-large") for number in range(9)}
    assert fates(run) == large | {article_id(9): ("published", None)}
    assert max(memory.most.values()) < 600_000_000


def test_what_follows_a_response_is_no_part_of_the_next(archive: Archive, site: HostileSite, tmp_path: Path) -> None:
    shows(site, {path(number): (answer(page(number)) + answer(page(9)),) for number in range(5)})
    run = archive.crawl()
    assert fates(run) == {article_id(number): ("published", None) for number in range(5)}
    all_is_well(archive, tmp_path)


def test_two_workers_at_once_take_what_a_hostile_site_sends(
    archive: Archive, site: HostileSite, tmp_path: Path
) -> None:
    """Each with a spool of its own, as on two machines; each object is listed once, and all are complete."""
    scripts: dict[str, Script] = {path(number): (answer(page(number)),) for number in range(20)}
    scripts |= {
        path(20): (answer(page(20, HOSTILE)),),
        path(21): (CHUNKED + b"5\r\nlamps\r\n0\r\nX-Odd: \x00\r\n\r\n",),
        path(22): HUGE_HEAD,
        path(23): (answer(gzip.compress(page(23).encode())[:-9], HTML + CUT),),
        path(24): (redirect(path(24)),),
        path(25): (answer(page(25, "<h1>" * 400)),),
        path(26): (answer(gzip.compress(b"<p>" * 20_000_000), HTML + CUT),),
        path(27): (answer(b"", b"", b"404 Not Found"),),
    }
    shows(site, scripts)
    started = [archive.start(PRESSMARK_SPOOL=str(tmp_path / name)) for name in ("one", "other")]
    both = [archive.finish(*each) for each in started]
    assert [run.exit_code for run in both] == [0, 0]
    first, second = (fates(run) for run in both)
    assert first.keys() == second.keys() == {article_id(number) for number in range(28)}
    listed = [said["key"] for run in both for said in (run.manifest or {})["objects"]]
    there = [key for prefix in (keys.ARTICLES, keys.REJECTED) for key in archive.store.keys(prefix)]
    assert sorted(listed) == sorted(there)
    assert len(archive.documents()) >= 20
    all_is_well(archive, tmp_path)
