"""What is no response to the request it comes for, and what other addresses answer: nothing is concluded of them."""

from pressmark.model.keys import WITHDRAWN
from tests.support.archive import Archive, Crawl
from tests.support.hostile_site import HTML, answer, article_id, hostile_site, page, path, redirect

GONE = answer(b"gone", HTML, b"404 Not Found")
EVERYTHING = {"steps": [{"until": "P9000D", "every": "PT0S"}]}
POLITENESS = {"delay": 0, "concurrency": 1, "timeout": 5, "retries": 0}
UPDATED = "By LI LAMP | Newsroom | Updated: 2022-02-18 09:01"


def fates(run: Crawl) -> dict[int, tuple[str, str | None]]:
    return {
        int(each["article_id"][-3:], 16): (each["outcome"], each.get("reason")) for each in run.manifest["articles"]
    }


def test_a_live_article_is_neither_withdrawn_nor_rejected(archive: Archive) -> None:
    numbers = range(1, 13)
    whole = {path(number): answer(page(number, byline=UPDATED)) for number in numbers}
    with hostile_site() as site:
        archive.set_site(origin=site.origin, politeness=POLITENESS, requisites={"number": 0, "size": 0})
        site.shows(whole)
        assert archive.crawl().counts["published"] == len(numbers)

        site.shows(whole, links=[*list(whole)[1:], f"{path(1)}?nocache"])
        site.server.scripts |= {f"{path(1)}?nocache": (GONE,), "/login": (GONE,)}
        site.server.scripts |= {path(2): (redirect("/login"),), path(3): (redirect(path(4)),), path(4): (GONE,)}
        site.server.scripts |= {path(7): (GONE, 0.02, GONE), path(10): (whole[path(10)], 0.02, whole[path(10)])}
        run = archive.crawl("--recheck")
        assert run.exit_code == 0, run.error
        changed = {2: ("failed", "moved"), 3: ("failed", "moved"), 4: ("withdrawn", None), 7: ("withdrawn", None)}
        assert fates(run) == dict.fromkeys(numbers, ("unchanged", None)) | changed
    assert [key.split("/")[-2] for key in archive.store.keys(WITHDRAWN)] == [article_id(4), article_id(7)]


def test_a_304_to_a_request_without_conditions_says_nothing(archive: Archive) -> None:
    with hostile_site() as site:
        archive.set_site(origin=site.origin, politeness=POLITENESS, recheck=EVERYTHING)
        site.shows({path(1): answer(page(1)), path(2): answer(page(2), HTML + b'ETag: "2"\r\n')})
        assert archive.crawl().counts["published"] == 2
        site.shows(dict.fromkeys((path(1), path(2)), answer(b"", b"", b"304 Not Modified")))
        assert fates(archive.crawl()) == {1: ("failed", "http-304"), 2: ("not_modified", None)}


def test_a_page_of_another_article_is_rejected_once_it_came_twice(archive: Archive) -> None:
    with hostile_site() as site:
        archive.set_site(origin=site.origin, politeness=POLITENESS)
        site.shows({path(1): answer(page(2)), path(3): answer(page(3))})
        run = archive.crawl()
        assert fates(run) == {1: ("rejected", "id-mismatch"), 3: ("published", None)}
        assert len(site.asked(path(1))) == 2
