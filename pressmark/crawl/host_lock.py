"""The locks of a host and a spool: one crawl of each per machine. Airflow's pool slot does it across machines."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from pressmark.archive.publish.archivist import lock_path
from pressmark.config import Config
from pressmark.errors import HostBusy, SpoolError
from pressmark.file_system import spool_error
from pressmark.private import make_folder
from pressmark.sites.hosts import server_of
from pressmark.sites.site import Site

logger = logging.getLogger("pressmark.crawl")

LOCK_SECONDS = 120
"""Seconds to wait for another crawl of the same host: a stopped crawl ends in less."""


@contextmanager
def host_lock(config: Config, site: Site, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Hold the locks of a site's host and of its spool, as the host may change. Wait for them up to `seconds`.

    Raises:
        HostBusy: another crawl holds one of them.
        SpoolError: the spool's folder can't be used.
    """
    host = server_of(site.origin).authority.replace(":", "-")
    try:
        make_folder(config.spool, config.sharing, ours=False)
    except OSError as error:
        raise spool_error(f"the spool {config.spool} can't be used", config.spool, error) from error
    # Always the host first: two crawls that want both can't block each other.
    with _locked(config, f"{host}.lock", host, seconds), _locked(config, f"{site.site}.site.lock", site.site, seconds):
        _wait_for_archivist(config, site, seconds)
        yield


@contextmanager
def _locked(config: Config, name: str, what: str, seconds: float) -> Iterator[None]:
    lock = FileLock(config.spool / name, mode=config.sharing.file_mode)
    try:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            logger.info("another crawl of %s is running: waiting for its end, %g s at most", what, seconds)
            lock.acquire(timeout=seconds)
    except Timeout:
        raise HostBusy(
            f"another crawl of {what} is running (lock {lock.lock_file}) and did not end in {seconds:g} s."
        ) from None
    except OSError as error:
        raise spool_error(f"the spool {config.spool} can't be used", config.spool, error) from error
    try:
        yield
    finally:
        lock.release()


def _wait_for_archivist(config: Config, site: Site, seconds: float) -> None:
    """Wait for the archivist of a killed crawl: it exits as soon as it notices that."""
    path = lock_path(config, site.site)
    try:
        with FileLock(path, timeout=seconds, mode=config.sharing.file_mode):
            pass
    except Timeout:
        raise HostBusy(f"the archivist of a killed crawl still holds {path}.") from None
    except OSError as error:
        raise SpoolError(
            f"the lock {path} can't be opened: {error}. Nothing is lost if you delete it while no crawl is running."
        ) from error
