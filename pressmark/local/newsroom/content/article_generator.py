"""Writes the article of an index: always the same for the same seed, section, index and changes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random
from typing import Final

import attrs

from pressmark.local.newsroom.content import words
from pressmark.local.newsroom.content.bylines import byline_of, signature
from pressmark.local.newsroom.content.section import Numbering, article_path, day_folder, minute
from pressmark.local.newsroom.content.sentences import fill, paragraph, pick, sentence, staff_name, western_name
from pressmark.local.newsroom.content.story import (
    Block,
    Embed,
    Kind,
    Paragraph,
    Person,
    Picture,
    Standfirst,
    Story,
    Table,
)

KIND_PERIOD: Final = 19
"""Prime, so that in the long run each kind meets each of the 10 bylines."""
KINDS: Final = {3: Kind.MULTIPAGE, 5: Kind.TABLE, 7: Kind.GALLERY, 8: Kind.VIDEO, 11: Kind.EMBED, 13: Kind.MULTIPAGE}
"""An article's kind by `index % 19`; the rest is plain."""


class Change(StrEnum):
    """What an editor did to an article after its first publication."""

    UPDATE = "update"
    SILENT_EDIT = "silent edit"


@attrs.frozen(kw_only=True)
class Edits:
    """The changes of one article since the newsroom started."""

    changes: tuple[Change, ...] = ()
    updated_at: datetime
    """What the page prints now."""
    modified_at: datetime
    """The last change, silent ones included."""


def kind_of(index: int) -> Kind:
    """Return the kind of page that the article with this index has."""
    return KINDS.get(index % KIND_PERIOD, Kind.PLAIN)


def article_source(numbering: Numbering, index: int) -> Random:
    """Return the random source of the article; the headline is drawn first."""
    return Random(f"{numbering.seed}:{numbering.section}:{index}")


def write_headline(source: Random) -> str:
    """Return a headline."""
    return fill(source, pick(source, words.HEADLINES))


def first_update(numbering: Numbering, index: int, created: datetime) -> datetime:
    """Return the *Updated* time before any change: later than the creation for 2 of 5 articles."""
    later = timedelta(minutes=13 * (index % 37 + 1)) if index % 5 in (2, 4) else timedelta()
    return minute(max(created, min(created + later, numbering.start)))


def picture_path(article_id: str, number: int) -> str:
    """Return the path of an article's picture; its name begins with a time as on the real site, and has the article."""
    section = int(article_id[10:18], 16) ^ 0xFFFFFFFF
    index = int(article_id[18:], 16)
    return f"/images/{day_folder(article_id)}/{article_id[2:10]}{section:08x}{index * 16 + number:08x}.jpeg"


def write_story(numbering: Numbering, index: int, created: datetime, edits: Edits) -> Story:
    """Write the article after its edits."""
    source = article_source(numbering, index)
    headline = write_headline(source)
    article_id = numbering.article_id(index, created)
    kind, byline = kind_of(index), byline_of(index)
    has_body = kind not in (Kind.GALLERY, Kind.VIDEO)
    signed = signature(source, byline)
    standfirst, standfirst_style = _standfirst(source, index, has_body)
    dateline = pick(source, words.CITIES).upper() if has_body and index % 4 == 1 else None
    contributors, contributor_line = _contributors(source, index) if has_body else ((), None)
    pages = _pages(source, article_id, index, kind)
    for serial, change in enumerate(edits.changes):
        pages = _changed(Random(f"{numbering.seed}:{article_id}:{serial}:{change}"), pages, change)
    if dateline:
        first = pages[0][0]
        assert isinstance(first, Paragraph)
        dash = "--" if index % 8 == 1 else "—"
        pages = ((Paragraph(f"{dateline} {dash} {first.text}"), *pages[0][1:]), *pages[1:])
    keywords = dict.fromkeys(pick(source, words.FILLINGS["topic"]) for _ in range(3 + index % 3))
    return Story(
        article_id=article_id,
        section=numbering.section,
        index=index,
        kind=kind,
        byline=byline,
        path=article_path(article_id),
        headline=headline,
        standfirst=standfirst,
        standfirst_style=standfirst_style,
        authors=signed.authors,
        dateline=dateline or signed.place,
        source_organization=signed.source,
        contributors=contributors,
        contributor_line=contributor_line,
        created_at=created,
        updated_at=edits.updated_at,
        modified_at=edits.modified_at,
        byline_raw=signed.printed(f"{edits.updated_at:%Y-%m-%d %H:%M}"),
        editor=staff_name(source),
        keywords=tuple(keywords),
        pages=pages,
    )


