"""Packages with valid digests and forged content: anybody with write access to the bucket can make them."""

import gzip
import hashlib
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from unittest.mock import Mock

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from pressmark.archive.s3.multipart import put_large
from pressmark.errors import UsageError
from pressmark.jobs.wacz import signing, writer
from pressmark.jobs.wacz.packager import Packager
from pressmark.jobs.wacz.signing import Signer, trusted_keys
from pressmark.jobs.wacz.validate import verify_packages
from pressmark.model import keys
from tests.jobs.wacz.conftest import FIRST, LAMP, SECOND, SITE, URL, Days
from tests.jobs.wacz.test_package_checks import pem

Files = dict[str, bytes]
SEGMENT = "archive/"
INDEX, IDX = "indexes/index.cdx.gz", "indexes/index.idx"
KEY = keys.package(SITE, SECOND)


@pytest.fixture
def packaged(days: Days) -> Days:
    """A day whose package holds a picture of the day before, too."""
    with days.crawl(FIRST) as crawl:
        crawl.publish(crawl.page())
        lamp = crawl.page(LAMP, b"lamp", "image/jpeg")
    with days.crawl(SECOND) as crawl:
        crawl.publish(
            crawl.page(body=b"<h1>Lamps out</h1>"),
            headline="Lamps out",
            updated_at=datetime(2022, 2, 18, 12, tzinfo=UTC),
        )
        crawl.again(LAMP, b"lamp", lamp, "image/jpeg")
    for day in (FIRST, SECOND):
        assert Packager(days.store, SITE).package(day).changed
    return days


def forge(days: Days, change: Callable[[Files], None], folder: Path, signer: Signer | None = None, **said: str) -> None:
    """Replace our package by one with other files and valid digests and signature."""
    with zipfile.ZipFile(BytesIO(days.store.get(KEY))) as package:
        found = json.loads(package.read("datapackage.json"))
        files = {name: package.read(name) for name in package.namelist() if not name.startswith("datapackage")}
    change(files)
    found["resources"] = [
        {
            "name": Path(path).name,
            "path": path,
            "hash": f"sha256:{hashlib.sha256(data).hexdigest()}",
            "bytes": len(data),
        }
        for path, data in files.items()
    ]
    datapackage = json.dumps({**found, **said}).encode()
    digest = f"sha256:{hashlib.sha256(datapackage).hexdigest()}"
    signed = {"signedData": signer.sign(digest, found["created"], "x")} if signer else {}
    path = folder / "forged.wacz"
    with zipfile.ZipFile(path, "w") as package:
        for name, data in files.items():
            package.writestr(name, data)
        package.writestr("datapackage.json", datapackage)
        package.writestr("datapackage-digest.json", json.dumps({"path": "datapackage.json", "hash": digest} | signed))
    put_large(days.store, KEY, path, hashlib.sha256(path.read_bytes()).hexdigest(), writer.WACZ)


def problems(days: Days, trusted: frozenset[str] = frozenset()) -> list[tuple[str, bool]]:
    remake = f": `pressmark package {SITE} --day {SECOND}` rebuilds it"
    found = list(verify_packages(days.store, SITE, trusted=trusted))
    return [(each.problem.removesuffix(remake), each.grave) for each in found if each.key == KEY]


def segment_of(files: Mapping[str, bytes]) -> str:
    return next(name for name in files if name.startswith(SEGMENT) and not name.endswith(writer.REFERRED))


def other_page(files: Files) -> None:
    """The captured page has another headline; its record's lengths and the gzip member are right."""
    name = segment_of(files)
    whole = gzip.decompress(files[name])
    assert b"Lamps out" in whole
    at = whole.index(b"WARC/1.1", 10)
    forged = whole.replace(b"Lamps out", b"Lamps ill")
    files[name] = gzip.compress(forged[:at]) + gzip.compress(forged[at:])


def other_title(files: Files) -> None:
    files[writer.PAGES] = files[writer.PAGES].replace(b"Lamps out", b"Lamps ill")


def one_more_page(files: Files) -> None:
    files[writer.PAGES] += files[writer.PAGES].splitlines()[-1].replace(b"2026-11-25T", b"2026-11-24T") + b"\n"


def other_head(files: Files) -> None:
    files[writer.PAGES] = files[writer.PAGES].replace(b'"Pages"', b'"Evil"')


def reindexed(files: Files, change: Callable[[bytes], bytes]) -> None:
    files[INDEX] = gzip.compress(lines := change(gzip.decompress(files[INDEX])), 1)
    meta = files[IDX].splitlines()[0]
    found = {"offset": 0, "length": len(files[INDEX]), "digest": f"sha256:{hashlib.sha256(files[INDEX]).hexdigest()}"}
    files[IDX] = meta + b"\n" + lines.partition(b" {")[0] + b" " + json.dumps(found).encode() + b"\n"


