"""Writes docs/reference/bad-input.md from the cases: `python -m tests.contract.bad.page`."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from tests.contract.bad import asked, every
from tests.contract.bad.cases import Case

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "bad-input.md"
HEAD = """# Broken, hostile and odd input

<!-- written by tests/contract/bad/page.py: `make docs` -->

What happens to it. Nothing is dropped silently: what is not taken waits in the \
quarantine with its reason and what mends it (`visloop quarantine list`, `retry`, `remove`), or the \
whole call ends with an error. Every row is a test.
"""


def text(cases: list[Case]) -> str:
    """The whole page."""
    lines = [HEAD]
    for group, listed in groupby(cases, key=lambda each: each.group):
        lines += [f"## {group}\n", "| input | what happens |", "|---|---|"]
        lines += [f"| {each.title} | {each.answer} |" for each in listed]
        lines.append("")
    for group, rows in asked.rows().items():
        lines += [f"## {group}\n", "| input | what happens |", "|---|---|"]
        lines += [f"| {title} | {answer} |" for title, answer in rows]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(text(every.cases()), "utf-8")
