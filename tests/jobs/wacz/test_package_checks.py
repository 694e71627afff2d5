import contextlib
import hashlib
import json
import shutil
import subprocess
import zipfile
from collections.abc import Collection
from io import BytesIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from pressmark.archive.s3.multipart import put_large
from pressmark.errors import UsageError
from pressmark.jobs.wacz import writer
from pressmark.jobs.wacz.packager import Packager
from pressmark.jobs.wacz.signing import Signer, is_signed
from pressmark.jobs.wacz.validate import verify_packages
from pressmark.model import keys, strict_json
from tests.jobs.wacz.conftest import FIRST, LAMP, SECOND, SITE, Days
from tests.support.bad_json import BAD_JSON

KEY = keys.package(SITE, FIRST)


def pem(path: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> Path:
    form = serialization.PrivateFormat.PKCS8
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return path


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    return Signer.open(pem(tmp_path / "key.pem", ec.generate_private_key(ec.SECP384R1())))


@pytest.fixture
def packaged(days: Days, signer: Signer) -> Days:
    with days.crawl(FIRST) as crawl:
        crawl.publish(crawl.page())
        crawl.page(LAMP, b"lamp", "image/jpeg")
    assert Packager(days.store, SITE, signer).package(FIRST).changed
    return days


REMAKE = f": `pressmark package {SITE} --day {FIRST}` rebuilds it"


def problems(days: Days, trusted: Collection[str] = ()) -> list[tuple[str, bool]]:
    found = list(verify_packages(days.store, trusted=trusted))
    assert {each.key for each in found} <= {KEY}
    assert all(each.problem.endswith((REMAKE, "docs/security.md)")) for each in found)
    return [(each.problem.removesuffix(REMAKE), each.grave) for each in found]


def test_a_flipped_byte_anywhere_is_found(packaged: Days) -> None:
    whole = packaged.store.get(KEY)
    assert problems(packaged) == []
    for place in range(0, len(whole), len(whole) // 40):
        flipped = bytearray(whole)
        flipped[place] ^= 1
        packaged.store.put(KEY, bytes(flipped), writer.WACZ)  # It loses the SHA-256, as an object put by others does.
        found = problems(packaged)
        assert found, place
        assert found[0] == ("it has no SHA-256", True)


def test_a_flipped_byte_in_a_file_of_it_is_reported_by_the_package_alone(packaged: Days) -> None:
    whole = packaged.store.get(KEY)
    with zipfile.ZipFile(BytesIO(whole)) as package:
        names = package.namelist()
        starts = [each.header_offset + 30 + len(each.filename) for each in package.infolist()]
    for name, start in zip(names, starts, strict=True):
        flipped = bytearray(whole)
        flipped[start + 5] ^= 1
        with pytest.raises(ValueError, match=r"whole package|digest|signature"):
            writer.check(BytesIO(bytes(flipped)))
        assert name


def test_no_flipped_bit_of_the_zip_breaks_the_check_itself(packaged: Days) -> None:
    whole = packaged.store.get(KEY)
    directory = whole.index(b"PK\x01\x02")
    for place in [*range(60), *range(directory, len(whole))]:
        for bit in range(8):
            flipped = bytearray(whole)
            flipped[place] ^= 1 << bit
            with contextlib.suppress(ValueError):  # Or it is nothing that the ZIP's readers mind.
                writer.check(BytesIO(bytes(flipped)))


def test_a_package_that_was_changed_and_put_as_ours_is_found(packaged: Days, tmp_path: Path) -> None:
    whole = tmp_path / "whole.wacz"
    whole.write_bytes(packaged.store.get(KEY))

    def change(name: str, data: bytes) -> list[tuple[str, bool]]:
        changed = tmp_path / "changed.wacz"
        with zipfile.ZipFile(whole) as before, zipfile.ZipFile(changed, "w") as after:
            for each in before.infolist():
                after.writestr(each, data if each.filename == name else before.read(each))
            if name not in before.namelist():
                after.writestr(name, data)
        digest = subprocess.run(["sha256sum", changed], capture_output=True, text=True, check=True).stdout[:64]
        put_large(packaged.store, KEY, changed, digest, writer.WACZ)
        return problems(packaged)

    assert change("pages/pages.jsonl", b"{}") == [("pages/pages.jsonl does not match its digest", True)]
    assert change("datapackage.json", b"{}") == [
        ("datapackage.json does not match the digest in datapackage-digest.json", True)
    ]
    assert change("archive/more.warc.gz", b"")[0][0].startswith("archive/more.warc.gz is not both in it")
    with zipfile.ZipFile(whole) as package:
        said = json.loads(package.read("datapackage-digest.json"))
    first = "B" if said["signedData"]["signature"][0] == "A" else "A"
    said["signedData"]["signature"] = first + said["signedData"]["signature"][1:]
    forged = json.dumps(said).encode()
    assert change("datapackage-digest.json", forged) == [("its signature does not match its public key", True)]
    assert change("pages/pages.jsonl", packaged_pages(whole)) == []


def packaged_pages(whole: Path) -> bytes:
    with zipfile.ZipFile(whole) as package:
        return package.read("pages/pages.jsonl")


def test_a_package_older_than_its_day_is_noted(packaged: Days) -> None:
    with packaged.crawl(FIRST, 20) as crawl:
        crawl.page()
    assert problems(packaged) == [("1 segments of its day are not in it", False)]
    packaged.package(FIRST)
    first, second = (key for key in packaged.store.keys("warc/") if key.endswith(".gz"))
    packaged.store.client.delete_object(Bucket=packaged.store.bucket, Key=first)
    assert problems(packaged) == [("1 of its segments are not in the bucket any more", True)]
    packaged.store.client.delete_object(Bucket=packaged.store.bucket, Key=second)
    assert problems(packaged) == [
        ("none of its segments is in the bucket any more: delete it (docs/security.md)", True)
    ]
    [found] = Packager(packaged.store, SITE).every()
    assert f"{KEY} has segments that are gone: delete it" in str(found.problem)
    packaged.store.client.delete_object(Bucket=packaged.store.bucket, Key=KEY)
    assert list(Packager(packaged.store, SITE).every()) == []


def test_other_days_are_not_looked_at_if_one_is_asked_for(packaged: Days) -> None:
    packaged.store.put(KEY, b"nothing")
    assert list(verify_packages(packaged.store, "other")) == []
    assert list(verify_packages(packaged.store, SITE, lambda day: day == SECOND)) == []
    assert len(list(verify_packages(packaged.store, SITE, lambda day: day == FIRST))) == 2


def test_a_signature_is_what_webcrypto_verifies(packaged: Days, tmp_path: Path) -> None:
    with zipfile.ZipFile(BytesIO(packaged.store.get(KEY))) as package:
        signed = json.loads(package.read("datapackage-digest.json"))["signedData"]
        created = json.loads(package.read("datapackage.json"))["created"]
    assert signed["created"] == created == "2026-11-24T10:00:02Z"
    assert is_signed(signed)
    node = shutil.which("node") or str(Path(__file__).parents[3] / ".replay/bin/node")
    script = """
        const {hash, signature, publicKey} = JSON.parse(process.argv[1]);
        const bytes = (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
        const ways = {name: "ECDSA", namedCurve: "P-384", hash: "SHA-256"};
        crypto.subtle.importKey("spki", bytes(publicKey), ways, true, ["verify"])
          .then((key) => crypto.subtle.verify(ways, key, bytes(signature), new TextEncoder().encode(hash)))
          .then((right) => process.exit(right ? 0 : 1));
    """  # As ReplayWeb.page does it.
    for found, right in ((signed, True), (signed | {"hash": "sha256:0"}, False)):
        done = subprocess.run([node, "-e", script, json.dumps(found)], check=False, capture_output=True, text=True)
        assert done.returncode == (not right), done.stderr
        assert is_signed(found) is right


def test_a_signed_package_is_the_same_each_time(packaged: Days, signer: Signer) -> None:
    assert not Packager(packaged.store, SITE, signer).package(FIRST).changed


def test_a_key_that_is_none_is_reported(tmp_path: Path) -> None:
    (tmp_path / "text.pem").write_text("no key")
    wrong = {
        "none.pem": tmp_path / "none.pem",
        "text.pem": tmp_path / "text.pem",
        "rsa.pem": pem(tmp_path / "rsa.pem", rsa.generate_private_key(65537, 2048)),
        "p256.pem": pem(tmp_path / "p256.pem", ec.generate_private_key(ec.SECP256R1())),
    }
    for name, path in wrong.items():
        with pytest.raises(UsageError, match=rf"PRESSMARK_WACZ_KEY=.*{name}"):
            Signer.open(path)


ODD_LISTS = {
    **BAD_JSON,
    "resources are no list": b'{"resources": {"path": "a"}}',
    "a path is a list": b'{"resources": [{"path": ["a"], "hash": "b", "bytes": 1}]}',
    "a size is a string": b'{"resources": [{"path": "a", "hash": "b", "bytes": "1"}]}',
    "more bytes than are read": b" " * (strict_json.MOST + 1),
}


@pytest.mark.parametrize("text", ODD_LISTS.values(), ids=ODD_LISTS)
def test_a_package_of_bad_json_is_no_package_and_says_why(text: bytes) -> None:
    good = json.dumps({"hash": f"sha256:{hashlib.sha256(text).hexdigest()}"}).encode()
    for datapackage, digest in ((text, good), (b"{}", text)):
        file = BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
            package.writestr("datapackage.json", datapackage)
            package.writestr("datapackage-digest.json", digest)
        with pytest.raises(ValueError, match=r"^datapackage(-digest)?\.json: ") as caught:
            writer.check(file)
        assert len(str(caught.value)) < 300
