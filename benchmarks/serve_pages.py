"""A site that is never the bottleneck: `serve_pages.py PAGES` prints its port and answers from memory until its end.

Articles are pages of the newsroom, each with its own id and filled up to 50 KB, gzipped and kept as whole HTTP
responses. The listing has 40 articles a page.
"""

import asyncio
import random
import sys
from collections.abc import Iterator

from isal import igzip

from pressmark.local.newsroom.http.pages import Pages
from pressmark.local.newsroom.newsroom import Newsroom

DAY = "2022/02/18"
SIZE = 50_000
PER_LISTING = 40
SAMPLES = 40


def article_id(number: int) -> str:
    """Return the id of an article."""
    return f"WS620eee0b{number:016x}"


def article_path(number: int) -> str:
    """Return the path of an article."""
    year, month, day = DAY.split("/")
    return f"/a/{year}{month}/{day}/{article_id(number)}.html"


def main() -> None:
    """Print the port and serve."""
    asyncio.run(_serve(int(sys.argv[1])))


async def _serve(pages: int) -> None:
    answers = {path: _answer(body) for path, body in _site(pages)}
    answers["/robots.txt"] = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

    class Connection(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport, self.waiting = transport, b""

        def data_received(self, data: bytes) -> None:
            self.waiting += data
            while b"\r\n\r\n" in self.waiting:
                head, _, self.waiting = self.waiting.partition(b"\r\n\r\n")
                self.transport.write(answers[head.split(b" ", 2)[1].decode()])

    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def _site(pages: int) -> Iterator[tuple[str, bytes]]:
    newsroom = Newsroom(articles=SAMPLES)
    press = Pages(newsroom)
    samples = []
    chance = random.Random(1)
    words = [f"w{chance.randrange(1 << 32):x}" for _ in range(4000)]
    for place in range(SAMPLES):
        known = newsroom.article_id(place)
        _, html = press.article(known, 1, "news.example")
        if '<div id="Content">' in html:
            samples.append((known, html))
    for number in range(pages):
        known, html = samples[number % len(samples)]
        html = html.replace(known, article_id(number))
        filler = " ".join(chance.choices(words, k=(SIZE - len(html)) // 10))
        yield article_path(number), html.replace("</body>", f"<!-- {filler} --></body>").encode()
    last = -(-pages // PER_LISTING)
    for page in range(1, last + 1):
        first = (page - 1) * PER_LISTING
        links = "".join(
            f'<a class="article" href="{article_path(number)}">{number}</a>\n'
            for number in range(first, min(first + PER_LISTING, pages))
        )
        following = f'<a class="next" href="/list/{page + 1}">Next</a>' if page < last else ""
        yield f"/list/{page}", f"<html><body>{links}{following}</body></html>".encode()


def _answer(body: bytes) -> bytes:
    packed = igzip.compress(body, 2)
    lines = ("HTTP/1.1 200 OK", "Content-Type: text/html; charset=utf-8", "Content-Encoding: gzip")
    return "\r\n".join([*lines, f"Content-Length: {len(packed)}", "", ""]).encode() + packed


if __name__ == "__main__":
    main()
