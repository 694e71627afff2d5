"""The texts, ids and times, without HTTP."""

from collections import Counter
from datetime import datetime, timedelta

import pytest

from pressmark.local.newsroom import (
    BYLINES,
    CLOCK_START,
    MAIN,
    SECTIONS,
    Byline,
    Kind,
    Newsroom,
    Standfirst,
    byline_of,
    kind_of,
)


def test_same_seed_same_stories() -> None:
    one, other = Newsroom(seed=7), Newsroom(seed=7)
    for section in SECTIONS:
        assert [one.story(found) for found in one.ids(section)] == [other.story(found) for found in other.ids(section)]


def test_another_seed_other_stories() -> None:
    one, other = Newsroom(seed=7), Newsroom(seed=8)
    assert not set(one.ids()) & set(other.ids())
    assert one.story(one.article_id(0)).headline != other.story(other.article_id(0)).headline


def test_sister_sections_have_a_tenth() -> None:
    newsroom = Newsroom(articles=500)
    assert newsroom.count() == 500
    assert {newsroom.count(section) for section in SECTIONS if section != MAIN} == {50}
    assert Newsroom(articles=20).count("world/cn_eu") == 10


def test_ids_resolve_and_rise_in_time() -> None:
    newsroom = Newsroom(articles=300)
    for section in SECTIONS:
        stories = [newsroom.story(found) for found in reversed(list(newsroom.ids(section)))]
        created = [story.created_at for story in stories]
        assert created == sorted(set(created))
        assert created[-1] < CLOCK_START
        for index, story in enumerate(stories):
            assert newsroom.resolve(story.article_id) == (section, index)
            assert int(story.article_id[2:10], 16) == story.created_at.timestamp()
            assert story.path == f"/a/{story.created_at:%Y%m/%d}/{story.article_id}.html"
            assert story.created_at.utcoffset() == timedelta(hours=8)
            assert story.created_at.replace(second=0) <= story.updated_at <= CLOCK_START


def test_articles_per_day() -> None:
    newsroom = Newsroom(articles=1000)
    for section in (MAIN, "world/africa"):
        days = Counter(f"{newsroom.story(found).created_at:%F}" for found in newsroom.ids(section))
        full = sorted(days)[1:-1]
        assert all(10 <= days[day] <= 42 for day in full)


@pytest.mark.parametrize("wrong", ["", "WS", "WS" + "0" * 24, "ws620f18c720083f170000270f", "x" * 26])
def test_unknown_ids(wrong: str) -> None:
    with pytest.raises(LookupError):
        Newsroom().resolve(wrong)


def test_an_id_with_another_time_is_unknown() -> None:
    newsroom = Newsroom()
    found = newsroom.article_id(3)
    with pytest.raises(LookupError):
        newsroom.resolve(f"WS{int(found[2:10], 16) + 1:08x}{found[10:]}")


def test_every_byline_within_twenty_articles() -> None:
    newsroom = Newsroom()
    shapes = {
        Byline.ONE_IN_PLACE: (1, "China Daily"),
        Byline.TWO_IN_PLACE: (2, "China Daily"),
        Byline.SLASH: (2, "China Daily"),
        Byline.THREE_GLOBAL: (3, "China Daily Global"),
        Byline.TWO_PLACES: (2, "China Daily"),
        Byline.WEBSITE: (1, "chinadaily.com.cn"),
        Byline.XINHUA: (0, "Xinhua"),
        Byline.CHINA_DAILY: (0, "China Daily"),
        Byline.AGENCIES: (0, "Agencies"),
        Byline.NONE: (0, None),
    }
    for start in (0, 100):
        seen = set()
        for index in range(start, start + 20):
            story = newsroom.story(newsroom.article_id(index))
            assert story.byline is byline_of(index)
            assert (len(story.authors), story.source_organization) == shapes[story.byline]
            assert story.byline_raw.endswith(f"Updated: {story.updated_at:%Y-%m-%d %H:%M}")
            seen.add(story.byline)
        assert seen == set(BYLINES)


