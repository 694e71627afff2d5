import os
from datetime import date
from pathlib import Path

import pytest
import yaml

from pressmark.errors import SiteFileError, UnknownSection
from pressmark.local.newsroom.site_file import write_site_file
from pressmark.sites.site_files import find_section, find_site, load_sites, read_site

FACTS = {
    "site": "mine",
    "title": "Mine",
    "layout": "chinadaily",
    "origin": "https://news.example",
    "hosts": [".news.example", "other.example"],
    "time_zone": "Europe/Paris",
    "article_url": r"^/a/(?P<day>\d{6}/\d{2})/(?P<id>\w+?)(?:_(?P<page>\d+))?\.html$",
    "sections": {"home": {"name": "Home", "path": "/"}},
}


def write(folder: Path, **changes: object) -> Path:
    path = folder / "mine.yml"
    path.write_text(yaml.safe_dump({**FACTS, **changes}))
    return path


def test_the_shipped_sites() -> None:
    sites = load_sites()
    assert sites["chinadaily"].origin == "https://www.chinadaily.com.cn"
    assert set(sites) == {"chinadaily"}, "the newsroom brings its own where it runs"
    assert find_section(sites, "chinadaily/world/europe") == (sites["chinadaily"], "world/europe")


def test_a_folder_of_ones_own_adds_sites_and_wins(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "n.yml").write_text(yaml.safe_dump({**FACTS, "site": "newsroom"}))
    sites = load_sites(tmp_path)
    assert set(sites) == {"chinadaily", "newsroom", "mine"}
    assert sites["newsroom"].title == "Mine"


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SiteFileError, match="no such folder"):
        load_sites(tmp_path / "none")


@pytest.mark.parametrize("name", ["newsroom", "newsroom/world/asia", "nowhere/world/europe", ""])
def test_an_unknown_section_lists_the_known_ones(tmp_path: Path, name: str) -> None:
    write_site_file(tmp_path, "http://127.0.0.1:8765")
    with pytest.raises(UnknownSection, match=r"chinadaily/world/europe\n(.+\n)*  newsroom/world/europe"):
        find_section(load_sites(tmp_path), name)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"layout": "nope"}, "layout: .*no layout 'nope'. Known: chinadaily"),
        ({"origin": "https://elsewhere.example"}, "origin: .*elsewhere.example.*does not allow"),
        ({"article_url": r"^/a/(?P<id>\w+)$"}, r"lacks the named groups \['day', 'page'\]"),
        ({"origin": "news.example"}, "origin"),
        ({"origin": "https://user@news.example"}, "origin: .* names a user"),
        ({"hosts": ["news.example:0"]}, "hosts: .* has no port from 1 to 65535"),
        ({"hosts": ["http://news.example"]}, "hosts: .* is no host"),
        ({"allow_addresses": ["127.0.0.1/8"]}, "allow_addresses"),
        ({"politeness": {"longest_delay": float("inf")}}, "politeness.longest_delay"),
        ({"politness": {}}, "politness: Extra inputs are not permitted"),
        ({"politeness": {"delay": -1}}, "politeness.delay"),
        ({"sections": {}}, "sections"),
        ({"article_url": "("}, "article_url: .*is no regular expression"),
        ({"article_url": "(" * 5000 + ")" * 5000}, "article_url: .*is no regular expression"),
        ({"article_url": "a{99999999999999999999}"}, "article_url: .*is no regular expression"),
        ({"listing_page": "{path}/{number:>9999999999}"}, "listing_page: .*must have no format"),
        ({"listing_page": "{path}/{number}{}"}, "listing_page: .*are known in the address, not"),
        ({"listing_page": "{path}/{number!r}"}, "listing_page: .*must have no format"),
        ({"site": date(2022, 2, 18)}, "site"),
        ({"site": "n" * 61}, "site"),
        ({"sections": {"tech": {"name": "Tech", "path": "/tech", "pages": 10**30}}}, "sections.tech.pages"),
        (
            {"sections": {"tech": {"name": "Tech", "path": "/tech", "deadline": "P999999999D"}}},
            "sections.tech.deadline",
        ),
        ({"sections": {"t" * 101: {"name": "Tech", "path": "/tech"}}}, "sections"),
        ({"sections": {"tech/2025": {"name": "Tech", "path": "/tech"}}}, "a part of it is a number"),
    ],
)
def test_a_wrong_site_file_says_which_field(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    with pytest.raises(SiteFileError, match=message) as caught:
        read_site(write(tmp_path, **changes))
    assert "mine.yml" in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        b"a: [",
        b"[" * 5000,
        b"{a: " * 5000,
        b"title: \xff\n",
        yaml.safe_dump(FACTS).encode("utf-16"),
        b"site: 2022-02-30\n",
        b"site: " + b"1" * 5000 + b"\n",
        yaml.safe_dump(FACTS).encode() + b"site: other\n",
        b"",
        b"site: !!bool abc\n",
        b"site: !!timestamp abc\n",
        b"site: !!int _\n",
        b"site: !!map [a]\n",
        b"site: !!set [a]\n",
        b"site: a\nsections: !!omap [a]\n",
        b"".join(b"a%d: 1\n" % number for number in range(40_000)),
    ],
    ids=[
        *("cut", "deep lists", "deep mappings", "Latin-1", "UTF-16", "no day", "5000 digits", "a name twice", "empty"),
        *("no boolean", "no time", "no number", "no mapping", "no set", "no pairs", "too large"),
    ],
)
def test_a_file_that_is_no_yaml_is_an_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "mine.yml").write_bytes(data)
    with pytest.raises(SiteFileError, match=r"mine\.yml"):
        read_site(tmp_path / "mine.yml")


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "z.yml")
    [wrong] = load_sites(tmp_path).wrong
    assert str(wrong).endswith("z.yml: it is not a file")


