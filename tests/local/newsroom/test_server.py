"""The site as a client sees it."""

import gzip
import io
import logging
import re
import zlib

import httpx
import pytest
from PIL import Image

from pressmark.local.newsroom import FaultKind, Newsroom
from pressmark.local.newsroom.http.responses import accepts_gzip
from pressmark.local.newsroom.http.server_thread import RunningNewsroom


def path_of(newsroom: Newsroom, index: int) -> str:
    return newsroom.story(newsroom.article_id(index)).path


def same_host(response: httpx.Response) -> str:
    """Return the body without the port, which differs from server to server."""
    return response.text.replace(response.request.url.netloc.decode(), "HOST")


def test_two_servers_of_a_seed_give_the_same_bytes() -> None:
    with RunningNewsroom(Newsroom(seed=5)) as one, RunningNewsroom(Newsroom(seed=5)) as other:
        paths = ["/", "/world/europe", "/world/africa", "/robots.txt", "/css/common.css"]
        paths += [path_of(one.newsroom, index) for index in range(10)]
        paths += [one.newsroom.story(one.newsroom.article_id(0)).images[0].path]
        for path in paths:
            # The same Host header: then every byte is the same, compressed ones and headers too.
            answers = []
            for running in (one, other):
                with (
                    httpx.Client(base_url=running.url) as client,
                    client.stream("GET", path, headers={"host": "news.example:80"}) as response,
                ):
                    headers = [pair for pair in response.headers.raw if pair[0] != b"date"]
                    answers.append((response.status_code, headers, b"".join(response.iter_raw())))
            assert answers[0][0] == 200
            assert answers[0] == answers[1]


