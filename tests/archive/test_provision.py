"""Protection of a bucket, against the real S3 server."""

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import attrs
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from pressmark.archive.bucket.provision import MEASURES, State, Step, Terms, planned, protect
from pressmark.archive.s3.store import TEXT, WARC, Store
from pressmark.config import Config
from pressmark.errors import BucketRefused
from pressmark.local.s3server import RunningS3
from tests.archive.conftest import RETENTION

SEGMENT = "warc/newsroom/2026/11/24/a.warc.gz"
VARIES = "varies_by_storage_class"


def put_segment(store: Store, segment: Path) -> str:
    """Write the segment; return the id of its version."""
    store.put_file(SEGMENT, segment, hashlib.sha256(segment.read_bytes()).hexdigest(), WARC)
    return store.client.head_object(Bucket=store.bucket, Key=SEGMENT)["VersionId"]


def states(store: Store, terms: Terms | None = None) -> dict[str, State]:
    return {step.name: step.state for step in protect(store, terms or Terms())}


def configuration(store: Store) -> dict[str, Any]:
    """Return the current configuration by S3 operation."""
    now = {}
    for measure in MEASURES:
        try:
            answer = dict(measure.read(store.client, store.bucket))
        except ClientError:
            answer = {}
        answer.pop("ResponseMetadata", None)
        now[measure.operation] = answer
    return now


def test_a_bucket_that_is_not_there_is_made(store: Store) -> None:
    new = attrs.evolve(store, bucket=store.bucket + "-new")
    plan = planned(new, Terms())
    assert plan["CreateBucket"] == {"ObjectLockEnabledForBucket": True}
    assert states(new) == {
        "bucket": State.SET,
        "versioning": State.SO,
        "Object Lock": State.SO,
        "CORS for replay": State.SET,
        "lifecycle of rejected/": State.SET,
    }
    assert new.put_new("a", b"at once")
    for operation, parts in configuration(new).items():
        assert parts.items() >= plan[operation].items()


def test_a_bucket_that_is_there_gets_what_it_lacks_and_keeps_what_it_holds(store: Store) -> None:
    store.put("a", b"from before")
    before = configuration(store)
    plan = planned(store, Terms())
    assert configuration(store) == before
    assert list(plan) == [measure.operation for measure in MEASURES]
    assert states(store) == {"bucket": State.SO} | {measure.name: State.SET for measure in MEASURES}
    assert store.get("a") == b"from before"
    now = configuration(store)
    assert now["PutBucketVersioning"] == {"Status": "Enabled"}
    assert now["PutObjectLockConfiguration"] == {"ObjectLockEnabled": "Enabled"}
    [rule] = now["PutBucketLifecycleConfiguration"]["Rules"]
    assert (rule["Filter"], rule["Expiration"]) == ({"Prefix": "rejected/"}, {"Days": 365})


def test_again_it_changes_nothing(protected: Store) -> None:
    before = configuration(protected)
    assert planned(protected, Terms()) == {}
    assert set(states(protected).values()) == {State.SO}
    assert configuration(protected) == before


def test_what_others_have_set_stays(store: Store) -> None:
    cors = {"ID": "theirs", "AllowedMethods": ["PUT"], "AllowedOrigins": ["https://theirs.example"]}
    expiry = {"ID": "theirs", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 3}}
    default = {"Mode": "GOVERNANCE", "Days": 7}
    put: Any = store.client
    put.put_bucket_cors(Bucket=store.bucket, CORSConfiguration={"CORSRules": [cors]})
    put.put_bucket_lifecycle_configuration(
        Bucket=store.bucket, LifecycleConfiguration={"Rules": [expiry]}, TransitionDefaultMinimumObjectSize=VARIES
    )
    put.put_bucket_versioning(Bucket=store.bucket, VersioningConfiguration={"Status": "Enabled"})
    lock = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": default}}
    put.put_object_lock_configuration(Bucket=store.bucket, ObjectLockConfiguration=lock)

    assert states(store)["Object Lock"] is State.SO
    changed = states(store, Terms(lifetime_of_rejected=90, replay_origins=("https://one.example",)))
    assert [name for name, state in changed.items() if state is State.SET] == [
        "CORS for replay",
        "lifecycle of rejected/",
    ]
    now = configuration(store)
    assert now["PutObjectLockConfiguration"] == lock
    theirs, ours = now["PutBucketCors"]["CORSRules"]
    assert theirs.items() >= cors.items()
    assert ours["AllowedOrigins"] == ["https://one.example"]
    assert now["PutBucketLifecycleConfiguration"]["TransitionDefaultMinimumObjectSize"] == VARIES
    theirs, ours = now["PutBucketLifecycleConfiguration"]["Rules"]
    assert theirs == expiry
    assert ours["Expiration"] == {"Days": 90}
    assert set(states(store).values()) == {State.SO}, "without options, what was chosen before stays"


