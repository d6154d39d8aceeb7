"""`python -m visloop.serve SETTINGS`: what a supervisor starts; SETTINGS is JSON (`ServeSettings`)."""

from __future__ import annotations

import sys

import msgspec

from visloop import logs
from visloop.errors import UsageError, VisloopError
from visloop.serve.server import run
from visloop.serve.settings import ServeSettings


def main(argv: list[str]) -> int:
    """Run one serving process; the exit status."""
    logs.to_stderr()
    try:
        if len(argv) != 2:  # noqa: PLR2004 - the program and its settings
            raise UsageError("one argument is needed: the settings as JSON")
        run(ServeSettings.from_json(argv[1]), on_ready=_tell)
    except VisloopError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except msgspec.ValidationError as error:
        sys.stderr.write(f"not the settings of a server: {error}\n")
        return UsageError.exit_code
    return 0


def _tell(url: str) -> None:
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv))
