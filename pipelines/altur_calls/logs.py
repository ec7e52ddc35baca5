"""What is told on stderr while something is done: text for people, or a JSON object a line for machines.

Machines are told of every event: a run, a window, a load. People see a bar or a line now and then, and what
is wrong.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

TEXT, JSON = "text", "json"

EVENT, FACTS = "altur_event", "altur_facts"
"""Attributes of a log record."""

logger = logging.getLogger("altur_calls")
_run_id: ContextVar[str | None] = ContextVar("run_id", default=None)


def prepare(log_format: str) -> None:
    """Log to stderr in a format, and nowhere else. Only for a process that is ours."""
    handler = Handler(Json() if log_format == JSON else Text())
    logger.handlers = [handler]
    logger.setLevel(logging.DEBUG if log_format == JSON else logging.INFO)
    if log_format == JSON:
        logging.captureWarnings(capture=True)
        for others in ("dlt", "py.warnings"):
            logging.getLogger(others).handlers = [handler]


def is_for_machines() -> bool:
    """Tell if the log is JSON."""
    return any(isinstance(handler, Handler) and handler.form is Json for handler in logger.handlers)


def tell(event: str, message: str, level: int = logging.DEBUG, **facts: Any) -> None:
    """Tell of an event, with what machines want to know of it."""
    logger.log(level, message, extra={EVENT: event, FACTS: facts})


@contextmanager
def of_run(run_id: str) -> Iterator[None]:
    """Say of all that is told meanwhile of which run it is."""
    before = _run_id.set(run_id)
    try:
        yield
    finally:
        _run_id.reset(before)


def line(event: str, message: str) -> str:
    """Return a line as it would be logged now: for where logging itself may not be used."""
    record = logger.makeRecord(
        logger.name, logging.WARNING, "", 0, message, (), None, extra={EVENT: event, FACTS: {}}
    )
    return (Json() if is_for_machines() else Text()).format(record)


class Handler(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to stderr in one format for good: dlt sets that of every handler it finds."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self.form = type(formatter)
        self.format = formatter.format  # type: ignore[method-assign]


class Text(logging.Formatter):
    """Lines for people: the time of what goes on, the name of the program before what is wrong."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        if not hasattr(record, EVENT) or record.levelno < logging.WARNING:
            return super().format(record)
        traceback = getattr(record, FACTS).get("traceback", "")
        return f"{traceback}altur-calls: {record.getMessage()}"


class Json(logging.Formatter):
    """A JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        facts = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": getattr(record, EVENT, "message"),
            "run_id": _run_id.get(),
            "logger": None if hasattr(record, EVENT) else record.name,
            "message": record.getMessage(),
            **getattr(record, FACTS, {}),
        }
        return json.dumps({name: value for name, value in facts.items() if value is not None}, default=_plain)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
