"""A random mix of hostile responses, S3 faults, kills and a disk that fills and empties; then one undisturbed run.

The site's own log of its responses decides what the archive must contain. `PRESSMARK_SOAK` sets the minutes,
`PRESSMARK_SOAK_SEED` the random seed; the timing of threads and kills still differs in each run.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import attrs
import psutil
import pytest

from pressmark.archive.bucket import manifest
from pressmark.archive.s3.store import Store
from pressmark.archive.spool.set_aside import all_set_aside
from pressmark.local.s3server import RunningS3
from pressmark.model import keys
from tests.cli.test_cli import pressmark
from tests.integration.test_killed import records, whole_records
from tests.integration.test_small_disks import mounted
from tests.support.archive import SECTION, Archive
from tests.support.process_tree import MostMemory, module
from tests.support.s3_proxy import Answer, Fault, Proxy, Request, error, proxied
from tests.support.soak_site import SoakSite, Version

pytestmark = pytest.mark.long
MINUTES = float(os.environ.get("PRESSMARK_SOAK") or 5)
SEED = int(os.environ.get("PRESSMARK_SOAK_SEED") or random.SystemRandom().randrange(1 << 32))
MOST_MEMORY = 600_000_000
LONGEST = 120
"""Seconds that a command may take on a machine as busy as this: beyond it, it hangs."""
CODES = {0, 2, 3, 4, 5, 6, 8, 130, -signal.SIGKILL, -signal.SIGTERM}
"""How commands may end while the world is against them: as `--help` says, or killed, by SIGTERM before they listen."""


class Faults:
    """What the S3 server's proxy does: nothing, a fault now and then, or nothing but resets."""

    def __init__(self, choose: random.Random) -> None:
        self._choose, self._lock = choose, threading.Lock()
        self.share = 0.0

    def __call__(self, request: Request) -> Fault | None:
        """Be a rule of the proxy."""
        with self._lock:
            choose = random.Random(self._choose.random())
        if choose.random() >= self.share:
            return None
        if self.share == 1:
            return Fault(read=0)
        return choose.choice(
            [
                Fault(answer=error(503, "SlowDown"), reaches_server=False),
                Fault(answer=error(500, "InternalError"), reaches_server=False),
                Fault(answer=error(500, "InternalError")),  # It was done, but the client gets an error.
                Fault(cut=0, reset=True),
                Fault(read=choose.randrange(2000)),
                Fault(cut=-1 - choose.randrange(50)),
                Fault(cut=choose.randrange(2000), reset=True),
                Fault(
                    answer=Answer(200, {"Content-Type": "text/html"}, b"<p>Please log in.</p>"), reaches_server=False
                ),
            ]
        )


@attrs.define
class Soak:
    """The site, the bucket behind its proxy, the disk, and what is known of what must be in the archive."""

    site: SoakSite
    proxy: Proxy
    faults: Faults
    store: Store
    """Of the bucket itself, beside the proxy."""
    spool: Path
    choose: random.Random
    must: set[Version] = attrs.field(factory=set)
    """Versions that a crawl served whole."""
    kept: set[int] = attrs.field(factory=set)
    """Serials of responses that were whole on the disk when a crawl ended."""
    ends: Counter[str] = attrs.field(factory=Counter)
    runs: list[tuple[str, range]] = attrs.field(factory=list)
    """How each crawl ended, and which of `site.served` it served."""

    def crawl(self, *options: str, hurt: bool = True) -> dict[str, Any]:
        """Crawl, with whatever comes in between; return the manifest, or nothing."""
        before = len(self.site.served)
        command = [
            sys.executable,
            "-m",
            "pressmark.crawl.process",
            SECTION,
            *options,
            "--log",
            "json",
            "--result-fd",
            "1",
        ]
        code, said = self._run(command, hurt=hurt)
        manifest = json.loads(said)["manifest"] if code >= 0 and said else None
        served = self.site.served[before:]
        if manifest and manifest["ended"] == "complete":
            self.must |= {each.version for each in served if not each.odd}
        self.kept |= self._serials_on_disk()
        how = f"crawl {manifest['ended'] if manifest else '-'} {code}"
        self.ends[how] += 1
        self.runs.append((how, range(before, len(self.site.served))))
        return manifest or {}

    def recover(self) -> None:
        """Recover, with whatever comes in between."""
        code, _ = self._run([sys.executable, "-m", "pressmark", "recover", "newsroom", "--json"], hurt=True)
        self.ends[f"recover {code}"] += 1

    def _run(self, command: list[str], *, hurt: bool) -> tuple[int, str]:
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env=os.environ | {"PYTHONFAULTHANDLER": "1"},
        )
        with hurting(self, process) if hurt else nullcontext():
            try:
                said, errors = process.communicate(timeout=LONGEST)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGABRT)  # It says where it hangs.
                errors = process.communicate(timeout=LONGEST)[1]
            finally:
                kill_group(process)
        assert process.returncode in CODES, errors
        assert "Traceback" not in errors, errors
        return process.returncode, said

    def _serials_on_disk(self) -> set[int]:
        paths = [*self.spool.glob("newsroom/*.open"), *self.spool.glob("newsroom/*.warc.gz")]
        return {serial for each in paths for serial in serials(each.read_bytes())}


