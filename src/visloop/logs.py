"""Logs as JSON lines for processes that nobody watches, by the Elastic Common Schema.

Source: elastic.co, "ECS Logging Specification": `@timestamp`, `log.level`, `message` and `ecs.version` in
every line; dots in names stay dots. What looks like a secret is taken out of every line.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final

import msgspec

from visloop.errors import VisloopError

_log = logging.getLogger("visloop")
_ECS: Final = "8.11.0"
_KNOWN: Final = (
    frozenset(logging.makeLogRecord({}).__dict__)
    | {"message", "asctime", "taskName"}
    | {
        "color_message"  # uvicorn's, for terminals
    }
)
_QUIET: Final = ("httpx", "httpcore", "urllib3")
_HIDDEN: Final = "***"
_SECRETS: Final = re.compile(
    r"vlk_[\w-]{8,}"  # API keys
    r"|(?<=[Bb]earer )[^\s\"\\]+"
    r"|(?<=[?&]token=)[^&\s\"\\]+"
    r"|(?<=[?&]X-Amz-Signature=)[^&\s\"\\]+"
    r"|(?<=://)[^/\s\"\\@]+(?=@)"  # user and password of an address
)


class EcsFormatter(logging.Formatter):
    """One JSON object a line: what ECS asks for, `event.action`, and the event's fields below `visloop`."""

    def format(self, record: logging.LogRecord) -> str:
        """Encode one record."""
        message = record.getMessage()
        line: dict[str, object] = {
            "@timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "log.level": record.levelname.lower(),
            "message": message,
            "ecs.version": _ECS,
            "service.name": "visloop",
            "log.logger": record.name,
            "event.action": message,
            "process.pid": record.process,
        }
        extra = {key: value for key, value in record.__dict__.items() if key not in _KNOWN}
        if extra:
            line["visloop"] = extra
        if record.exc_info and record.exc_info[0] is not None:
            line["error.type"] = record.exc_info[0].__name__
            line["error.message"] = str(record.exc_info[1])
            line["error.stack_trace"] = self.formatException(record.exc_info)
        return _SECRETS.sub(_HIDDEN, msgspec.json.encode(line, enc_hook=str).decode())


def to_stderr(level: int = logging.INFO) -> None:
    """Send everything to stderr as JSON lines: logs, warnings, and what nobody catches."""
    _send(logging.StreamHandler(sys.stderr), level)
    logging.captureWarnings(True)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def to_file(path: Path, level: int = logging.INFO) -> None:
    """Append everything to a file as JSON lines; the terminal is left to people."""
    _send(logging.FileHandler(path, encoding="utf-8"), level)


@contextmanager
def last_words() -> Generator[None]:
    """Of a child process: an error that ends it is a JSON line too.

    Raises:
        SystemExit: with the error's exit code.
    """
    try:
        yield
    except VisloopError as error:
        said = error.to_dict()["error"]
        _log.error("process.ended", extra={"said": said})
        raise SystemExit(error.exit_code) from error


def _send(handler: logging.Handler, level: int) -> None:
    handler.setFormatter(EcsFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    _log.critical("process.crashed", exc_info=(kind, error, trace))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        _uncaught(args.exc_type, args.exc_value, args.exc_traceback)
