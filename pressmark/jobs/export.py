"""Exports: the versions of a day in two files for analytics, Parquet and gzipped JSON Lines.

A day is the one in the articles' URLs. Its files are rebuilt from the bucket whenever a version of it arrives; the same
versions give the same bytes, and files that would not change are not written.
"""

import gzip
import hashlib
import logging
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import attrs
import pyarrow as pa
import pyarrow.parquet as pq

from pressmark.archive.s3.store import GZIP, Store
from pressmark.errors import FindingsFound
from pressmark.jobs.changed_days import ChangedDays
from pressmark.model import keys
from pressmark.model.document import to_bytes
from pressmark.reader import Changes, Document, Reader
from pressmark.text import clean_data

PARQUET = "application/vnd.apache.parquet"  # IANA

logger = logging.getLogger(__name__)

ROWS = 1000
"""Rows of a row group: so many versions are held in memory."""


def _field(name: str, kind: pa.DataType, description: str, *, absent: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=absent, metadata={"description": description})


_TIME = pa.timestamp("us", tz="UTC")
_CREDIT = pa.struct([("name", pa.string()), ("type", pa.string()), ("location", pa.string())])
_IMAGE = pa.struct([("url", pa.string()), ("caption", pa.string()), ("credit", pa.string())])
SCHEMA = pa.schema(
    [
        _field("key", pa.string(), "Bucket key of the document that the row was made of."),
        _field("version", pa.string(), "The version key: article id and Updated time in UTC; no two rows share one."),
        _field("article_id", pa.string(), "The same for every version of an article."),
        _field("url", pa.string(), "Address of the article's first page."),
        _field("headline", pa.string(), "Plain text."),
        _field("standfirst", pa.string(), "The line below the headline.", absent=True),
        _field("authors", pa.list_(_CREDIT), "In the order of the byline; type is Person or Organization."),
        _field("dateline", pa.string(), "Where it was written.", absent=True),
        _field("source", pa.string(), "The organisation that the byline names.", absent=True),
        _field("contributors", pa.list_(_CREDIT), "Who the last paragraph names as having contributed."),
        _field("published_at", _TIME, "When the article was created."),
        _field("updated_at", _TIME, "The Updated time of this version."),
        _field("section", pa.string(), "The breadcrumb.", absent=True),
        _field("body", pa.string(), "Plain text of all pages; paragraphs are parted by a blank line."),
        _field("images", pa.list_(_IMAGE), "Pictures of the body, in their order."),
        _field("keywords", pa.list_(pa.string()), "As the page's head lists them."),
        _field("language", pa.string(), "BCP 47 tag."),
        _field("word_count", pa.int32(), "Words of the body, parted by white space."),
        _field("content_sha256", pa.string(), "Equal for equal content."),
        _field("layout", pa.string(), "Name and version of the page class that read it."),
        _field("corrected", pa.bool_(), "Whether this is a correction: a version read anew by a newer layout."),
        _field("captured_at", _TIME, "When its first page was captured."),
        _field("http_status", pa.int16(), "Of the first page's response."),
        _field("record_id", pa.string(), "WARC-Record-ID of the first page's response."),
        _field("payload_digest", pa.string(), "WARC-Payload-Digest of it."),
        _field("warc", pa.string(), "Bucket key of the segment that holds it."),
        _field("warc_offset", pa.int64(), "Bytes from the segment's start to the record's gzip member."),
        _field("warc_length", pa.int64(), "Bytes of the gzip member."),
        _field("pages", pa.int16(), "How many pages the article has."),
    ],
    metadata={"schema": "https://schema.org/NewsArticle, one row per version; see docs/reading.md"},
)


_ROW_ERRORS = (FindingsFound, pa.ArrowException, ValueError, TypeError, OverflowError)
"""Errors of making a row from a version that does not match its schema."""


@attrs.frozen
class Exported:
    """A day's files."""

    day: date
    versions: int
    changed: bool
    """False if both files were there already, byte for byte."""
    problem: str | None = None
    """Versions that are left out because they do not match their schema, a line each."""

    @property
    def again(self) -> bool:
        """Whether to export the day again the next time."""
        return bool(self.problem)


