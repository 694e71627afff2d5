"""docs/configuration.md has every variable that programs read, and no other."""

import re

from tests.conftest import ROOT

OWN = re.compile(r"\bPRESSMARK_[A-Z0-9_]*[A-Z0-9]\b")
READ = re.compile(r"""environ(?:\.get\(|\[)\s*["']([A-Z][A-Z0-9_]*)["']""")
OF_REQUESTS = re.compile("HTTP_|REQUEST_|PATH_INFO|QUERY_STRING")
"""What WSGI (PEP 3333) has in a dictionary of that name."""
FOLDERS = ("pressmark", "spiders", "pipelines", "dags", "docker")
TEXTS = {".py", ".yml", ".yaml", ".sh", ".html", ""}


def test_every_variable_is_documented_and_read() -> None:
    documented = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", (ROOT / "docs" / "configuration.md").read_text()))
    texts = [
        path.read_text(errors="replace")
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix in TEXTS
    ]
    own = {name for text in texts for name in OWN.findall(text)}
    read = own | {name for text in texts for name in READ.findall(text) if not OF_REQUESTS.match(name)}
    assert read - documented == set()
    assert {name for name in documented if name.startswith("PRESSMARK_")} - own == set()


ELSEWHERE = {
    "archive/s3/presigned.py": "AWS_CA_BUNDLE, as botocore reads it",
    "cli/main.py": "NO_COLOR, set for what writes no terminal",
    "local/demo/__main__.py": "its own ports; what it passes on to the programs that it starts",
    "local/s3server.py": "PATH",
    "web/common/caches.py": "XDG_CACHE_HOME",
    "web/reading_room/player.py": "PATH",
    "web/replay/guarded_wayback.py": "a program of pywb's environment, which does not have this package",
    "web/replay/server.py": "what it passes on to pywb",
}
"""Modules that read the environment besides `pressmark/config.py`, and why."""


def test_the_environment_is_read_in_one_place() -> None:
    reading = {
        str(path.relative_to(top))
        for top in (ROOT / "pressmark", ROOT / "spiders", ROOT / "pipelines", ROOT / "dags")
        for path in top.rglob("*.py")
        if re.search(r"os\.(?:environ|getenv)", path.read_text())
    }
    assert reading - {"config.py"} == set(ELSEWHERE)
