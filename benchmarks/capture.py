"""What exact capture costs: the same spider with and without it, and its peers, in turn (`make benchmark`)."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shutil import which

import click
from rich.console import Console
from rich.table import Table

from pressmark.local.s3server import RunningS3

ROOT = Path(__file__).parents[1]
PEERS = ROOT / ".benchmarks" / "peers"
"""Where `make benchmark` installs scrapy-webarchive; its pins conflict with our Scrapy."""
VARIANTS = ("tuned", "capture", "whole", "plain", "webarchive", "wget")
GOALS = {("capture", "tuned"): 0.9, ("whole", "tuned"): 0.78, ("whole", "plain"): 1.0, ("whole", "webarchive"): 1.3}
FLAT = 50_000_000


@click.command()
@click.option("--pages", default=2000, show_default=True)
@click.option("--rounds", default=5, show_default=True)
@click.option("--memory-pages", default=20_000, show_default=True, help="0: leave the memory out.")
@click.option("--only", multiple=True, type=click.Choice(VARIANTS))
def main(pages: int, rounds: int, memory_pages: int, only: tuple[str, ...]) -> None:
    """Print pages per second and CPU seconds of each way to crawl, and whether memory stays flat."""
    console = Console()
    wanted = [each for each in only or VARIANTS if _is_there(each, console)]
    taken: dict[str, list[dict]] = {each: [] for each in wanted}
    with serving(pages) as url:
        for number in range(rounds):
            for variant in wanted:
                console.print(f"round {number + 1} of {rounds}: {variant}", end="\r")
                taken[variant].append(crawl(variant, url, pages))
    table = Table("way", "pages/s", "CPU s per 1,000", "ratio to tuned", "peak MB", box=None)
    base = _speed(taken["tuned"]) if "tuned" in taken else None
    for variant, results in taken.items():
        cpu = statistics.median(each["cpu"] for each in results) / pages * 1000
        peak = max(each["peak"] for each in results) / 1e6
        ratio = f"{_speed(results) / base:.2f}" if base else "-"
        table.add_row(variant, f"{_speed(results):.0f}", f"{cpu:.2f}", ratio, f"{peak:.0f}")
    console.print(table)
    for (way, to), goal in GOALS.items():
        if way in taken and to in taken:
            pairs = [b["seconds"] / a["seconds"] for a, b in zip(taken[way], taken[to], strict=True)]
            rounds_ = ", ".join(f"{each:.2f}" for each in pairs)
            ratio = _speed(taken[way]) / _speed(taken[to])
            console.print(f"{way} / {to}: {ratio:.2f}, round by round {rounds_}; goal {goal}")
    if memory_pages:
        with serving(memory_pages) as url:
            memory = crawl("capture", url, memory_pages)["memory"]
        grown = max(memory) - memory[0]
        shown = ", ".join(f"{each / 1e6:.0f}" for each in memory[:: max(1, len(memory) // 10)])
        console.print(f"memory from 1,000 to {memory_pages:,} pages: {shown} MB; grown {grown / 1e6:.0f} MB; goal 50")


def crawl(variant: str, url: str, pages: int) -> dict:
    """Crawl once, in a separate process."""
    with tempfile.TemporaryDirectory(prefix="pressmark-bench-") as folder:
        if variant == "wget":
            return _wget(url, Path(folder), pages)
        path = [str(PEERS)] if variant == "webarchive" else []
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*path, str(ROOT)])}
        command = [sys.executable, "-m", "benchmarks.crawl_once", variant, url, folder]
        with ExitStack() as stack:
            if variant == "whole":
                environment |= stack.enter_context(RunningS3(Path(folder, "s3"))).environment
            done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=folder)
        assert done.returncode == 0, done.stderr
        result = json.loads(done.stdout.splitlines()[-1])
    assert result["pages"] == pages, f"{variant} read {result['pages']} of {pages} pages: {done.stderr[-2000:]}"
    return result


@contextmanager
def serving(pages: int) -> Iterator[str]:
    """Serve this many pages."""
    command = [sys.executable, "-m", "benchmarks.serve_pages", str(pages)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        try:
            assert server.stdout
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.terminate()


def _wget(url: str, folder: Path, pages: int) -> dict:
    started, before = time.perf_counter(), os.times().children_user + os.times().children_system
    subprocess.run(
        [
            *("wget", "--quiet", "--recursive", "--level=inf", "--execute=robots=off", "--delete-after"),
            *("--compression=gzip", f"--warc-file={folder}/crawl", "--warc-cdx", f"--directory-prefix={folder}"),
            f"{url}/list/1",
        ],
        check=False,  # 8: the site has no robots.txt.
    )
    cpu = os.times().children_user + os.times().children_system - before
    index = (folder / "crawl.cdx").read_text().count("/a/202202/18/") // 2
    assert index >= pages, f"wget read {index} of {pages} pages"
    return {"seconds": time.perf_counter() - started, "cpu": cpu, "peak": 0, "pages": pages, "memory": []}


def _is_there(variant: str, console: Console) -> bool:
    there = {"wget": bool(which("wget")), "webarchive": (PEERS / "scrapy_webarchive").exists()}.get(variant, True)
    if not there:
        console.print(f"{variant} is not installed, and left out")
    return there


def _speed(results: list[dict]) -> float:
    return statistics.median(each["pages"] / each["seconds"] for each in results)


if __name__ == "__main__":
    main()
