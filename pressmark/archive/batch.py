"""A batch: a sealed segment on the local disk, with what is to be published from it and what was."""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import attrs

from pressmark.archive import keys
from pressmark.archive.segment import OPEN, SealedSegment, sealed, sync_folder
from pressmark.archive.store import Stored
from pressmark.document import Document
from pressmark.errors import SpoolError
from pressmark.outcomes import Outcome

DRAFTS = ".drafts.jsonl"
PUBLISHED = ".published.json"


@attrs.frozen(kw_only=True)
class Draft:
    """A document that waits for its capture to be durable."""

    article_id: str
    key: str
    """Bucket key to publish it under, if that is still free."""
    outcome: Outcome
    """What its article counts as once it is published."""
    taken: Outcome
    """What its article counts as when the key is taken by another document."""
    document: Document


def to_line(draft: Draft) -> str:
    """Return a draft as a line of JSON."""
    return json.dumps(attrs.asdict(draft), ensure_ascii=False) + "\n"


@attrs.frozen(kw_only=True)
class Batch:
    """A sealed segment and the drafts whose last capture lies in it."""

    segment: SealedSegment
    drafts_path: Path

    def drafts(self) -> Iterator[Draft]:
        """Read the drafts in the order they were staged; none are left once all are published."""
        if not self.drafts_path.exists():
            return
        with self.drafts_path.open(encoding="utf-8") as lines:
            for line in lines:
                if not line.endswith("\n"):
                    return  # Cut when the run was killed.
                facts: dict[str, Any] = json.loads(line)
                facts |= {name: Outcome(facts[name]) for name in ("outcome", "taken")}
                yield Draft(**facts)

    def stage_again(self, drafts: Iterable[Draft]) -> None:
        """Put other drafts in the place of those it has."""
        replace_file(self.drafts_path, "".join(map(to_line, drafts)))

    def delete(self) -> None:
        """Forget the local copy; only for what the bucket has confirmed."""
        self.segment.path.unlink()
        self.drafts_path.unlink(missing_ok=True)


@attrs.frozen(kw_only=True)
class Published:
    """What a batch became in the bucket."""

    segment: Stored
    records: int
    index: Stored
    """The segment's CDXJ."""
    objects: tuple[Stored, ...]
    """The documents that were written."""

    def keep(self, folder: Path) -> None:
        """Keep it until a manifest tells of it: a run may be killed before it writes one."""
        replace_file(kept_at(folder, self), json.dumps(attrs.asdict(self)))

    @property
    def versions(self) -> int:
        """How many of the documents are versions; the others are rejections."""
        return sum(stored.key.startswith(keys.ARTICLES) for stored in self.objects)


def forget(published: Path) -> None:
    """Delete what was kept of a batch: a manifest tells of it now."""
    published.with_name(published.name.removesuffix(PUBLISHED) + DRAFTS).unlink(missing_ok=True)
    published.unlink(missing_ok=True)


def kept_at(folder: Path, published: Published) -> Path:
    """Return where a `Published` is kept."""
    return folder / (Path(published.segment.key).name + PUBLISHED)


def kept(folder: Path, site: str) -> dict[Path, Published]:
    """Return what was published and kept for a manifest, oldest first."""
    return {path: _read(path) for path in sorted(folder.glob(f"{site}-*{PUBLISHED}"))}


def leftovers(folder: Path, site: str) -> list[Batch]:
    """Return what an earlier run sealed and could not publish, oldest first."""
    return [
        Batch(segment=sealed(path, site), drafts_path=path.with_name(path.name + DRAFTS))
        for path in sorted(folder.glob(f"{site}-*.warc.gz"))
    ]


def torn(folder: Path, site: str) -> list[Path]:
    """Return the segments that a killed run left open."""
    return sorted(folder.glob(f"{site}-*{OPEN}"))


def replace_file(path: Path, text: str) -> None:
    """Write a file as a whole, or not at all."""
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
    sync_folder(path.parent)


def _read(path: Path) -> Published:
    facts = read_file(path)
    return Published(
        segment=Stored(**facts["segment"]),
        records=facts["records"],
        index=Stored(**facts["index"]),
        objects=tuple(Stored(**each) for each in facts["objects"]),
    )


def read_file(path: Path) -> Any:
    """Read JSON of the spool.

    Raises:
        SpoolError: it is none.
    """
    try:
        return json.loads(path.read_text())
    except ValueError as error:
        raise SpoolError(f"{path} is no JSON ({error}). Move it away: the next manifest tells less then.") from error