def serials(segment: bytes) -> Iterator[int]:
    """Return the serials of the responses that are whole in a segment."""
    for record in whole_records(segment):
        head = record.partition(b"\r\n\r\n")[2].partition(b"\r\n\r\n")[0]
        found = [line.partition(b": ")[2] for line in head.splitlines() if line.startswith(b"X-Serial: ")]
        yield from map(int, found)


def kill_group(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def hurting(soak: Soak, process: subprocess.Popen[str]) -> Iterator[None]:
    """While it is entered, let things happen to a process, its bucket and its disk."""
    done = threading.Event()
    choose = random.Random(soak.choose.random())

    def hurt() -> None:
        while not done.wait(choose.uniform(0.5, 4)):
            match choose.randrange(12):
                case 0:
                    kill_group(process)
                case 1 | 2 | 3:
                    victim = (
                        "pressmark.archive.publish.archivist_process"
                        if choose.random() < 0.5
                        else "pressmark.extract.page_reader_process"
                    )
                    kill_child(process, victim)
                case 4:
                    process.terminate()
                case 5 | 6:
                    fill(soak.spool.parent, choose.randrange(1, 200_000))
                case 7 | 8:
                    (soak.spool.parent / "ballast").unlink(missing_ok=True)
                case 9:
                    soak.faults.share = 1
                case _:
                    soak.faults.share = choose.choice([0, 0, 0.03, 0.1])

    thread = threading.Thread(target=hurt)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        soak.faults.share = choose.choice([0, 0, 0.05])
        if choose.random() < 0.7:
            (soak.spool.parent / "ballast").unlink(missing_ok=True)


def kill_child(process: subprocess.Popen[str], name: str) -> None:
    with suppress(psutil.Error, ValueError):
        for each in psutil.Process(process.pid).children():
            if module(each) == name:
                each.kill()


def fill(disk: Path, left: int) -> None:
    """Leave so many bytes."""
    with suppress(OSError), (disk / "ballast").open("ab", buffering=0) as file:
        there = os.statvfs(disk)
        file.write(bytes(max(0, there.f_bavail * there.f_frsize - left)))


@pytest.fixture
def soak(archive: Archive, s3: RunningS3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Soak]:
    choose = random.Random(SEED)
    with ExitStack() as stack:
        site = SoakSite({}, choose=random.Random(choose.random()), refused_port=s3.port)
        stack.enter_context(site.running())
        proxy = stack.enter_context(proxied(s3.endpoint))
        proxy.rule = faults = Faults(random.Random(choose.random()))
        disk = stack.enter_context(mounted(tmp_path / "disk", "size=4m"))
        archive.set_site(
            origin=f"http://127.0.0.1:{site.port}",
            politeness={"delay": 0, "concurrency": 4, "timeout": 10, "retries": 1, "longest_delay": 1},
        )
        for name, value in {
            "AWS_ENDPOINT_URL_S3": proxy.endpoint,
            "PRESSMARK_SPOOL": str(disk / "spool"),
            "PRESSMARK_SPOOL_RESERVE": "100000",
            "PRESSMARK_SEGMENT_BYTES": "100000",
            "PRESSMARK_SEGMENT_SECONDS": "2",
            "PRESSMARK_PATIENCE": "5",
        }.items():
            monkeypatch.setenv(name, value)
        yield Soak(site, proxy, faults, archive.store, disk / "spool", choose)


def test_the_archive_holds_just_what_the_site_served_whatever_happens(
    soak: Soak, capsys: pytest.CaptureFixture[str]
) -> None:
    note = f"soak of {MINUTES:g} minutes: PRESSMARK_SOAK_SEED={SEED}"  # To do it again.
    with capsys.disabled():
        print(f"\n{note}", flush=True)  # noqa: T201 - for a person who waits
    try:
        _soak(soak, capsys)
    except Exception as error:
        error.add_note(note)  # With several processes nothing else is shown.
        raise


def _soak(soak: Soak, capsys: pytest.CaptureFixture[str]) -> None:
    until = time.monotonic() + MINUTES * 60
    with MostMemory() as memory:
        while time.monotonic() < until:
            for number in soak.choose.sample(range(len(soak.site.now())), 3):
                soak.site.edit(number)
            if soak.choose.random() < 0.15:
                soak.recover()
            else:
                soak.crawl(*["--recheck"] * (soak.choose.random() < 0.5), hurt=soak.choose.random() < 0.6)
        calm(soak)
    with capsys.disabled():
        print(dict(soak.ends), f"{len(soak.must)} versions", memory.most, flush=True)  # noqa: T201 - what it came to
    judge(soak)
    assert max(memory.most.values()) < MOST_MEMORY


def calm(soak: Soak) -> None:
    """Let the world be as it should be; what is left to do is done by the next runs, without a hand."""
    soak.site.calm, soak.faults.share = True, 0
    (soak.spool.parent / "ballast").unlink(missing_ok=True)
    for _ in range(2):
        manifest = soak.crawl("--recheck", hurt=False)
    assert manifest["ended"] == "complete"
    assert soak.site.now() <= soak.must


def judge(soak: Soak) -> None:
    """Compare what is in the bucket with what the site says that it sent."""
    served = {each.version.key: each.version for each in soak.site.served}
    published = {key.partition("/newsroom/")[2].removesuffix(".json"): key for key in soak.store.keys("articles/")}
    published = {"/".join(name.split("/")[-2:]): key for name, key in published.items()}
    for name, key in published.items():
        document = json.loads(soak.store.get(key))
        assert name in served, f"{key} was never served whole"
        assert (document["headline"], document["articleBody"]) == (
            served[name].headline,
            "\n\n".join(served[name].text),
        )
        assert "cutShort" not in document["pressmark"]

    segments = [key for key in soak.store.keys("warc/") if key.endswith(".warc.gz")]
    captured = {serial for key in segments for serial in serials(soak.store.get(key))}
    assert soak.kept <= captured, "all complete records on the disk are in the bucket"
    served = {
        f"{how}, {place} of {place_of}: {soak.site.served[place].version.key}": soak.site.served[place].version
        for how, place_of in soak.runs
        for place in place_of
        if soak.site.served[place].serial in captured and not soak.site.served[place].odd
    }
    assert {each.key for each in soak.must} - published.keys() == set()
    assert [where for where, version in served.items() if version.key not in published] == []

    manifests = [manifest.read(soak.store, key) for key in manifest.below(soak.store, "newsroom/")]
    listed = Counter(said.key for manifest in manifests for said in [*manifest.objects, *manifest.segments])
    assert set(listed.values()) == {1}
    assert {key for key in listed if key.startswith("articles/")} == set(published.values())
    assert {key for key in listed if key.startswith("warc/")} == set(segments)
    for prefix in (keys.SILENT_EDITS, keys.CORRECTIONS):
        assert list(soak.store.keys(prefix)) == []
    ids = Counter(record_id for key in segments for record_id in records(soak.store.get(key)))
    assert set(ids.values()) == {1}
    for each in all_set_aside(soak.spool / "newsroom", "newsroom"):
        whole = set(records((soak.spool / "newsroom" / each.name).read_bytes()))
        assert whole <= ids.keys(), f"{each.name} was set aside: {each.reason}"
    verified = pressmark("verify", SECTION, "--full")
    assert verified.returncode == 0, verified.stdout + verified.stderr
