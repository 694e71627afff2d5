"""Translation of S3 errors into errors that name the bucket, the request and what to do."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any, NoReturn

import attrs
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.exceptions import (
    ConnectionError as ConnectionFailed,
)
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError as TransportError

from pressmark.errors import BucketError, BucketRefused, BucketUnreachable, ClockWrong, KeysExpired

DAMAGED = {"BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch", "IncompleteBody"}
"""Error codes for bytes that were damaged on the way."""
BUSY = {
    "BandwidthLimitExceeded",
    "ConditionalRequestConflict",  # 409: another writer writes this key.
    "OperationAborted",
    "RequestLimitExceeded",
    "RequestTimeout",  # 400: the server waited for our bytes.
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequests",
}
EXPIRED = {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"}
TOO_MANY = 429
_KEY_READERS = ("botocore.credentials", "botocore.tokens")
_KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"


class PreconditionFailed(Exception):
    """The object already exists, or was replaced since it was seen."""


class CutShort(Exception):
    """A response is incomplete, or not from S3; the request is retried. The message says what is missing."""


def check_endpoint(url: str) -> None:
    """Refuse an endpoint with a user or password in its URL without showing it: messages contain the endpoint.

    Raises:
        BucketRefused: the URL has one.
    """
    if "@" in url:  # Anywhere: URLs can be misspelled and parsed in many ways.
        raise BucketRefused(
            "S3 is not set up: the endpoint's address names a user or a password, which S3 does not use. Set "
            f"AWS_ENDPOINT_URL_S3 without them, and the keys as {_KEYS}."
        )


@attrs.frozen
class S3Request:
    """A request to a bucket, for error messages."""

    bucket: str
    endpoint: str
    what: str
    """Usually a key."""
    locks: bool = False
    """Whether objects are locked when they are written (PRESSMARK_RETENTION)."""

    @property
    def where(self) -> str:
        """Start of messages."""
        return f"bucket {self.bucket!r} at {self.endpoint}"

    @contextmanager
    def translate_errors(self) -> Iterator[None]:
        """Raise our errors instead of boto3's.

        Raises:
            KeyError: the object does not exist.
            PreconditionFailed: a condition is false.
            BucketUnreachable: the server does not answer, is busy, or sends an incomplete response.
            ClockWrong, KeysExpired: a later try may succeed.
            BucketRefused: wrong keys, no such bucket, no permission; retries do not help.
            BucketError: anything else.
        """
        try:
            yield
        except ClientError as error:
            raise self._answered(error) from (None if _harmless(error) else error)
        except (NoCredentialsError, PartialCredentialsError) as error:
            raise BucketRefused(f"no keys for bucket {self.bucket!r} at {self.endpoint}: set {_KEYS}.") from error
        except (CutShort, IncompleteReadError, FlexibleChecksumError) as error:
            raise BucketUnreachable(f"{self.where}: the response to {self.what} is incomplete: {error}.") from error
        except ResponseParserError as error:
            raise BucketUnreachable(
                f"{self.where} answers {self.what} with something that is not S3. Is AWS_ENDPOINT_URL_S3 right, "
                "or does another server or proxy answer there?"
            ) from error
        except (
            TransportError,
            HTTPException,
            ConnectionError,
        ) as error:  # While reading a body: botocore wraps only some of them.
            raise BucketUnreachable(f"{self.where}: the response to {self.what} was interrupted: {error}.") from error
        except (ConnectionFailed, HTTPClientError) as error:
            self._unanswered(error)
        except BotoCoreError as error:
            raise BucketError(f"{self.where}, {self.what}: {error}") from error
        except (OSError, ValueError, LookupError, TypeError) as error:
            if not _of_keys(error):
                raise
            raise BucketRefused(
                f"no keys for {self.where}: the sources that the AWS variables or files name can't be read "
                f"({type(error).__name__}: {error})."
            ) from error

    def _unanswered(self, error: ConnectionFailed | HTTPClientError) -> NoReturn:
        wrapped = error.kwargs.get("error")
        if isinstance(wrapped, BucketUnreachable):  # From a file during its upload.
            raise wrapped from None
        if isinstance(wrapped, ValueError) and not isinstance(wrapped, TransportError):
            raise BucketRefused(  # Without a cause: its message contains the header, and so the token.
                f"{self.where}: its keys can't be sent. Does {_KEYS} or AWS_SESSION_TOKEN contain a line end or a "
                "non-ASCII character?"
            ) from None
        raise BucketUnreachable(
            f"bucket {self.bucket!r}: no answer from {self.endpoint}. Is it running, and is AWS_ENDPOINT_URL_S3 right?"
        ) from error

    def _answered(self, error: ClientError) -> Exception:
        """Return our error for an error response."""
        code = str(error.response.get("Error", {}).get("Code", ""))
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in {"NoSuchKey", "InvalidRange"}:
            return KeyError(self.what)
        if code == "PreconditionFailed":  # 412
            return PreconditionFailed(self.what)
        if code in DAMAGED:
            return BucketUnreachable(
                f"{self.where} received damaged bytes ({code}) for {self.what}. Check the network and the disks."
            )
        if code == "RequestTimeTooSkewed":
            return ClockWrong(f"{self.where} refuses ({code}) {self.what}: {_clocks(error)}")
        if code in EXPIRED:
            return KeysExpired(
                f"{self.where} refuses ({code}) {self.what}: its keys have expired. Get new ones, and set {_KEYS} and "
                "AWS_SESSION_TOKEN."
            )
        if code == "NotImplemented" or status == 501:
            return BucketRefused(
                f"{self.where} does not support this request ({code}): {self.what}. A server without "
                "`If-None-Match` can't hold an archive: a version could be overwritten. Use SeaweedFS 4, MinIO or AWS."
            )
        if code in BUSY or status == TOO_MANY or status >= 500:
            busy = BucketUnreachable(f"{self.where} is not ready ({code}).")
            busy.retry_after = _retry_after(error)
            return busy
        return BucketRefused(f"{self.where} refuses ({code}) {self.what}. {self._advice(code, error.operation_name)}")

    def _advice(self, code: str, operation: str) -> str:
        if code == "InvalidRequest" and self.locks:
            return "PRESSMARK_RETENTION is set: does the bucket have Object Lock? `pressmark init-bucket` turns it on."
        if code == "NoSuchBucket" or (code == "404" and operation == "HeadBucket"):
            return "There is no such bucket: check PRESSMARK_BUCKET, or create it with `pressmark init-bucket`."
        if code == "AccessDenied":
            return f"Its keys may not do this: check PRESSMARK_BUCKET and {_KEYS}, and their policy (docs/security.md)."
        return f"Check PRESSMARK_BUCKET, {_KEYS}."


def _harmless(error: ClientError) -> bool:
    return error.response.get("Error", {}).get("Code") in {"NoSuchKey", "InvalidRange", "PreconditionFailed"}


def _of_keys(error: Exception) -> bool:
    """Return whether botocore raised it while it read keys from a file, program or server."""
    frames = traceback.walk_tb(error.__traceback__)
    return any(str(frame.f_globals.get("__name__")).startswith(_KEY_READERS) for frame, _ in frames)


def _header(error: ClientError, name: str) -> str:
    headers: Any = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return str(headers.get(name, ""))


def _clocks(error: ClientError) -> str:
    """Describe the difference of the clocks, by the response's `Date`."""
    ours = datetime.now(UTC)
    try:
        theirs = parsedate_to_datetime(_header(error, "date")).astimezone(UTC)
    except (ValueError, TypeError):
        return f"the clock of this machine says {ours:%Y-%m-%d %H:%M:%S} UTC, and the server's differs. Set it."
    seconds = abs((ours - theirs).total_seconds())
    difference = "ahead" if ours > theirs else "late"
    return (
        f"the clock of this machine says {ours:%Y-%m-%d %H:%M:%S} UTC, and the server's {theirs:%Y-%m-%d %H:%M:%S}: "
        f"ours is {seconds / 60:.0f} minutes {difference}. Set the wrong one (NTP)."
    )


def _retry_after(error: ClientError) -> float:
    """Return the seconds in `Retry-After` (RFC 9110, 10.2.3); 0 without one."""
    said = _header(error, "retry-after")
    if said.isdecimal():
        return float(said)
    try:
        return max(0.0, (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0
