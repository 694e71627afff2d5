"""What `pressmark versions` lists."""

import json
import os
from datetime import UTC, datetime

from click.testing import CliRunner

from pressmark.archive.s3.store import Store
from pressmark.cli.main import main
from pressmark.config import Config
from pressmark.model import keys
from pressmark.model.document import to_bytes, with_captures
from tests.support.samples import ARTICLE_ID, DAY, article, capture, document


def test_versions_of_one_time_come_in_the_order_of_their_captures(bucket: str) -> None:
    store = Store.open(Config.from_env(os.environ))
    assert store.bucket == bucket
    version = keys.version("newsroom", DAY, article().version)
    edits = {
        keys.silent_edit(version, each["pressmark"]["contentSha256"]): each
        for each in (document(headline=headline) for headline in ("Lamps out", "Lamps on"))
    }
    written = {version: document()} | dict(sorted(edits.items(), reverse=True))
    for minute, (key, made) in enumerate(written.items()):
        captured = capture(captured_at=datetime(2022, 2, 18, 2, minute, tzinfo=UTC))
        store.put(key, to_bytes(with_captures(made, [captured])))
    listed = CliRunner().invoke(main, ["versions", ARTICLE_ID, "--json"])
    assert listed.exit_code == 0, listed.output
    assert [each["key"] for each in json.loads(listed.stdout)] == list(written)
