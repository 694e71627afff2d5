"""Cost of the reading room with 100,000 versions: its catalogue, pages, searches and memory."""

import gzip
import json
import os
import random
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import click
import httpx
import psutil
from rich.console import Console
from rich.table import Table

from pressmark.archive.s3.store import GZIP, Store
from pressmark.config import Config
from pressmark.local.demo.settings import BIN
from pressmark.local.s3server import RunningS3
from pressmark.model import keys
from pressmark.system.ports import free_port

SITE = "newsroom"
FIRST = date(2016, 1, 1)
ARTICLES = 25
"""Versions per day."""
WORDS = [f"w{number}x" for number in range(20_000)]
"""As frequent as words of a language: the second half as often as the first, the third a third (Zipf)."""
SENTENCES, LENGTH, PARAGRAPHS = 4000, 50, 6
SEARCHES = {
    "a word of every article": "w0x",
    "two common words": "w1x w2x",
    "a rare word": "w15000x",
    "a phrase": '"w0x w1x"',
    "what begins so": "w30*",
}

AT_ONCE = 16
"""Searches of a client with expensive queries."""
GREEDY = {
    "beginnings of one letter": "w* " * 160,
    "beginnings": " ".join(f"w{number}*" for number in range(10, 50)),
    "common words": "w0x w1x w2x w3x w4x",
}


@click.command()
@click.option("--versions", default=100_000, show_default=True, help="In the exports.")
@click.option("--rounds", default=15, show_default=True)
@click.option("--users", default=64, show_default=True, help="Who search at once, each from an address of its own.")
@click.option("--seconds", default=20, show_default=True, help="For which they do.")
def main(versions: int, rounds: int, users: int, seconds: int) -> None:
    """Print seconds for each page, and the memory of the process that serves them."""
    console, table = Console(), Table("page", "cold s", "warm median s", "warm worst s", box=None)
    with tempfile.TemporaryDirectory(prefix="pressmark-bench-") as folder, RunningS3(Path(folder, "s3")) as s3:
        os.environ |= s3.environment
        with console.status(f"writing {versions:,} versions"):
            day, written = fill(Store.open(Config.read()), versions)
        with serving(Path(folder)) as (process, client):
            started = time.monotonic()
            with console.status("waiting for the catalogue"):
                while f"{written:,} versions" not in client.get("/").text:
                    time.sleep(1)
            built = time.monotonic() - started
            peak = process.memory_info().rss
        # Another process: what it knows it has from the catalogue.
        with serving(Path(folder)) as (process, client):
            pages = {
                "the first page": "/",
                "a site": f"/articles/{SITE}/",
                "a month": f"/articles/{SITE}/{day:%Y/%m}/",
                "a day": f"/articles/{SITE}/{day:%Y/%m/%d}/",
            } | {name: str(httpx.URL("/search", params={"q": words})) for name, words in SEARCHES.items()}
            for name, path in pages.items():
                cold, *warm = [timed(client, path) for _ in range(rounds + 1)]
                table.add_row(name, f"{cold:.3f}", f"{statistics.median(warm):.3f}", f"{max(warm):.3f}")
            of_users = [together(client.base_url, users, seconds, beside) for beside in ("", *GREEDY)]
            memory = process.memory_info().rss
        size = sum(path.stat().st_size for path in Path(folder, "cache").rglob("*.sqlite"))
    console.print(table)
    for beside, times in zip(("", *GREEDY), of_users, strict=True):
        label = f"{users} users at once, {len(times)} searches in {seconds} s"
        times.sort()
        median, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
        console.print(f"{label}{f', beside {beside}' if beside else ''}: median {median:.2f} s, p99 {p99:.2f} s")
    console.print(
        f"catalogue of {written:,} versions: made in {built:.0f} s with {peak / 1e6:.0f} MB of memory, "
        f"{size / 1e6:.0f} MB on the disk; serving it: {memory / 1e6:.0f} MB"
    )


def fill(store: Store, versions: int) -> tuple[date, int]:
    """Write exports of this many versions, and return their last day and number."""
    chosen = random.Random(1)  # The same articles each time.
    frequency = [1 / (rank + 1) for rank in range(len(WORDS))]
    sentences = [" ".join(chosen.choices(WORDS, frequency, k=LENGTH)) for _ in range(SENTENCES)]
    day, written = FIRST, 0
    with ThreadPoolExecutor(8, "fill") as pool:
        while written < versions:
            lines = [
                _document(chosen, sentences, day, number, version)
                for number in range(ARTICLES)
                for version in range(chosen.choice([1, 1, 1, 2, 3]))
            ]
            written += len(lines)
            data = gzip.compress("".join(f"{json.dumps(each)}\n" for each in lines).encode(), 1)
            pool.submit(store.put, keys.export_lines(SITE, day), data, GZIP)
            day += timedelta(days=1)
    return day - timedelta(days=1), written


def _document(chosen: random.Random, sentences: list[str], day: date, number: int, version: int) -> dict[str, object]:
    return {
        "identifier": f"WS{day:%Y%m%d}{number:04}",
        "dateModified": f"{day}T{8 + version:02}:00:00+08:00",
        "headline": " ".join(chosen.choice(sentences).split()[:9]),
        "articleBody": "\n\n".join(chosen.choices(sentences, k=PARAGRAPHS)),
        "articleSection": chosen.choice(["World / Europe", "World / Asia"]),
        "pressmark": {"captures": [{"capturedAt": f"{day}T12:00:00Z"}]},
    }


@contextmanager
def serving(folder: Path) -> Iterator[tuple[psutil.Process, httpx.Client]]:
    """Run the command, and return its process and a client."""
    port, stage = free_port(), free_port()
    command = [BIN / "pressmark", "reading-room", "--port", str(port), "--replay-port", str(stage)]
    process = subprocess.Popen([*command, "--cache", folder / "cache"], stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            yield psutil.Process(process.pid), client
    finally:
        process.terminate()
        process.communicate()


def together(base: httpx.URL, users: int, seconds: int, beside: str) -> list[float]:
    """Return the seconds of concurrent ordinary searches while another client sends expensive ones."""
    end = time.monotonic() + seconds
    took: list[float] = []

    def search(number: int, greedy: bool = False) -> None:
        chosen = random.Random(number)
        with httpx.Client(base_url=base, timeout=60, headers={"X-Forwarded-For": f"10.0.0.{number}"}) as client:
            while time.monotonic() < end:
                words = GREEDY[beside] if greedy else f"w{chosen.randrange(50, 5000)}x w{chosen.randrange(50, 500)}x"
                started = time.perf_counter()
                answer = client.get("/search", params={"q": words})
                if not greedy:
                    answer.raise_for_status()
                    took.append(time.perf_counter() - started)

    with ThreadPoolExecutor(users + AT_ONCE, "users") as pool:
        asked = [pool.submit(search, number) for number in range(users)]
        if beside:
            asked += [pool.submit(search, 255, True) for _ in range(AT_ONCE)]
        for each in asked:
            each.result()
    return took


def timed(client: httpx.Client, path: str) -> float:
    """Return the seconds that a page takes."""
    started = time.perf_counter()
    client.get(path).raise_for_status()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