def other_index(files: Files) -> None:
    reindexed(files, lambda lines: lines.replace(b"/a/202202/18/", b"/a/202202/19/"))


def of_other_requests(files: Files) -> None:
    """ReplayWeb.page uses no such line for a request of a page."""
    reindexed(files, lambda lines: lines.replace(b'"mime"', b'"method": "HEAD", "mime"'))


def all_revisits(files: Files) -> None:
    reindexed(files, lambda lines: re.sub(rb'"mime": "[^"]*"', b'"mime": "warc/revisit"', lines))


def of_other_payloads(files: Files) -> None:
    reindexed(files, lambda lines: re.sub(rb'"digest": "sha', b'"digest": "shb', lines))


def other_idx(files: Files) -> None:
    files[IDX] = files[IDX].replace(b'"offset": 0', b'"offset": 1')


def idx_without_digest(files: Files) -> None:
    files[IDX] = re.sub(rb', "digest": "[^"]*"', b"", files[IDX])


def idx_without_offset(files: Files) -> None:
    files[IDX] = files[IDX].replace(b'"offset": 0, ', b"")


def idx_with_a_fraction(files: Files) -> None:
    files[IDX] = files[IDX].replace(b'"offset": 0', b'"offset": 0.0')


def idx_of_another_file(files: Files) -> None:
    files[IDX] = files[IDX].replace(b'"filename": "index.cdx.gz"', b'"filename": "evil.cdx.gz"')


def idx_of_one_line(files: Files) -> None:
    """A player takes the carriage return for a part of the line."""
    files[IDX] = files[IDX].replace(b"\n", b"\r", 1)


def idx_with_a_file_of_its_own(files: Files) -> None:
    files[IDX] = files[IDX].replace(b'"offset": 0', b'"filename": "evil.cdx.gz", "offset": 0')


def idx_of_nothing(files: Files) -> None:
    files[IDX] = b""


def empty_pages(files: Files) -> None:
    files[writer.PAGES] = b""


def a_million_pages(files: Files) -> None:
    files[writer.PAGES] = files[writer.PAGES].splitlines(keepends=True)[0] + b"\n" * 32_000_000


def text_of_a_page(files: Files) -> None:
    files[writer.PAGES] = files[writer.PAGES].replace(b', "version"', b', "text": "evil", "version"')


def other_picture(files: Files) -> None:
    name = f"{SEGMENT}{SITE}-{SECOND}{writer.REFERRED}"
    files[name] = gzip.compress(gzip.decompress(files[name]).replace(b"lamp", b"evil"))


def more_pages(files: Files) -> None:
    files["pages/extraPages.jsonl"] = files[writer.PAGES]


def one_more_warc(files: Files) -> None:
    files["archive/evil.warc.gz"] = files[segment_of(files)]


def without_pages(files: Files) -> None:
    del files[writer.PAGES]


def nothing(files: Files) -> None:
    """Change nothing."""


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (other_page, "is not the segment in the bucket"),
        (other_title, "1 of its pages have no matching document"),
        (one_more_page, "it lists more pages than it has captures of pages"),
        (a_million_pages, "it lists more pages than it has captures of pages"),
        (text_of_a_page, "1 of its pages have no matching document"),
        (empty_pages, "pages/pages.jsonl has another head"),
        (of_other_requests, "its index is not that of its WARCs"),
        (all_revisits, "its index is not that of its WARCs"),
        (of_other_payloads, "its index is not that of its WARCs"),
        (idx_without_digest, "its index can't be read: a member has the fields"),
        (idx_without_offset, "its index can't be read: a member has the fields"),
        (idx_with_a_fraction, "its index can't be read: there is no member"),
        (idx_of_another_file, "its index can't be read: it lacks the first line"),
        (idx_of_one_line, "its index can't be read: it lacks the first line"),
        (idx_with_a_file_of_its_own, "its index can't be read: a member has the fields"),
        (idx_of_nothing, "its index can't be read"),
        (other_head, "pages/pages.jsonl has another head"),
        (other_index, "its index is not that of its WARCs"),
        (other_idx, "its index can't be read: there is no member"),
        (other_picture, "its captures of other days are not those in the bucket"),
        (more_pages, "pages/extraPages.jsonl belongs to no package"),
        (one_more_warc, "1 of its segments are not in the bucket any more"),
        (without_pages, "pages/pages.jsonl is missing"),
    ],
)
def test_a_forgery_is_found_and_made_again(
    packaged: Days, tmp_path: Path, change: Callable[[Files], None], found: str
) -> None:
    genuine = packaged.store.get(KEY)
    assert problems(packaged) == []
    forge(packaged, change, tmp_path)
    assert any(found in text and grave for text, grave in problems(packaged)), problems(packaged)
    assert Packager(packaged.store, SITE).package(SECOND).changed
    assert packaged.store.get(KEY) == genuine


