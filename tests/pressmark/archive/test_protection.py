"""Protection of a bucket, against the real S3 server; and what its users of each role may do there."""

import hashlib
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import attrs
import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from apps.s3server import RunningS3
from pressmark.archive.protection import MEASURES, ROLES, State, Step, Terms, planned, policy, protect
from pressmark.archive.store import TEXT, WARC, Store
from pressmark.config import Config
from pressmark.errors import BucketRefused
from tests.identities import keys_of

SEGMENT = "warc/newsroom/2026/11/24/a.warc.gz"
RETENTION = timedelta(days=10)
VARIES = "varies_by_storage_class"
DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture
def protected(store: Store) -> Store:
    """A bucket with all that protects it, for segments that are locked for ten days."""
    list(protect(store, Terms()))
    return attrs.evolve(store, retention=RETENTION)


@pytest.fixture
def segment(tmp_path: Path) -> Path:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(b"two lamps")
    return path


def put_segment(store: Store, segment: Path) -> str:
    """Put the segment; return the id of the version that it became."""
    store.put_file(SEGMENT, segment, hashlib.sha256(segment.read_bytes()).hexdigest(), WARC)
    return store.client.head_object(Bucket=store.bucket, Key=SEGMENT)["VersionId"]


def states(store: Store, terms: Terms | None = None) -> dict[str, State]:
    return {step.name: step.state for step in protect(store, terms or Terms())}


def configuration(store: Store) -> dict[str, Any]:
    """Return what is set, by S3 operation."""
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


def test_a_server_that_knows_less_is_told_apart(store: Store) -> None:
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


@pytest.mark.parametrize("role", ROLES)
def test_a_policy_is_of_its_bucket_alone(role: str) -> None:
    statements = json.loads(policy(role, "my-archive"))["Statement"]
    named = {
        name
        for each in statements
        for name in ([each["Resource"]] if isinstance(each["Resource"], str) else each["Resource"])
    }
    assert {name.split("/")[0] for name in named} == {"arn:aws:s3:::my-archive"}


@pytest.mark.parametrize("role", ROLES)
def test_the_policies_stand_in_the_docs(role: str) -> None:
    assert f"```json\n{policy(role, 'BUCKET')}```" in (DOCS / "security.md").read_text("utf-8")


@pytest.fixture
def acting(protected: Store, segment: Path, s3: RunningS3, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Store]:
    """Fill the protected bucket and open it as a user of a role."""
    put_segment(protected, segment)
    for key in ("articles/a.json", "rejected/a.json"):
        protected.put(key, b"{}")

    def act(role: str) -> Store:
        for name, value in keys_of(role, s3, protected.bucket).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("PRESSMARK_RETENTION", "10")
        return Store.open(Config.from_env(os.environ))

    return act


def test_a_crawler_does_all_that_a_crawl_does(acting: Callable[[str], Store], segment: Path) -> None:
    store = acting("crawler")
    assert put_segment(store, segment)
    store.put("warc/newsroom/2026/11/24/a.cdxj", b"", TEXT)
    assert store.put_new("articles/b.json", b"{}")
    assert store.put_new("articles/b.json", b"{}") is None
    assert list(store.keys("articles/")) == ["articles/a.json", "articles/b.json"]
    assert store.get("articles/b.json") == b"{}"
    with pytest.raises(KeyError):
        store.get("articles/none.json")


REFUSED: dict[str, tuple[set[str], Callable[[Any, dict[str, Any]], object]]] = {
    "put": ({"reader", "operator"}, lambda s3, of: s3.put_object(**of, Key="articles/z", Body=b"", IfNoneMatch="*")),
    "lock": ({"reader", "operator"}, lambda s3, of: s3.put_object(**of, Key="warc/z", Body=b"", **_lock())),
    "lock what is no segment": (
        {"crawler", "reader", "operator"},
        lambda s3, of: s3.put_object(**of, Key="articles/z", Body=b"", **_lock()),
    ),
    "delete a version's JSON": (
        {"crawler", "reader", "operator"},
        lambda s3, of: s3.delete_object(**of, Key="articles/a.json"),
    ),
    "hide a segment": ({"crawler", "reader", "operator"}, lambda s3, of: s3.delete_object(**of, Key=SEGMENT)),
    "delete a rejection": ({"crawler", "reader"}, lambda s3, of: s3.delete_object(**of, Key="rejected/a.json")),
    "shorten a lock": (
        {"crawler", "reader", "operator"},
        lambda s3, of: s3.put_object_retention(
            **of, Key=SEGMENT, Retention={"Mode": "GOVERNANCE", "RetainUntilDate": datetime.now(UTC) + RETENTION / 2}
        ),
    ),
    "see versions": ({"crawler", "reader"}, lambda s3, of: s3.list_object_versions(**of)),
    "stop versioning": (
        {"crawler", "reader"},
        lambda s3, of: s3.put_bucket_versioning(**of, VersioningConfiguration={"Status": "Enabled"}),
    ),
    "expire": (
        {"crawler", "reader"},
        lambda s3, of: s3.put_bucket_lifecycle_configuration(**of, LifecycleConfiguration={"Rules": []}),
    ),
    "open it to the world": (
        {"crawler", "reader", "operator"},
        lambda s3, of: s3.put_bucket_policy(**of, Policy="{}"),
    ),
    "delete the bucket": ({"crawler", "reader", "operator"}, lambda s3, of: s3.delete_bucket(**of)),
    "make another": ({"crawler", "reader", "operator"}, lambda s3, of: s3.create_bucket(Bucket="another-one")),
}
"""What each role must not do."""


