"""Re-deriving: documents made again from WARC records alone, offline, by the layout of the capture's day."""

import asyncio
from collections.abc import Iterator

from web_poet import HttpResponse, HttpResponseHeaders

from pipelines.clean import clean
from pressmark.archive import keys
from pressmark.archive.batch import Draft
from pressmark.archive.captured import Captured
from pressmark.capture import Capture
from pressmark.document import draft, validate, with_captures
from pressmark.errors import Rejected
from pressmark.outcomes import Outcome
from pressmark.run import rejection
from pressmark.site import Site
from spiders.layouts import layout_of, page_response
from spiders.reading import NotWhole, read_article

OK = 200


def derive(site: Site, captured: Captured) -> Iterator[Draft]:
    """Return what each captured article page becomes: a version, or a rejection.

    An article whose following pages are not all captured behind its first becomes nothing.
    """
    for capture in captured:
        match = site.article_match(capture.url)
        if capture.status == OK and match and not match["page"]:
            day = keys.day_of_url(match["day"])
            if derived := asyncio.run(_derive(site, captured, capture, match["id"], day)):
                yield derived


async def _derive(site: Site, captured: Captured, first: Capture, article_id: str, day: str) -> Draft | None:
    captures = [first]

    async def fetch(url: str) -> HttpResponse:
        found = captured.next_of(url, behind=first)
        if not found or found.status != OK:
            raise NotWhole(f"{url} was not captured")
        captures.append(found)
        return _response(captured, found)

    page_class = layout_of(site).article_page(first.captured_at)
    try:
        article = clean(await read_article(page_class, site, article_id, _response(captured, first), fetch))
        document = draft(article)
        validate(document)
    except NotWhole:
        return None
    except Rejected as error:
        return _finished(rejection(site, day, article_id, first.url, error), captures)
    except Exception as error:  # noqa: BLE001 - as the spider does: whatever breaks is a rejection
        broken = Rejected("parser-error", f"{type(error).__name__}: {error}")
        return _finished(rejection(site, day, article_id, first.url, broken), captures)
    key = keys.version(site.site, day, article.version)
    made = Draft(article_id=article_id, key=key, document=document, outcome=Outcome.PUBLISHED, taken=Outcome.UNCHANGED)
    return _finished(made, captures)


def _finished(made: Draft, captures: list[Capture]) -> Draft:
    return Draft(
        article_id=made.article_id,
        key=made.key,
        outcome=made.outcome,
        taken=made.taken,
        document=with_captures(made.document, captures),
    )


def _response(captured: Captured, capture: Capture) -> HttpResponse:
    payload = captured.payload(capture)
    return page_response(capture.url, payload.body, capture.status, HttpResponseHeaders(payload.headers))
