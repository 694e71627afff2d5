"""Logging of the programs: our own lines and warnings of libraries, safe for terminals."""

import logging

from pressmark.text import shown, shown_lines

LIBRARIES = ("scrapy", "twisted", "boto", "urllib3", "filelock", "asyncio")
OURS = "pressmark"

_formatter = logging.Formatter()


def log_to(handler: logging.Handler) -> None:
    """Send the process's log from INFO upwards to a handler."""
    handler.addFilter(_worth_reading)
    handler.addFilter(_safe_to_show)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def escape_our_records() -> None:
    """Make our records safe to show in a process with other handlers: an Airflow task."""
    logging.setLogRecordFactory(_SafeRecord)


class _SafeRecord(logging.LogRecord):
    def getMessage(self) -> str:  # noqa: N802 - the name of the method it overrides
        message = super().getMessage()
        return shown_lines(message) if self.name.startswith(OURS) else message


def _worth_reading(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING or not record.name.startswith(LIBRARIES)


def _safe_to_show(record: logging.LogRecord) -> bool:
    """Escape a record in place: one record is one line, except for its traceback."""
    record.msg, record.args = shown(record.getMessage()), None
    if record.exc_info and not record.exc_text:
        record.exc_text = _formatter.formatException(record.exc_info)
    if record.exc_text:
        record.exc_text = shown_lines(record.exc_text)
    return True
