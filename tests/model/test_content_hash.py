"""The content hash: equal for versions that look the same to a reader, different for all others.

White space (with paragraphs), the normalization of characters and the page's frame do not count; words, names,
captions and pictures do.
"""

import re
import unicodedata
from datetime import UTC, datetime
from functools import cache
from random import Random
from typing import Any

import attrs
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pressmark.model.article import Article, Credit, Image, Raw
from pressmark.model.document import content_sha256, draft
from pressmark.pipelines.normalize import normalize
from tests.support.respelled import respelled, with_word
from tests.support.samples import article
from tests.support.saved_pages import CASES, Saved, read_whole, saved_whole

few = settings(max_examples=60, deadline=None)

BLANK = st.text(st.sampled_from(" \t\n\r\N{NO-BREAK SPACE}\N{THIN SPACE}\N{IDEOGRAPHIC SPACE}"), min_size=1, max_size=3)
LETTER = st.characters(categories=["L", "M", "N", "P", "S"])
COMPOSING = st.sampled_from(["e", "a", "\N{COMBINING ACUTE ACCENT}", "\N{COMBINING CEDILLA}", "\u1100", "\u1161", "Å"])
UNSEEN = st.sampled_from(["\N{SOFT HYPHEN}", "\N{ZERO WIDTH SPACE}", "\N{WORD JOINER}", "\ufeff"])
WORD = st.text(LETTER | COMPOSING, min_size=1, max_size=8)
WORDS = st.lists(WORD, min_size=1, max_size=8)
FORM = st.sampled_from(["NFC", "NFD"])


@st.composite
def spelled(draw: st.DrawFn, words: list[str]) -> str:
    """Return words as a page may have them: any white space, each character composed or not."""
    written = [unicodedata.normalize(draw(FORM), word) + draw(BLANK) for word in words]
    return draw(st.just("") | BLANK) + "".join(written)


def with_text(text: str) -> dict[str, Article]:
    """Return the sample article with this text in each field that a reader sees."""
    return {
        "headline": article(headline=text),
        "standfirst": article(standfirst=text),
        "author": article(authors=(Credit(name=text, location="Moscow"),)),
        "place": article(authors=(Credit(name="REN QI", location=text),)),
        "dateline": article(dateline=text),
        "source": article(source=text),
        "contributor": article(contributors=(Credit(name=text, organization=True),)),
        "body": article(body=text),
        "picture": article(images=(Image(url=text, caption="A lamp."),)),
        "caption": article(images=(Image(url="https://img.example/1.jpeg", caption=text),)),
        "credit": article(images=(Image(url="https://img.example/1.jpeg", credit=text),)),
    }


def content(version: Article) -> str:
    return content_sha256(draft(version))


def visible(words: list[str]) -> list[str]:
    return [unicodedata.normalize("NFC", word) for word in words]


@few
@given(st.data(), WORDS)
def test_another_spelling_of_the_same_words_is_the_same(data: st.DataObject, words: list[str]) -> None:
    one, other = (with_text(data.draw(spelled(words))) for _ in range(2))
    assert {name: content(version) for name, version in one.items()} == {
        name: content(version) for name, version in other.items()
    }


@few
@given(WORDS, WORDS)
def test_other_words_are_other_content(words: list[str], others: list[str]) -> None:
    assume(visible(words) != visible(others))
    one, other = with_text(" ".join(words)), with_text(" ".join(others))
    assert [name for name in one if content(one[name]) == content(other[name])] == []


@few
@given(WORDS, st.data())
def test_one_word_changed_dropped_or_moved_is_an_edit(words: list[str], data: st.DataObject) -> None:
    edited = data.draw(
        st.one_of(
            st.integers(0, len(words) - 1).map(lambda at: [*words[:at], *words[at + 1 :]]),
            st.permutations(words),
            st.tuples(st.integers(0, len(words) - 1), WORD).map(
                lambda new: [*words[: new[0]], new[1], *words[new[0] + 1 :]]
            ),
        )
    )
    assume(visible(edited) != visible(words))
    one, other = with_text(" ".join(words)), with_text(" ".join(edited))
    assert [name for name in one if content(one[name]) == content(other[name])] == []


