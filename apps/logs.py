"""Logging of the programs: our own lines, and of libraries only what is wrong."""

import logging

LIBRARIES = ("scrapy", "twisted", "boto", "urllib3", "filelock", "asyncio")


def log_to(handler: logging.Handler) -> None:
    """Send the process's log to a handler, from INFO on."""
    handler.addFilter(_worth_reading)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def _worth_reading(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or not record.name.startswith(LIBRARIES)