def one_page(story: Story, page: int) -> Story:
    """Return one page of the story, with only the text of that page; IndexError if there is no such page."""
    if not 1 <= page <= len(story.pages):
        raise IndexError(f"{story.article_id} has {len(story.pages)} pages, so no page {page}")
    last = page == len(story.pages)
    return attrs.evolve(
        story,
        page=page,
        path=article_path(story.article_id, page),
        pages=(story.pages[page - 1],),
        standfirst=story.standfirst if page == 1 else None,
        standfirst_style=story.standfirst_style if page == 1 else None,
        contributors=story.contributors if last else (),
        contributor_line=story.contributor_line if last else None,
    )


def _standfirst(source: Random, index: int, has_body: bool) -> tuple[str | None, Standfirst | None]:
    if index % 7 == 2:
        return fill(source, pick(source, words.STANDFIRSTS)), Standfirst.HEADING
    if index % 7 == 5 and has_body:
        return fill(source, pick(source, words.STANDFIRSTS)), Standfirst.BOLD
    return None, None


def _contributors(source: Random, index: int) -> tuple[tuple[Person, ...], str | None]:
    if index % 6 != 3:
        return (), None
    name, city = western_name(source), pick(source, words.CITIES)
    match index // 6 % 3:
        case 0:
            people = (Person("Agencies"), Person("Xinhua"))
            return people, "Agencies and Xinhua contributed to this story."
        case 1:
            return (Person(name, city),), f"{name} in {city} contributed to this story."
        case _:
            return (Person(name), Person("Agencies")), f"{name} and Agencies contributed to this story."


def _pages(source: Random, article_id: str, index: int, kind: Kind) -> tuple[tuple[Block, ...], ...]:
    if kind is Kind.GALLERY:
        return (tuple(_picture(source, article_id, number) for number in range(6)),)
    if kind is Kind.VIDEO:
        return ((_picture(source, article_id, 0),),)
    pages = 1 if kind is not Kind.MULTIPAGE else 2 + index // KIND_PERIOD % 2
    bodies: list[list[Block]] = [[Paragraph(paragraph(source)) for _ in range(7 + index % 8)] for _ in range(pages)]
    # Pictures come after the first paragraph of each page and further down; the cover is number 0.
    for number in range((1, 2, 0)[index % 3]):
        bodies[min(number, pages - 1)].insert(1 + 3 * number, _picture(source, article_id, number))
    if kind is Kind.TABLE:
        bodies[0].insert(5, _table(source))
    if kind is Kind.EMBED:
        bodies[0].insert(4, Embed(f"/video/{article_id[2:]}.html"))
    return tuple(tuple(body) for body in bodies)


def _picture(source: Random, article_id: str, number: int) -> Picture:
    path = picture_path(article_id, number)
    style = int(source.random() * 8)
    if style == 0:
        return Picture(path)
    caption = fill(source, pick(source, words.CAPTIONS))
    return Picture(path, caption, None if style == 1 else fill(source, pick(source, words.CREDITS)))


def _table(source: Random) -> Table:
    rows = [(pick(source, words.CITIES), str(int(source.random() * 9000)), f"{source.random():.1%}") for _ in range(4)]
    return Table((("City", "Passengers", "Change"), *rows))


def _changed(source: Random, pages: Sequence[tuple[Block, ...]], change: Change) -> tuple[tuple[Block, ...], ...]:
    """Change one text (of a gallery or video: one caption); an update also adds a paragraph at the end."""
    bodies = [list(page) for page in pages]
    texts = [(body, at) for body in bodies for at, block in enumerate(body) if isinstance(block, Paragraph)]
    if not texts:
        first = bodies[0][0]
        assert isinstance(first, Picture)
        bodies[0][0] = attrs.evolve(first, caption=fill(source, words.CAPTIONS[0]))
    else:
        body, at = pick(source, texts)
        body[at] = Paragraph(f"{sentence(source)} {sentence(source)}")
        if change is Change.UPDATE:
            bodies[-1].append(Paragraph(paragraph(source)))
    return tuple(tuple(body) for body in bodies)