def test_headers_of_an_article(client: httpx.Client, newsroom: Newsroom) -> None:
    answer = client.get(path_of(newsroom, 2))
    assert answer.headers["server"] == "newsroom"
    assert answer.headers["transfer-encoding"] == "chunked"
    assert answer.headers["content-encoding"] == "gzip"
    assert "content-length" not in answer.headers
    assert len(answer.headers.get_list("set-cookie")) == 2
    assert client.get(path_of(newsroom, 0)).headers["content-type"] == "text/html; charset=utf-8"
    assert client.get(path_of(newsroom, 1)).headers["content-type"] == "text/html"
    plain = client.get(path_of(newsroom, 2), headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == answer.content
    assert 30_000 < len(plain.content) < 50_000


def test_gzip_carries_no_time(client: httpx.Client, newsroom: Newsroom) -> None:
    with client.stream("GET", path_of(newsroom, 2)) as response:
        raw = b"".join(response.iter_raw())
    assert raw[4:8] == b"\0\0\0\0"
    assert b"contentid" in gzip.decompress(raw)


@pytest.mark.parametrize(
    ("header", "allowed"),
    [("gzip, deflate", True), ("br;q=1.0, gzip;q=0.8", True), ("gzip;q=0", False), ("identity", False), ("*", True)],
)
def test_accept_encoding(header: str, allowed: bool) -> None:
    assert accepts_gzip(header) is allowed


def test_not_modified(client: httpx.Client, newsroom: Newsroom) -> None:
    article, image = path_of(newsroom, 5), newsroom.story(newsroom.article_id(0)).images[0].path
    for path in (article, image, "/css/common.css", "/js/site.js", "/favicon.ico"):
        answer = client.get(path)
        etag, modified = answer.headers["etag"], answer.headers["last-modified"]
        for condition in (
            {"if-none-match": etag},
            {"if-none-match": f'"x", {etag}'},
            {"if-none-match": "*"},
            {"if-modified-since": modified},
            {"if-none-match": etag, "if-modified-since": "Thu, 01 Jan 1970 00:00:00 GMT"},
        ):
            again = client.get(path, headers=condition)
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == etag
        for condition in (
            {"if-none-match": '"x"'},
            {"if-modified-since": "Thu, 01 Jan 1970 00:00:00 GMT"},
            {"if-modified-since": "yesterday"},
            {"if-none-match": '"x"', "if-modified-since": modified},
        ):
            assert client.get(path, headers=condition).status_code == 200


def test_changes_show(client: httpx.Client, newsroom: Newsroom) -> None:
    found = newsroom.article_id(6)
    path = path_of(newsroom, 6)
    before = client.get(path)
    seen = {"if-none-match": before.headers["etag"]}
    newsroom.edit_silently(found)
    silent = client.get(path, headers=seen)
    assert silent.status_code == 200
    assert silent.headers["last-modified"] != before.headers["last-modified"]
    assert client.get(path, headers={"if-modified-since": before.headers["last-modified"]}).status_code == 200
    updated = newsroom.update(found)
    after = client.get(path).text
    assert f"Updated: {updated.updated_at:%Y-%m-%d %H:%M}" in after.replace("&nbsp;", " ")
    newsroom.withdraw(found, 410)
    assert client.get(path).status_code == 410
    assert client.get(path, headers=seen).status_code == 410
    assert found not in client.get("/world/europe/page_3.html").text
    fresh = newsroom.publish()
    assert fresh in client.get("/world/europe").text


def test_old_links_lead_to_the_article(client: httpx.Client, newsroom: Newsroom, running: RunningNewsroom) -> None:
    path = path_of(newsroom, 8)
    answer = client.get(path.removesuffix(".html"))
    assert (answer.status_code, answer.headers["location"]) == (301, f"//{running.host}{path}")
    assert client.get(path.removesuffix(".html"), follow_redirects=True).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/world/mars",
        "/world/europe/page_99.html",
        "/world/europe/page_0.html",
        "/world/europe/x.html",
        "/a/202202/18/WS000000000000000000000000.html",
        "/a/202202/18/x.html",
        "/images/202202/18/000000000000000000000000.jpeg",
        "/css/site.js",
        "/css/..%2fsite.js",
        "/icons/none.png",
    ],
)
def test_not_found(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert len(answer.content) < 1000


def test_an_article_has_one_day_and_so_many_pages(client: httpx.Client, newsroom: Newsroom) -> None:
    path = path_of(newsroom, 8)
    assert client.get(re.sub(r"/\d{6}/", "/199901/", path)).status_code == 404
    assert client.get(path.replace(".html", "_2.html")).status_code == 404
    assert client.get(path_of(newsroom, 3).replace(".html", "_2.html")).status_code == 200


def test_pictures(client: httpx.Client, newsroom: Newsroom) -> None:
    path = newsroom.story(newsroom.article_id(7)).images[5].path
    for name, width in ((path, 640), (path.replace(".jpeg", "_s.jpeg"), 320), (path.replace(".jpeg", "_l.jpeg"), 960)):
        answer = client.get(name)
        assert answer.headers["content-type"] == "image/jpeg"
        assert Image.open(io.BytesIO(answer.content)).size == (width, width * 5 // 8)


def test_all_requisites_of_a_page_exist(client: httpx.Client, newsroom: Newsroom, running: RunningNewsroom) -> None:
    pages = ["/", "/world/europe", *(path_of(newsroom, index) for index in (1, 7, 8, 11))]
    html = "".join(client.get(page).text for page in pages)
    found = {match[1] for match in re.finditer(rf"""(?:src|href)="//{running.host}(/[^"]+\.\w+)\"""", html)}
    wanted = {
        path for path in found if path.startswith(("/css/", "/js/", "/icons/", "/images/", "/favicon", "/video/"))
    }
    styles = [client.get(f"/css/{name}.css").text for name in ("common", "article", "reset")]
    inside = {match[1].strip("'\"") for match in re.finditer(r"url\(([^)]+)\)", "".join(styles))}
    assert '@import "reset.css"' in styles[0]
    assert inside
    for path in wanted | inside:
        assert client.get(path).status_code == 200, path


def test_robots(client: httpx.Client) -> None:
    assert client.get("/robots.txt").text == "User-agent: *\nCrawl-delay: 0.01\nDisallow: /-/\nDisallow: /search\n"


def test_features_are_no_articles(client: httpx.Client) -> None:
    page = client.get("/features/season-1/").text
    assert 'Content"' not in page
    assert "contentid" not in page


def test_a_host_that_is_none(client: httpx.Client) -> None:
    answer = client.get("/world/europe", headers={"host": 'x"><script>'})
    assert answer.status_code == 400
    assert "<script>" not in answer.text


def test_head(client: httpx.Client, newsroom: Newsroom) -> None:
    assert client.head(path_of(newsroom, 8)).status_code == 200


def test_requests_are_logged(client: httpx.Client, newsroom: Newsroom) -> None:
    newsroom.requests.clear()
    client.get("/world/europe?x=1", headers={"user-agent": "tester", "if-none-match": '"x"'})
    client.get("/-/state")
    assert newsroom.requests.counts == {"/world/europe": 1}
    (seen,) = newsroom.requests.recent
    assert (seen.path, seen.status, seen.user_agent, seen.conditional) == ("/world/europe?x=1", 200, "tester", True)


def test_status_faults_last_so_many_times(client: httpx.Client, newsroom: Newsroom) -> None:
    newsroom.fault("/world/america", "status-500", times=2)
    newsroom.fault("/world/america", FaultKind.TOO_MANY_REQUESTS, times=1)
    answers = [client.get("/world/america") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [500, 500, 429, 200]
    assert answers[2].headers["retry-after"] == "1"
    assert client.get("/world/africa").status_code == 200


def test_faults_until_cleared(client: httpx.Client, newsroom: Newsroom) -> None:
    newsroom.fault("/robots.txt", FaultKind.STATUS_500)
    assert [client.get("/robots.txt").status_code for _ in range(3)] == [500] * 3
    assert newsroom.clear_faults() == 1
    assert client.get("/robots.txt").status_code == 200


@pytest.mark.parametrize("path", ["/world/europe", "article", "/css/common.css"])
def test_cut_body(client: httpx.Client, newsroom: Newsroom, path: str, caplog: pytest.LogCaptureFixture) -> None:
    path = path_of(newsroom, 10) if path == "article" else path
    newsroom.fault(path, FaultKind.CUT_BODY, times=1)
    plain = {"accept-encoding": "identity"}
    with caplog.at_level(logging.INFO), client.stream("GET", path, headers=plain) as response:
        promised = int(response.headers["content-length"])
        with pytest.raises(httpx.RemoteProtocolError, match="peer closed"):
            response.read()
    received = response.num_bytes_downloaded
    assert 0 < received < promised
    assert "Exception in ASGI application" not in caplog.text
    assert client.get(path).status_code == 200


def test_slow_body(client: httpx.Client, newsroom: Newsroom) -> None:
    path = path_of(newsroom, 10)
    newsroom.fault(path, FaultKind.SLOW_BODY, times=1)
    with client.stream("GET", path, headers={"accept-encoding": "identity"}) as response:
        first = next(response.iter_raw())
        assert 0 < len(first) < int(response.headers["content-length"]) / 10
    assert client.get(path).status_code == 200


def test_wrong_charsets(client: httpx.Client, newsroom: Newsroom) -> None:
    for index in (10, 12):
        path = path_of(newsroom, index)
        newsroom.fault(path, FaultKind.WRONG_CHARSET, times=1)
        newsroom.fault(path, FaultKind.BOGUS_CHARSET, times=1)
        wrong, bogus, right = (client.get(path) for _ in range(3))
        assert wrong.headers["content-type"] == "text/html; charset=iso-8859-1"
        assert bogus.headers["content-type"] == "text/html; charset=x-newsroom-9"
        assert wrong.content == bogus.content == right.content
        assert "中文" in right.content.decode()


def test_gzip_garbage(client: httpx.Client, newsroom: Newsroom) -> None:
    newsroom.fault("/world/cn_eu", FaultKind.GZIP_GARBAGE, times=1)
    with pytest.raises(httpx.DecodingError):
        client.get("/world/cn_eu")
    newsroom.fault("/world/cn_eu", FaultKind.GZIP_GARBAGE, times=1)
    with client.stream("GET", "/world/cn_eu") as response:
        garbage = b"".join(response.iter_raw())
    assert response.headers["content-encoding"] == "gzip"
    with pytest.raises((zlib.error, EOFError, OSError)):
        gzip.decompress(garbage)


def test_redirect_loop(client: httpx.Client, newsroom: Newsroom) -> None:
    newsroom.fault("/world/africa", FaultKind.REDIRECT_LOOP)
    with pytest.raises(httpx.TooManyRedirects):
        client.get("/world/africa", follow_redirects=True)
    newsroom.clear_faults()
    newsroom.fault("/world/africa", FaultKind.REDIRECT_LOOP, times=2)
    assert client.get("/world/africa", follow_redirects=True).status_code == 200


def test_odd_pages(client: httpx.Client, newsroom: Newsroom) -> None:
    path, story = path_of(newsroom, 14), newsroom.story(newsroom.article_id(14))
    for kind in (FaultKind.NO_HEADLINE, FaultKind.NO_BODY, FaultKind.WRONG_CONTENTID, FaultKind.MANGLED):
        newsroom.fault(path, kind, times=1)
    headless, bodyless, renamed, mangled, right = (client.get(path).text for _ in range(5))
    assert "<h1>" in right
    assert "<h1>" not in headless
    assert '<meta property="og:title" content="" />' in headless
    assert 'id="Content"' in bodyless
    assert not re.findall(r"<p>", bodyless.partition('id="Content"')[2].partition("<!--Content end-->")[0])
    assert f'name="contentid" content="{story.article_id}"' in right
    assert re.search(r'name="contentid" content="WS[0-9a-f]{24}"', renamed)
    assert f'name="contentid" content="{story.article_id}"' not in renamed
    assert 'id="Content"' in mangled
    assert "</body>" not in mangled
    assert "</html>" in right


def test_empty_and_mangled_listings(client: httpx.Client, newsroom: Newsroom) -> None:
    path = "/world/europe/page_2.html"
    newsroom.fault(path, FaultKind.EMPTY_LISTING, times=1)
    newsroom.fault(path, FaultKind.MANGLED, times=1)
    empty, mangled, right = (client.get(path).text for _ in range(3))
    assert "tw3_01_2_t" in right
    assert "tw3_01_2" not in empty
    assert "Most Viewed in 24 Hours" in empty
    assert "pageno" in empty
    assert "</html>" not in mangled


def test_every_fault_kind_is_tested() -> None:
    # A reminder: each new kind of fault needs a test above.
    assert len(FaultKind) == 13


@pytest.mark.parametrize(
    ("path", "kind", "times"),
    [
        ("world/europe", "status-500", None),
        ("/-/state", "status-500", None),
        ("/world/europe", "no-body", None),
        ("/robots.txt", "empty-listing", None),
        ("/", "flood", None),
        ("/", "status-500", 0),
    ],
)
def test_impossible_faults(path: str, kind: str, times: int | None) -> None:
    with pytest.raises(ValueError, match=r"path|happen|valid|times"):
        Newsroom().fault(path, kind, times)


def test_stops_though_a_slow_answer_is_under_way() -> None:
    with RunningNewsroom(Newsroom(slow_pause=60)) as running:
        running.newsroom.fault("/", FaultKind.SLOW_BODY)
        client = httpx.Client(base_url=running.url)
        with client.stream("GET", "/") as response:
            next(response.iter_raw())
        client.close()
    with pytest.raises(httpx.ConnectError):
        httpx.get(running.url)
