# ruff: noqa: F811 - fixtures of another module are used by their names.
"""A recovery that is killed at any step, and the one after it: nothing lost, nothing twice, no pointer astray.

`PRESSMARK_KILLS` says at how many steps.
"""

import os
import random
import shutil
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import attrs
import pytest

from pressmark.archive.publish.manifest_commit import unlisted
from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.local.s3server import RunningS3
from tests.conftest import fresh_bucket
from tests.support.killed_crawl import Steps
from tests.support.spooled import Spooled, flip, left, members, spooled, stray_copy  # noqa: F401 - fixtures

pytestmark = pytest.mark.long

POINTS = int(os.environ.get("PRESSMARK_KILLS") or 6)


def damage(spooled: Spooled) -> None:
    """Let recovery have all there is to do: salvage, drafts to read again, a torn end, what does not belong."""
    first, second, *_ = spooled.segments()
    data = bytearray(first.read_bytes())
    flip(data, *members(bytes(data))[2])
    first.write_bytes(data)
    drafts = spooled.drafts(second)
    drafts.write_bytes(b"\0\0\n" + drafts.read_bytes())
    [torn] = spooled.folder.glob("*.open")
    torn.write_bytes(torn.read_bytes() + data[:100])
    stray_copy(spooled)


def recover(spooled: Spooled, last: int, counted: Path | None = None) -> int:
    """Recover in a process that kills itself at a step; return how it ended."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    try:
        steps = _Killing(last)
        for name in ("fsync", "ftruncate"):
            steps.around(os, name)
        for name in ("rename", "unlink"):
            steps.around(Path, name)
        for name in ("put", "put_new", "put_file"):
            steps.around(Store, name)
        attrs.evolve(spooled, store=Store.open(spooled.config)).recover()
        if counted:
            counted.write_text(str(steps.count))
        os._exit(0)
    except BaseException:  # noqa: BLE001 - a forked test must not go on
        os._exit(1)


class _Killing(Steps):
    def take(self) -> None:
        if self.reached():
            os.kill(os.getpid(), signal.SIGKILL)


def fresh(spooled: Spooled, s3: RunningS3, monkeypatch: pytest.MonkeyPatch, folder: Path) -> Spooled:
    """Copy a spool, and make a bucket for it."""
    fresh_bucket(s3, monkeypatch)
    shutil.copytree(spooled.config.spool, folder)
    config = attrs.evolve(Config.from_env(os.environ), spool=folder)
    return attrs.evolve(spooled, config=config, store=Store.open(config))


def outcome(spooled: Spooled) -> dict[str, Any]:
    """What a recovery came to, by names that are the same each time."""
    notes = unlisted(spooled.store, spooled.folder, "newsroom").values()
    listed = Counter(each.segment.key for each in notes)
    listed.update(stored.key for each in notes for stored in each.objects)
    return {
        "records": spooled.published_records(),
        "versions": spooled.versions(),
        "rejected": set(spooled.store.keys("rejected/")),
        "set aside": spooled.set_aside().keys(),
        "listed": listed,
    }


def test_whenever_it_is_killed_the_next_recovery_comes_to_the_same(
    spooled: Spooled, s3: RunningS3, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    damage(spooled)
    whole = fresh(spooled, s3, monkeypatch, tmp_path / "whole")
    assert recover(whole, 0, tmp_path / "steps") == 0
    expected = outcome(whole)
    assert max(expected["listed"].values()) == 1
    assert len(expected["set aside"]) == 3
    assert whole.is_clean()
    steps = int((tmp_path / "steps").read_text())
    assert steps > 100
    failures = {}
    for step in sorted(random.Random(POINTS).sample(range(1, steps), POINTS)):
        each = fresh(spooled, s3, monkeypatch, tmp_path / str(step))
        assert recover(each, step) == -signal.SIGKILL
        each.recover()
        came_to = outcome(each)
        if came_to != expected or not each.is_clean():
            failures[step] = {
                name: (came_to[name], expected[name]) for name in expected if came_to[name] != expected[name]
            }
    assert not failures
