"""What an editor can do to an article, and what the script does."""

from datetime import timedelta
from pathlib import Path

import pytest

from pressmark.local.newsroom import CLOCK_START, MAIN, Kind, Newsroom, kind_of
from pressmark.local.newsroom.clock import read_clock, read_duration
from pressmark.local.newsroom.script import read_script


def test_publish() -> None:
    newsroom = Newsroom(articles=25)
    newsroom.advance(timedelta(hours=1))
    story = newsroom.story(newsroom.publish())
    assert (story.section, story.index) == (MAIN, 25)
    assert story.created_at == story.updated_at == CLOCK_START + timedelta(hours=1)
    assert next(newsroom.ids()) == story.article_id == newsroom.article_id(-1)
    assert newsroom.count() == 26
    again = newsroom.publish()
    assert len({*newsroom.ids(), again}) == 27
    assert newsroom.resolve(again) == (MAIN, 26)


def test_update() -> None:
    newsroom = Newsroom()
    newsroom.advance(timedelta(minutes=5, seconds=30))
    before = newsroom.story(newsroom.article_id(4))
    after = newsroom.update(before.article_id)
    assert after == newsroom.story(before.article_id)
    assert after.updated_at == CLOCK_START + timedelta(minutes=5)
    assert after.created_at == before.created_at
    assert after.headline == before.headline
    assert len(after.paragraphs) == len(before.paragraphs) + 1
    assert sum(a != b for a, b in zip(before.paragraphs, after.paragraphs, strict=False)) == 1
    assert after.byline_raw.endswith("Updated: 2022-02-18 12:05")


def test_update_is_always_later() -> None:
    newsroom = Newsroom()
    found = newsroom.article_id(-1)
    times = [newsroom.update(found).updated_at for _ in range(4)]
    assert times == sorted(set(times))
    assert newsroom.clock >= times[-1]


def test_edit_silently() -> None:
    newsroom = Newsroom()
    before = newsroom.story(newsroom.article_id(4))
    after = newsroom.edit_silently(before.article_id)
    assert after.updated_at == before.updated_at
    assert after.byline_raw == before.byline_raw
    assert after.modified_at > before.modified_at
    assert len(after.paragraphs) == len(before.paragraphs)
    assert sum(a != b for a, b in zip(before.paragraphs, after.paragraphs, strict=True)) == 1
    assert newsroom.edit_silently(before.article_id).modified_at > after.modified_at


@pytest.mark.parametrize("index", range(20))
def test_every_kind_changes(index: int) -> None:
    newsroom = Newsroom()
    before = newsroom.story(newsroom.article_id(index))
    silent = newsroom.edit_silently(before.article_id)
    updated = newsroom.update(before.article_id)
    assert len({before.pages, silent.pages, updated.pages}) == 3
    if kind_of(index) in (Kind.GALLERY, Kind.VIDEO):
        assert before.images[0].caption != silent.images[0].caption
    assert before.dateline == updated.dateline


def test_changes_do_not_depend_on_other_articles() -> None:
    one, other = Newsroom(), Newsroom()
    one.update(one.article_id(9))
    for newsroom in (one, other):
        newsroom.advance(timedelta(hours=1))
    assert one.update(one.article_id(4)) == other.update(other.article_id(4))


def test_withdraw() -> None:
    newsroom = Newsroom(articles=45)
    gone = [newsroom.article_id(index) for index in (44, 30, 24, 25, 0)]
    for found in gone:
        newsroom.withdraw(found, 410)
        newsroom.withdraw(found, 410)
    assert newsroom.count() == 40
    assert newsroom.section_state().pages == 2
    left = list(newsroom.ids())
    assert left == [newsroom.article_id(index) for index in range(44, -1, -1) if newsroom.article_id(index) not in gone]
    assert newsroom.withdrawn(gone[0]) == 410
    assert newsroom.withdrawn(left[0]) is None
    with pytest.raises(ValueError, match="404 or 410"):
        newsroom.withdraw(left[0], 500)


def test_all_withdrawn() -> None:
    newsroom = Newsroom(articles=3)
    for found in list(newsroom.ids()):
        newsroom.withdraw(found)
    assert list(newsroom.ids()) == []
    assert newsroom.listing(MAIN, 1) == []


