"""JSON lines on stderr for processes that nobody watches (field names: Elastic Common Schema)."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime

import msgspec

_KNOWN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


class EcsFormatter(logging.Formatter):
    """One JSON object a line: `@timestamp`, `log.level`, `event.action`, and the event's fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Encode one record."""
        line: dict[str, object] = {
            "@timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "log.level": record.levelname.lower(),
            "log.logger": record.name,
            "event.action": record.getMessage(),
            "process.pid": record.process,
        }
        extra = {key: value for key, value in record.__dict__.items() if key not in _KNOWN}
        if extra:
            line["visloop"] = extra
        if record.exc_info:
            line["error.stack_trace"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line, enc_hook=str).decode()


def to_stderr(level: int = logging.INFO) -> None:
    """Send everything to stderr as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(EcsFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("httpx").setLevel(logging.WARNING)
