"""Salvage of a segment that was set aside: its whole records, if not stored elsewhere, go into a new segment."""

import logging
from pathlib import Path

import attrs

from pressmark.archive.publish.segment_upload import places_elsewhere
from pressmark.archive.s3.store import Store
from pressmark.archive.spool.durable_file import sync_folder
from pressmark.archive.spool.salvage import copy_records, read_records
from pressmark.archive.spool.set_aside import DONE, note_path, read_note, replace_note, set_aside
from pressmark.archive.spool.spool_files import DRAFTS, PART, UPLOADED, SegmentName, segment_of
from pressmark.file_system import is_of_file_system

logger = logging.getLogger("pressmark.crawl")


def salvage_segment(store: Store, bad: Path, site: str) -> SegmentName | None:
    """Copy the whole records of a damaged segment into a new one; None if all are stored elsewhere already.

    Args:
        store: the bucket, which may have some of its records.
        bad: path of the segment that was set aside.
        site: its site.

    Raises:
        BucketError: the bucket failed.
        OSError: a file can't be written.
    """
    folder, note, name = bad.parent, read_note(bad, site), segment_of(bad, site)
    if not name:
        raise ValueError(f"{bad.name} is no segment, though its note says so")
    try:
        reading = read_records(bad)
    except OSError as error:
        if is_of_file_system(error):
            raise
        replace_note(bad, attrs.evolve(note, reason=f"{note.reason}; it can't be read: {error}", salvage=None))
        return None
    known, attempt = places_elsewhere(store, folder, name, note)
    new = name.salvaged(attempt)
    part = folder / (new.text + PART)
    places = copy_records(bad, part, new, reading, known.keys())
    drafts = folder / (name.text + DRAFTS)
    if places:
        if drafts.exists():
            drafts.rename(folder / (new.text + DRAFTS))
        part.rename(folder / new.text)
        sync_folder(folder)
    elif drafts.exists():
        if reading.records and name.text in {
            text for text, _, _ in known.values()
        }:  # All its records are in the bucket, and so are the captures.
            (folder / (name.text + UPLOADED)).touch(mode=0o600)
        else:
            set_aside(drafts, f"no record of {name.text} can be read")
    own = {each.record_id for each in reading.records}
    records = {**note.records, **{each: place for each, place in known.items() if each in own}}
    records |= {record_id: (new.text, *place) for record_id, place in places.items()}
    done = attrs.evolve(note, records=records, salvage=DONE, attempt=attempt + bool(places), lost=reading.lost)
    replace_note(bad, done)
    logger.warning("%d records of %s are in %s", len(places), bad.name, new.text if places else "no new segment")
    if reading.is_whole:  # It was repaired, or all its records are in the bucket.
        bad.unlink()
        note_path(bad).unlink(missing_ok=True)
    return new if places else None