def test_the_clock_does_not_go_back() -> None:
    newsroom = Newsroom()
    with pytest.raises(ValueError, match="forward"):
        newsroom.advance(timedelta(seconds=-1))
    with pytest.raises(ValueError, match="too far"):
        newsroom.advance(timedelta(days=100_000))
    assert newsroom.clock == CLOCK_START


def test_a_running_clock() -> None:
    newsroom = Newsroom(run_clock=True)
    assert CLOCK_START <= newsroom.clock < CLOCK_START + timedelta(minutes=1)


def test_script(tmp_path: Path) -> None:
    script = tmp_path / "script.yml"
    script.write_text(
        """
- {after: 20m, do: update, article: 3}
- {after: 10m, do: publish}
- {after: 15m, do: withdraw, article: -2, status: 410}
- {after: 1h, do: fault, path: /, kind: status-500, times: 1}
- {after: 61m, do: update, article: 999}
- {after: 2h, do: edit-silently, article: 3}
"""
    )
    newsroom = Newsroom(articles=30)
    newsroom.schedule(read_script(script))
    newsroom.advance(timedelta(minutes=9))
    assert newsroom.count() == 30
    newsroom.advance(timedelta(minutes=30))
    assert newsroom.story(newsroom.article_id(-1)).created_at == CLOCK_START + timedelta(minutes=10)
    assert newsroom.withdrawn(newsroom.article_id(29)) == 410
    assert newsroom.story(newsroom.article_id(3)).updated_at == CLOCK_START + timedelta(minutes=20)
    assert newsroom.clock == CLOCK_START + timedelta(minutes=39)
    assert newsroom.faults == 0
    # The event about a missing article is logged and stops nothing.
    newsroom.advance(timedelta(hours=2))
    assert newsroom.faults == 1
    assert newsroom.story(newsroom.article_id(3)).modified_at == CLOCK_START + timedelta(hours=2)


@pytest.mark.parametrize(
    ("event", "complaint"),
    [
        ("{after: 1m, do: update, articel: 3}", "unknown key articel: update takes article, section"),
        ("{after: 1m, do: update}", "update lacks article"),
        ("{after: 1m}", "lacks 'do'"),
        ("{do: publish}", "lacks 'after'"),
        ("{after: soon, do: publish}", "'soon' is no duration"),
        ("{after: 1m, do: dance}", "unknown do: 'dance'. Known: publish"),
        ("{after: 1m, do: [x]}", "event 1"),
        ("{after: 1m, do: publish, section: sports}", "unknown section 'sports'. Known: world/europe"),
        ("{after: 1m, do: update, article: x}", "article is 'x'"),
        ("{after: 1m, do: withdraw, article: 1, status: 200}", "404 or 410"),
        ("{after: 1m, do: fault, path: /, kind: flood}", "'flood' is not a valid FaultKind"),
        ("{after: 1m, do: fault, path: /, kind: no-body}", "only happen to an article page"),
        ("publish", "'publish' is no event"),
    ],
)
def test_wrong_scripts(tmp_path: Path, event: str, complaint: str) -> None:
    script = tmp_path / "script.yml"
    script.write_text(f"- {event}\n")
    with pytest.raises(ValueError, match="event 1") as caught:
        read_script(script)
    assert complaint in str(caught.value)


@pytest.mark.parametrize("text", ["after: 1m", "[", "3", "\x00"])
def test_no_script_at_all(tmp_path: Path, text: str) -> None:
    script = tmp_path / "script.yml"
    script.write_text(text)
    with pytest.raises(ValueError, match=r"script\.yml: "):
        read_script(script)


def test_durations_and_clocks() -> None:
    assert read_duration("1h30m") == timedelta(hours=1, minutes=30)
    assert read_duration("2d") == timedelta(days=2)
    for wrong in ("", "10", "m", "-5m"):
        with pytest.raises(ValueError, match="no duration"):
            read_duration(wrong)
    assert read_clock("2022-02-18T12:00:00+08:00") == CLOCK_START
    assert read_clock("now").tzinfo is not None
    with pytest.raises(ValueError, match="no time zone"):
        read_clock("2022-02-18T12:00:00")
    with pytest.raises(ValueError, match="no time: "):
        read_clock("noon")
