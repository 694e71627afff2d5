"""What users of each role may do in a protected bucket, on the real S3 server."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from pressmark.archive.bucket.provision import ROLES, State, Terms, policy
from pressmark.archive.s3.store import TEXT, Store
from pressmark.config import Config
from pressmark.jobs.monthly_index import Merger
from pressmark.local.s3server import RunningS3
from tests.archive.conftest import RETENTION
from tests.archive.test_provision import SEGMENT, put_segment, states
from tests.support.identities import keys_of

DOCS = Path(__file__).parents[2] / "docs"


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
    """Fill the protected bucket, and open it as a user with a role."""
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


def test_a_crawler_merges_indexes_where_versions_are_kept(acting: Callable[[str], Store]) -> None:
    store = acting("crawler")
    for number in range(2):
        store.put(f"warc/newsroom/2026/11/24/{number}.cdxj", b"", TEXT)
        [done] = Merger(store, "newsroom").months()
        assert (done.segments, done.added) == (number + 1, 1)
    assert list(store.keys("index/")) == ["index/newsroom/2026-11.cdxj", "index/newsroom/2026-11.merged"]


ALL = set(ROLES)
NOT_CRAWLER = ALL - {"crawler"}
REFUSED: dict[str, tuple[set[str], Callable[[Any, dict[str, Any]], object]]] = {
    "put": (NOT_CRAWLER, lambda s3, of: s3.put_object(**of, Key="articles/z", Body=b"", IfNoneMatch="*")),
    "lock": (NOT_CRAWLER, lambda s3, of: s3.put_object(**of, Key="warc/z", Body=b"", **_lock())),
    "lock what is no segment": (
        ALL,
        lambda s3, of: s3.put_object(**of, Key="articles/z", Body=b"", **_lock()),
    ),
    "delete a version's JSON": (
        ALL,
        lambda s3, of: s3.delete_object(**of, Key="articles/a.json"),
    ),
    "hide a segment": (ALL, lambda s3, of: s3.delete_object(**of, Key=SEGMENT)),
    "delete a rejection": (
        {"crawler", "reader", "setup"},
        lambda s3, of: s3.delete_object(**of, Key="rejected/a.json"),
    ),
    "shorten a lock": (
        ALL,
        lambda s3, of: s3.put_object_retention(
            **of, Key=SEGMENT, Retention={"Mode": "GOVERNANCE", "RetainUntilDate": datetime.now(UTC) + RETENTION / 2}
        ),
    ),
    "read": ({"setup"}, lambda s3, of: s3.get_object(**of, Key="articles/a.json")),
    "see versions": ({"crawler", "reader", "setup"}, lambda s3, of: s3.list_object_versions(**of)),
    "stop versioning": (
        ALL - {"setup"},
        lambda s3, of: s3.put_bucket_versioning(**of, VersioningConfiguration={"Status": "Suspended"}),
    ),
    "let documents expire": (
        ALL - {"setup"},
        lambda s3, of: s3.put_bucket_lifecycle_configuration(**of, LifecycleConfiguration={"Rules": [EXPIRING]}),
    ),
    "change Object Lock": (
        ALL - {"setup"},
        lambda s3, of: s3.put_object_lock_configuration(**of, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"}),
    ),
    "read for every page": (
        ALL - {"setup"},
        lambda s3, of: s3.put_bucket_cors(
            **of, CORSConfiguration={"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}
        ),
    ),
    "open it to the world": (
        ALL,
        lambda s3, of: s3.put_bucket_policy(**of, Policy="{}"),
    ),
    "delete the bucket": (ALL, lambda s3, of: s3.delete_bucket(**of)),
    "make another": (ALL, lambda s3, of: s3.create_bucket(Bucket="another-one")),
}
"""What each role must not do."""


EXPIRING = {"ID": "all", "Status": "Enabled", "Filter": {"Prefix": "articles/"}, "Expiration": {"Days": 1}}


def _lock() -> dict[str, Any]:
    return {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": datetime.now(UTC) + RETENTION}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_refused_what_is_not_its_own(acting: Callable[[str], Store], protected: Store, role: str) -> None:
    store = acting(role)
    version = protected.client.head_object(Bucket=store.bucket, Key=SEGMENT)["VersionId"]
    tries = {name: call for name, (roles, call) in REFUSED.items() if role in roles}
    [article] = protected.client.list_object_versions(Bucket=protected.bucket, Prefix="articles/a.json")["Versions"]
    tries["delete a document's last copy"] = lambda s3, of: s3.delete_object(
        **of, Key="articles/a.json", VersionId=article["VersionId"]
    )
    tries["delete a locked segment"] = lambda s3, of: s3.delete_object(**of, Key=SEGMENT, VersionId=version)
    if role != "operator":  # Operators delete segments deliberately.
        tries["delete it all the same"] = lambda s3, of: s3.delete_object(
            **of, Key=SEGMENT, VersionId=version, BypassGovernanceRetention=True
        )
    for name, call in tries.items():
        with pytest.raises(ClientError) as refused:
            call(store.client, {"Bucket": store.bucket})
        assert refused.value.response["Error"]["Code"] == "AccessDenied", name
    assert list(protected.keys("")) == ["articles/a.json", "rejected/a.json", SEGMENT]


@pytest.mark.parametrize("role", ["crawler", "operator"])
def test_what_is_denied_stays_so_whatever_else_is_granted(
    protected: Store, s3: RunningS3, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    protected.put("articles/a.json", b"{}")
    anything = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    more = json.dumps({"Version": "2012-10-17", "Statement": [anything]})
    for name, value in keys_of(role, s3, protected.bucket, more).items():
        monkeypatch.setenv(name, value)
    user, of = boto3.Session().client("s3"), {"Bucket": protected.bucket}
    for name in ("delete a version's JSON", "stop versioning", "let documents expire", "delete the bucket"):
        with pytest.raises(ClientError, match="AccessDenied"):
            REFUSED[name][1](user, of)


def test_a_crawler_never_deletes_whatever_else_it_is_granted(
    protected: Store, segment: Path, s3: RunningS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_segment(protected, segment)
    anything = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    more = json.dumps({"Version": "2012-10-17", "Statement": [anything]})
    for name, value in keys_of("crawler", s3, protected.bucket, more).items():
        monkeypatch.setenv(name, value)
    user = boto3.Session().client("s3")  # The default session keeps the keys of the first test.
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


def test_setup_sets_the_bucket_up(acting: Callable[[str], Store]) -> None:
    store = acting("setup")
    assert set(states(store).values()) == {State.SO}
    changed = states(store, Terms(lifetime_of_rejected=5, replay_origins=("https://one.example",)))
    assert State.SET in changed.values()


def test_an_operator_clears_deliberately(acting: Callable[[str], Store], protected: Store) -> None:
    store = acting("operator")
    store.client.delete_object(Bucket=store.bucket, Key="rejected/a.json")
    [version] = store.client.list_object_versions(Bucket=store.bucket, Prefix=SEGMENT)["Versions"]
    store.client.delete_object(
        Bucket=store.bucket, Key=SEGMENT, VersionId=version["VersionId"], BypassGovernanceRetention=True
    )
    assert list(protected.keys("")) == ["articles/a.json"]


def test_setup_makes_the_bucket(store: Store, s3: RunningS3, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = keys_of("setup", s3, store.bucket)
    s3.client().delete_bucket(Bucket=store.bucket)
    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    assert states(Store.connect(Config.from_env(os.environ)))["bucket"] is State.SET


def test_a_user_sees_no_other_bucket(acting: Callable[[str], Store], s3: RunningS3) -> None:
    s3.client().create_bucket(Bucket=(other := acting("crawler").bucket + "-other"))
    user = boto3.Session().client("s3")
    for call in (user.list_objects_v2, user.head_bucket):
        with pytest.raises(ClientError, match=r"AccessDenied|403"):
            call(Bucket=other)
