"""The bucket: the S3 calls that an archive needs, with errors that say what to do."""

import base64
import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

import attrs
import boto3
from botocore.client import Config as ClientConfig
from botocore.exceptions import BotoCoreError, ClientError

from pressmark.archive.s3.integrity import check_content, check_etag, check_range, watch
from pressmark.archive.s3.listing import pages
from pressmark.archive.s3.patience import Pace, PacedFile, paced, retry_while_unavailable
from pressmark.archive.s3.presigned import ANSWERED_WITHIN, CONNECTED_WITHIN, CONNECTIONS, Presigned, check_size
from pressmark.archive.s3.s3_errors import PreconditionFailed, S3Request, check_endpoint
from pressmark.config import DEFAULT_PATIENCE, Config
from pressmark.errors import BucketRefused

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

Result = TypeVar("Result")

JSON = "application/json"
WARC = "application/warc"  # IANA; registered by the WARC specification, ISO 28500
TEXT = "text/plain; charset=utf-8"
GZIP = "application/gzip"
THREADS = 8
"""Parallel requests of one job to the bucket."""
_CHUNK = 1 << 14
_OPENED_WITHIN = 5.0
"""Seconds: a person waits for a command to start."""


@attrs.frozen
class Stored:
    """An object in the bucket."""

    key: str
    size: int
    """Bytes."""
    sha256: str
    """Hex."""


