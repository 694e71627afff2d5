"""`pressmark init-bucket` as users meet it, and a whole crawl with only a crawler's rights."""

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from pressmark.archive.bucket.provision import policy
from pressmark.cli.main import COMMANDS
from pressmark.local.s3server import RunningS3
from pressmark.system.ports import free_port
from tests.support.archive import READABLE, ROOT, SECTION, Archive
from tests.support.identities import keys_of
from tests.support.tools import until


def pressmark(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pressmark", *words],
        env=os.environ | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.long
def test_a_new_bucket_is_set_up_once(s3: RunningS3, bucket: str) -> None:
    new = {"PRESSMARK_BUCKET": f"{bucket}-new", "PRESSMARK_RETENTION": "P10Y"}
    plan = json.loads(pressmark("init-bucket", "--dry-run", "--lifetime-of-rejected", "90", **new).stdout)
    assert next(iter(plan)) == "CreateBucket"
    assert plan["PutBucketLifecycleConfiguration"]["Rules"][0]["Expiration"] == {"Days": 90}
    assert f"{bucket}-new" not in {each["Name"] for each in s3.client().list_buckets()["Buckets"]}

    first = pressmark("init-bucket", "--lifetime-of-rejected", "90", **new)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.splitlines() == [
        "bucket: set",
        "versioning: already so",
        "Object Lock: already so",
        "CORS for replay: set",
        "lifecycle of rejected/: set",
        "segments of this environment: 3650 days from their upload (PRESSMARK_RETENTION)",
        f"bucket '{bucket}-new' is set up",
    ]
    again = pressmark("init-bucket", **new)
    assert again.stdout.count(": already so\n") == 5
    assert "nothing has changed" in again.stdout
    assert json.loads(pressmark("init-bucket", "--dry-run", **new).stdout) == {}
    result = json.loads(pressmark("init-bucket", "--json", **new).stdout)
    assert (result["bucket"], result["changed"], result["retention_days"]) == (f"{bucket}-new", False, 3650)
    assert result["steps"][0] == {"name": "bucket", "state": "already so", "note": ""}

    others = pressmark(
        "init-bucket", "--replay-origin", "https://a.example", "--replay-origin", "https://b.example", **new
    )
    assert "CORS for replay: set" in others.stdout
    assert "lifecycle of rejected/: already so" in others.stdout
    [rule] = s3.client().get_bucket_cors(Bucket=f"{bucket}-new")["CORSRules"]
    assert rule["AllowedOrigins"] == ["https://a.example", "https://b.example"]


def test_what_is_wrong_is_one_clear_line(bucket: str) -> None:
    gone = pressmark("init-bucket", AWS_ENDPOINT_URL_S3="http://127.0.0.1:9")
    assert gone.returncode == 3
    assert "no answer" in gone.stderr
    wrong = pressmark("init-bucket", PRESSMARK_RETENTION="ten years")
    assert wrong.returncode == 2
    assert "PRESSMARK_RETENTION='ten years'" in wrong.stderr
    for done in (gone, wrong):
        assert len(done.stderr.splitlines()) == 1
    assert "Example" in pressmark("init-bucket", "--help").stdout


@pytest.mark.parametrize(
    ("origin", "why"),
    [
        ("https://A.example/", "browsers send 'https://a.example'"),
        ("a.example", "not an http or https"),
        ("", "not an http"),
    ],
)
def test_an_origin_that_no_browser_sends_is_wrong_usage(origin: str, why: str) -> None:
    done = pressmark("init-bucket", "--replay-origin", origin, AWS_ENDPOINT_URL_S3="http://127.0.0.1:9")
    assert done.returncode == 2
    assert why in done.stderr


def test_a_policy_is_printed_without_asking_a_server() -> None:
    nobody = {"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9", "PRESSMARK_BUCKET": "my-archive"}
    assert pressmark("init-bucket", "--policy", "operator", **nobody).stdout == policy("operator", "my-archive")


@pytest.mark.long
def test_a_crawler_crawls_into_locked_segments_and_a_reader_verifies(s3: RunningS3, archive: Archive) -> None:
    bucket = archive.config.bucket
    assert pressmark("init-bucket").returncode == 0
    crawler = keys_of("crawler", s3, bucket) | {"PRESSMARK_RETENTION": "30"}
    crawl = archive.crawl(**crawler)
    assert crawl.exit_code == 0
    assert crawl.counts["published"] == READABLE
    assert archive.crawl("--recheck", **crawler).counts["published"] == 0
    modes = {
        key: s3.client().head_object(Bucket=bucket, Key=key).get("ObjectLockMode") for key in archive.store.keys("")
    }
    locked = {key for key, mode in modes.items() if mode == "GOVERNANCE"}
    assert locked == {key for key in modes if key.endswith(".warc.gz")}
    assert len(locked) >= 2

    verified = pressmark("verify", "--full", **keys_of("reader", s3, bucket))
    assert (verified.returncode, verified.stdout.split(":")[0]) == (0, "2 runs")


OF_NO_BUCKET = {"demo", "newsroom", "pools", "s3server", "sites"}
COMMANDS_OF = {
    "setup": {"init-bucket": ["init-bucket"]},
    "crawler": {
        "crawl": ["crawl", SECTION, "--recheck"],
        "recover": ["recover"],
        "rederive": ["rederive", SECTION, "--write"],
        "export": ["export", "newsroom"],
        "index": ["index", "newsroom"],
        "package": ["package", "newsroom"],
        "audit": ["audit", "newsroom", "--sample", "3"],
    },
    "reader": {
        "status": ["status", "--alarms"],
        "verify": ["verify", "newsroom", "--full"],
        "versions": ["versions", "ARTICLE"],
    },
    "operator": {"status": ["status"], "verify": ["verify", "newsroom", "--full"]},
}
SERVING = {
    "reading-room": ["--port", "PORT", "--replay-port", "REPLAY", "--cache", "CACHE"],
    "replay": ["--port", "PORT", "--cache", "CACHE"],
}
"""With a reader's keys."""


@pytest.mark.long
def test_every_command_runs_under_the_policy_made_for_it(s3: RunningS3, archive: Archive, tmp_path: Path) -> None:
    bucket = archive.config.bucket
    assert {name for of in COMMANDS_OF.values() for name in of} | {*SERVING} | OF_NO_BUCKET == {*COMMANDS}
    assert archive.crawl().exit_code == 0
    article = next(iter(archive.documents().values()))["identifier"]
    users = {role: keys_of(role, s3, bucket) for role in COMMANDS_OF}
    for role, commands in COMMANDS_OF.items():
        for words in commands.values():
            done = pressmark(*(article if word == "ARTICLE" else word for word in words), **users[role])
            assert done.returncode == 0, f"{role}: {words}: {done.stdout}{done.stderr}"
    for name, words in SERVING.items():
        stands_for = {"PORT": str(free_port()), "REPLAY": str(free_port()), "CACHE": str(tmp_path / name)}
        command = [sys.executable, "-m", "pressmark", name, *(stands_for.get(word, word) for word in words)]
        with subprocess.Popen(
            command, env=os.environ | users["reader"], cwd=ROOT, stderr=subprocess.PIPE, text=True
        ) as server:
            address = f"http://127.0.0.1:{stands_for['PORT']}/" + (
                "newsroom/" if name == "replay" else "articles/newsroom/"
            )
            until(lambda address=address: _answers(address))
            server.terminate()
            assert server.stderr
            assert "AccessDenied" not in server.stderr.read()


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
