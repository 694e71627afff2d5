"""The bucket: the few S3 calls that an archive needs, with errors that say what to do."""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

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

from pressmark.config import Config
from pressmark.errors import BucketError, BucketRefused, BucketUnreachable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

JSON = "application/json"
WARC = "application/warc"  # IANA; registered by the WARC specification, ISO 28500
_TAKEN = {"PreconditionFailed", "ConditionalRequestConflict"}  # 412, and 409 while another writer is at it


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
    """One bucket. Safe to use from several threads, as boto3's clients are."""

    bucket: str
    client: "S3Client"

    @classmethod
    def open(cls, config: Config) -> "Store":
        """Connect by the standard AWS variables and check that the bucket answers.

        Raises:
            BucketUnreachable: nobody answers.
            BucketRefused: wrong keys, or no such bucket.
        """
        settings = ClientConfig(
            connect_timeout=5,
            read_timeout=60,
            retries={"mode": "standard", "total_max_attempts": 3},
            max_pool_connections=16,
            s3={"addressing_style": "path"},
        )
        try:
            store = cls(config.bucket, boto3.Session().client("s3", config=settings))
        except (BotoCoreError, ValueError) as error:
            raise BucketRefused(f"S3 is not set up: {error}") from error
        with store._telling("open"):
            store.client.head_bucket(Bucket=store.bucket)
        return store

    def put(self, key: str, data: bytes, content_type: str = JSON) -> Stored:
        """Write an object, whatever was there."""
        digest = hashlib.sha256(data)
        with self._telling(key):
            self.client.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=data,
                ContentType=content_type,
                ChecksumSHA256=_base64(digest.digest()),
            )
        return Stored(key, len(data), digest.hexdigest())

    def put_new(self, key: str, data: bytes, content_type: str = JSON) -> Stored | None:
        """Write an object only if there is none of that key (`If-None-Match: *`); None when there is."""
        digest = hashlib.sha256(data)
        with self._telling(key):
            try:
                self.client.put_object(
                    Bucket=self.bucket,
                    Key=key,
                    Body=data,
                    ContentType=content_type,
                    IfNoneMatch="*",
                    ChecksumSHA256=_base64(digest.digest()),
                )
            except ClientError as error:
                if error.response["Error"]["Code"] in _TAKEN:
                    return None
                raise
        return Stored(key, len(data), digest.hexdigest())

    def put_file(self, key: str, path: Path, sha256: str, content_type: str) -> Stored:
        """Write a file whose SHA-256 (hex) is known; the bucket refuses bytes that do not match it."""
        with self._telling(key), path.open("rb") as file:
            self.client.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=file,
                ContentType=content_type,
                ChecksumSHA256=_base64(bytes.fromhex(sha256)),
            )
        return Stored(key, path.stat().st_size, sha256)

    def get(self, key: str, offset: int = 0, length: int | None = None) -> bytes:
        """Read an object, or `length` bytes of it from `offset`.

        Raises:
            KeyError: there is no such object.
        """
        end = "" if length is None else offset + length - 1
        with self._telling(key):
            if offset or length is not None:
                return self.client.get_object(Bucket=self.bucket, Key=key, Range=f"bytes={offset}-{end}")["Body"].read()
            return self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def keys(self, prefix: str, after: str = "") -> Iterator[str]:
        """List the keys below a prefix in their order, those behind `after` only."""
        with self._telling(prefix):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=prefix, StartAfter=after
            )
            for page in pages:
                for each in page.get("Contents", ()):
                    yield each["Key"]

    @contextmanager
    def _telling(self, what: str) -> Iterator[None]:
        endpoint = self.client.meta.endpoint_url
        try:
            yield
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "NoSuchKey":
                raise KeyError(what) from None
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


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
