import os
from datetime import date
from pathlib import Path

import pytest
import yaml

from pressmark.errors import SiteFileError, UnknownSection
from pressmark.site import find_section, load_sites, read_site

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
    assert sites["chinadaily"].layout == sites["newsroom"].layout
    assert find_section(sites, "chinadaily/world/europe") == (sites["chinadaily"], "world/europe")


def test_a_folder_of_ones_own_adds_sites_and_wins(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "n.yml").write_text(yaml.safe_dump({**FACTS, "site": "newsroom"}))
    sites = load_sites(tmp_path)
    assert set(sites) == {"chinadaily", "newsroom", "mine"}
    assert sites["newsroom"].title == "Mine"


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(SiteFileError, match="no such folder"):
        load_sites(tmp_path / "none")


@pytest.mark.parametrize("name", ["newsroom", "newsroom/world/asia", "nowhere/world/europe", ""])
def test_an_unknown_section_lists_the_known_ones(name: str) -> None:
    with pytest.raises(UnknownSection, match=r"chinadaily/world/europe\n(.+\n)+  newsroom/world/europe"):
        find_section(load_sites(), name)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
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
        ({"listing_page": "{path}/{number:>9999999999}"}, "listing_page: .*without a format"),
        ({"listing_page": "{path}/{number}{}"}, "listing_page: .*stand for something in the address, not"),
        ({"listing_page": "{path}/{number!r}"}, "listing_page: .*without a format"),
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
def test_a_wrong_site_file_says_which_field(tmp_path: Path, changes: dict[str, object], told: str) -> None:
    with pytest.raises(SiteFileError, match=told) as caught:
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
    ],
    ids=[
        *("cut", "deep lists", "deep mappings", "Latin-1", "UTF-16", "no day", "5000 digits", "a name twice", "empty"),
        *("no boolean", "no time", "no number"),
    ],
)
def test_a_file_that_is_no_yaml_is_told(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "mine.yml").write_bytes(data)
    with pytest.raises(SiteFileError, match=r"mine\.yml"):
        read_site(tmp_path / "mine.yml")


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "z.yml")
    with pytest.raises(SiteFileError, match=r"z\.yml: it is no file"):
        load_sites(tmp_path)


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