@pytest.mark.parametrize(
    "said", [{"title": "Evil"}, {"created": "2026-11-25T11:00:00Z"}, {"mainPageUrl": "http://evil.example/"}]
)
def test_what_it_says_of_itself_is_compared(packaged: Days, tmp_path: Path, said: dict[str, str]) -> None:
    forge(packaged, nothing, tmp_path, **said)
    assert problems(packaged) == [("datapackage.json has another title, time or main page", True)]


def test_one_of_another_release_is_none(packaged: Days, tmp_path: Path) -> None:
    def written_otherwise(files: Files) -> None:
        """With fewer facts, and a media type spelled as it came."""
        reindexed(files, lambda lines: re.sub(rb'"digest": "[^"]*", ', b"", lines).replace(b"text/html", b"TEXT/html"))

    forge(packaged, written_otherwise, tmp_path, software="pressmark 0.0", wacz_version="1.1.0")
    assert problems(packaged) == []


def test_captures_of_other_days_that_were_taken_out_are_missed(packaged: Days, tmp_path: Path) -> None:
    def without_picture(files: Files) -> None:
        del files[f"{SEGMENT}{SITE}-{SECOND}{writer.REFERRED}"]
        kept = [line for line in gzip.decompress(files[INDEX]).splitlines(True) if writer.REFERRED.encode() not in line]
        reindexed(files, lambda lines: b"".join(kept))

    forge(packaged, without_picture, tmp_path)
    assert problems(packaged) == [("it lacks captures of other days that are in the bucket now", False)]


def put(days: Days, path: Path) -> None:
    put_large(days.store, KEY, path, hashlib.sha256(path.read_bytes()).hexdigest(), writer.WACZ)


def test_a_file_that_is_in_it_twice_is_found(packaged: Days, tmp_path: Path) -> None:
    path = tmp_path / "twice.wacz"
    path.write_bytes(packaged.store.get(KEY))
    with zipfile.ZipFile(path, "a") as package, pytest.warns(UserWarning, match="Duplicate"):
        package.writestr(writer.PAGES, package.read(writer.PAGES))
    put(packaged, path)
    assert problems(packaged) == [("pages/pages.jsonl is in it twice", True)]


def test_what_would_unpack_to_anything_is_not_unpacked(packaged: Days, tmp_path: Path) -> None:
    path = tmp_path / "bomb.wacz"
    with zipfile.ZipFile(BytesIO(packaged.store.get(KEY))) as before, zipfile.ZipFile(path, "w") as after:
        for each in before.infolist():
            how = zipfile.ZIP_DEFLATED if each.filename.startswith(SEGMENT) else each.compress_type
            after.writestr(each.filename, before.read(each), how)
    put(packaged, path)
    [(found, grave)] = problems(packaged)
    assert found.endswith("is deflated")
    assert grave


def test_what_documents_say_since_is_no_forgery(packaged: Days) -> None:
    [key] = [key for key in packaged.store.keys("articles/") if b"Lamps out" in packaged.store.get(key)]
    document = json.loads(packaged.store.get(key))
    block = {**document["pressmark"], "layout": "chinadaily/9", "corrects": key}
    corrected = {**document, "headline": "Lamps out, at last", "pressmark": block}
    packaged.store.put(keys.correction(key, "chinadaily/9"), json.dumps(corrected).encode())
    assert problems(packaged) == [("its pages are older than the documents", False)]


def test_it_is_signed_by_a_trusted_key(packaged: Days, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, old, other = (ec.generate_private_key(ec.SECP384R1()) for _ in range(3))
    private = pem(tmp_path / "ours.pem", ours)
    public = tmp_path / "old.pem"
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public.write_bytes(old.public_key().public_bytes(serialization.Encoding.PEM, form))
    log = Mock()  # Other tests of this process may have silenced the real one.
    monkeypatch.setattr(signing, "logger", log)
    trusted = trusted_keys(private, [public])
    assert "can be read by others" in log.warning.call_args[0][0]
    private.chmod(0o600)
    Signer.open(private)
    assert log.warning.call_count == 1
    assert problems(packaged, trusted) == [("it is not signed, and a key is set", True)]
    forge(packaged, nothing, tmp_path, Signer(other))
    assert problems(packaged) == []
    assert problems(packaged, trusted) == [
        ("it is signed by a key that is not trusted (PRESSMARK_WACZ_PUBLIC_KEYS)", True)
    ]
    for key in (old, ours):
        forge(packaged, nothing, tmp_path, Signer(key))
        assert problems(packaged, trusted) == []
    assert Packager(packaged.store, SITE, Signer(ours)).package(SECOND).changed
    assert problems(packaged, trusted) == []
    with pytest.raises(UsageError, match=r"PRESSMARK_WACZ_PUBLIC_KEYS: .*ours\.pem"):
        trusted_keys(None, [private])


def test_a_page_names_its_address(packaged: Days) -> None:
    assert URL.encode() in zipfile.ZipFile(BytesIO(packaged.store.get(KEY))).read(writer.PAGES)
