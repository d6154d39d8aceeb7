"""The rules of the house, checked on the source itself.

What import-linter checks (who may import whom) is not repeated here; see `[tool.importlinter]`.
Soft limits may be passed by one in ten; hard limits by nobody. Migrations have no limits of
length: Alembic wrote them, and they are history.
"""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import visloop

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"
PACKAGE = SOURCE / "visloop"
MIGRATIONS = PACKAGE / "app" / "migrations"
DOOR = PACKAGE / "app" / "__init__.py"  # written by tools/doors.py: it grows with every verb

FILE_LINES = (300, 500)  # soft, hard
FUNCTION_LINES = (40, 60)
SOFT_SHARE = 0.10
METHODS_PER_CLASS = 12
FILES_PER_FOLDER = 20
VENDORS_OF_ADAPTERS = {
    "av",
    "boto3",
    "botocore",
    "kubernetes",
    "mlflow",
    "openvino",
    "ray",
    "torch",
    "torchvision",
    "transformers",
}
PYDANTIC_ROOMS = ("visloop.config", "visloop.faces.web")


@dataclass(frozen=True)
class Module:
    """One file of the package, parsed."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        return ".".join(self.name.split(".")[:2])

    def place(self, node: ast.AST) -> str:
        return f"{self.path.relative_to(ROOT)}:{getattr(node, 'lineno', 1)}"


@cache
def modules() -> tuple[Module, ...]:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(SOURCE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        text = path.read_text(encoding="utf-8")
        found.append(Module(name, path, text, ast.parse(text)))
    return tuple(found)


def packages() -> Iterator[str]:
    yield "visloop"
    for info in pkgutil.walk_packages([str(PACKAGE)], "visloop."):
        if info.ispkg:
            yield info.name


def functions(module: Module) -> Iterator[tuple[ast.FunctionDef | ast.AsyncFunctionDef, int]]:
    """Every function with its length in lines, its docstring left out."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = node.end_lineno - node.lineno + 1
            first = node.body[0]
            if ast.get_docstring(node) is not None:
                length -= first.end_lineno - first.lineno + 1
            yield node, length


