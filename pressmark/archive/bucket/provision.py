"""Protection of a bucket: its configuration against loss, and the policies of its roles.

Settings of others are kept: CORS and lifecycle rules are added to the existing ones, and only rules with our own IDs
are replaced.
"""

from collections.abc import Callable, Iterator
from enum import StrEnum
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import attrs
from botocore.exceptions import ClientError

from pressmark.model import keys

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from pressmark.archive.s3.store import Store

REPLAY_RULE, REJECTED_RULE = "pressmark-replay", "pressmark-rejected"
"""IDs of our rules."""
ROLES = ("crawler", "reader", "operator", "setup")
ANY_ORIGIN = ("*",)
LIFETIME_OF_REJECTED = 365
"""Days."""
LIFETIME_OF_DELETED = 30
"""Days that a deleted rejection can still be restored as an older version."""
CREATE = "CreateBucket"
WITH_LOCK = {"ObjectLockEnabledForBucket": True}
_UNSET = {"NoSuchCORSConfiguration", "NoSuchLifecycleConfiguration", "ObjectLockConfigurationNotFoundError"}
_UNSUPPORTED = {"NotImplemented", "MethodNotAllowed", "InvalidBucketState"}
"""The last is the answer of servers that support Object Lock only for new buckets."""


class State(StrEnum):
    """Result of a measure."""

    SET = "set"
    SO = "already so"
    UNSUPPORTED = "not supported by this server"


@attrs.frozen(kw_only=True)
class Terms:
    """Options of the operator; None keeps an earlier setting, or means the default."""

    lifetime_of_rejected: int | None = None
    """Days."""
    replay_origins: tuple[str, ...] | None = None
    """Origins of pages that may replay captures in a browser, e.g. `https://replayweb.page`."""


@attrs.frozen(kw_only=True)
class Measure:
    """One protective part of a bucket's configuration."""

    name: str
    operation: str
    """The S3 operation that sets it."""
    without: str
    """The consequence on a server that does not support it."""
    read: Callable[["S3Client", str], Any]
    write: Callable[["S3Client", str, Any], object]
    wanted: Callable[[Any, Terms], dict[str, Any]]
    """Computes the wanted configuration from the current one; equal if nothing is missing."""


@attrs.frozen
class Step:
    """A measure and its result."""

    name: str
    state: State
    note: str = ""
    """The consequence, if it is not supported."""


def protect(store: "Store", terms: Terms) -> Iterator[Step]:
    """Create the bucket if it does not exist, and set what is missing; yield each step when it is done.

    Raises:
        BucketUnreachable: the server does not answer.
        BucketRefused: wrong keys, no permission, or somebody else has a bucket of that name.
    """
    if exists(store):
        yield Step("bucket", State.SO)
    else:
        _create(store)
        yield Step("bucket", State.SET)
    for measure in MEASURES:
        yield _apply(store, measure, terms)


def planned(store: "Store", terms: Terms) -> dict[str, Any]:
    """Return what `protect` would set: the configuration by S3 operation, in order; empty if nothing is missing.

    Raises:
        BucketUnreachable: the server does not answer.
        BucketRefused: wrong keys, or no permission.
    """
    there = exists(store)
    plan: dict[str, Any] = {} if there else {CREATE: WITH_LOCK}
    for measure in MEASURES:
        try:
            now = _read(store, measure) if there else {}
        except _Unsupported:
            continue
        if (wanted := measure.wanted(now, terms)) != now:
            plan[measure.operation] = wanted
    return plan


def exists(store: "Store") -> bool:
    """Return whether the bucket exists.

    Raises:
        BucketUnreachable: the server does not answer.
        BucketRefused: wrong keys, or it belongs to somebody else.
    """
    with store.translate_errors("open"):
        try:
            store.client.head_bucket(Bucket=store.bucket)
        except ClientError as error:
            if _code(error) in {"404", "NoSuchBucket"}:
                return False
            raise
    return True


def policy(role: str, bucket: str) -> str:
    """Return the IAM policy (JSON) of one of the `ROLES` for a bucket."""
    text = (files("pressmark") / "policies" / f"{role}.json").read_text("utf-8")
    return text.replace("BUCKET", bucket)


def _create(store: "Store") -> None:
    region = store.client.meta.region_name
    how: Any = {}
    if region not in {"us-east-1", "aws-global"}:  # S3 refuses the name of its default region.
        how["CreateBucketConfiguration"] = {"LocationConstraint": region}

    def create(**lock: Any) -> None:
        _ask(store, CREATE, lambda: store.client.create_bucket(Bucket=store.bucket, **how, **lock))

    try:
        create(**WITH_LOCK)
    except _Unsupported:
        create()


