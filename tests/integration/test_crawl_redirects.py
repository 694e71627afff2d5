"""Where redirects lead: a small site of real HTTP, since the newsroom redirects to its own articles only."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.support.archive import Archive

ONE, OTHER, AWAY, BACK = (f"WS620eee0ba310cdd1c5c1d2a{digit}" for digit in range(4))


class Site(BaseHTTPRequestHandler):
    """Four articles on a listing: one redirects to another article, one to another host, one to itself by a detour."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(f"{self.headers['Host'].split(':')[0]}{self.path}")
        port = self.server.server_address[1]
        redirects = {
            f"/a/202202/18/{OTHER}.html": f"/a/202202/18/{ONE}.html",
            f"/a/202202/18/{AWAY}.html": f"http://localhost:{port}/a/202202/18/{AWAY}.html",
            f"/a/202202/18/{BACK}.html": f"/a/202202/18/{BACK}.html?once=1",
        }
        if self.path in redirects:
            self.send_response(302)
            self.send_header("Location", redirects[self.path])
            self.end_headers()
            return
        body = self.page()
        self.send_response(200 if body else 404)
        self.end_headers()
        self.wfile.write(body.encode())

    def page(self) -> str:
        if self.path == "/world/europe":
            links = (f'<a href="/a/202202/18/{each}.html">' for each in (ONE, OTHER, AWAY, BACK))
            return "".join(f'<div class="mb10 tw3_01_2 "><h4>{link}</a></h4></div>' for link in links)
        for each in (ONE, BACK):
            if each in self.path:
                return f'<meta name="contentid" content="{each}"><h1>Lamps</h1><div id="Content"><p>Lit.</p></div>'
        return ""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site(archive: Archive) -> Iterator[list[str]]:
    """The small site, in the newsroom's place; the list grows by what it is asked."""
    handler = type("Handler", (Site,), {"asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        archive.set_site(origin=f"http://127.0.0.1:{server.server_address[1]}")
        yield handler.asked  # type: ignore[attr-defined]  # made just above
        server.shutdown()


def test_a_redirect_is_followed_only_to_the_same_article_on_an_allowed_host(archive: Archive, site: list[str]) -> None:
    run = archive.crawl()
    fates = {each["article_id"]: (each["outcome"], each.get("reason")) for each in run.manifest["articles"]}
    assert fates == {
        ONE: ("published", None),
        OTHER: ("failed", "moved"),
        AWAY: ("failed", "offsite"),
        BACK: ("published", None),
    }
    assert [asked for asked in site if asked.startswith("localhost")] == []
    assert {document["identifier"] for document in archive.documents().values()} == {ONE, BACK}


def test_a_listing_on_a_host_that_is_not_allowed_is_no_site(archive: Archive, site: list[str]) -> None:
    archive.set_site(origin=archive.url, hosts=["news.example"])
    run = archive.crawl()
    assert run.exit_code == 2
    assert run.error is not None
    assert "does not allow" in run.error["message"]
    assert not site, "nothing was asked"
