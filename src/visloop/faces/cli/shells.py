"""Completion in bash, zsh and fish: their scripts, where they are put, and bash's own idea of words.

Bash cuts words at `=`, `:` and `@`, and hands over what stands behind an open quote alone; so here the
whole line is read, and of each candidate only what replaces bash's piece is given back.
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import Any, Final

import click
from click import shell_completion
from click.shell_completion import CompletionItem, split_arg_string

PLACES: Final = {
    "bash": "~/.local/share/bash-completion/completions/visloop",
    "zsh": "~/.zfunc/_visloop",
    "fish": "~/.config/fish/completions/visloop.fish",
}
_SAFE: Final = re.compile(r"[\w@%+=:,./-]+")
_SCRIPT: Final = """\
%(complete_func)s() {
    local IFS=$'\\n' response type value
    response=$(env COMP_LINE="$COMP_LINE" COMP_POINT="$COMP_POINT" COMP_PIECE="$2" \\
        %(complete_var)s=bash_complete "$1" 2>/dev/null)
    COMPREPLY=()
    while IFS=',' read -r type value; do
        case "$type" in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            open) COMPREPLY+=("$value"); compopt -o nospace ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done <<< "$response"
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""


class Bash(shell_completion.BashComplete):
    """Reads the line itself, so that `photos@v1:test` and `'box(label = cat'` are one word."""

    source_template = _SCRIPT

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the cursor's, and that word so far, without its quotes."""
        if "COMP_LINE" not in os.environ:  # a script of click's own, or an older one of ours
            return super().get_completion_args()
        line = self._line()
        words = split_arg_string(line)
        if not line or (line[-1].isspace() and not self._quote()):
            words.append("")
        return words[1:-1], words[-1]

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """`plain,VALUE`, less what stands before the piece that bash replaces."""
        value = str(item.value)
        if item.type != "plain" or "COMP_LINE" not in os.environ:
            return f"{item.type},{value}"
        _, word = self.get_completion_args()
        piece = os.environ.get("COMP_PIECE", "")
        kept = word[: len(word) - len(piece)] if word.endswith(piece) else ""
        text = value.removeprefix(kept)
        if not self._quote() and not _SAFE.fullmatch(value):
            text = shlex.quote(value)[:-1] if not kept else text.replace(" ", "\\ ")
        return f"{'open' if value.endswith('(') or self._quote() else 'plain'},{text}"

    def _line(self) -> str:
        line = os.environ["COMP_LINE"].encode()
        return line[: int(os.environ["COMP_POINT"])].decode("utf-8", "ignore")

    def _quote(self) -> str:
        """The quote that is open at the cursor, if one is."""
        opened, escaped = "", False
        for each in self._line():
            if escaped:
                escaped = False
            elif each == "\\" and opened != "'":
                escaped = True
            elif each in {"'", '"'} and opened in {"", each}:
                opened = "" if opened else each
        return opened


def script(shell: str, root: click.Command, variable: str) -> str:
    """The script that a shell reads to complete our commands."""
    made = Bash if shell == "bash" else shell_completion.get_completion_class(shell)
    assert made is not None
    return made(root, {}, "visloop", variable).source()


def install(shell: str, root: click.Command, variable: str) -> Path:
    """Put the script where the shell looks for it by itself; the file."""
    place = Path(PLACES[shell]).expanduser()
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(script(shell, root, variable), "utf-8")
    return place
