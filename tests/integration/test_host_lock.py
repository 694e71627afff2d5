"""One crawl at a time of a host, and of a spool."""

from pathlib import Path

import attrs
import pytest

from pressmark.config import Config
from pressmark.crawl.host_lock import host_lock
from pressmark.errors import HostBusy
from pressmark.local.newsroom.site_file import newsroom_site
from pressmark.sites.site import Site

SITE = newsroom_site()


@pytest.mark.parametrize(
    "other",
    [
        SITE,
        SITE.model_copy(update={"origin": "http://127.0.0.1:1"}),
        SITE.model_copy(update={"site": "another"}),
        SITE.model_copy(update={"site": "another", "origin": SITE.origin.replace("127.0.0.1", "127.1")}),
    ],
    ids=["the same", "another origin", "another site of the host", "another spelling of the host"],
)
def test_whoever_wants_the_same_host_or_spool_waits(tmp_path: Path, other: Site) -> None:
    config = Config(bucket="any", spool=tmp_path / "spool")
    with host_lock(config, SITE), pytest.raises(HostBusy, match="is running"), host_lock(config, other, seconds=0.1):
        pass
    with host_lock(config, other, seconds=0.1):
        pass


def test_neither_waits_for_another_spool(tmp_path: Path) -> None:
    config = Config(bucket="any", spool=tmp_path / "spool")
    with host_lock(config, SITE), host_lock(attrs.evolve(config, spool=tmp_path / "other"), SITE, seconds=0.1):
        pass