def imported(node: ast.AST) -> list[str]:
    """Dotted names that an import statement reads: `from a.b import c` reads `a.b` (and maybe `a.b.c`)."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are written in full"
        return [node.module or ""]
    return []


def fail_with(found: list[str], rule: str) -> None:
    assert not found, rule + ":\n  " + "\n  ".join(found)


def test_files_are_short():
    soft, hard = FILE_LINES
    kept = [*SOURCE.rglob("*.py"), *(ROOT / "tests").rglob("*.py"), *(ROOT / "tools").rglob("*.py")]
    lengths = {
        path: len(path.read_text(encoding="utf-8").splitlines())
        for path in kept
        if MIGRATIONS not in path.parents and path != DOOR
    }
    over = {str(p.relative_to(ROOT)): n for p, n in lengths.items() if n > soft}
    print(f"files over {soft} lines:", *(f"\n  {n:5d}  {p}" for p, n in sorted(over.items())))
    fail_with([f"{p}: {n}" for p, n in over.items() if n > hard], f"no file over {hard} lines")
    assert len(over) <= SOFT_SHARE * len(lengths), f"too many files over {soft} lines: {over}"


def test_functions_are_short():
    soft, hard = FUNCTION_LINES
    all_of_them = [
        (f"{module.place(node)} {node.name}", length)
        for module in modules()
        if MIGRATIONS not in module.path.parents
        for node, length in functions(module)
    ]
    over = [f"{where}: {length}" for where, length in all_of_them if length > soft]
    print(f"functions over {soft} lines:", *(f"\n  {each}" for each in over))
    too_long = [f"{where}: {length}" for where, length in all_of_them if length > hard]
    fail_with(too_long, f"no function over {hard} lines")
    assert len(over) <= SOFT_SHARE * len(all_of_them), "too many functions over the soft limit"


def test_classes_say_little():
    found = []
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef):
                methods = [
                    each.name
                    for each in node.body
                    if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
                    and not each.name.startswith("_")
                ]
                if len(set(methods)) > METHODS_PER_CLASS:
                    found.append(f"{module.place(node)} {node.name}: {len(set(methods))}")
    fail_with(found, f"at most {METHODS_PER_CLASS} public methods a class")


def test_folders_are_small():
    # migrations are a list that grows: one a change of the tables, none is ever taken out
    no_rooms = ("__pycache__", "versions")
    folders = [PACKAGE, *(p for p in PACKAGE.rglob("*") if p.is_dir() and p.name not in no_rooms)]
    counts = {p: sum(1 for f in p.iterdir() if f.is_file()) for p in folders}
    found = [f"{p.relative_to(ROOT)}: {n}" for p, n in counts.items() if n > FILES_PER_FOLDER]
    fail_with(found, f"at most {FILES_PER_FOLDER} files a folder")


def test_no_import_of_our_own_inside_functions():
    found = [
        f"{module.place(node)} {name}"
        for module in modules()
        for function, _ in functions(module)
        for node in ast.walk(function)
        for name in imported(node)
        if name.split(".")[0] == "visloop"
    ]
    fail_with(found, "import our own code at the top of the file")


@cache
def public_names(room: str) -> frozenset[str]:
    return frozenset(getattr(importlib.import_module(room), "__all__", ()))


def reached_into(module: Module, node: ast.AST) -> Iterator[str]:
    """Imports by `module` that pass another room's door without knocking."""
    for target in imported(node):
        parts = target.split(".")
        room = ".".join(parts[:2])
        if parts[0] != "visloop" or room == module.room or len(parts) == 1:
            continue
        is_room = (PACKAGE / parts[1] / "__init__.py").exists()
        inner = SOURCE.joinpath(*parts)
        face = parts[1] == "faces" and (inner / "__init__.py").exists()  # a face is a room
        if is_room and len(parts) > 2 and not face:
            yield target
        if is_room and isinstance(node, ast.ImportFrom) and module.name != "visloop.__main__":
            yield from (
                f"{target}.{alias.name}"
                for alias in node.names
                if alias.name not in public_names(target) and (face or len(parts) == 2)
            )


def test_other_rooms_are_entered_by_their_door():
    found = [
        f"{module.place(node)} {target}"
        for module in modules()
        for node in ast.walk(module.tree)
        for target in reached_into(module, node)
    ]
    fail_with(found, "import another room's public names only: `from visloop.room import Name`")


def test_every_module_and_room_says_what_it_is():
    found = [
        str(module.path.relative_to(ROOT))
        for module in modules()
        if not (ast.get_docstring(module.tree) or "").strip()
    ]
    fail_with(found, "begin with a docstring")


@pytest.mark.parametrize("package", sorted(packages()))
def test_lazy_names_resolve(package):
    module = importlib.import_module(package)
    for name in getattr(module, "__all__", ()):
        assert getattr(module, name) is not None


@pytest.mark.parametrize("package", sorted(packages()))
def test_type_checker_and_interpreter_see_the_same_names(package):
    """Names under `if TYPE_CHECKING:` in an `__init__` are those that it exports lazily."""
    module = next(m for m in modules() if m.name == package)
    if "lazy_exports(" not in module.text:
        return
    blocks = [
        node
        for node in module.tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    declared = {
        alias.asname
        for block in blocks
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname
    }
    assert declared == set(importlib.import_module(package).__all__)


def test_vendors_stay_in_their_rooms():
    found = []
    for module in modules():
        for node in ast.walk(module.tree):
            for target in imported(node):
                vendor = target.split(".")[0]
                if vendor in VENDORS_OF_ADAPTERS and module.room != "visloop.adapters":
                    found.append(f"{module.place(node)} {vendor}: only under adapters/")
                if vendor == "pydantic" and not module.name.startswith(PYDANTIC_ROOMS):
                    found.append(f"{module.place(node)} pydantic: only in config and faces/web")
    fail_with(found, "vendors have their rooms")


def test_the_package_is_the_one_in_this_checkout():
    """Otherwise every rule above would be checked on other code than the one that runs."""
    assert Path(visloop.__file__).resolve() == (PACKAGE / "__init__.py").resolve()
