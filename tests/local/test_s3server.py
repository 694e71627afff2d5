"""The embedded S3 server."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import boto3
import psutil  # type: ignore[import-untyped]  # Airflow brings it, and its stubs would be one more thing to lock.
import pytest
from botocore import UNSIGNED
from botocore.client import Config as ClientConfig
from botocore.exceptions import ClientError

from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.errors import ServiceFailed
from pressmark.local.s3server import RunningS3
from pressmark.system import ports

HOLDER = """
import sys, time
from pathlib import Path
from pressmark.local.s3server import RunningS3

with RunningS3(Path(sys.argv[1])) as s3:
    s3.client().put_object(Bucket="pressmark", Key="kept", Body=b"y")
    print(s3.port, flush=True)
    time.sleep(600)
"""


def test_environment_opens_bucket(bucket: str) -> None:
    store = Store.open(Config.from_env(os.environ))
    assert store.bucket == bucket
    assert store.put_new("a/b", b"first")
    assert store.put_new("a/b", b"second") is None
    assert store.get("a/b") == b"first"


def test_neither_key_is_in_its_log(s3: RunningS3, bucket: str) -> None:
    s3.client().put_object(Bucket=bucket, Key="a", Body=b"x")
    log = (s3.folder / "s3.log").read_text("utf-8")
    assert log
    assert not [name for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") if s3.environment[name] in log]


def test_wrong_keys_and_none_are_refused(s3: RunningS3, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    s3.client().put_object(Bucket=bucket, Key="secret", Body=b"x")
    anonymous = boto3.client("s3", endpoint_url=s3.endpoint, config=ClientConfig(signature_version=UNSIGNED))
    with pytest.raises(ClientError, match=r"AccessDenied"):
        anonymous.get_object(Bucket=bucket, Key="secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    wrong = boto3.Session().client("s3")
    with pytest.raises(ClientError, match=r"SignatureDoesNotMatch"):
        wrong.get_object(Bucket=bucket, Key="secret")


def test_mistyped_bucket_is_an_error(s3: RunningS3) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        s3.client().put_object(Bucket="mistyped", Key="a", Body=b"")


def test_listens_on_loopback_only(tmp_path: Path) -> None:
    with RunningS3(tmp_path) as s3:
        programs = [
            each for each in psutil.Process().children(recursive=True) if str(tmp_path) in " ".join(each.cmdline())
        ]
        listening = [
            connection.laddr
            for program in programs
            for connection in program.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN
        ]
    assert s3.port in {address.port for address in listening}
    assert {address.ip for address in listening} == {"127.0.0.1"}
    assert not any(
        each.is_running() for each in programs
    )  # Ports are not checked: another process may have taken them.


def test_keys_data_and_privacy_outlive_it(tmp_path: Path) -> None:
    with RunningS3(tmp_path) as first:
        first.client().put_object(Bucket="pressmark", Key="kept", Body=b"x" * 5_000_000)
        keys = first.environment
        assert stat.S_IMODE(first.settings.stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    with RunningS3(tmp_path) as second:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            assert second.environment[name] == keys[name]
        assert second.client().get_object(Bucket="pressmark", Key="kept")["ContentLength"] == 5_000_000
        second.client().put_object(Bucket="pressmark", Key="another", Body=b"y")


@pytest.mark.parametrize("data", [b"", b"export AWS_ACCESS_KEY_ID='a", b"\xff\xfe"])
def test_broken_settings_are_made_again(tmp_path: Path, data: bytes) -> None:
    server = RunningS3(tmp_path)
    server.settings.write_bytes(data)
    with server:
        assert server.client().list_buckets()["Buckets"]
        assert server.environment["AWS_ACCESS_KEY_ID"] in server.settings.read_text()


def test_port_in_use(s3: RunningS3, tmp_path: Path) -> None:
    with pytest.raises(ServiceFailed, match=f"port {s3.port}, .* is in use"):
        RunningS3(tmp_path, port=s3.port).start()


def test_a_folder_that_cannot_be_made_is_named() -> None:
    with pytest.raises(ServiceFailed, match="the folder /proc/nowhere can't be made or used: No such file"):
        RunningS3(Path("/proc/nowhere")).start()


def test_failure_shows_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "weed"
    broken.write_text("#!/bin/sh\necho no space left >&2\nexit 3\n")
    broken.chmod(0o700)
    monkeypatch.setattr("pressmark.local.s3server._weed", lambda: str(broken))
    with pytest.raises(ServiceFailed, match=r"(?s)ended before it was ready.*s3\.log ends with:\n  \| no space left"):
        RunningS3(tmp_path / "s3").start()


def test_dies_with_a_killed_starter_and_loses_nothing(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        port = int(holder.stdout.readline())
        started = psutil.Process(holder.pid).children(recursive=True)
        assert len(started) == 2
        assert not ports.is_free(port)
        holder.kill()
    _, alive = psutil.wait_procs(started, timeout=15)
    assert not alive
    with RunningS3(tmp_path) as s3:
        assert s3.client().get_object(Bucket="pressmark", Key="kept")["Body"].read() == b"y"
