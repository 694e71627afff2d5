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
