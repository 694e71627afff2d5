"""The commands in the documents: each is run, or checked as far as it can be without what it needs or starts."""

import argparse
import configparser
import importlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import botocore.session
import click
import pytest
import yaml
from botocore import xform_name
from click.testing import CliRunner
from scrapy.settings import Settings as ScrapySettings

from benchmarks import scaling
from pressmark.cli.main import COMMANDS, main
from pressmark.local.demo.settings import Settings
from pressmark.local.newsroom.site_file import write_site_file
from pressmark.local.s3server import RunningS3, s3server
from tests.conftest import ROOT, fresh_bucket
from tests.support.archive import SECTION, Archive, archiving
from tests.support.markdown import inline_code, shell_commands, words

BIN = Path(sys.executable).parent
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *(path for path in sorted((ROOT / "docs").glob("*.md")) if path.name != "attacks.md"),
]
WITH_COMMANDS = [
    path
    for path in DOCUMENTS
    if list(shell_commands(path.read_text())) and path.stem != "how_to_add_a_field"  # It has a test of its own.
]
SERVERS = {"demo", "newsroom", "reading-room", "replay", "s3server"}
"""Commands that run until they are stopped: their options are parsed, and no more."""
OWN_VARIABLE = re.compile(r"\bPRESSMARK_[A-Z0-9_]*[A-Z0-9]\b")
OTHERS_VARIABLE = re.compile(r"AWS_[A-Z0-9_]+|AIRFLOW_[A-Z0-9_]+")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


@pytest.fixture(scope="module")
def archive(s3: RunningS3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """An archive of the newsroom, as the demo leaves one."""
    with pytest.MonkeyPatch.context() as patched:
        fresh_bucket(s3, patched)
        with archiving(tmp_path_factory.mktemp("archive"), patched, articles=12) as made:
            assert made.crawl().exit_code == 0
            yield made


@pytest.fixture(scope="module")
def crawled() -> set[str]:
    return {SECTION}


@attrs.frozen
class Reader:
    """Somebody who types the commands of one document, one after the other, in one shell."""

    archive: Archive
    folder: Path
    crawled: set[str]
    """Sections that a document has crawled: once is enough."""
    exported: dict[str, str] = attrs.field(factory=dict)

    def type(self, command: str) -> None:
        """Run or check a command; fail if there is no rule for it."""
        typed = words(command)
        while typed and re.match(r"[A-Z_]+=", typed[0]):
            check_variable(typed.pop(0).partition("=")[0])
        if not typed:
            return
        program = typed[0].rpartition("/bin/")[2]
        assert program in RULES, f"no rule for {program}: {command}"
        for nested in re.findall(r"\$\((pressmark [^)]*)\)", command):
            self.type(nested)
        RULES[program](self, command, typed)

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": f"{BIN}:{os.environ['PATH']}", **self.exported}

    def pressmark(self, _: str, typed: list[str]) -> None:
        some_id = next(self.archive.newsroom.ids())
        name, *arguments = [re.sub(r"WS\w*\.\.\.", some_id, word) for word in typed[1:] if word != "&"]
        if name == "newsroom":
            write_site_file(self.folder / ".pressmark" / "sites", self.archive.url)
        if name in SERVERS or (name == "crawl" and arguments[0] in self.crawled):
            parsed(name, arguments)
        elif name == "crawl":
            self.crawled.add(arguments[0])
            self._crawl(arguments)
        else:
            done = CliRunner().invoke(command_of(name), arguments, env=self.exported, catch_exceptions=False)
            assert done.exit_code == 0, done.output

    def _crawl(self, arguments: list[str]) -> None:
        """Crawl in a process of its own, with the newsroom in place of the real site."""
        site = arguments[0].partition("/")[0]
        path = self.folder / self.exported.get("PRESSMARK_SITES", os.environ["PRESSMARK_SITES"]) / f"{site}.yml"
        if not path.exists():
            shutil.copy(ROOT / "pressmark" / "sites" / path.name, path)
        self._lead_to_newsroom(path)
        self.shell(" ".join(["pressmark", "crawl", *arguments]), [])

    def _lead_to_newsroom(self, path: Path) -> None:
        text = re.sub(r"(?m)^origin: .*$", f"origin: {self.archive.url}", path.read_text())
        text = re.sub(r"(?m)^hosts: .*$", "hosts: [127.0.0.1]\nallow_addresses: [127.0.0.0/8]", text)
        path.write_text(re.sub(r"delay: [0-9.]+", "delay: 0", text))

    def shell(self, command: str, _: list[str]) -> str:
        """Run a command in the document's folder, which has a copy of the checkout's `docker`."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=self.folder,
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}{done.stdout}"
        return done.stdout

    def export(self, command: str, typed: list[str]) -> None:
        """Check the names of variables; keep what does not lead away from this test's bucket."""
        names = [word.partition("=")[0] for word in typed[1:]]
        for name in names:
            check_variable(name)
        if "PRESSMARK_SITES" in names:
            printed = self.shell(f"{command}\nprintf %s $PRESSMARK_SITES", typed)
            self.exported["PRESSMARK_SITES"] = str(self.folder / printed)

    def source(self, _: str, typed: list[str]) -> None:
        demo = Settings.from_env({}).folder.relative_to(Path.cwd())
        [of_server] = [each.default for each in s3server.params if each.name == "folder"]
        assert Path(typed[1]) in {RunningS3(folder).settings for folder in (demo / "s3", of_server)}


@pytest.fixture
def reader(archive: Archive, crawled: set[str], tmp_path: Path) -> Reader:
    shutil.copytree(ROOT / "docker", tmp_path / "docker", ignore=shutil.ignore_patterns("secrets", ".env"))
    return Reader(archive, tmp_path, crawled)


def command_of(name: str) -> click.Command:
    command = main.get_command(click.Context(main), name)
    assert command, f"there is no `pressmark {name}`"
    return command


def parsed(name: str, arguments: list[str]) -> None:
    command_of(name).make_context(name, list(arguments))


def check_variable(name: str) -> None:
    documented = (ROOT / "docs" / "configuration.md").read_text()
    own_tests = "".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))
    known = f"`{name}`" in documented or f'environ.get("{name}"' in own_tests or OTHERS_VARIABLE.fullmatch(name)
    assert known, f"docs/configuration.md has no {name}"