@attrs.frozen
class Exporter:
    """Makes the exports of one site. One exporter of a site at a time: the later of two could write the older files."""

    store: Store
    site: str

    def changed(self) -> Iterator[Exported]:
        """Make the files of the days with new versions since the last time.

        A day with a problem is tried again the next time.
        """

        def days(changes: Changes) -> set[date]:
            return _days(changes.versions)

        return ChangedDays(self.store, self.site, keys.exported(self.site), days).each(self.export)

    def every(self) -> Iterator[Exported]:
        """Make the files of all days, even if they exist."""
        return map(self.export, sorted(_days(self.store.keys(f"{keys.ARTICLES}{self.site}/"))))

    def export(self, day: date) -> Exported:
        """Make the files of one day; a day without versions gets no files.

        A version that does not match its schema, because somebody changed it, is left out and named.
        """
        broken: list[FindingsFound] = []
        with tempfile.TemporaryDirectory(prefix="pressmark-export-") as folder:
            parquet, lines = Path(folder, "part.parquet"), Path(folder, "part.jsonl.gz")
            versions = _write(self._reader.of_day(day, broken.append), parquet, lines, broken.append)
            changed = bool(versions) and any(
                [
                    self._put(keys.export_parquet(self.site, day), parquet, PARQUET),
                    self._put(keys.export_lines(self.site, day), lines, GZIP),
                ]
            )
        return Exported(day, versions, changed, "\n".join(map(str, broken)) or None)

    @property
    def _reader(self) -> Reader:
        return Reader(self.store, self.site)

    def _put(self, key: str, path: Path, content_type: str) -> bool:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        try:
            with tempfile.TemporaryFile() as there:
                if self.store.fetch(key, there).sha256 == digest:
                    return False
        except KeyError:
            pass
        self.store.put_file(key, path, digest, content_type)
        return True


def _days(versions: Iterable[str]) -> set[date]:
    """Return the days of versions' keys; a key without a day is in no export."""
    days = set()
    for key in versions:
        if day := keys.day_of_document(key):
            days.add(day)
        else:
            logger.warning("%s has no day in its key, and is in no export", key)
    return days


def _write(documents: Iterator[Document], parquet: Path, lines: Path, broken: Callable[[FindingsFound], None]) -> int:
    """Write documents into both files, some at a time, and return how many; `broken` gets the others."""
    count = 0
    with ExitStack() as stack:
        table = stack.enter_context(pq.ParquetWriter(parquet, SCHEMA, compression="zstd"))
        file = stack.enter_context(lines.open("wb"))
        text = stack.enter_context(gzip.GzipFile("", "wb", compresslevel=6, fileobj=file, mtime=0))
        cleaned = (
            attrs.evolve(each, data=clean_data(each.data)) for each in documents
        )  # Older ones were stored unchecked.
        while some := list(islice(cleaned, ROWS)):
            try:
                rows = _rows(some)
            except _ROW_ERRORS:
                some = [each for each in some if _fits(each, broken)]
                rows = _rows(some)
            table.write_batch(rows)
            text.writelines(to_bytes(each.data) for each in some)
            count += len(some)
    return count


def _rows(versions: list[Document]) -> pa.RecordBatch:
    rows = pa.RecordBatch.from_pylist([row(each) for each in versions], SCHEMA)
    if absent := [each.name for each in SCHEMA if not each.nullable and rows[each.name].null_count]:
        raise ValueError(f"no {absent[0]}")
    return rows


def _fits(version: Document, broken: Callable[[FindingsFound], None]) -> bool:
    try:
        _rows([version])
    except _ROW_ERRORS as error:
        broken(error if isinstance(error, FindingsFound) else _schema_error(version, error))
        return False
    return True


def row(version: Document) -> dict[str, Any]:
    """Return a version as a row of the Parquet file.

    Raises:
        FindingsFound: it does not match its schema; somebody changed the object.
    """
    try:
        return _row(version)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise _schema_error(version, error) from error


def _schema_error(version: Document, error: Exception) -> FindingsFound:
    return FindingsFound(
        f"{version.key} is not what schemas/article-1.json describes ({type(error).__name__}: {error}). "
        "`pressmark verify --full` lists what else."
    )


def _row(version: Document) -> dict[str, Any]:
    data = version.data
    block = data["pressmark"]
    first = block["captures"][0]
    return {
        "key": version.key,
        "version": block["version"],
        "article_id": data["identifier"],
        "url": data["url"],
        "headline": data["headline"],
        "standfirst": data.get("alternativeHeadline"),
        "authors": list(_credits(data["author"])),
        "dateline": data.get("dateline"),
        "source": data.get("sourceOrganization", {}).get("name"),
        "contributors": list(_credits(data["contributor"])),
        "published_at": datetime.fromisoformat(data["datePublished"]),
        "updated_at": version.updated_at,
        "section": data.get("articleSection"),
        "body": data["articleBody"],
        "images": [
            {"url": each["contentUrl"], "caption": each.get("caption"), "credit": each.get("creditText")}
            for each in data["image"]
        ],
        "keywords": data["keywords"],
        "language": data["inLanguage"],
        "word_count": data["wordCount"],
        "content_sha256": block["contentSha256"],
        "layout": block["layout"],
        "corrected": "corrects" in block,
        "captured_at": datetime.fromisoformat(first["capturedAt"]),
        "http_status": first["status"],
        "record_id": first["recordId"],
        "payload_digest": first["payloadDigest"],
        "warc": first["warc"],
        "warc_offset": first["offset"],
        "warc_length": first["length"],
        "pages": len(block["captures"]),
    }


def _credits(credits_: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for each in credits_:
        place = each.get("workLocation") or each.get("location") or {}
        yield {"name": each["name"], "type": each["@type"], "location": place.get("name")}