def test_byline_and_places() -> None:
    newsroom = Newsroom()
    for index in range(200):
        story = newsroom.story(newsroom.article_id(index))
        places = [author.location for author in story.authors]
        match story.byline:
            case Byline.TWO_IN_PLACE:
                a, b = story.authors
                assert story.byline_raw.startswith(f"By {a.name} and {b.name} in {a.location} | China Daily | ")
                assert places[0] == places[1]
            case Byline.TWO_PLACES:
                a, b = story.authors
                assert story.byline_raw.startswith(f"By {a.name} in {a.location} and {b.name} in {b.location} | ")
                assert places[0] != places[1]
            case Byline.SLASH:
                a, b = story.authors
                assert story.byline_raw.startswith(f"By {a.name}/{b.name} | China Daily | ")
            case Byline.NONE:
                assert story.byline_raw.startswith("Updated: ")
            case _:
                pass


def test_dateline_of_the_paragraph_wins() -> None:
    newsroom = Newsroom()
    stories = [newsroom.story(newsroom.article_id(index)) for index in range(40)]
    in_text = [story for story in stories if story.index % 4 == 1 and story.kind not in (Kind.GALLERY, Kind.VIDEO)]
    for story in in_text:
        assert story.dateline is not None
        assert story.dateline.isupper()
        assert story.paragraphs[0].startswith((f"{story.dateline} -- ", f"{story.dateline} — "))
    for story in stories:
        if story not in in_text:
            places = {author.location for author in story.authors} - {None}
            assert story.dateline == (places.pop() if len(places) == 1 else None)


def test_kinds_within_twenty_articles() -> None:
    assert {kind_of(index) for index in range(20)} == set(Kind)
    newsroom = Newsroom()
    for index in range(40):
        story = newsroom.story(newsroom.article_id(index))
        assert story.kind is kind_of(index)
        assert (len(story.pages) > 1) == (story.kind is Kind.MULTIPAGE)
        assert bool(story.tables) == (story.kind is Kind.TABLE)
        assert bool(story.paragraphs) == (story.kind not in (Kind.GALLERY, Kind.VIDEO))


def test_oddities_within_twenty_articles() -> None:
    newsroom = Newsroom()
    stories = [newsroom.story(newsroom.article_id(index)) for index in range(20)]
    assert {story.standfirst_style for story in stories} == {None, *Standfirst}
    assert {len(story.contributors) for story in stories} == {0, 1, 2}
    assert any(story.updated_at - story.created_at > timedelta(minutes=5) for story in stories)
    names = [author.name for story in stories for author in story.authors]
    assert any(name.isupper() for name in names)
    assert any(not name.split()[0].isupper() for name in names)


def test_pages_of_a_story_add_up() -> None:
    newsroom = Newsroom()
    whole = newsroom.story(newsroom.article_id(3 + 6 * 19))
    parts = [newsroom.story(whole.article_id, page) for page in range(1, len(whole.pages) + 1)]
    assert whole.kind is Kind.MULTIPAGE
    assert tuple(text for part in parts for text in part.paragraphs) == whole.paragraphs
    assert [part.path for part in parts][1] == whole.path.replace(".html", "_2.html")
    assert all(part.contributors == () for part in parts[:-1])
    assert parts[-1].contributors == whole.contributors
    with pytest.raises(LookupError):
        newsroom.story(whole.article_id, len(whole.pages) + 1)
    with pytest.raises(LookupError):
        newsroom.story(whole.article_id, 0)


def test_text_is_normalised() -> None:
    newsroom = Newsroom()
    for found in newsroom.ids():
        story = newsroom.story(found)
        for text in (story.headline, *story.paragraphs, story.byline_raw, story.standfirst or "x"):
            assert text == " ".join(text.split())
            assert "{" not in text


@pytest.mark.parametrize("articles", [0, -1, 10_000_000])
def test_impossible_sizes(articles: int) -> None:
    with pytest.raises(ValueError, match="articles is"):
        Newsroom(articles=articles)


@pytest.mark.parametrize("articles", [1, 2, 10, 19, 20, 21])
def test_small_sizes(articles: int) -> None:
    newsroom = Newsroom(articles=articles)
    assert len(set(newsroom.ids())) == articles
    assert newsroom.sidebar(MAIN).most_viewed


def test_clock_needs_a_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Newsroom(clock=datetime(2022, 2, 18))  # noqa: DTZ001  # That is the mistake.
