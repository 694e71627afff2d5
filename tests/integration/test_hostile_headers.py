"""Any content of response headers, on the real path from the wire to the printed output."""

import pytest

from tests.integration.test_hostile_text import command, fates, site
from tests.support.archive import SECTION, Archive
from tests.support.hostile_site import (
    HOSTILE,
    HTML,
    HostileSite,
    answer,
    article_id,
    commands_nothing,
    page,
    path,
)

__all__ = ["site"]
pytestmark = pytest.mark.long


def test_header_bytes_are_opaque(archive: Archive, site: HostileSite) -> None:
    tag, odd = b'"\x80\x85\xa0\xe9\xff"', b"X-Author: caf\xe9 \x80\r\n"
    long, control = b'"' + b"a" * 10_000 + b'"', b'"a\x01b"'
    tags = {1: tag, 2: long, 3: control}
    for number, etag in tags.items():
        site.shows({path(number): answer(page(number), HTML + odd + b"ETag: %s\r\n" % etag)})
    site.shows({path(number): site.server.scripts[path(number)][0] for number in tags}, head=HTML + odd)  # type: ignore[misc]
    archive.set_site(origin=site.origin)
    site.server.scripts[path(1)] = (
        answer(page(1, body='<p>Text.</p><img src="/x.png">'), HTML + odd + b"ETag: %s\r\n" % tag),
    )
    site.server.scripts["/x.png"] = (answer(b"PNG", b"Content-Type: image/png; by=caf\xe9\r\n"),)
    run = archive.crawl()
    assert run.exit_code == 0
    assert set(fates(run).values()) == {("published", None)}
    assert (run.manifest["requisites"]["captured"], run.manifest["requisites"]["failed"]) == (1, 0)
    assert command("rederive", SECTION).exit_code == 0
    site.server.scripts[path(1)] = (answer(b"", b"ETag: %s\r\n" % tag, b"304 Not Modified"),)
    site.server.scripts |= {path(number): (answer(page(number), HTML),) for number in (2, 3)}
    again = archive.crawl()
    assert again.exit_code == 0
    assert site.headers(path(1), b"If-None-Match") == [tag]
    assert site.headers(path(2), b"If-None-Match") == site.headers(path(3), b"If-None-Match") == []
    assert fates(again) == {
        article_id(1): ("not_modified", None),
        article_id(2): ("unchanged", None),
        article_id(3): ("unchanged", None),
    }


def test_what_headers_hold_commands_no_terminal(archive: Archive, site: HostileSite) -> None:
    evil = HOSTILE.encode().replace(b"\xc2\x9b", b"\x9b")  # UTF-8, except for one byte.
    target = "/%1B%5D0;owned%07%9B31m%E2%80%AE%E2%80%A8%7F%C2%85%E2%81%A6"
    odd = HTML + b"X-Author: %s\r\nSet-Cookie: %s\r\nContent-Encoding: %s\r\n" % (evil, evil, evil)
    site.shows(
        {
            path(1): answer(page(1), odd, b"200 %s" % evil),
            path(2): answer(b"", b"Location: http://%s/%s\r\n" % (evil, evil), b"302 %s" % evil),
            path(3): answer(b"", b"Location: /%s\r\n" % evil, b"301 Moved"),
            path(4): answer(b"", b"Retry-After: %s\r\n" % evil, b"503 %s" % evil),
            path(5): b"HTTP/1.1 200 OK\r\nContent-Length: 1%s\r\n\r\nx" % evil,
            path(6): b"HTTP/1.1 200 OK\r\nTransfer-Encoding: %s\r\nContent-Length: 1\r\n\r\nx" % evil,
            path(7): b"%s 200 OK\r\n\r\n" % evil,
            path(8): answer(page(8), b"Content-Type: text/html; charset=%s\r\nETag: %s\r\n" % (evil, evil)),
            target: answer(page(3), odd),
        },
        links=[path(number) for number in range(1, 9)],
        head=odd,
    )
    run = archive.crawl("--log", "text")
    assert run.exit_code == 0, run.printed
    assert {each: outcome for each, (outcome, _) in fates(run).items()} == {
        **{article_id(number): "published" for number in (1, 8)},
        **{article_id(number): "failed" for number in (2, 3, 4, 5, 6, 7)},
    }
    assert run.printed.count("failed: ") == 6
    assert all(escaped in run.printed for escaped in ("\\x1b]0;owned", target.removeprefix("/"))), run.printed
    assert commands_nothing(run.printed)
    expected = (
        ["status"],
        ["verify", "newsroom", "--full"],
        ["rederive", SECTION],
        ["versions", article_id(1)],
        ["versions", article_id(8), "--json"],
    )
    for words in expected:
        done = command(*words)
        assert (done.exit_code, commands_nothing(done.output)) == (0, True), done.output