def test_a_wrong_file_is_left_out_and_named_and_stops_no_other(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "other.yaml").write_text(yaml.safe_dump({**FACTS, "site": "other"}))
    (tmp_path / "cut.yml").write_text("site: cut\nhosts: [")
    (tmp_path / ".hidden.yml").write_text("[")
    (tmp_path / "notes.txt").write_text("[")
    sites = load_sites(tmp_path)
    assert set(sites) == {"chinadaily", "mine", "other"}
    assert [str(each).partition(": ")[0] for each in sites.wrong] == [f"{tmp_path}/cut.yml"]
    with pytest.raises(UnknownSection, match=r"Left out: .*/cut\.yml: "):
        find_section(sites, "cut/home")
    with pytest.raises(UnknownSection, match=r"Left out: .*/cut\.yml: "):
        find_site(sites, "cut")


@pytest.mark.parametrize(
    ("name", "text"),
    [("chinadaily.yml", "hosts: ["), ("mine.yaml", "title: x\nsite: 'chinadaily'\nhosts: ["), ("chinadaily.yaml", "")],
)
def test_no_shipped_site_takes_the_place_of_one_whose_file_is_wrong(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    sites = load_sites(tmp_path)
    assert (set(sites), len(sites.wrong)) == (set(), 1)


def test_of_two_files_of_one_site_that_counts_which_bears_its_name(tmp_path: Path) -> None:
    write(tmp_path, title="Mine")
    (tmp_path / "copy.yml").write_text(yaml.safe_dump({**FACTS, "title": "An older copy"}))
    sites = load_sites(tmp_path)
    assert sites["mine"].title == "Mine"
    assert [str(each) for each in sites.wrong] == [
        f"{tmp_path}/copy.yml: {tmp_path}/mine.yml is the file of site 'mine' already"
    ]


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (1, "site"),
        (4, "time_zone"),
        (6, "sections.home.path"),
        (8, "sections.home.schedule"),
        (10, "hosts.1"),
        (11, "politeness.dely"),
        (12, "nonsense"),
    ],
)
def test_a_wrong_field_is_reported_with_its_line(tmp_path: Path, line: int, field: str) -> None:
    (tmp_path / "mine.yml").write_text(
        """site: Mine
title: Mine
layout: chinadaily
time_zone: Mars/Olympus
sections:
  home:
    name: Home
    schedule: "61 * * * *"
origin: https://news.example
hosts: [news.example, 5]
politeness: {delay: 1, dely: 2}
nonsense: 1
article_url: ^/a/(?P<day>x)(?P<id>y)(?P<page>z)$
"""
    )
    with pytest.raises(SiteFileError) as caught:
        read_site(tmp_path / "mine.yml")
    assert f"line {line}: {field}: " in str(caught.value)


@pytest.mark.parametrize(
    "schedule",
    [
        "61 * * * *",
        "@hourlyy",
        "@once",
        "@continuous",
        "",
        "* * * * * *",
        "30 2 30 2 *",
        "0-10000000000 * * * *",
        "0 0",
        "5 1,2 31 R *",
        "H * * * *",
        "R(0-29) * * * *",
    ],
)
def test_what_airflow_could_not_run_by_is_no_schedule(tmp_path: Path, schedule: str) -> None:
    with pytest.raises(SiteFileError, match=r"sections\.home\.schedule: .*cron expression"):
        read_site(write(tmp_path, sections={"home": {"name": "Home", "path": "/", "schedule": schedule}}))


@pytest.mark.parametrize("schedule", [None, "*/30 * * * *", "@hourly", "@daily", "0 6-22/2 * * mon-fri", "0 0 29 2 *"])
def test_what_airflow_runs_by_is_a_schedule(tmp_path: Path, schedule: str | None) -> None:
    site = read_site(write(tmp_path, sections={"home": {"name": "Home", "path": "/", "schedule": schedule}}))
    assert site.sections["home"].schedule == schedule


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://www.news.example/a/202202/18/X1.html", ("X1", "202202/18", None)),
        ("https://news.example/a/202202/18/X1_2.html?from=home#top", ("X1", "202202/18", "2")),
        ("https://other.example/a/202202/18/X1.html", ("X1", "202202/18", None)),
        ("https://sub.other.example/a/202202/18/X1.html", None),
        ("https://evilnews.example/a/202202/18/X1.html", None),
        ("https://news.example:8333/a/202202/18/X1.html", None),
        ("https://user@news.example/a/202202/18/X1.html", None),
        ("https://NEWS.example.:443/a/202202/18/X1.html", ("X1", "202202/18", None)),
        ("https://news.example/video/1.html", None),
        ("mailto:desk@news.example", None),
        ("https://news.example/a/202213/18/X1.html", None),
        ("https://news.example/a/202202/31/X1.html", None),
        ("https://news.example/a/000001/01/X1.html", None),
        ("https://news.example/a/202202/18/X1_1234567.html", None),
        (f"https://news.example/a/202202/18/X{'1' * 200}.html", None),
        (f"https://news.example/a/202202/18/X1.html?{'x' * 8000}", None),
        ("https://[::1/a/202202/18/X1.html", None),
    ],
)
def test_which_addresses_are_articles(tmp_path: Path, url: str, found: tuple[str | None, ...] | None) -> None:
    match = read_site(write(tmp_path)).article_match(url)
    assert (match and match.group("id", "day", "page")) == found