def _apply(store: "Store", measure: Measure, terms: Terms) -> Step:
    try:
        now = _read(store, measure)
        wanted = measure.wanted(now, terms)
        if wanted == now:
            return Step(measure.name, State.SO)
        _ask(store, measure.operation, lambda: measure.write(store.client, store.bucket, wanted))
    except _Unsupported as unsupported:
        return Step(measure.name, State.UNSUPPORTED, f"({unsupported}): {measure.without}")
    return Step(measure.name, State.SET)


def _read(store: "Store", measure: Measure) -> dict[str, Any]:
    answer = _ask(store, measure.operation.replace("Put", "Get"), lambda: measure.read(store.client, store.bucket))
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


class _Unsupported(Exception):
    """The server does not support this; the message is its error code."""


def _ask(store: "Store", operation: str, call: Callable[[], Any]) -> Any:
    """Call; a missing configuration gives an empty answer."""
    with store.translate_errors(operation):
        try:
            return call()
        except ClientError as error:
            code = _code(error)
            if code in _UNSET:
                return {}
            if code in _UNSUPPORTED:
                raise _Unsupported(code) from None
            raise


def _code(error: ClientError) -> str:
    return error.response["Error"]["Code"]


def _versioning(now: dict[str, Any], terms: Terms) -> dict[str, Any]:
    return now | {"Status": "Enabled"}


def _lock(now: dict[str, Any], terms: Terms) -> dict[str, Any]:
    return now | {"ObjectLockEnabled": "Enabled"}


def _cors(now: dict[str, Any], terms: Terms) -> dict[str, Any]:
    rules = now.get("CORSRules", [])
    origins = terms.replay_origins or _ours(rules, REPLAY_RULE).get("AllowedOrigins") or ANY_ORIGIN
    rule = {
        "ID": REPLAY_RULE,
        "AllowedOrigins": list(origins),
        "AllowedMethods": ["GET", "HEAD"],
        "AllowedHeaders": ["Range"],
        "ExposeHeaders": ["Content-Range", "Content-Length", "ETag", "Accept-Ranges"],
        "MaxAgeSeconds": 3600,
    }
    return now | {"CORSRules": _with(rules, rule)}


def _lifecycle(now: dict[str, Any], terms: Terms) -> dict[str, Any]:
    rules = now.get("Rules", [])
    set_before = _ours(rules, REJECTED_RULE).get("Expiration", {}).get("Days")
    rule = {
        "ID": REJECTED_RULE,
        "Status": "Enabled",
        "Filter": {"Prefix": keys.REJECTED},
        "Expiration": {"Days": terms.lifetime_of_rejected or set_before or LIFETIME_OF_REJECTED},
        "NoncurrentVersionExpiration": {"NoncurrentDays": LIFETIME_OF_DELETED},
    }
    return now | {"Rules": _with(rules, rule)}


def _ours(rules: list[dict[str, Any]], rule_id: str) -> dict[str, Any]:
    return next((rule for rule in rules if rule.get("ID") == rule_id), {})


def _with(rules: list[dict[str, Any]], rule: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rules with this one instead of the rule with the same ID, or appended."""
    if _ours(rules, rule["ID"]):
        return [rule if each.get("ID") == rule["ID"] else each for each in rules]
    return [*rules, rule]


def _write_lifecycle(client: "S3Client", bucket: str, wanted: Any) -> None:
    beside = {name: value for name, value in wanted.items() if name != "Rules"}
    client.put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration={"Rules": wanted["Rules"]}, **beside
    )


MEASURES = (
    Measure(
        name="versioning",
        operation="PutBucketVersioning",
        without="overwritten or deleted objects are lost.",
        read=lambda client, bucket: client.get_bucket_versioning(Bucket=bucket),
        write=lambda client, bucket, wanted: client.put_bucket_versioning(
            Bucket=bucket, VersioningConfiguration=wanted
        ),
        wanted=_versioning,
    ),
    Measure(
        name="Object Lock",
        operation="PutObjectLockConfiguration",
        without="segments can't be locked, leave PRESSMARK_RETENTION unset.",
        read=lambda client, bucket: client.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"],
        write=lambda client, bucket, wanted: client.put_object_lock_configuration(
            Bucket=bucket, ObjectLockConfiguration=wanted
        ),
        wanted=_lock,
    ),
    Measure(
        name="CORS for replay",
        operation="PutBucketCors",
        without="web pages can't read captures from it, unless the server allows all pages.",
        read=lambda client, bucket: client.get_bucket_cors(Bucket=bucket),
        write=lambda client, bucket, wanted: client.put_bucket_cors(Bucket=bucket, CORSConfiguration=wanted),
        wanted=_cors,
    ),
    Measure(
        name="lifecycle of rejected/",
        operation="PutBucketLifecycleConfiguration",
        without="rejected/ keeps everything until somebody deletes it.",
        read=lambda client, bucket: client.get_bucket_lifecycle_configuration(Bucket=bucket),
        write=_write_lifecycle,
        wanted=_lifecycle,
    ),
)
"""In the order of setting: Object Lock needs versioning."""