def test_a_version_is_written_once_in_a_protected_bucket_too(protected: Store) -> None:
    assert protected.put_new("articles/a.json", b"first")
    assert protected.put_new("articles/a.json", b"second") is None
    assert protected.get("articles/a.json") == b"first"


def test_what_is_overwritten_is_kept(protected: Store) -> None:
    protected.put("a", b"first")
    protected.put("a", b"second")
    versions = protected.client.list_object_versions(Bucket=protected.bucket, Prefix="a")["Versions"]
    kept = {
        protected.client.get_object(Bucket=protected.bucket, Key="a", VersionId=each["VersionId"])["Body"].read()
        for each in versions
    }
    assert kept == {b"first", b"second"}
    assert list(protected.keys("")) == ["a"]


def test_a_segment_is_locked_unless_governance_is_bypassed(protected: Store, segment: Path) -> None:
    before = datetime.now(UTC)
    version = put_segment(protected, segment)
    where: Any = {"Bucket": protected.bucket, "Key": SEGMENT}
    retention = protected.client.get_object_retention(**where)["Retention"]
    assert retention["Mode"] == "GOVERNANCE"
    assert timedelta(seconds=-1) < retention["RetainUntilDate"] - before - RETENTION < timedelta(seconds=60)
    with pytest.raises(ClientError, match="AccessDenied"):
        protected.client.delete_object(**where, VersionId=version)
    assert protected.get(SEGMENT) == b"two lamps"
    protected.client.delete_object(**where, VersionId=version, BypassGovernanceRetention=True)
    with pytest.raises(KeyError):
        protected.get(SEGMENT)


def test_a_segment_is_put_again(protected: Store, segment: Path) -> None:
    first, second = put_segment(protected, segment), put_segment(protected, segment)
    assert first != second
    assert protected.get(SEGMENT) == b"two lamps"
    assert list(protected.sizes("warc/")) == [(SEGMENT, 9)]


def test_nothing_else_is_locked(protected: Store, segment: Path) -> None:
    protected.put("warc/a.cdxj", b"", TEXT)
    protected.put_new("articles/a.json", b"{}")
    protected.put_file("other", segment, hashlib.sha256(b"two lamps").hexdigest(), TEXT)
    for key in ("warc/a.cdxj", "articles/a.json", "other"):
        assert "ObjectLockMode" not in protected.client.head_object(Bucket=protected.bucket, Key=key)


def test_no_retention_no_lock(protected: Store, segment: Path) -> None:
    put_segment(attrs.evolve(protected, retention=None), segment)
    assert "ObjectLockMode" not in protected.client.head_object(Bucket=protected.bucket, Key=SEGMENT)


def test_a_retention_without_object_lock_says_what_to_do(store: Store, segment: Path) -> None:
    with pytest.raises(BucketRefused, match=r"PRESSMARK_RETENTION.*pressmark init-bucket"):
        put_segment(attrs.evolve(store, retention=RETENTION), segment)


