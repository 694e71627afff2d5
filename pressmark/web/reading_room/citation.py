"""Citations of a version: permanent identifiers, and a link that works after the site's own link is dead.

The link follows Robust Links (https://robustlinks.mementoweb.org/spec/); the headers follow Memento (RFC 7089) and
`cite-as` (RFC 8574).
"""

from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import quote

import attrs
from markupsafe import Markup

from pressmark.reader import Document
from pressmark.text import cleaned, unmarked
from pressmark.web.reading_room.addresses import Links, Origins

_SAFE = "%/:=&?~#+!$,;'@()*[]"


@attrs.frozen(kw_only=True)
class Citation:
    """How to cite one version."""

    text: str
    """Entry for a list of references."""
    address: str
    """Permanent address of the version in the reading room."""
    original: str
    """Address at the site."""
    memento: str
    """Address of its capture in pywb; empty without pywb."""
    captured_at: datetime
    content_sha256: str
    """SHA-256 (hex) of the content that readers see."""
    record_id: str
    """WARC-Record-ID of the capture of its first page."""
    robust_link: str
    """HTML."""


def citation_of(origins: Origins, document: Document, captured_at: datetime) -> Citation:
    """Return the citation of a version whose first page was captured then."""
    data, site = document.data, document.key.split("/")[1]
    address = Links(origins.room).version(document.key)
    original = cleaned(
        str(data["pressmark"]["captures"][0]["url"])
    )  # `url` may be a canonical address that was never requested.
    record_id = str(data["archivedAt"])
    memento = origins.memento(site, original, captured_at) if origins.pywb else ""
    credit = ", ".join(str(each["name"]) for each in data["author"])
    source = str(data.get("sourceOrganization", {}).get("name") or "")
    parts = [
        credit or source,
        f"“{document.headline}”",
        original,
        f"Updated {_moment(document.updated_at)}",
        f"Captured {_moment(captured_at)}",
        address,
        f"SHA-256 {data['pressmark']['contentSha256']}",
        f"WARC record {record_id}",
    ]
    return Citation(
        text=unmarked(". ".join(part for part in parts if part) + "."),
        address=address,
        original=original,
        memento=memento,
        captured_at=captured_at,
        content_sha256=str(data["pressmark"]["contentSha256"]),
        record_id=record_id,
        robust_link=Markup(
            '<a href="{}" data-originalurl="{}" data-versionurl="{}" data-versiondate="{}">{}</a>'
        ).format(original, original, memento or address, f"{captured_at:%Y-%m-%d}", unmarked(document.headline)),
    )


def link_header(origins: Origins, citation: Citation, document: Document) -> str:
    """Return the `Link` header of a version's page."""
    site = document.key.split("/")[1]
    links = [
        _link(citation.original, "original"),
        _link(citation.address, "cite-as"),
        _link(Links(origins.room).document(document.key), "describedby", type="application/ld+json"),
    ]
    if origins.pywb:
        moment = format_datetime(citation.captured_at.astimezone(UTC), usegmt=True)
        links += [
            _link(origins.memento(site, citation.original), "timegate"),
            _link(origins.timemap(site, citation.original), "timemap", type="application/link-format"),
            _link(citation.memento, "memento", datetime=moment),
        ]
    return ", ".join(links)


def _link(address: str, relation: str, **more: str) -> str:
    attributes = {"rel": relation, **more}
    return f"<{quote(address, safe=_SAFE)}>" + "".join(f'; {name}="{value}"' for name, value in attributes.items())


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
