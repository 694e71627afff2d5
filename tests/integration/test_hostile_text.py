"""Any content of a site's text, headers and URLs, on the real path from the wire to the printed output."""

import gzip
import json
import unicodedata
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from pressmark.cli.main import main
from pressmark.model import keys
from pressmark.sites.site import Site
from tests.support.archive import SECTION, Archive, Crawl
from tests.support.hostile_site import (
    HOSTILE,
    HTML,
    HostileSite,
    answer,
    article_id,
    commands_nothing,
    hostile_site,
    page,
    path,
    redirect,
)

pytestmark = pytest.mark.long
DAY_KEY = "2022/02/18"


@pytest.fixture
def site(archive: Archive) -> Iterator[HostileSite]:
    """A section of raw bytes in the newsroom's place."""
    with hostile_site() as serving:
        archive.set_site(origin=serving.origin, requisites={"number": 0, "size": 0})
        yield serving


def command(*words: str) -> Result:
    return CliRunner().invoke(main, list(words))


def fates(run: Crawl) -> dict[str, tuple[str, str | None]]:
    return {each["article_id"]: (each["outcome"], each.get("reason")) for each in run.manifest["articles"]}


def no_controls(value: Any) -> bool:
    return not any(unicodedata.category(each) in {"Cc", "Cs"} for each in json.dumps(value, ensure_ascii=False))


def test_control_characters_reach_no_document_no_export_and_no_terminal(archive: Archive, site: HostileSite) -> None:
    evil, rejected, private = (
        answer(each)
        for each in (
            page(1, f"Lamps {HOSTILE}lit [/bold]", f"<p>One {HOSTILE}two.</p>", byline=f"By A{HOSTILE} | Paper"),
            page(2).replace(article_id(2), f"WS\x1b[2J{HOSTILE}"),
            page(3, "\ue000 private", "<p>a \ue000</p>"),
        )
    )
    blank = f"{path(4)}?from=rss"
    site.shows({path(1): evil, path(2): rejected, path(3): private, blank: answer(page(4, "\x01"))})
    run = archive.crawl()
    assert run.exit_code == 0
    assert fates(run) == {
        article_id(1): ("published", None),
        article_id(2): ("rejected", "id-mismatch"),
        article_id(3): ("published", None),
        article_id(4): ("rejected", "no-headline"),
    }
    assert all(commands_nothing(line["message"]) for line in run.log)
    documents = {each["identifier"]: each for each in archive.documents().values()}
    for key in archive.store.keys(""):
        if key.endswith(".json"):
            assert no_controls(json.loads(archive.store.get(key))), key
    assert documents[article_id(1)]["headline"].startswith("Lamps ]0;owned31m\u202e")
    assert documents[article_id(3)]["headline"] == "\ue000 private"
    captured = documents[article_id(1)]["pressmark"]["captures"][0]
    record = gzip.decompress(archive.store.get(captured["warc"], captured["offset"], captured["length"]))
    assert f"Lamps {HOSTILE}lit".encode() in record, "the WARC keeps the bytes"

    old = {**documents[article_id(3)], "headline": f"Of an older release {HOSTILE}", "identifier": article_id(9)}
    old["pressmark"] = {**old["pressmark"], "version": f"{article_id(9)}/20220218T000000Z"}
    key = f"articles/newsroom/{DAY_KEY}/{article_id(9)}/20220218T000000Z.json"
    archive.store.put(key, json.dumps(old).encode())
    assert command("export", "newsroom", "--all").exit_code == 0
    day = keys.day_of_document(key)
    assert day
    lines = gzip.decompress(archive.store.get(keys.export_lines("newsroom", day)))
    rows = pq.read_table(BytesIO(archive.store.get(keys.export_parquet("newsroom", day)))).to_pylist()
    assert len(rows) == 3
    assert no_controls([json.loads(line) for line in lines.splitlines()])
    assert all(no_controls(row[name]) for row in rows for name in ("headline", "body", "url"))

    shown = [
        command("versions", article_id(9)),
        command("versions", article_id(1)),
        command("versions", article_id(1), "--json"),
    ]
    assert [each.exit_code for each in shown] == [0, 0, 0]
    assert all(commands_nothing(each.output) for each in shown)
    assert "[/bold]" in shown[1].output
    assert json.loads(shown[2].stdout)[0]["headline"] == documents[article_id(1)]["headline"]
    again = command("rederive", SECTION)
    assert again.exit_code == 0
    assert "4 documents read again, 4 byte for byte the same" in again.output