def check_paths(_: Reader, __: str, typed: list[str]) -> None:
    """Check that files of the checkout exist."""
    for word in typed:
        if re.match(r"(docs|docker|tests|benchmarks|dags)/|requirements", word):
            assert (ROOT / word).exists(), word


def check_make(_: Reader, __: str, typed: list[str]) -> None:
    targets = re.findall(r"(?m)^([.\w/-]+):(?!=)", (ROOT / "Makefile").read_text())
    for word in typed[1:]:
        if "=" in word:
            check_variable(word.partition("=")[0])
        else:
            assert word in targets, word


def check_pip(_: Reader, command: str, typed: list[str]) -> None:
    assert typed[1] in {"install", "wheel"}
    required = [word for word in typed[2:] if word.startswith(("pressmark", "."))]
    assert len(required) == 1, command
    assert set(re.findall(r"[\w-]+", required[0])) - {"pressmark"} <= extras(), command


def extras() -> set[str]:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    return set(setup["options.extras_require"])


def check_python(reader: Reader, command: str, typed: list[str]) -> None:
    assert typed[1] == "-m"
    if typed[2] == "venv":
        assert typed[3:] == [".pywb"]
    elif typed[2] == "benchmarks.scaling":
        scaling.main.make_context("scaling", typed[3:])
    else:
        assert typed[2] == "pytest"
        check_paths(reader, command, typed)


def check_docker(reader: Reader, command: str, typed: list[str]) -> None:
    """Check the files that `docker compose` is given, its subcommand, and the names of services."""
    assert typed[1] == "compose"
    check_paths(reader, command, typed)
    services = yaml.safe_load((ROOT / "docker" / "compose.yml").read_text())["services"]
    subcommand, *rest = typed[4:] if typed[2] == "--file" else typed[2:]
    assert subcommand in {"down", "logs", "ps", "restart", "stop", "up"}, command
    assert {word for word in rest if not word.startswith("--")} <= services.keys()


