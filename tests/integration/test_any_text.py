"""Any text of a site, on its whole way: read, published, exported, read back, and printed."""

import io
import json
import unicodedata

import attrs
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console

from pressmark.airflow.alerts.notifiers import Message
from pressmark.archive.spool.drafts import rejection_draft, withdrawal_draft
from pressmark.cli import output
from pressmark.errors import Rejected
from pressmark.jobs.export import SCHEMA, row
from pressmark.local.newsroom.site_file import newsroom_site
from pressmark.model.article import Credit, Image, Raw
from pressmark.model.document import draft, to_bytes, validate, with_captures
from pressmark.pipelines.normalize import normalize
from pressmark.reader import Document
from tests.support.samples import ARTICLE_ID, DAY, article, capture

ANY = st.text(st.characters(categories=None), max_size=30)
"""Lone surrogates included."""
EVIL = "\x1b]0;x\x07\r\n\x00\x9b\x85\u2028\u202e\ud800[/bold]"
SITE = newsroom_site()


def controls(text: str) -> list[str]:
    return [each for each in text if unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"} and each not in "\t\n"]


def published(text: str) -> Document:
    """Return the document of an article that says this everywhere, read back from its bytes."""
    made = article(
        headline=f"Lamps {text}",
        standfirst=text,
        body=f"One {text}\n\ntwo.",
        authors=(Credit(name=text, location=text),),
        dateline=text,
        images=(Image(url="https://img.example/1.jpeg", caption=text, credit=text),),
        keywords=(text, "lamp"),
        raw=Raw(byline=text, published=text, contributors=text),
    )
    document = draft(normalize(made))
    validate(document)
    written = to_bytes(with_captures(document, [capture()]))
    return Document(f"articles/news/{DAY}/{ARTICLE_ID}/20220218T011000Z.json", json.loads(written))


@given(ANY)
@example(EVIL)
def test_any_text_is_published_exported_and_read_back(text: str) -> None:
    document = published(text)
    batch = pa.RecordBatch.from_pylist([row(document)], SCHEMA).to_pylist()
    assert batch[0]["headline"] == document.headline
    everything = json.dumps(
        [document.data, {**batch[0], **dict.fromkeys(["published_at", "updated_at", "captured_at"])}],
        ensure_ascii=False,
    )
    assert not [each for each in everything if unicodedata.category(each) in {"Cc", "Cs"}]


@given(ANY, ANY)
@example(EVIL, EVIL)
def test_any_url_and_message_of_a_rejection_are_safe(url: str, message: str) -> None:
    error = Rejected("no-body", message)
    drafts = [
        rejection_draft(SITE, DAY, ARTICLE_ID, url, error),
        withdrawal_draft(SITE, DAY, url, f"{ARTICLE_ID}/20220218T011000Z", 404),
    ]
    for each in drafts:
        assert not controls(to_bytes(each.document).decode().replace("\u2028", "").replace("\u2029", ""))
        assert to_bytes(json.loads(to_bytes(each.document))) == to_bytes(each.document)
    assert not controls(str(error))
    assert "\n" not in str(error)


@given(ANY)
@example(EVIL)
def test_any_text_is_printed_as_text(text: str) -> None:
    said = io.StringIO()
    table = output.table("headline")
    table.add_row(text)
    Console(file=said, width=400).print(table)
    assert not controls(said.getvalue())


@given(ANY, ANY)
@example(EVIL, EVIL)
def test_any_text_of_an_alarm_stays_in_its_place(subject: str, paragraph: str) -> None:
    message = Message(subject, (paragraph,), ())
    assert not controls(message.subject + message.as_html() + str(message.as_blocks()))
    assert "\n" not in message.subject


def test_markup_of_a_headline_is_shown_as_it_is() -> None:
    said = io.StringIO()
    table = output.table("headline")
    table.add_row("[red]a[/red] [/bold] :smile:")
    Console(file=said, width=80).print(table)
    assert "[red]a[/red] [/bold] :smile:" in said.getvalue()


def test_json_for_machines_is_the_same_value(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"headline": EVIL, "made": [attrs.asdict(Credit(name=EVIL))]}
    output.print_json(value)
    printed = capsys.readouterr().out
    assert json.loads(printed) == value
    assert not controls(printed)
