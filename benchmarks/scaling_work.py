"""One job on the newsroom's archive: `scaling_work.py audit` and others print its CPU seconds."""

import sys
import time
from datetime import UTC, datetime

from pressmark.archive.bucket import manifest
from pressmark.archive.s3.store import Store
from pressmark.config import Config
from pressmark.crawl.derive import Rederived
from pressmark.jobs.audit.auditor import Auditor
from pressmark.jobs.audit.partitions import Partition
from pressmark.jobs.export import Exporter
from pressmark.jobs.monthly_index import Merger
from pressmark.jobs.rederive import documents_of, rederive_all
from pressmark.jobs.wacz.packager import Packager
from pressmark.sites.site_files import load_sites

SITE = "newsroom"
INDEXED = "indexed"
"""A site that has only indexes."""


def main() -> None:
    """Run the job that the first argument names."""
    config = Config.read()
    store, site = Store.open(config), load_sites(config.sites)[SITE]
    began = time.process_time()
    match sys.argv[1]:
        case "audit":
            auditor = Auditor(store, site, datetime.now(UTC).date())
            assert not auditor.check_partition(Partition())["findings"]["grave"]
            assert not auditor.check_global(Partition(), 0)["findings"]["grave"]
        case "rederive":
            keys = documents_of(store, manifest.below(store, f"{SITE}/"))
            assert all(isinstance(each, Rederived) and not each.changed for each in rederive_all(store, site, keys))
        case "package":
            assert all(each.changed for each in Packager.open(config, SITE).every())
        case "export":
            assert all(each.changed for each in Exporter(store, SITE).every())
        case "index":
            assert all(each.lines == int(sys.argv[2]) for each in Merger(store, INDEXED).months())
    print(time.process_time() - began)


if __name__ == "__main__":
    main()