def check_scrapy(_: Reader, command: str, typed: list[str]) -> None:
    """Check the options of one of Scrapy's commands."""
    scrapy = importlib.import_module(f"scrapy.commands.{typed[1]}").Command()
    scrapy.settings = ScrapySettings()
    parser = argparse.ArgumentParser()
    scrapy.add_options(parser)
    assert not [word for word in parser.parse_known_args(typed[2:])[1] if word.startswith("-")], command


def check_airflow(_: Reader, command: str, typed: list[str]) -> None:
    """Check the options of one of Airflow's commands."""
    from airflow.cli.cli_parser import get_parser

    get_parser().parse_args(typed[1:])


def check_aws(_: Reader, command: str, typed: list[str]) -> None:
    """Check an operation and its options by the descriptions of botocore, which the AWS CLI uses too."""
    service, operation = typed[1:3]
    model = botocore.session.Session().get_service_model({"s3api": "s3"}.get(service, service))
    names = {xform_name(name, "-"): name for name in model.operation_names}
    assert operation in names, command
    members: Any = model.operation_model(names[operation]).input_shape.members
    assert set(OPTION.findall(command)) <= {
        "--endpoint-url",
        "--policy",  # Of `pressmark init-bucket` within it.
        *(f"--{xform_name(name, '-')}" for name in members),
    }


RULES: dict[str, Callable[[Reader, str, list[str]], Any]] = {
    "pressmark": Reader.pressmark,
    "export": Reader.export,
    ".": Reader.source,
    **dict.fromkeys(["cat", "cp", "docker/new-secrets", "echo", "mkdir", "sed"], Reader.shell),
    "airflow": check_airflow,
    "aws": check_aws,
    "docker": check_docker,
    "helm": check_paths,
    "make": check_make,
    "pip": check_pip,
    "python": check_python,
    "scrapy": check_scrapy,
    "uv": check_paths,
}
"""By program, what is done with its commands."""


@pytest.mark.slow
@pytest.mark.parametrize("document", WITH_COMMANDS, ids=lambda path: path.stem)
def test_the_commands_of_a_document_run(document: Path, reader: Reader) -> None:
    for command in shell_commands(document.read_text()):
        for part in command.split(" && "):
            reader.type(part)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_inline_commands_have_the_options_that_they_name(document: Path) -> None:
    wrong = []
    for code in inline_code(document.read_text()):
        found = re.match(r"(?:\.venv/bin/)?pressmark ([a-z][\w-]*)", code)
        if not found:
            continue
        known = {name for each in command_of(found[1]).params for name in (*each.opts, *each.secondary_opts)}
        if set(OPTION.findall(code)) - known - {"--help"}:
            wrong.append(code)
    assert wrong == []


def test_the_table_of_commands_has_all_of_them_and_no_unknown_option() -> None:
    table = (ROOT / "README.md").read_text().partition("\n## Commands\n")[2].partition("\n## ")[0]
    named = set()
    for line in table.splitlines():
        if not line.startswith("| `pressmark"):
            continue
        first, *codes = inline_code(line)
        name = first.split()[1]
        others = [code for code in inline_code(line.split("|")[1])[1:] if code in COMMANDS]
        known = {option for each in (name, *others) for param in command_of(each).params for option in param.opts}
        assert {option for code in codes for option in OPTION.findall(code)} <= known, line
        named |= {name, *others}
    assert named == set(COMMANDS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_extras_targets_and_variables_exist(document: Path) -> None:
    text = document.read_text()
    for found in re.findall(r"pressmark\[([\w,-]+)\]", text):
        assert set(found.split(",")) <= extras(), found
    for code in inline_code(text):
        if code.startswith("make "):
            check_make(None, code, code.split())  # type: ignore[arg-type]
    for name in set(OWN_VARIABLE.findall(text)):
        check_variable(name)
