import re

import pytest
from parsel import Selector

from pressmark.extract.html.tree import matching
from pressmark.spiders.pages.chinadaily.body import Story, read_story

CHROME = "script, figure, .share"
PRINTED = re.compile("BACK TO THE TOP")


def read(html: str) -> Story:
    root = Selector(f"<div id=Content>{html}</div>").css("#Content")[0].root
    return read_story(root, matching(root, CHROME), PRINTED)


def test_paragraphs_are_folded_and_boilerplate_left_out() -> None:
    story = read(
        "<p>One\n  &nbsp;line<script>var a</script>.</p><figure><img><figcaption>Caption</figcaption></figure>"
        "<div class=share>Share</div><p> </p><p>Two<br>lines.</p><p>BACK TO THE TOP</p>"
    )
    assert story.paragraphs == ("One line.", "Two\nlines.")


def test_text_beside_a_dropped_element_stays() -> None:
    assert read("<p>Before <script>x</script>after.</p>").paragraphs == ("Before after.",)


@pytest.mark.parametrize("between", ["<!-- ad -->", "<?xml:namespace prefix = o />"])
def test_text_after_a_comment_stays(between: str) -> None:
    assert read(f"<p>Before {between}after <b>all</b>.</p><p>More.</p>").paragraphs == ("Before after all.", "More.")


def test_a_paragraph_wholly_bold_at_the_top_is_the_standfirst() -> None:
    story = read("<p><strong>What it is about</strong></p><p>Text.</p>")
    assert (story.standfirst, story.paragraphs) == ("What it is about", ("Text.",))


@pytest.mark.parametrize("html", ["<p><b>LONDON</b> -- Text.</p><p>More.</p>", "<p><b>All there is.</b></p>"])
def test_bold_text_is_no_standfirst_when_it_is_part_of_a_paragraph_or_all_there_is(html: str) -> None:
    assert read(html).standfirst is None


def test_a_contributor_line_is_taken_from_the_end() -> None:
    story = read("<p>Text.</p><p>Agencies and Xinhua contributed to this story.</p>")
    assert story.paragraphs == ("Text.",)
    assert story.contributors == "Agencies and Xinhua contributed to this story."
    assert story.contributor_names == "Agencies and Xinhua"


def test_what_contributed_to_a_report_is_text() -> None:
    assert read("<p>Text.</p><p>Weeks of drought contributed to the report.</p>").contributors is None
    assert read("<p>Text.</p><p>He said that this contributed to the story.</p>").contributors is None


def test_lines_separated_by_two_breaks_are_paragraphs() -> None:
    assert read("<p>One.<br><br>Two.</p>").paragraphs == ("One.", "Two.")


def test_who_contributed_in_mid_text_is_text() -> None:
    assert read("<p>Rain contributed to this story.</p><p>End.</p>").contributors is None


@pytest.mark.parametrize(
    ("text", "dateline"),
    [
        ("BRUSSELS -- Text.", "BRUSSELS"),
        ("NEW YORK — Text.", "NEW YORK"),
        ("GENEVA, Feb 18 (Xinhua) -- Text.", "GENEVA"),
        ("AIX-EN-PROVENCE – Text.", "AIX-EN-PROVENCE"),
        ("BRUSSELS - Text.", "BRUSSELS"),
        ("ZÜRICH -- Text.", "ZÜRICH"),
        ("WASHINGTON, D.C. -- Text.", "WASHINGTON, D.C."),
        ("ST. PETERSBURG, Russia -- Text.", "ST. PETERSBURG, Russia"),
        ("BRUSSELS, Belgium, Feb. 18 (Xinhua) -- Text.", "BRUSSELS, Belgium"),
        ("2022 -- Text.", None),
        ("A well-known man -- Text.", None),
        ("The EU -- Text.", None),
        ("EU leaders met.", None),
        ("BRUSSELS hosted it.", None),
    ],
)
def test_dateline(text: str, dateline: str | None) -> None:
    assert read(f"<p>{text}</p>").dateline == dateline