@attrs.frozen
class Store:
    """One bucket. Thread-safe, like boto3's clients.

    Every method retries while the bucket is unavailable; when the patience ends, it raises BucketUnreachable.
    """

    bucket: str
    client: "S3Client"
    patience: float = DEFAULT_PATIENCE
    """Seconds."""
    retention: timedelta | None = None
    """How long each segment is locked after it is written (Object Lock, governance mode); None: no lock."""

    _presigned: Presigned = attrs.field(
        default=attrs.Factory(lambda store: Presigned(store.client, store.bucket), takes_self=True),
        init=False,
        eq=False,
        repr=False,
    )

    @classmethod
    def open(cls, config: Config) -> "Store":
        """Connect, and check that the bucket answers.

        Raises:
            BucketUnreachable: the server does not answer.
            BucketRefused: wrong keys, or no such bucket.
        """
        store = cls.connect(config)
        store.check()
        return store

    @classmethod
    def connect(cls, config: Config, within: float = ANSWERED_WITHIN) -> "Store":
        """Create a client from the standard AWS variables.

        Args:
            config: names the bucket.
            within: timeout of a response in seconds.

        Raises:
            BucketRefused: the variables are invalid.
        """
        settings = ClientConfig(
            connect_timeout=min(CONNECTED_WITHIN, within),
            read_timeout=within,
            retries={"mode": "standard", "total_max_attempts": 1},  # `retry_while_unavailable` does it.
            max_pool_connections=CONNECTIONS,
            s3={"addressing_style": "path"},
        )
        try:
            client = boto3.Session().client("s3", config=settings)
        except (BotoCoreError, OSError, ValueError, LookupError, TypeError) as error:
            check_endpoint(str(error))
            raise BucketRefused(f"S3 is not set up: {error}") from error
        check_endpoint(client.meta.endpoint_url)
        return cls(config.bucket, client, config.patience, config.retention)

    def __attrs_post_init__(self) -> None:
        watch(self.client)

    def check(self) -> None:
        """Check that the bucket answers.

        Raises:
            BucketUnreachable: the server does not answer.
            BucketRefused: wrong keys, or no such bucket.
        """
        retry_while_unavailable(partial(self._once, "open", self._greet), min(self.patience, _OPENED_WITHIN))

    def _greet(self) -> None:
        try:
            self.client.head_bucket(Bucket=self.bucket)
        except ClientError as error:
            if error.response["ResponseMetadata"].get("HTTPStatusCode") not in {400, 403}:
                raise
            self.client.list_objects_v2(Bucket=self.bucket, MaxKeys=1)  # A response to HEAD has no message.

    def put(self, key: str, data: bytes, content_type: str = JSON) -> Stored:
        """Write an object, replacing any other."""
        return self._put(key, data, ContentType=content_type)

    def put_new(self, key: str, data: bytes, content_type: str = JSON) -> Stored | None:
        """Write an object only if the key is free (`If-None-Match: *`); return None if it is not."""
        try:
            return self._put(key, data, ContentType=content_type, IfNoneMatch="*")
        except PreconditionFailed:
            return None

    def put_file(self, key: str, path: Path, sha256: str, content_type: str, *, only_new: bool = False) -> Stored:
        """Write a file with a known SHA-256 (hex); the bucket refuses bytes that do not match it.

        A segment is locked for the retention. A second write adds another locked version; the lock does not prevent it.

        Raises:
            PreconditionFailed: the key is not free, and `only_new` is set.
        """
        condition: Any = {"IfNoneMatch": "*"} if only_new else {}

        def put() -> None:
            with path.open("rb") as file:
                body: Any = PacedFile(file, self.patience)
                self.client.put_object(
                    Bucket=self.bucket,
                    Key=key,
                    Body=body,
                    ContentType=content_type,
                    ChecksumSHA256=checksum_of(bytes.fromhex(sha256)),
                    **(self._lock() if content_type == WARC else {}),
                    **condition,
                )

        self.with_retries(key, put)
        return Stored(key, path.stat().st_size, sha256)

    def get(self, key: str, offset: int = 0, length: int | None = None, *, most: int | None = None) -> bytes:
        """Read an object, or `length` bytes from `offset`, completely or not at all.

        Args:
            key: key of the object.
            offset: bytes.
            length: bytes; None: up to the end.
            most: maximum size in bytes.

        Raises:
            KeyError: the object does not exist, or ends before `offset`.
            FindingsFound: it is larger than `most`.
        """
        if offset < 0 or (length is not None and length < 1):  # An invalid range: S3 would send everything.
            raise KeyError(key)
        if offset or length is not None:
            return self.with_retries(key, partial(self._part, key, offset, length))
        if (data := self._presigned.get(key, most)) is not None:
            return data
        before: list[bytes] = []
        return self.with_retries(key, partial(self._whole, key, most, before))

    def fetch(self, key: str, file: IO[bytes]) -> Stored:
        """Copy an object of any size into a file, replacing the file's content.

        Raises:
            KeyError: the object does not exist.
        """
        before: list[bytes] = []

        def fetch() -> Stored:
            file.seek(0)
            file.truncate()
            digest, md5, pace = hashlib.sha256(), hashlib.md5(usedforsecurity=False), Pace(self.patience)
            answer = self.client.get_object(Bucket=self.bucket, Key=key)
            headers = answer["ResponseMetadata"]["HTTPHeaders"]
            check_etag(headers.get("etag"))
            for chunk in answer["Body"].iter_chunks(_CHUNK):
                file.write(chunk)
                digest.update(chunk)
                md5.update(chunk)
                pace.took(len(chunk))
            check_content(headers, md5.hexdigest(), digest.digest(), before)
            return Stored(key, file.tell(), digest.hexdigest())

        return self.with_retries(key, fetch)

    def _whole(self, key: str, most: int | None, before: list[bytes]) -> bytes:
        """Read an object; bytes that do not match the ETag are accepted if they come twice: then it is no MD5."""
        answer = self.client.get_object(Bucket=self.bucket, Key=key)
        check_size(key, answer.get("ContentLength", 0), most)
        data = self._read(answer["Body"])
        check_size(key, len(data), most)
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        check_content(answer["ResponseMetadata"]["HTTPHeaders"], md5, hashlib.sha256(data).digest(), before)
        return data

    def _part(self, key: str, offset: int, length: int | None) -> bytes:
        last = "" if length is None else offset + length - 1
        answer = self.client.get_object(Bucket=self.bucket, Key=key, Range=f"bytes={offset}-{last}")
        data = self._read(answer["Body"])
        check_range(answer["ResponseMetadata"]["HTTPStatusCode"], answer.get("ContentRange"), offset, length, len(data))
        return data

    def _read(self, body: "StreamingBody") -> bytes:
        pace, data = Pace(self.patience), bytearray()
        for chunk in body.iter_chunks(_CHUNK):
            data += chunk
            pace.took(len(chunk))
        return bytes(data)

    def keys(self, prefix: str, after: str = "") -> Iterator[str]:
        """List the keys with a prefix in order, only those after `after`."""
        return (key for key, _ in self.sizes(prefix, after))

    def sizes(self, prefix: str, after: str = "") -> Iterator[tuple[str, int]]:
        """List the keys with a prefix and the sizes of their objects in bytes."""
        return ((each["Key"], each["Size"]) for each in self._objects(prefix, after))

    def etags(self, prefix: str) -> Iterator[tuple[str, str]]:
        """List the keys with a prefix and the ETags of their objects, which change with the content."""
        return ((each["Key"], each["ETag"]) for each in self._objects(prefix))

    def _objects(self, prefix: str, after: str = "") -> Iterator[Any]:
        for page in self._pages(prefix, {"StartAfter": after}):
            yield from page.get("Contents", ())

    def folders(self, prefix: str) -> Iterator[str]:
        """List the folder names directly after a prefix, in order."""
        for page in self._pages(prefix, {"Delimiter": "/"}):
            for each in page.get("CommonPrefixes", ()):
                yield each["Prefix"].removeprefix(prefix).rstrip("/")

    def _pages(self, prefix: str, how: dict[str, str]) -> Iterator[Any]:
        client: Any = self.client  # Typed too narrowly.
        call = partial(client.list_objects_v2, Bucket=self.bucket, Prefix=prefix, **how)
        return pages(call, prefix, partial(self.with_retries, prefix))

    def _lock(self) -> Any:
        if not self.retention:
            return {}
        return {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": datetime.now(UTC) + self.retention}

    def _put(self, key: str, data: bytes, **how: Any) -> Stored:
        digest = hashlib.sha256(data)
        checksum = checksum_of(digest.digest())

        def put() -> None:
            body = paced(data, self.patience)
            self.client.put_object(Bucket=self.bucket, Key=key, Body=body, ChecksumSHA256=checksum, **how)

        self.with_retries(key, put)
        return Stored(key, len(data), digest.hexdigest())

    def with_retries(self, what: str, call: Callable[[], Result]) -> Result:
        """Call, and retry while the bucket is unavailable, until the patience ends."""
        return retry_while_unavailable(partial(self._once, what, call), self.patience)

    def _once(self, what: str, call: Callable[[], Result]) -> Result:
        with self.translate_errors(what):
            return call()

    def translate_errors(self, what: str) -> AbstractContextManager[None]:
        """Translate boto3's errors into errors that name the bucket, the request and what to do."""
        endpoint = str(self.client.meta.endpoint_url)
        return S3Request(self.bucket, endpoint, what, locks=bool(self.retention)).translate_errors()


def checksum_of(digest: bytes) -> str:
    """Return a SHA-256 in S3's format."""
    return base64.b64encode(digest).decode()
