"""Saves pages of the newsroom beside what must be read from them: `make fixtures`.

What must be read comes from the newsroom's own truth, not from the page objects: they can't agree by mistake. Look at
the difference before you commit it.
"""

import json
from pathlib import Path
from typing import Any

import attrs

from pressmark.local.newsroom.content.story import Paragraph, Person, Story, Table
from pressmark.local.newsroom.http.pages import Pages
from pressmark.local.newsroom.newsroom import Newsroom

HOST = "news.example"
FOLDER = Path(__file__).parents[1] / "spiders" / "pages" / "chinadaily_2"
CASES = {
    "one_author_in_a_place": 0,
    "two_authors_in_a_place": 1,
    "authors_with_a_slash": 12,
    "three_authors": 13,
    "two_authors_in_two_places": 4,
    "website": 5,
    "xinhua": 6,
    "china_daily": 17,
    "agencies": 18,
    "no_byline": 9,
    "standfirst_as_heading": 2,
    "standfirst_in_bold": 19,
    "long": 3,
    "table": 24,
    "video_in_the_text": 30,
}
"""Name and index of each article: they cover every byline, standfirst and kind of page with text."""


def main() -> None:
    """Write all cases anew."""
    newsroom = Newsroom(articles=40, seed=1)
    pages = Pages(newsroom)
    FOLDER.mkdir(exist_ok=True)
    for name, index in CASES.items():
        story = newsroom.story(newsroom.article_id(index))
        for number in range(1, len(story.pages) + 1):
            _, html = pages.article(story.article_id, number, HOST)
            (FOLDER / f"{name}.{number}.html").write_text(html, "utf-8")
        expected = json.dumps(truth(story), ensure_ascii=False, indent=1)
        (FOLDER / f"{name}.json").write_text(expected + "\n", "utf-8")


def truth(story: Story) -> dict[str, Any]:
    """Return a story as an Article's fields."""
    return {
        "article_id": story.article_id,
        "url": f"http://{HOST}{story.path}",
        "headline": story.headline,
        "standfirst": story.standfirst,
        "authors": [_credit(each) for each in story.authors],
        "dateline": story.dateline,
        "source": story.source_organization,
        "contributors": [_credit(each) for each in story.contributors],
        "published_at": story.created_at.isoformat(),
        "updated_at": story.updated_at.isoformat(),
        "section": "World / Europe",
        "body": "\n\n".join(_texts(story)),
        "images": [
            {"url": f"http://{HOST}{each.path}", "caption": each.caption, "credit": each.credit}
            for each in story.images
        ],
        "keywords": list(story.keywords),
        "language": "en",
        "raw": {
            "byline": story.byline_raw,
            "updated": f"{story.updated_at:%Y-%m-%d %H:%M}",
            "published": f"{story.created_at:%Y-%m-%d}",
            "contributors": story.contributor_line,
        },
        "encoding": "utf-8",
        "characters_replaced": False,
        "cut_short": False,
        "layout": "chinadaily/2",
    }


def _credit(person: Person) -> dict[str, Any]:
    organization = person.name in {"Agencies", "Xinhua"}
    return {**attrs.asdict(person), "organization": organization}


def _texts(story: Story) -> list[str]:
    texts = []
    for block in (block for page in story.pages for block in page):
        if isinstance(block, Paragraph):
            texts.append(block.text)
        elif isinstance(block, Table):
            texts.append("\n".join(" ".join(row) for row in block.rows))
    return texts


if __name__ == "__main__":
    main()