def test_odd_addresses_are_outcomes_and_fail_no_run(archive: Archive, site: HostileSite) -> None:
    other_host = f"http://localhost:{site.server.port}"
    archive.set_site(
        origin=site.origin,
        hosts=["127.0.0.1", "localhost", f"localhost:{site.server.port}"],
        requisites={"number": 0, "size": 0},
    )
    long, longest = f"{path(4)}?{'x' * 2100}", f"{path(5)}?{'x' * 8100}"
    links = [
        path(1, "202213/18"),
        path(1, "202202/31"),
        path(1, "000001/01"),
        f"{path(2)}#top",
        f"{path(3)}?from=rss",
        long,
        longest,
        path(6),
        f"{other_host}{path(6)}",
        path(7),
        path(8),
    ]
    answers = {path(2): page(2), f"{path(3)}?from=rss": page(3), long: page(4), path(6): page(6)}
    away = {path(7): redirect(f"{path(7)}?again#x"), f"{path(7)}?again": answer(page(7)), path(8): redirect(longest)}
    site.shows({each: answer(text) for each, text in answers.items()} | away, links=links)
    run = archive.crawl()
    assert run.error is None
    wanted = {article_id(number): ("published", None) for number in (2, 3, 4, 6, 7)}
    assert fates(run) == wanted | {article_id(8): ("failed", "url-too-long")}
    assert len(run.manifest["elsewhere"]) == 4
    assert all(len(each) < 600 for each in run.manifest["elsewhere"])
    documents = archive.documents().values()
    assert {each["url"] for each in documents} == {f"{site.origin}{path(number)}" for number in (2, 3, 4, 6, 7)}
    captured = {each["pressmark"]["captures"][0]["url"] for each in documents}
    assert f"{site.origin}{path(3)}?from=rss" in captured
    assert not [each for each in captured if "#" in each]
    for key in archive.store.keys("warc/"):
        if key.endswith(".warc.gz"):
            assert b"#top" not in gzip.decompress(archive.store.get(key)).replace(f'"{path(2)}#top"'.encode(), b"")
    assert command("versions", f"{site.origin}{path(3)}?from=rss").exit_code == 0
    assert command("package", "newsroom", "--all").exit_code == 0
    [package] = archive.store.keys("wacz/newsroom/2")
    with zipfile.ZipFile(BytesIO(archive.store.get(package))) as wacz:
        paged = [json.loads(line) for line in wacz.read("pages/pages.jsonl").splitlines()[1:]]
    assert {each["url"] for each in paged} == captured, "each page is found by the address it was asked for"
    assert archive.crawl().error is None
    foreign = ["2022/13/18", "2022/02/31", "0000/01/01", "2022/W07/5", "x/y/z"]
    for day in foreign:
        archive.store.put(f"articles/newsroom/{day}/{article_id(1)}/20220218T000000Z.json", b"{}")
    every, changed, verified = (
        command("export", "newsroom", "--all"),
        command("export", "newsroom"),
        command("verify", "newsroom", "--full"),
    )
    assert (every.exit_code, changed.exit_code, verified.exit_code) == (0, 0, 0), every.output
    assert command("rederive", SECTION).exit_code == 0


