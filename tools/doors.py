"""Writes `visloop/app/__init__.py`: every verb of `app/verbs`, and what faces need beside them;
and `visloop/app/names.py`: which name of it is which verb, so that one verb loads no other.

python tools/doors.py            # write
python tools/doors.py --check    # exit 1 when the file is not what the code says
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

APP = Path(__file__).resolve().parent.parent / "src" / "visloop" / "app"
BESIDE = {
    "catalogue": ("OPERATIONS",),
    "groups": ("GROUPS", "SECTIONS", "nearest", "usage_error"),
    "handlers.relations": ("askable",),
    "keeping": (
        "about",
        "artifact_bytes",
        "authorise",
        "code_diff",
        "environment_file",
        "keep_artifact",
        "model_folder",
        "name_model",
        "register_logged",
        "report_html",
    ),
    "cutouts": ("Cutouts",),
    "media": ("answered_thumbnail", "image_bytes", "thumbnail"),
    "names": ("NAMES",),
    "operation": ("Operation", "Parameter", "parameters"),
    "ports": ("Ports", "with_progress"),
    "pushing": (
        "push",
        "push_missing",
        "upload_begin",
        "upload_find",
        "upload_taken",
        "uploads_settle",
    ),
    "rows": ("Count", "Rows"),
    "running": ("execute", "exit_code_of"),
    "schema": ("HEAD", "upgrade"),
    "worker": ("Worker",),
    "workspace": (
        "INNER",
        "WorkspaceFormat",
        "WorkspaceNotFound",
        "close_ports",
        "create",
        "find",
        "open_ports",
        "opened",
        "scope_for",
        "actor_for",
        "token_of",
        "worker_name",
    ),
}
"""Public names of modules that are not verbs."""


def verbs() -> dict[str, tuple[str, ...]]:
    """Module → requests, answers and operations that it defines."""
    found: dict[str, tuple[str, ...]] = {}
    for file in sorted((APP / "verbs").rglob("*.py")):
        tree = ast.parse(file.read_text("utf-8"))
        kinds = (ast.ClassDef, ast.FunctionDef)
        names = (node.name for node in tree.body if isinstance(node, kinds))
        if listed := tuple(sorted(name for name in names if not name.startswith("_"))):
            found[".".join(file.relative_to(APP).with_suffix("").parts)] = listed
    return found


def door() -> str:
    """The text of the file, formatted."""
    modules = dict(sorted((BESIDE | verbs()).items()))
    lines = [
        '"""One typed operation per verb, with request and answer; and the workspace itself."""',
        "",
        "# written by tools/doors.py: `make docs`",
        "from typing import TYPE_CHECKING",
        "",
        "from visloop.lazy import lazy_exports",
        "",
        "if TYPE_CHECKING:",
    ]
    lines += [
        f"    from visloop.app.{module} import {name} as {name}"
        for module, names in modules.items()
        for name in names
    ]
    lines += ["", "__getattr__, __dir__, __all__ = lazy_exports(", "    __name__,", "    {"]
    for module, names in modules.items():
        lines.append(f'        "{module}": ({" ".join(f"{name!r}," for name in names)}),')
    lines += ["    },", ")", ""]
    sorted_imports = _ruff("check", "--fix-only", "--select", "I", text="\n".join(lines))
    return _ruff("format", text=sorted_imports)


def index() -> str:
    """The text of the list of verbs, formatted."""
    pairs: dict[str, str] = {}
    for file in sorted((APP / "verbs").rglob("*.py")):
        for node in ast.parse(file.read_text("utf-8")).body:
            for each in getattr(node, "decorator_list", ()):
                if isinstance(each, ast.Call) and getattr(each.func, "id", "") == "operation":
                    pairs[ast.literal_eval(each.args[0])] = node.name  # type: ignore[attr-defined]
    lines = [
        '"""Which name of `visloop.app` each verb has; one can be had without loading the others."""',
        "",
        "# written by tools/doors.py: `make docs`",
        "from collections.abc import Mapping",
        "from typing import Final",
        "",
        "NAMES: Final[Mapping[str, str]] = {",
        *(f"    {name!r}: {pairs[name]!r}," for name in sorted(pairs)),
        "}",
        "",
    ]
    return _ruff("format", text="\n".join(lines))


def _ruff(*words: str, text: str) -> str:
    ruff = str(Path(sys.executable).with_name("ruff"))
    command = [ruff, *words, "-q", "--stdin-filename", str(APP / "__init__.py"), "-"]
    return subprocess.run(command, input=text, text=True, capture_output=True, check=True).stdout


def main() -> int:
    """Write, or compare."""
    for file, text in ((APP / "__init__.py", door()), (APP / "names.py", index())):
        if "--check" not in sys.argv:
            file.write_text(text, "utf-8")
        elif not file.exists() or file.read_text("utf-8") != text:
            print(f"{file} is not what the verbs say: make docs")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
