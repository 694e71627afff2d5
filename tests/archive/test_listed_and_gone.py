"""A manifest that is deleted after the listing: it is left out or reported, and stops nothing."""

import os
from datetime import UTC, datetime

import pytest

from pressmark.archive.bucket import manifest
from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.errors import FindingsFound
from pressmark.jobs.audit.verify import verify_runs
from pressmark.jobs.rederive import documents_of
from pressmark.local.s3server import RunningS3
from pressmark.reader import Reader
from tests.support.manifests import manifest_of
from tests.support.s3_proxy import Fault, error, of, proxied


def test_a_manifest_that_went_since_it_was_listed_stops_nothing(
    s3: RunningS3, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxied(s3.endpoint) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", proxy.endpoint)
        store = Store.open(Config.from_env(os.environ))
        began = datetime.now(UTC)
        here = manifest.write(store, manifest_of(began, "run1", section="world"))
        gone = manifest.write(store, manifest_of(began, "run2", section="world"))
        proxy.rule = lambda request: Fault(answer=error(404, "NoSuchKey")) if of("GET", gone)(request) else None

        assert [each.key for each in verify_runs(store, [here, gone], full=False)] == [gone]
        assert [each.manifest.run_id for each in Reader(store, "news").changes()] == ["run1"]
        broken: list[FindingsFound] = []
        assert list(documents_of(store, [gone, here], broken=broken.append)) == []
        assert gone in str(broken[0])
        with pytest.raises(FindingsFound, match="was listed, but does not exist any more"):
            manifest.latest(store, "news", "world")
