"""The bucket: the few S3 calls that an archive needs, with errors that say what to do."""

import base64
import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

import attrs
import boto3
from botocore.client import Config as ClientConfig
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.exceptions import (
    ConnectionError as ConnectionFailed,
)
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from pressmark.archive.presigned import ANSWERED_WITHIN, CONNECTED_WITHIN, CONNECTIONS, Presigned
from pressmark.config import DEFAULT_PATIENCE, Config
from pressmark.errors import BucketError, BucketRefused, BucketUnreachable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Result = TypeVar("Result")

JSON = "application/json"
WARC = "application/warc"  # IANA; registered by the WARC specification, ISO 28500
TEXT = "text/plain; charset=utf-8"
GZIP = "application/gzip"
_PAUSE = 1.0
_CHUNK = 1 << 20
_TAKEN = "PreconditionFailed"  # 412
_BUSY = "ConditionalRequestConflict"  # 409: another writer is at this very key

logger = logging.getLogger(__name__)


@attrs.frozen
class Stored:
    """An object as it lies in the bucket."""

    key: str
    size: int
    """Bytes."""
    sha256: str
    """Hex."""


@attrs.frozen
class Store:
    """One bucket. Safe to use from several threads, as boto3's clients are.

    A bucket that went away is asked again until its patience ends; then every method raises BucketUnreachable.
    """

    bucket: str
    client: "S3Client"
    patience: float = DEFAULT_PATIENCE
    """Seconds."""
    retention: timedelta | None = None
    """How long each segment is locked from the moment it is put (Object Lock, governance mode); None: not at all."""

    _presigned: Presigned = attrs.field(
        default=attrs.Factory(lambda store: Presigned(store.client, store.bucket), takes_self=True),
        init=False,
        eq=False,
        repr=False,
    )

    @classmethod
    def open(cls, config: Config) -> "Store":
        """Connect and check that the bucket answers, now.

        Raises:
            BucketUnreachable: nobody answers.
            BucketRefused: wrong keys, or no such bucket.
        """
        store = cls.connect(config)
        store.check()
        return store

    @classmethod
    def connect(cls, config: Config, within: float = ANSWERED_WITHIN) -> "Store":
        """Be ready to ask, by the standard AWS variables.

        Args:
            config: names the bucket.
            within: seconds in which it has to answer; if fewer than usual, it is not asked again and again either.

        Raises:
            BucketRefused: they make no sense.
        """
        settings = ClientConfig(
            connect_timeout=min(CONNECTED_WITHIN, within),
            read_timeout=within,
            retries={"mode": "standard", "total_max_attempts": 3 if within >= ANSWERED_WITHIN else 1},
            max_pool_connections=CONNECTIONS,
            s3={"addressing_style": "path"},
        )
        try:
            client = boto3.Session().client("s3", config=settings)
        except (BotoCoreError, ValueError) as error:
            raise BucketRefused(f"S3 is not set up: {error}") from error
        return cls(config.bucket, client, config.patience, config.retention)

    def check(self) -> None:
        """Ask the bucket for a sign of life, once.

        Raises:
            BucketUnreachable: nobody answers.
            BucketRefused: wrong keys, or no such bucket.
        """
        with self.telling("open"):
            self.client.head_bucket(Bucket=self.bucket)

    def put(self, key: str, data: bytes, content_type: str = JSON) -> Stored:
        """Write an object, whatever was there."""
        return self._put(key, data, ContentType=content_type)

    def put_new(self, key: str, data: bytes, content_type: str = JSON) -> Stored | None:
        """Write an object only if there is none of that key (`If-None-Match: *`); None when there is."""
        try:
            return self._put(key, data, ContentType=content_type, IfNoneMatch="*")
        except KeyTaken:
            return None

    def put_file(self, key: str, path: Path, sha256: str, content_type: str) -> Stored:
        """Write a file whose SHA-256 (hex) is known; the bucket refuses bytes that do not match it.

        A segment is locked for the retention. Put again it is one more version, locked as well: no lock is in the way.
        """

        def put() -> None:
            with path.open("rb") as file:
                self.client.put_object(
                    Bucket=self.bucket,
                    Key=key,
                    Body=file,
                    ContentType=content_type,
                    ChecksumSHA256=checksum_of(bytes.fromhex(sha256)),
                    **(self._lock() if content_type == WARC else {}),
                )

        self.asking(key, put)
        return Stored(key, path.stat().st_size, sha256)

    def get(self, key: str, offset: int = 0, length: int | None = None) -> bytes:
        """Read an object, or `length` bytes of it from `offset`.

        Raises:
            KeyError: there is no such object, or nothing of it at `offset`.
        """
        part: Any = {}
        if not offset and length is None:
            if (data := self._presigned.get(key)) is not None:
                return data
        else:
            part["Range"] = f"bytes={offset}-{'' if length is None else offset + length - 1}"

        def get() -> bytes:
            return self.client.get_object(Bucket=self.bucket, Key=key, **part)["Body"].read()

        return self.asking(key, get)

    def fetch(self, key: str, file: IO[bytes]) -> Stored:
        """Copy an object into a file, however large it is; what was in the file is gone.

        Raises:
            KeyError: there is no such object.
        """

        def fetch() -> Stored:
            file.seek(0)
            file.truncate()
            digest = hashlib.sha256()
            for chunk in self.client.get_object(Bucket=self.bucket, Key=key)["Body"].iter_chunks(_CHUNK):
                file.write(chunk)
                digest.update(chunk)
            return Stored(key, file.tell(), digest.hexdigest())

        return self.asking(key, fetch)

    def keys(self, prefix: str, after: str = "") -> Iterator[str]:
        """List the keys below a prefix in their order, those behind `after` only."""
        return (key for key, _ in self.sizes(prefix, after))

    def sizes(self, prefix: str, after: str = "") -> Iterator[tuple[str, int]]:
        """List the keys below a prefix with the sizes of their objects in bytes."""
        return ((each["Key"], each["Size"]) for each in self._objects(prefix, after))

    def etags(self, prefix: str) -> Iterator[tuple[str, str]]:
        """List the keys below a prefix with the ETags of their objects, which other content changes."""
        return ((each["Key"], each["ETag"]) for each in self._objects(prefix))

    def _objects(self, prefix: str, after: str = "") -> Iterator[Any]:
        more: Any = {"StartAfter": after}
        while more:
            page: Any = self.asking(prefix, partial(self._list, prefix, more))
            yield from page.get("Contents", ())
            more = page["IsTruncated"] and {"ContinuationToken": page["NextContinuationToken"]}

    def folders(self, prefix: str) -> Iterator[str]:
        """List the names that follow a prefix and are followed by a slash, in their order."""
        more: Any = {"Delimiter": "/"}
        while more:
            page: Any = self.asking(prefix, partial(self._list, prefix, more))
            for each in page.get("CommonPrefixes", ()):
                yield each["Prefix"].removeprefix(prefix).rstrip("/")
            more = page["IsTruncated"] and {"Delimiter": "/", "ContinuationToken": page["NextContinuationToken"]}

    def _lock(self) -> Any:
        if not self.retention:
            return {}
        return {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": datetime.now(UTC) + self.retention}

    def _list(self, prefix: str, more: Any) -> Any:
        return self.client.list_objects_v2(Bucket=self.bucket, Prefix=prefix, **more)

    def _put(self, key: str, data: bytes, **how: Any) -> Stored:
        digest = hashlib.sha256(data)
        checksum = checksum_of(digest.digest())
        self.asking(
            key,
            lambda: self.client.put_object(Bucket=self.bucket, Key=key, Body=data, ChecksumSHA256=checksum, **how),
        )
        return Stored(key, len(data), digest.hexdigest())

    def asking(self, what: str, call: Callable[[], Result]) -> Result:
        """Call, again and again while the bucket is away, as long as the patience lasts."""

        def tell(state: RetryCallState) -> None:
            if state.attempt_number == 1 and state.outcome:
                logger.warning("%s Waiting for it, %.0f s at most.", state.outcome.exception(), self.patience)

        again = Retrying(
            retry=retry_if_exception_type(BucketUnreachable),
            stop=stop_after_delay(self.patience),
            wait=wait_fixed(_PAUSE),
            before_sleep=tell,
            reraise=True,
        )
        for attempt in again:
            with attempt, self.telling(what):
                return call()
        raise AssertionError("tenacity returns or raises")

    @contextmanager
    def telling(self, what: str) -> Iterator[None]:
        """Make what boto3 raises say which bucket it is about, what was asked of it, and what to do.

        Raises:
            KeyError: there is no such object.
            BucketUnreachable: nobody answers, or not now.
            BucketRefused: wrong keys, no such bucket, no permission.
            BucketError: anything else.
        """
        endpoint = self.client.meta.endpoint_url
        try:
            yield
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in {"NoSuchKey", "InvalidRange"}:
                raise KeyError(what) from None
            if code == _TAKEN:
                raise KeyTaken(what) from None
            if code == _BUSY or error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
                raise BucketUnreachable(f"bucket {self.bucket!r} at {endpoint} is not ready ({code}).") from error
            if code == "InvalidRequest" and self.retention:
                raise BucketRefused(
                    f"bucket {self.bucket!r} at {endpoint} refuses ({code}) {what}. PRESSMARK_RETENTION is set: "
                    "has the bucket Object Lock? `pressmark init-bucket` turns it on."
                ) from error
            raise BucketRefused(
                f"bucket {self.bucket!r} at {endpoint} refuses ({code}) {what}. "
                "Check PRESSMARK_BUCKET, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
            ) from error
        except (NoCredentialsError, PartialCredentialsError) as error:
            raise BucketRefused(
                f"no keys for bucket {self.bucket!r} at {endpoint}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
            ) from error
        except (ConnectionFailed, HTTPClientError) as error:
            raise BucketUnreachable(
                f"bucket {self.bucket!r}: nobody answers at {endpoint}. Is it up, and AWS_ENDPOINT_URL_S3 right?"
            ) from error
        except BotoCoreError as error:
            raise BucketError(f"bucket {self.bucket!r} at {endpoint}, {what}: {error}") from error


class KeyTaken(Exception):
    """There is an object of that key, or another than the one that was seen."""


def checksum_of(digest: bytes) -> str:
    """Return a SHA-256 as S3 wants it."""
    return base64.b64encode(digest).decode()
