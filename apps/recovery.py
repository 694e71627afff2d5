"""Recovery of a killed run: what it left open is mended, and what its captures support is made ready to publish."""

import logging

from apps.rederiving import derive
from pressmark.archive.batch import Batch
from pressmark.archive.captured import Captured
from pressmark.archive.recovery import Mended, mend
from pressmark.config import Config
from pressmark.errors import SpoolError
from pressmark.site import Site

logger = logging.getLogger("pressmark.crawl")


def recover(config: Config, site: Site) -> list[Mended]:
    """Mend the site's spool; only for whoever holds its lock. What is ready then waits to be published.

    Raises:
        SpoolError: the spool can't be read or written.
    """
    mended = mend(config.spool / site.site, site.site)
    for each in mended:
        logger.warning(
            "a killed run left %s open: %d whole records kept, %d bytes behind them cut",
            each.name,
            each.records,
            each.cut,
        )
        if each.batch:
            _complete(each.batch, site)
    return mended


def _complete(batch: Batch, site: Site) -> None:
    """Add what was captured and not read yet; leave out drafts whose captures were cut."""
    drafts = [draft for draft in batch.drafts() if _whole(draft.document, batch)]
    read = {draft.document["archivedAt"] for draft in drafts}
    derived = derive(site, Captured([(batch.segment.path, batch.segment.key)]))
    drafts += [draft for draft in derived if draft.document["archivedAt"] not in read]
    try:
        batch.stage_again(drafts)
    except OSError as error:
        raise SpoolError(f"the spool can't be written: {error}. Make room in {batch.drafts_path.parent}.") from error


def _whole(document: dict[str, object], batch: Batch) -> bool:
    block = document["pressmark"]
    assert isinstance(block, dict)
    captures = block["captures"]
    here = (each for each in captures if each["warc"] == batch.segment.key)
    return all(each["offset"] + each["length"] <= batch.segment.size for each in here)
