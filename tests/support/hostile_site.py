"""A section whose articles are raw bytes of HTTP: each test says what is sent for each of them."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

import attrs

from tests.crawl.scrapy.raw_server import Exchange, RawServer

DAY = "202202/18"
HTML = b"Content-Type: text/html; charset=utf-8\r\n"
HOSTILE = "\x1b]0;owned\x07\x9b31m\u202e\u2028\x7f\x85\u2066"
"""What a terminal would obey, and what would break or turn round a line."""


def article_id(number: int) -> str:
    return f"WS620eee0ba310cdd1c5c1d{number:03x}"


def path(number: int, day: str = DAY) -> str:
    return f"/a/{day}/{article_id(number)}.html"


def answer(body: bytes | str, head: bytes = HTML, status: bytes = b"200 OK") -> bytes:
    """Return a response; `head` is its further header lines."""
    content = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n" % (status, len(content), head) + content


def page(number: int, headline: str = "Lamps lit", body: str = "<p>Text.</p>", head: str = "", byline: str = "") -> str:
    """Return an article page."""
    return (
        f'<meta name="contentid" content="{article_id(number)}">{head}<h1>{headline}</h1>'
        f"<span class=info_l>{byline}</span><div id=Content>{body}</div>"
    )


def redirect(location: str, status: bytes = b"302 Found") -> bytes:
    return answer(b"", b"Location: %s\r\n" % location.encode(), status)


def commands_nothing(text: str) -> bool:
    """Return whether a text has no control character, no line or paragraph separator and no bidi override."""
    return not any(
        (unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"} and each not in "\t\n")
        or unicodedata.bidirectional(each) in {"RLO", "LRO", "RLE", "LRE", "RLI", "LRI", "FSI"}
        for each in text
    )


@attrs.define
class HostileSite:
    """Serves a listing and what it leads to."""

    server: RawServer

    @property
    def origin(self) -> str:
        host = f"[{self.server.host}]" if ":" in self.server.host else self.server.host
        return f"http://{host}:{self.server.port}"

    def shows(self, answers: dict[str, bytes], *, links: list[str] | None = None, head: bytes = HTML) -> None:
        """Let the listing link to these addresses, each answered with these bytes."""
        listed = "".join(f'<div class="tw3_01_2"><h4><a href="{each}">x</a></h4></div>' for each in links or answers)
        self.server.scripts |= {"/world/europe": (answer(listed, head),)}
        self.server.scripts |= {address: (sent,) for address, sent in answers.items()}

    def asked(self, address: str) -> list[Exchange]:
        return self.server.log.get(address, [])

    def headers(self, address: str, name: bytes) -> list[bytes]:
        """Return the values of a header in all requests for an address."""
        lines = [line for each in self.asked(address) for line in each.received.split(b"\r\n")]
        return [line.partition(b": ")[2] for line in lines if line.lower().startswith(name.lower() + b":")]


@contextmanager
def hostile_site(host: str = "127.0.0.1") -> Iterator[HostileSite]:
    robots = {"/robots.txt": (answer(b"", b"", b"404 Not Found"),)}
    with RawServer(robots, host=host).running() as server:
        yield HostileSite(server)