@pytest.mark.parametrize(
    ("origin", "method", "allowed"),
    [
        ("https://replayweb.page", "GET", "https://replayweb.page"),
        ("https://replayweb.page", "HEAD", "https://replayweb.page"),
        ("https://else.example", "GET", None),
    ],
)
def test_a_browser_may_replay_from_the_named_origin(
    protected: Store, s3: RunningS3, origin: str, method: str, allowed: str | None
) -> None:
    list(protect(protected, Terms(replay_origins=("https://replayweb.page",))))
    protected.put("warc/a", b"two lamps")
    asks = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": "range"}
    request = Request(f"{s3.endpoint}/{protected.bucket}/warc/a", method="OPTIONS", headers=asks)
    try:
        with urlopen(request) as answer:
            headers = answer.headers
    except HTTPError as error:
        headers = error.headers
    assert headers["Access-Control-Allow-Origin"] == allowed
    if allowed:
        assert "range" in headers["Access-Control-Allow-Headers"].lower()
        assert method in headers["Access-Control-Allow-Methods"]

    url = protected.client.generate_presigned_url("get_object", Params={"Bucket": protected.bucket, "Key": "warc/a"})
    with urlopen(Request(url, headers={"Origin": origin, "Range": "bytes=4-6"})) as answer:
        assert answer.read() == b"lam"
        assert answer.headers["Access-Control-Allow-Origin"] == allowed
        if allowed:
            assert "Content-Range" in answer.headers["Access-Control-Expose-Headers"]


def test_a_server_that_knows_less_is_recognized(store: Store) -> None:
    with Stubber(store.client) as server:
        server.add_client_error("head_bucket", "404", http_status_code=404)
        server.add_client_error("create_bucket", "NotImplemented", http_status_code=501)
        server.add_response("create_bucket", {}, {"Bucket": store.bucket})
        server.add_response("get_bucket_versioning", {})
        server.add_response("put_bucket_versioning", {})
        server.add_client_error("get_object_lock_configuration", "ObjectLockConfigurationNotFoundError")
        server.add_client_error("put_object_lock_configuration", "InvalidBucketState", http_status_code=409)
        server.add_client_error("get_bucket_cors", "NotImplemented", http_status_code=501)
        server.add_client_error("get_bucket_lifecycle_configuration", "MethodNotAllowed", http_status_code=405)
        steps = list(protect(store, Terms()))
        server.assert_no_pending_responses()
    assert steps[:2] == [Step("bucket", State.SET), Step("versioning", State.SET)]
    assert {step.state for step in steps[2:]} == {State.UNSUPPORTED}
    assert "(InvalidBucketState): segments can't be locked" in steps[2].note
    assert "(NotImplemented): " in steps[3].note
    assert "(MethodNotAllowed): rejected/ keeps everything" in steps[4].note


def test_what_a_plan_can_not_ask_is_not_planned(store: Store) -> None:
    with Stubber(store.client) as server:
        server.add_response("head_bucket", {})
        server.add_response("get_bucket_versioning", {"Status": "Enabled"})
        for operation in ("object_lock_configuration", "bucket_cors", "bucket_lifecycle_configuration"):
            server.add_client_error(f"get_{operation}", "NotImplemented", http_status_code=501)
        assert planned(store, Terms()) == {}


def test_no_permission_is_an_error_and_no_missing_support(store: Store) -> None:
    with Stubber(store.client) as server:
        server.add_response("head_bucket", {})
        server.add_client_error("get_bucket_versioning", "AccessDenied", http_status_code=403)
        with pytest.raises(BucketRefused, match=r"AccessDenied.*GetBucketVersioning"):
            list(protect(store, Terms()))


def test_elsewhere_the_bucket_is_made_in_its_region(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("PRESSMARK_BUCKET", f"{store.bucket}-eu")
    there = Store.connect(Config.from_env(os.environ))
    sent = []
    there.client.meta.events.register(
        "before-call.s3.CreateBucket", lambda params, **_: sent.append(params["body"].decode())
    )
    assert states(there)["bucket"] is State.SET
    assert "<LocationConstraint>eu-central-1</LocationConstraint>" in sent[0]