@few
@given(WORD)
def test_the_same_word_in_another_place_is_other_content(word: str) -> None:
    hashes = [content(version) for version in with_text(word).values()]
    assert len(set(hashes)) == len(hashes)


@pytest.mark.parametrize(
    "changes",
    [
        {"authors": ()},
        {"authors": (Credit(name="REN QI", location="Moscow"), Credit(name="A"))},
        {"authors": (Credit(name="REN QI", location="Moscow", organization=True),)},
        {"images": ()},
        {"standfirst": None},
        {"dateline": None},
        {"headline": "Lamps Lit"},
        {"body": "One line.\n\nTwo “lines”."},
    ],
    ids=str,
)
def test_what_a_reader_sees_counts(changes: dict[str, Any]) -> None:
    assert content(article(**changes)) != content(article())


@few
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "keywords": st.lists(WORD).map(tuple),
            "section": st.none() | WORD,
            "language": WORD,
            "layout": WORD,
            "url": WORD,
            "raw": st.builds(Raw, byline=st.none() | WORD, updated=st.none() | WORD, contributors=st.none() | WORD),
            "updated_at": st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1)),  # noqa: DTZ001
            "published_at": st.datetimes(timezones=st.just(UTC), min_value=datetime(2000, 1, 1)),  # noqa: DTZ001
        },
    )
)
def test_what_is_no_text_of_the_article_does_not_count(changes: dict[str, Any]) -> None:
    assert content(article(**changes)) == content(article())


@few
@given(st.lists(WORD | st.text(COMPOSING, min_size=1), min_size=1), UNSEEN)
def test_characters_that_nobody_sees_are_gone_before_the_hash_is_made(words: list[str], unseen: str) -> None:
    plain, sprinkled = with_text(" ".join(words)), with_text(" ".join(map(unseen.join, words)))
    for name in plain:
        assert content(normalize(sprinkled[name])) == content(normalize(plain[name]))
        assert normalize(sprinkled[name]) == normalize(plain[name])


CASE = st.sampled_from(CASES)


@cache
def as_saved(case: str) -> Article:
    return as_read(saved_whole(case))


def as_read(pages: list[Saved]) -> Article:
    found: Article = normalize(read_whole(pages))
    return found


@few
@given(CASE, st.integers())
def test_the_same_page_in_other_markup_is_the_same(case: str, seed: int) -> None:
    by = Random(seed)
    pages = [(url, respelled(html, by)) for url, html in saved_whole(case)]
    version, was = as_read(pages), as_saved(case)
    assert attrs.asdict(version) | {"raw": 0, "body": 0} == attrs.asdict(was) | {"raw": 0, "body": 0}
    assert version.body.split() == was.body.split()
    assert content(version) == content(was)


@few
@given(CASE, st.data())
def test_another_word_in_the_page_is_an_edit(case: str, data: st.DataObject) -> None:
    was = as_saved(case)
    texts = [was.headline, was.standfirst, was.body, was.source, *[each.caption for each in was.images]]
    texts += [each.name for each in (*was.authors, *was.contributors)] + [each.credit for each in was.images]
    words = {word for text in texts for word in re.findall(r"\w+", text or "") if word.isalpha()}
    word = data.draw(st.sampled_from(sorted(words)))
    edited = data.draw(st.sampled_from([f"{word}x", word.swapcase(), f"other {word}"]))
    assume(edited != word)
    pages = [(url, with_word(html, word, edited)) for url, html in saved_whole(case)]
    assert pages != saved_whole(case)
    assert content(as_read(pages)) != content(was)


@pytest.mark.parametrize("case", [case for case in CASES if as_saved(case).images])
def test_another_picture_in_the_page_is_an_edit(case: str) -> None:
    [name] = {each.url.rpartition("/")[2] for each in as_saved(case).images[:1]}
    pages = [(url, html.replace(name, f"new-{name}")) for url, html in saved_whole(case)]
    assert content(as_read(pages)) != content(as_saved(case))
