"""Protection of a bucket: what its own configuration does against loss, and who may do what with it.

What is set already by somebody else stays: rules of CORS and of the lifecycle are added beside those that are there,
and only the rules of our own IDs are ever replaced.
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
"""IDs of the rules that are ours."""
ROLES = ("crawler", "reader", "operator", "setup")
ANY_ORIGIN = ("*",)
LIFETIME_OF_REJECTED = 365
"""Days."""
LIFETIME_OF_DELETED = 30
"""Days that a rejection can still be had back, as a version, once it is deleted."""
CREATE = "CreateBucket"
WITH_LOCK = {"ObjectLockEnabledForBucket": True}
_UNSET = {"NoSuchCORSConfiguration", "NoSuchLifecycleConfiguration", "ObjectLockConfigurationNotFoundError"}
_UNSUPPORTED = {"NotImplemented", "MethodNotAllowed", "InvalidBucketState"}
"""The last is what servers say that know Object Lock for new buckets only."""


class State(StrEnum):
    """What became of a measure."""

    SET = "set"
    SO = "already so"
    UNSUPPORTED = "not supported by this server"


@attrs.frozen(kw_only=True)
class Terms:
    """What the operator may choose; what is None stays as an earlier call has set it, or is the default."""

    lifetime_of_rejected: int | None = None
    """Days."""
    replay_origins: tuple[str, ...] | None = None
    """Origins of pages that may replay captures in a browser, e.g. `https://replayweb.page`."""


@attrs.frozen(kw_only=True)
class Measure:
    """A part of a bucket's configuration that protects it."""

    name: str
    operation: str
    """Of S3, that sets it."""
    without: str
    """What it means where the server does not know it."""
    read: Callable[["S3Client", str], Any]
    write: Callable[["S3Client", str, Any], object]
    wanted: Callable[[Any, Terms], dict[str, Any]]
    """From what is set now to what is to be set; the same if nothing is missing."""


@attrs.frozen
class Step:
    """A measure, and what became of it."""

    name: str
    state: State
    note: str = ""
    """What it means, if it is not supported."""


def protect(store: "Store", terms: Terms) -> Iterator[Step]:
    """Make the bucket if it is not there, and set what is missing; tells each step once it is done.

    Raises:
        BucketUnreachable: nobody answers.
        BucketRefused: wrong keys, no permission, or the name is taken by somebody else.
    """
    if exists(store):
        yield Step("bucket", State.SO)
    else:
        _create(store)
        yield Step("bucket", State.SET)
    for measure in MEASURES:
        yield _apply(store, measure, terms)


def planned(store: "Store", terms: Terms) -> dict[str, Any]:
    """Return what `protect` would set: the configuration by S3 operation, in its order; empty if all is so.

    Raises:
        BucketUnreachable: nobody answers.
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
    """Tell whether the bucket is there.

    Raises:
        BucketUnreachable: nobody answers.
        BucketRefused: wrong keys, or it is somebody else's.
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
    if region not in {"us-east-1", "aws-global"}:  # S3 wants no name for its home region.
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
    """The server does not know this; the message is its code."""


def _ask(store: "Store", operation: str, call: Callable[[], Any]) -> Any:
    """Call; nothing that is set is an empty answer."""
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
    """Return the rules with this one in the place of its namesake, or else behind them."""
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
        without="what is overwritten or deleted is gone.",
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
        without="a page in a browser may not read captures from it, unless the server lets every page do so.",
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
"""In the order they are set: Object Lock needs versioning."""