def _lock() -> dict[str, Any]:
    return {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": datetime.now(UTC) + RETENTION}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_refused_what_is_not_its_own(acting: Callable[[str], Store], protected: Store, role: str) -> None:
    store = acting(role)
    version = protected.client.head_object(Bucket=store.bucket, Key=SEGMENT)["VersionId"]
    tries = {name: call for name, (roles, call) in REFUSED.items() if role in roles}
    tries["delete a locked segment"] = lambda s3, of: s3.delete_object(**of, Key=SEGMENT, VersionId=version)
    if role != "operator":
        tries["delete it all the same"] = lambda s3, of: s3.delete_object(
            **of, Key=SEGMENT, VersionId=version, BypassGovernanceRetention=True
        )
    for name, call in tries.items():
        with pytest.raises(ClientError) as refused:
            call(store.client, {"Bucket": store.bucket})
        assert refused.value.response["Error"]["Code"] == "AccessDenied", name
    assert list(protected.keys("")) == ["articles/a.json", "rejected/a.json", SEGMENT]


def test_a_crawler_never_deletes_whatever_else_it_is_granted(
    protected: Store, segment: Path, s3: RunningS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_segment(protected, segment)
    anything = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    more = json.dumps({"Version": "2012-10-17", "Statement": [anything]})
    for name, value in keys_of("crawler", s3, protected.bucket, more).items():
        monkeypatch.setenv(name, value)
    user = boto3.client("s3")
    [version] = user.list_object_versions(Bucket=protected.bucket)["Versions"]
    of = {"Bucket": protected.bucket, "Key": SEGMENT}
    for how in ({}, {"VersionId": version["VersionId"], "BypassGovernanceRetention": True}):
        with pytest.raises(ClientError, match="AccessDenied"):
            user.delete_object(**of, **how)
    assert protected.get(SEGMENT) == b"two lamps"


def test_a_reader_reads_and_lists(acting: Callable[[str], Store]) -> None:
    store = acting("reader")
    assert list(store.keys("")) == ["articles/a.json", "rejected/a.json", SEGMENT]
    assert store.get(SEGMENT, 4, 3) == b"lam"


def test_an_operator_sets_the_bucket_up_and_clears_deliberately(
    acting: Callable[[str], Store], protected: Store
) -> None:
    store = acting("operator")
    assert set(states(store).values()) == {State.SO}
    changed = states(store, Terms(lifetime_of_rejected=5, replay_origins=("https://one.example",)))
    assert State.SET in changed.values()
    store.client.delete_object(Bucket=store.bucket, Key="rejected/a.json")
    [version] = store.client.list_object_versions(Bucket=store.bucket, Prefix=SEGMENT)["Versions"]
    store.client.delete_object(
        Bucket=store.bucket, Key=SEGMENT, VersionId=version["VersionId"], BypassGovernanceRetention=True
    )
    assert list(protected.keys("")) == ["articles/a.json"]


def test_an_operator_makes_the_bucket(store: Store, s3: RunningS3, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = keys_of("operator", s3, store.bucket)
    s3.client().delete_bucket(Bucket=store.bucket)
    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    assert states(Store.connect(Config.from_env(os.environ)))["bucket"] is State.SET


def test_a_user_sees_no_other_bucket(acting: Callable[[str], Store], s3: RunningS3) -> None:
    s3.client().create_bucket(Bucket=(other := acting("crawler").bucket + "-other"))
    user = boto3.client("s3")
    for call in (user.list_objects_v2, user.head_bucket):
        with pytest.raises(ClientError, match=r"AccessDenied|403"):
            call(Bucket=other)
