"""The text is what a browser shows: with partial markup in words, hidden elements, and misplaced markup."""

import pytest

from pressmark.errors import Rejected
from pressmark.model.article import Article
from tests.support.hostile_site import article_id, page, path
from tests.support.saved_pages import read


def article(body: str = "<p>Text.</p>", headline: str = "Lamps lit", byline: str = "") -> Article:
    return read("https://news.example" + path(1), page(1, headline, body, byline=byline))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p><span>L</span>amps, <a>lamp</a>s, H<sub>2</sub>O, lamp<wbr>post.</p>", "Lamps, lamps, H2O, lamppost."),
        ("<p>中<b>国</b>日报</p>", "中国日报"),
        ("<p>One <b>two </b> three<i> four</i></p>", "One two three four"),
        ("<p>One<br>two<br> <br>three</p>", "One\ntwo\n\nthree"),
        ("One<div>two</div>three<p>four</p>five", "One\ntwo\nthree\n\nfour\n\nfive"),
        ("<p>One</p><table><tr><td>a<td>b<tr><td>c<td>d</table>", "One\n\na b\nc d"),
        ("<p>One<!-- x -->two<script>var a</script>three</p>", "Onetwothree"),
        ("<p>One</p><div class=social-share>Share</div>two", "One\n\ntwo"),
        ("<p>One</p></body></html><p>two</p>", "One\n\ntwo"),
        ("<p>One</p><p class=shareholders>Two</p>", "One\n\nTwo"),
        ("<p>One</p><p>Copyright 2022 was the name of a play.</p>", "One\n\nCopyright 2022 was the name of a play."),
        ("<p>One</p><p>Copyright 1995 - 2022. All rights reserved. The content ...</p>", "One"),
        ("<p>One</p><figure><blockquote>Two</blockquote></figure>", "One\n\nTwo"),
        ("<p>One</p><figure><img src=a.jpeg><figcaption>Lamp</figcaption></figure>", "One"),
        ("<p>One</p><template>x</template><p hidden>y</p><p style='display:none'>z</p><title>w</title>", "One"),
    ],
)
def test_a_body(body: str, text: str) -> None:
    assert article(body).body == text


@pytest.mark.parametrize(
    ("headline", "text"),
    [
        ("<script>var a=1</script>Lamps", "Lamps"),
        ("Lamp<b>s</b> <span style='display: none'>x</span>lit", "Lamps lit"),
        ("\u200b</h1><h1>Lamps", "Lamps"),
        ("<p>Lamps</p>", "Lamps"),
        ("<br>Lamps<br>lit", "Lamps lit"),
    ],
)
def test_a_headline(headline: str, text: str) -> None:
    assert article(headline=headline).headline == text


def test_a_headline_that_shows_nothing_is_none() -> None:
    with pytest.raises(Rejected, match="no h1 with text"):
        article(headline="\u200b\u00ad")


def test_a_standfirst_is_bold_as_a_whole() -> None:
    assert article("<p><b>A <i>town</i></b></p><p>Text.</p>").standfirst == "A town"
    assert article("<p><b>A</b> town</p><p>Text.</p>").standfirst is None


def test_a_time_before_time_zones_is_unreadable() -> None:
    with pytest.raises(Rejected, match="no time can be read") as error:
        article(byline="Updated: 1890-02-18 08:53")
    assert error.value.reason == "unreadable-updated"
    assert article(byline="Updated: 1902-02-18 08:53").article_id == article_id(1)
