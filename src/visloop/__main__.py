"""`python -m visloop`."""

from __future__ import annotations

from visloop.faces import cli


def main() -> None:
    """The console script."""
    cli.main()


if __name__ == "__main__":
    main()