def test_what_is_no_page_of_the_article_has_an_outcome_of_its_own(archive: Archive, site: HostileSite) -> None:
    refresh = '<META HTTP-EQUIV="Refresh" CONTENT="0; URL=/world/europe">'
    site.shows(
        {
            path(1): answer(page(1)[:80], HTML + b"Content-Range: bytes 0-79/500\r\n", b"206 Partial Content"),
            path(2): answer(b""),
            path(3): answer(f"<html><head>{refresh}</head></html>"),
            path(4): redirect(path(8)),
            path(5): redirect("/world/europe"),
            path(6): redirect("/"),
            path(7): answer(page(7, head=refresh)),
            path(8): answer(page(8, byline="Paper | Updated: 2022-02-18 08:53 GMT")),
            path(9): redirect(path(8), b"301 Moved Permanently"),
            "/": answer("<h1>Home</h1>"),
        },
        links=[path(number) for number in range(1, 10)],
    )
    run = archive.crawl()
    assert run.error is None
    wanted = {
        article_id(1): ("failed", "partial"),
        article_id(2): ("failed", "empty"),
        article_id(3): ("rejected", "meta-refresh"),
        **{article_id(number): ("failed", "moved") for number in (4, 5, 6, 9)},
        **{article_id(number): ("published", None) for number in (7, 8)},
    }
    assert fates(run) == wanted
    objects = {each["key"] for each in run.manifest["objects"]}
    assert {key.split("/")[-2] for key in objects} == {article_id(number) for number in (3, 7, 8)}
    [zoned] = [each for each in archive.documents().values() if each["identifier"] == article_id(8)]
    assert (zoned["dateModified"], zoned["pressmark"]["raw"]["updated"]) == (
        "2022-02-18T16:53:00+08:00",
        "2022-02-18 08:53 GMT",
    )
    assert command("rederive", SECTION).exit_code == 0

    now = {path(number): answer(page(number)) for number in (1, 2)}
    site.shows({**now, path(8): redirect(path(7), b"301 Moved Permanently")}, links=[path(1), path(8)])
    again = archive.crawl()
    assert {each: fate for each, fate in fates(again).items() if each in {article_id(1), article_id(2)}} == {
        article_id(1): ("published", None),
        article_id(2): ("published", None),
    }, "both are asked again, listed or not"
    assert len(site.asked(path(4))) == len(site.asked(path(9))) == 1, "a moved one is not, unless it is listed"
    assert fates(again)[article_id(8)] == ("failed", "moved"), "a known one that is moved away is no other article"
    assert zoned in archive.documents().values()
    assert list(archive.store.keys(keys.WITHDRAWN)) == []


def test_a_rejection_of_an_older_release_after_a_redirect_is_read_again(archive: Archive, site: HostileSite) -> None:
    """As f168f16 left it: an article that redirected to its listing was rejected, with the capture of the listing."""
    site.shows({path(1): answer(page(1).replace("<h1>", "<h2>"))})
    run = archive.crawl()
    [key] = [each["key"] for each in run.manifest["objects"]]
    listing = next(
        (warc, offset, length)
        for warc, offset, length in _records(archive)
        if b"WARC-Target-URI: %s/world/europe\r\n" % site.origin.encode()
        in gzip.decompress(archive.store.get(warc, offset, length))[:600]
    )
    document = json.loads(archive.store.get(key))
    capture = document["pressmark"]["captures"][0]
    capture |= {"url": f"{site.origin}/world/europe", **dict(zip(("warc", "offset", "length"), listing, strict=True))}
    archive.store.put(key, json.dumps(document | {"reason": "not-an-article"}).encode())
    again = command("rederive", SECTION, "--json")
    assert again.exit_code == 0, again.output
    assert [(each["was"], each["now"]) for each in json.loads(again.stdout)] == [("not-an-article", "moved")]


def test_a_site_may_have_an_ipv6_address(archive: Archive) -> None:
    with hostile_site("::1") as site:
        loopback = {"allow_addresses": ["::1/128"]} if "allow_addresses" in Site.model_fields else {}
        archive.set_site(origin=site.origin, hosts=["[::1]"], **loopback)
        picture = b"\x89PNG\r\n\x1a\n" * 9
        shown = page(1, body='<p>Text.</p><img src="/lamp.png">', head='<link rel=canonical href="#">')
        site.shows(
            {path(1): answer(shown), "/lamp.png": answer(picture, b"Content-Type: image/png\r\n")}, links=[path(1)]
        )
        run = archive.crawl()
        assert run.error is None
        assert fates(run) == {article_id(1): ("published", None)}
        assert run.manifest["requisites"]["captured"] == 1
        [document] = archive.documents().values()
        assert document["url"] == f"{site.origin}{path(1)}"
        assert document["image"][0]["contentUrl"] == f"{site.origin}/lamp.png"
        for words in (
            ["verify", "newsroom", "--full"],
            ["rederive", SECTION],
            ["index", "newsroom"],
            ["export", "newsroom"],
        ):
            done = command(*words)
            assert done.exit_code == 0, done.output
        packaged = command("package", "newsroom", "--all")
        assert packaged.exit_code == 0, packaged.output
        assert archive.crawl().error is None


def _records(archive: Archive) -> Iterator[tuple[str, int, int]]:
    for key in archive.store.keys("warc/"):
        if key.endswith(".cdxj"):
            for line in archive.store.get(key).decode().splitlines():
                facts = json.loads(line[line.index("{") :])
                yield key.replace(".cdxj", ".warc.gz"), int(facts["offset"]), int(facts["length"])
