"""Patterns of the bucket keys that pages may request."""

import re

_SITE = r"[a-z][a-z0-9-]*"
_DAY = r"\d{4}/\d{2}/\d{2}"
_KINDS = "articles|corrections|silent-edits|withdrawn|rejected"
_NAME = r"[A-Za-z0-9_-]+"
_DOCUMENT = re.compile(rf"(?:{_KINDS})/(?P<site>{_SITE})/{_DAY}/{_NAME}/{_NAME}\.json", re.ASCII)
_MANIFEST = re.compile(rf"runs/(?P<site>{_SITE})/(?P<section>(?:\w[\w.-]*/)+){_DAY}/{_NAME}\.json", re.ASCII)
_SEGMENT = re.compile(rf"warc/(?P<site>{_SITE})/{_DAY}/{_NAME}(?:\.{_NAME})*\.(?:warc\.gz|cdxj)", re.ASCII)
_PACKAGE = re.compile(rf"wacz/(?P<site>{_SITE})/\d{{4}}-\d{{2}}-\d{{2}}\.wacz", re.ASCII)


class NotFound(Exception):
    """The bucket has no object with this key, or the key is invalid."""


def site_of_document(key: str) -> str:
    """Return the site that a document belongs to; NotFound if no document can have this key."""
    return _matched(_DOCUMENT, key)["site"]


def is_document(key: str) -> bool:
    """Return whether a document can have this key."""
    return bool(_DOCUMENT.fullmatch(key))


def section_of_manifest(key: str) -> tuple[str, str]:
    """Return the site and section that a manifest is of; NotFound if no manifest can have this key."""
    found = _matched(_MANIFEST, key)
    return found["site"], found["section"].rstrip("/")


def site_of_segment(key: str) -> str:
    """Return the site that a segment or its index belongs to; NotFound if none can have this key."""
    return _matched(_SEGMENT, key)["site"]


def site_of_package(key: str) -> str:
    """Return the site that a package belongs to; NotFound if none can have this key."""
    return _matched(_PACKAGE, key)["site"]


def _matched(pattern: re.Pattern[str], key: str) -> re.Match[str]:
    found = pattern.fullmatch(key)
    if not found:
        raise NotFound(key)
    return found
