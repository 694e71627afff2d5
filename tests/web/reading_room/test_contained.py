"""Captured pages that escape their player reach only the archive: in a real browser, in an isolated network."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.web.reading_room.contained.attempts import ATTEMPTS

NAMESPACE = ("unshare", "--net", "--mount")
BROWSERS = [
    pytest.param(
        name, marks=pytest.mark.skipif(not shutil.which(program), reason=f"needs {program}: apt-get install it")
    )
    for name, program in (("chromium", "chromium"), ("firefox", "firefox-esr"))
]
LOOKED_UP = {
    "location",
    "assign",
    "navigation",
    "parentcode",
    "grandparentcode",
    "refresh",
    "srcdoc",
    "dataframe",
    "webrtc",
}
"""Attempts that Chromium resolves before it checks the policy; Firefox does not."""
IN_FIREFOX = (
    *("location", "top", "popup", "linktop", "fetch", "beacon"),
    *("socket", "image", "frame", "worker", "prefetch"),
)
"""One of each kind: others leave the window before it can report them."""

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        subprocess.run([*NAMESPACE, "true"], check=False, capture_output=True).returncode != 0,
        reason="needs a network namespace: root, or a kernel that gives users one",
    ),
]


def heard(browser: str, player: str, *attempts: str) -> dict[str, list[str]]:
    """Return what arrived at the live web from each attempt: `dns`, `tcp`, `udp`, in this order."""
    command = [*NAMESPACE, sys.executable, "-m", "tests.web.reading_room.contained", browser, player, *attempts]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    return {name: sorted({each.partition(" ")[0] for each in came}) for name, came in json.loads(done.stdout).items()}


@pytest.mark.parametrize("player", ["replayweb", "pywb"])
@pytest.mark.parametrize("browser", BROWSERS)
def test_a_page_that_escapes_its_player_reaches_nobody(browser: str, player: str) -> None:
    came = heard(browser, player, *ATTEMPTS)
    assert came.keys() == ATTEMPTS.keys()
    assert came.pop("webrtc") == ["dns", "udp"], "no policy binds it: docs/reading_room.md says so"
    assert {name for name, how in came.items() if how} <= (LOOKED_UP if browser == "chromium" else set())
    assert {how for each in came.values() for how in each} <= {"dns"}


@pytest.mark.parametrize("browser", BROWSERS)
@pytest.mark.parametrize(
    ("player", "attempts"),
    [("replayweb", ("location", "assign", "refresh")), ("pywb", ("location", "parentcode", "grandparent", "top"))],
)
def test_without_our_policy_it_would_be_heard(browser: str, player: str, attempts: tuple[str, ...]) -> None:
    assert heard(browser, player, "--open", *attempts) == {name: ["dns", "tcp"] for name in attempts}


@pytest.mark.parametrize("browser", BROWSERS)
def test_without_a_player_each_attempt_is_heard(browser: str) -> None:
    """Without this test, silence would prove nothing: some players block what our policy blocks, too."""
    of_frames = {"parent", "parentcode", "parentopen", "grandparent", "grandparentcode"}
    attempts = [each for each in ATTEMPTS if each not in of_frames] if browser == "chromium" else list(IN_FIREFOX)
    came = heard(browser, "none", *attempts)
    assert {name for name, how in came.items() if not {"tcp", "udp"} & set(how)} == (
        {"prerender", "preconnect", "dnsprefetch", "speculation"} if browser == "chromium" else set()
    )
