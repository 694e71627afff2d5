"""Integrity: S3 responses are checked against their headers before they are used.

botocore switches off urllib3's check of lengths, and replaces it only for streams: if a connection ends early, a
truncated listing or error looks complete. It also accepts every 2xx as the success of a write, but login pages and
proxies answer with 2xx too.
"""

import hashlib
import logging
import re
from collections.abc import Mapping
from typing import Any

from pressmark.archive.s3.s3_errors import CutShort

_PIECES = re.compile(r'"[0-9a-f]{32}-\d+"')
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
OK, PARTIAL, _REDIRECT = 200, 206, 300
_NO_BODY = {204, 304}
_ETAG = re.compile(r'(?:W/)?"[^"]+"')
_CHUNK = 1 << 20
_SENT = "pressmark-sent"
"""Key of the request body in its context, for the check of the response."""
_WRITES = ("PutObject", "UploadPart")
_UPLOADS = {"CreateMultipartUpload": "UploadId", "CompleteMultipartUpload": "ETag"}
"""Other writing calls, and a field that S3 always returns."""


def watch(client: Any) -> None:
    """Check the length of each response of a client, and the response to each write against the sent bytes.

    Streams check their length themselves.
    """
    events = client.meta.events
    events.register("before-parse.s3", _check_answer, unique_id="pressmark-whole")
    for name in _WRITES:
        events.register(f"before-call.s3.{name}", _note_sent, unique_id=f"pressmark-sent-{name}")
        events.register(f"after-call.s3.{name}", _check_written, unique_id=f"pressmark-written-{name}")
    for name in _UPLOADS:
        events.register(f"after-call.s3.{name}", _check_upload, unique_id=f"pressmark-upload-{name}")
    logging.getLogger("urllib3.connection").addFilter(_without_traceback)


def _without_traceback(record: logging.LogRecord) -> bool:
    """Log truncated headers in one line: the error after it says what to do."""
    record.exc_info = None
    return True


def _note_sent(params: Any, context: dict[str, Any], **_: Any) -> None:
    context[_SENT] = params["body"], params["headers"].get("x-amz-checksum-sha256")


def _check_written(http_response: Any, parsed: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
    """Check the response to a write against the sent bytes: by SHA-256 if S3 returns it, or by the ETag.

    Raises:
        CutShort: the response is not from S3, or S3 stored other bytes.
    """
    body, checksum = context.pop(_SENT)
    if not _is_success(http_response, parsed):
        return
    etag = check_etag(parsed.get("ETag"))
    if checksum and (said := parsed.get("ChecksumSHA256")):
        if said != checksum:
            raise CutShort(f"the SHA-256 of the written object is {said} and not {checksum}")
    elif not check_digest({**parsed["ResponseMetadata"]["HTTPHeaders"], "etag": etag}, _md5(body)):
        raise CutShort(f"its ETag is {etag}, which is not the MD5 of the sent bytes")


def _check_upload(http_response: Any, parsed: Mapping[str, Any], model: Any, **_: Any) -> None:
    if _is_success(http_response, parsed):
        field = _UPLOADS[model.name]
        if not parsed.get(field):
            raise CutShort(f"it has no {field}")
        if field == "ETag":
            check_etag(parsed[field])


def _is_success(http_response: Any, parsed: Mapping[str, Any]) -> bool:
    """Return whether a write succeeded; False for an error, which botocore raises.

    Raises:
        CutShort: the status is neither a success nor an error.
    """
    if http_response.status_code >= _REDIRECT:
        return False
    if http_response.status_code != OK:
        raise CutShort(f"its status is {http_response.status_code}, and S3 answers a write with 200")
    return "Error" not in parsed


def _md5(body: Any) -> str:
    if isinstance(body, bytes | bytearray):
        return hashlib.md5(body, usedforsecurity=False).hexdigest()
    body.seek(0)
    digest = hashlib.md5(usedforsecurity=False)
    while data := body.read(_CHUNK):
        digest.update(data)
    return digest.hexdigest()


def _check_answer(operation_model: Any, response_dict: Mapping[str, Any], **_: Any) -> None:
    body, headers = response_dict["body"], response_dict["headers"]
    length = headers.get("Content-Length")
    if operation_model.http.get("method") == "HEAD" or response_dict["status_code"] in _NO_BODY:
        return
    # Python accepts a truncated head: the object would seem to have no bytes.
    if length is None and "Transfer-Encoding" not in headers:
        raise CutShort("its head does not say how long it is")
    if isinstance(body, bytes):
        check_length(length, len(body))


def check_length(said: str | None, came: int) -> None:
    """Check the number of received bytes against `Content-Length`; without one, chunk framing was checked.

    Raises:
        CutShort: the numbers differ.
    """
    if said is not None and (not said.isdecimal() or int(said) != came):
        raise CutShort(f"{came} bytes of {said}")


def check_digest(headers: Mapping[str, str], md5: str) -> bool:
    """Return whether the ETag matches the bytes of a whole object: it is their MD5, or is no MD5.

    It is no MD5 for multipart uploads and for encryption with a customer's key.

    Args:
        headers: headers of the response.
        md5: MD5 of the received bytes, in hex.

    Raises:
        CutShort: the ETag is missing, though S3 sends one with every object: another server answers.
    """
    etag = check_etag(headers.get("etag"))
    encrypted = headers.get("x-amz-server-side-encryption", "AES256") != "AES256"
    if encrypted or "x-amz-server-side-encryption-customer-algorithm" in headers or _PIECES.fullmatch(etag):
        return True
    return etag == f'"{md5}"'


def check_content(headers: Mapping[str, str], md5: str, digest: bytes, before: list[bytes]) -> None:
    """Check a whole object against its ETag; bytes that differ are accepted the second time: the ETag is no MD5.

    Raises:
        CutShort: they differ for the first time.
    """
    if not check_digest(headers, md5) and digest not in before:
        before.append(digest)
        raise CutShort("its ETag is not the MD5 of its bytes")


def check_etag(etag: str | None) -> str:
    """Return a well-formed ETag.

    Raises:
        CutShort: it is missing, though S3 always sends one: another server answers, or the head is truncated.
    """
    if not etag or not _ETAG.fullmatch(etag):
        raise CutShort(f"its ETag is {etag!r}")
    return etag


def check_range(status: int, said: str | None, offset: int, length: int | None, came: int) -> None:
    """Check a range of an object against the requested one (RFC 9110, 14.4).

    Raises:
        CutShort: it is another range, or no range.
    """
    found = _RANGE.fullmatch(said or "")
    if status != PARTIAL or not found:
        raise CutShort(f"a range was requested, but the response is {status} with Content-Range {said!r}")
    first, last, size = map(int, found.groups())
    wanted = size if length is None else min(offset + length, size)
    if (first, last) != (offset, wanted - 1) or came != wanted - offset:
        raise CutShort(f"bytes {offset}-{wanted - 1} were requested, but {came} bytes of {said!r} came")
