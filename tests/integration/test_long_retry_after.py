"""A Retry-After longer than `politeness.longest_delay`: only that request fails, unless it is for the listing."""

from tests.support.archive import Archive
from tests.support.hostile_site import answer, article_id, hostile_site, page, path

LATER = answer(b"", b"Retry-After: 86400\r\n", b"503 Busy")
POLITENESS = {"delay": 0, "concurrency": 1, "timeout": 5, "retries": 2, "longest_delay": 0.2}


def test_an_article_or_a_requisite_fails_alone_and_the_listing_comes_first(archive: Archive) -> None:
    pictures = [f"/{name}.png" for name in "abcdefg"]
    with hostile_site() as site:
        archive.set_site(
            origin=site.origin,
            politeness=POLITENESS,
            requisites={"number": 9, "size": 10_000_000},
            expect={"fewest": 1},
        )
        site.server.scripts |= dict.fromkeys(pictures, (LATER,))
        site.server.scripts["/b.png"] = (answer(b"x", b"Content-Type: image/png\r\n"),)
        body = "<p>Text.</p>" + "".join(f"<img src={each}>" for each in pictures)
        site.shows({path(1): LATER, path(2): answer(page(2, body=body))})
        run = archive.crawl()
        fates = {each["article_id"]: (each["outcome"], each.get("reason")) for each in run.manifest["articles"]}
        assert fates == {article_id(1): ("failed", "http-503"), article_id(2): ("published", None)}
        assert (run.exit_code, run.manifest["ended"]) == (0, "complete")
        assert len(site.asked(path(1))) == 1, "it is not tried again"
        counts = run.manifest["requisites"]
        assert (counts["captured"], counts["failed"]) == (1, 6)
        assert [each for each in pictures if not site.asked(each)] == ["/f.png", "/g.png"], "after three in a row"

        site.server.log.clear()
        site.shows({path(3): answer(page(3)), path(4): answer(page(4))})
        run = archive.crawl()
        assert (run.exit_code, run.counts["published"], run.counts["failed"]) == (0, 2, 1)
        assert list(site.server.log)[:2] == ["/robots.txt", "/world/europe"]
        assert len(site.asked(path(1))) == 1
