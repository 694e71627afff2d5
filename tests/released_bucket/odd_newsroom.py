"""The newsroom that a bucket of an older release was made of; it stands still, at an address of its own.

`python -m tests.released_bucket.odd_newsroom FILE.tar.gz`, run in a checkout of commit f168f16, made the bucket.
It holds what that release read; some of these pages are read otherwise today.
"""

import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import yaml

from pressmark.local.newsroom.content.story import Story
from pressmark.local.newsroom.http.server_thread import RunningNewsroom
from pressmark.local.newsroom.newsroom import Newsroom

HOST, PORT = "127.77.1.1", 18765
"""On the loopback, and used by nobody else: captures name it."""
ORIGIN = f"http://{HOST}:{PORT}"
CHANGES: dict[str, Any] = {"origin": ORIGIN, "hosts": [HOST], "requisites": {"number": 0, "size": 0}}
"""Of the newsroom's site file."""
ODD: dict[int, dict[str, str]] = {
    29: {"byline_raw": "China Daily | Updated: 2022-02-18 08:53 GMT"},
    28: {"byline_raw": "China Daily | Updated: 2022-02-18 08:53 +05:00"},
    25: {"headline": "Lamps \u009b31mlit\u009b0m in every window"},
    23: {"headline": "Lamps\u0086 lit again"},
    21: {"headline": "Lamps \ue000 of a private kind"},
}
"""By the number of the article: what its page says otherwise."""


@contextmanager
def odd_newsroom() -> Iterator[Newsroom]:
    """Serve the newsroom at its address."""
    newsroom = Newsroom(articles=30, crawl_delay=0)
    story = newsroom.story
    odd = {newsroom.article_id(number): changes for number, changes in ODD.items()}

    def other(article_id: str, page: int | None = None) -> Story:
        return attrs.evolve(story(article_id, page), **odd.get(article_id, {}))  # type: ignore[arg-type]

    newsroom.story = other  # type: ignore[method-assign]
    with RunningNewsroom(newsroom, host=HOST, port=PORT):
        yield newsroom


def main() -> None:
    """Crawl it into a fresh bucket of a fresh S3 server, and pack all objects."""
    from pressmark.local.s3server import RunningS3

    with tempfile.TemporaryDirectory() as name, RunningS3(Path(name) / "s3") as s3, odd_newsroom():
        folder = Path(name)
        s3.client().create_bucket(Bucket="released")
        shipped = yaml.safe_load(Path("pressmark/sites/newsroom.yml").read_text())
        (folder / "newsroom.yml").write_text(yaml.safe_dump({**shipped, **CHANGES}))
        environment = {
            **os.environ,
            **s3.environment,
            "PRESSMARK_BUCKET": "released",
            "PRESSMARK_SITES": str(folder),
            "PRESSMARK_SPOOL": str(folder / "spool"),
        }
        runner = [sys.executable, "-m", "pressmark.crawl.process", "newsroom/world/europe", "--result-fd", "1"]
        said = subprocess.run(runner, env=environment, check=True, stdout=subprocess.PIPE).stdout
        print(json.loads(said)["manifest"]["counts"])  # noqa: T201 - its result
        with tarfile.open(sys.argv[1], "w:gz") as packed:
            for page in s3.client().get_paginator("list_objects_v2").paginate(Bucket="released"):
                for each in page.get("Contents", ()):
                    data = s3.client().get_object(Bucket="released", Key=each["Key"])["Body"].read()
                    entry = tarfile.TarInfo(each["Key"])
                    entry.size = len(data)
                    packed.addfile(entry, io.BytesIO(data))


if __name__ == "__main__":
    main()
