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
        ({"politness": {}}, "politness: Extra inputs are not permitted"),
        ({"politeness": {"delay": -1}}, "politeness.delay"),
        ({"sections": {}}, "sections"),
        ({"sections": {"tech/2025": {"name": "Tech", "path": "/tech"}}}, "a part of it is a number"),
    ],
)
def test_a_wrong_site_file_says_which_field(tmp_path: Path, changes: dict[str, object], told: str) -> None:
    with pytest.raises(SiteFileError, match=told) as caught:
        read_site(write(tmp_path, **changes))
    assert "mine.yml" in str(caught.value)


def test_a_file_that_is_no_yaml_is_told(tmp_path: Path) -> None:
    (tmp_path / "mine.yml").write_text("a: [")
    with pytest.raises(SiteFileError, match=r"mine\.yml"):
        read_site(tmp_path / "mine.yml")


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://www.news.example/a/202202/18/X1.html", ("X1", "202202/18", None)),
        ("https://news.example/a/202202/18/X1_2.html?from=home#top", ("X1", "202202/18", "2")),
        ("https://other.example/a/202202/18/X1.html", ("X1", "202202/18", None)),
        ("https://sub.other.example/a/202202/18/X1.html", None),
        ("https://evilnews.example/a/202202/18/X1.html", None),
        ("https://news.example/video/1.html", None),
        ("mailto:desk@news.example", None),
    ],
)
def test_which_addresses_are_articles(tmp_path: Path, url: str, found: tuple[str | None, ...] | None) -> None:
    match = read_site(write(tmp_path)).article_match(url)
    assert (match and match.group("id", "day", "page")) == found
