"""S3 keys that can't be read or sent: a clear error without traceback and without secrets."""

import os
from pathlib import Path

import pytest

from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.errors import BucketRefused

ABSENT = {
    "web identity": {
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/absent/token",
        "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/a",
    },
    "container": {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/a",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/absent/token",
    },
}


@pytest.fixture
def keyless(bucket: str, monkeypatch: pytest.MonkeyPatch) -> str:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.delenv(name, raising=False)
    return bucket


def refused() -> str:
    with pytest.raises(BucketRefused) as found:
        Store.open(Config.from_env(os.environ))
    return str(found.value)


@pytest.mark.parametrize("variables", ABSENT.values(), ids=ABSENT)
def test_a_token_file_that_is_not_there_is_named(
    keyless: str, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert "/absent/token" in refused()


def test_a_program_for_keys_that_is_not_there_is_named(
    keyless: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text("[default]\ncredential_process = /absent/program\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    assert "/absent/program" in refused()


@pytest.mark.parametrize("name", ["AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID"])
@pytest.mark.parametrize("odd", ["hidden\nhidden", "hidden\r\nX-A: b"])
def test_a_key_that_no_header_takes_is_named_and_not_shown(
    bucket: str, name: str, odd: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, odd)
    said = refused()
    assert name in said
    assert "hidden" not in said
