"""Writes the reference pages that are derived from the code: commands, errors, fields, settings.

python tools/reference.py            # write
python tools/reference.py --check    # exit 1 when a page is not what the code says
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import visloop
from visloop import app, config, data, evaluate
from visloop.data.formats import CARRIED, FORMATS
from visloop.errors import VisloopError

PAGES = Path(__file__).resolve().parent.parent / "docs" / "reference"
ROOMS = Path(visloop.__file__).parent
NOTE = "<!-- written by tools/reference.py; change the code, then run `make docs` -->\n\n"


def commands() -> str:
    """Every verb: what it does, its arguments, its HTTP route, its permission."""
    lines = ["# Commands\n", NOTE.strip(), ""]
    lines.append(
        "Every command has `--json` (one object on stdout), `--workspace DIR` or `--server URL`, "
        "`--project NAME`, `--quiet`. Exit codes: 0 done, 1 error, 2 usage, 3 a gate or check said "
        "no. Over HTTP every verb is a POST with its fields as JSON; the Python call is "
        "`ws.call(app.<verb>, app.<Request>(…))`, with shorter names on `Workspace` and `Dataset`.\n"
    )
    for each in app.OPERATIONS:
        lines += _command(each)
    return "\n".join(lines).rstrip() + "\n"


def _command(each: Any) -> list[str]:
    known = app.parameters(each.request)
    usage = " ".join(
        [each.name.replace(".", " ")]
        + [
            p.name.upper().rstrip("_") + ("…" if "tuple" in str(p.type) else "")
            for p in known
            if p.cli == "arg"
        ]
    )
    lines = [f"## visloop {usage}\n", each.description, ""]
    if known:
        lines += ["| field | on the command line | default | what |", "|---|---|---|---|"]
        lines += [_row(p) for p in known]
        lines.append("")
    path = each.name.replace(".", "/")
    lines.append(f"`POST /api/v1/{path}` · permission `{each.permission}`\n")
    return lines


def _row(p: Any) -> str:
    shown = (
        p.name.upper().rstrip("_")
        if p.cli == "arg"
        else f"`--{p.option}`" + (f", `{p.short}`" if p.short else "")
    )
    default = "" if p.required else "–" if p.default in (None, "", (), {}) else f"`{p.default}`"
    return f"| `{p.name}` | {shown} | {default or 'required'} | {p.help} |"


def errors() -> str:
    """Every error code with its HTTP status and exit code."""
    _import_everything()
    found: dict[str, type[VisloopError]] = {}
    pending = [VisloopError]
    while pending:
        kind = pending.pop()
        pending += kind.__subclasses__()
        found.setdefault(kind.code, kind)
    lines = ["# Errors\n", NOTE.strip(), ""]
    lines.append(
        'Every failure is `{"error": {code, what, fix}}`: what happened, and how to mend it.\n'
    )
    lines += ["| code | HTTP | exit | means |", "|---|---|---|---|"]
    for code in sorted(found):
        kind = found[code]
        meaning = (kind.__doc__ or "").strip().partition("\n")[0]
        lines.append(f"| `{code}` | {kind.http_status} | {kind.exit_code} | {meaning} |")
    return "\n".join(lines) + "\n"


def _import_everything() -> None:
    for module in pkgutil.walk_packages(visloop.__path__, "visloop."):
        if "migrations" not in module.name and not module.name.endswith("__main__"):
            try:
                importlib.import_module(module.name)
            except ModuleNotFoundError as error:  # an extra that is not installed here
                if not module.name.startswith("visloop.adapters"):
                    raise error from None


def facts() -> str:
    """Every kind of fact, found where it is written."""
    found: dict[str, set[str]] = {}
    for file in sorted(ROOMS.rglob("*.py")):
        room = file.relative_to(ROOMS).parts[0].removesuffix(".py")
        for kind in _kinds(ast.parse(file.read_text("utf-8"))):
            found.setdefault(kind, set()).add(room)
    lines = ["# Facts\n", NOTE.strip(), ""]
    lines.append(
        "What is recorded, in the transaction that changes the state. See them with `visloop facts`, "
        "check them with `visloop audit`.\n"
    )
    lines += ["| kind | written by |", "|---|---|"]
    lines += [f"| `{kind}` | {', '.join(sorted(found[kind]))} |" for kind in sorted(found)]
    return "\n".join(lines) + "\n"


def _kinds(tree: ast.AST) -> Iterator[str]:
    """The first argument of every call of `fact`; where it is a name, what its file hands around."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    firsts = [c.args[0] for c in calls if getattr(c.func, "attr", "") == "fact" and c.args]
    for first in firsts:
        yield from _texts(first)
    if any(isinstance(first, ast.Name) for first in firsts):
        words = (text for call in calls for arg in call.args for text in _texts(arg))
        yield from (word for word in words if re.fullmatch(r"[a-z]+\.[a-z_]+", word))


def _texts(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp():
            yield from _texts(node.body)
            yield from _texts(node.orelse)
        case ast.JoinedStr():
            parts = (part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
            yield "".join(map(str, parts))
        case _:
            return


def settings() -> str:
    """Every setting of visloop.yaml with its bounds."""
    lines = ["# visloop.yaml\n", NOTE.strip(), ""]
    lines.append(
        "Every section and field is optional; an unknown one is an error. Plug-ins add sections.\n"
    )
    schema = config.Config.model_json_schema()
    parts = schema["$defs"]
    lines += _section(
        "(top level)", "The whole file.", schema["properties"], skip=set(parts) | {"plugins"}
    )
    for name, found in schema["properties"].items():
        ref = (found.get("$ref") or found.get("items", {}).get("$ref", "")).rpartition("/")[2]
        if ref:
            lines += _section(
                name, parts[ref].get("description", ""), parts[ref].get("properties", {})
            )
    for check, kind in (("ThresholdCheck", "metric"), ("AssessCheck", "assess")):
        part = parts[check]
        lines += _section(f"gate.checks[] with {kind}", part["description"], part["properties"])
    return "\n".join(lines).rstrip() + "\n"


def _section(
    name: str, what: str, fields: dict[str, Any], skip: set[str] = frozenset()
) -> list[str]:
    lines = [f"## {name}\n", what, "", "| field | type | default | bounds |", "|---|---|---|---|"]
    for field, found in fields.items():
        if field in skip or "$ref" in found or "$ref" in found.get("items", {}):
            continue
        bounds = [
            f"{k} {found[k]}"
            for k in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
            if k in found
        ]
        kind = (
            found.get("type")
            or " or ".join(str(each.get("type")) for each in found.get("anyOf", []))
            or "one of"
        )
        if "enum" in found:
            kind = " / ".join(map(str, found["enum"]))
        lines.append(f"| `{field}` | {kind} | `{found.get('default', '')}` | {', '.join(bounds)} |")
    return [*lines, ""]


def fields() -> str:
    """The types of metadata and every built-in field, a table a family."""
    lines = ["# Metadata fields\n", NOTE.strip(), ""]
    lines.append(
        "What stands beside a picture in `metadata`: every key is a field with a type and a unit. "
        "These are built in; a data set's own are declared with `visloop meta field add`, or learnt "
        "from the first value. *Private*: may tell of a person or a place.\n"
    )
    lines += ["| type | values |", "|---|---|"]
    lines += [f"| `{name}` | {what} |" for name, what in data.TYPES.items()]
    families: dict[str, list[data.Field]] = {}
    for each in data.BUILT_IN.values():
        family = each.name.partition(".")[0] if "." in each.name else "any sample"
        families.setdefault(family, []).append(each)
    for family, listed in families.items():
        lines += [f"\n## {family}\n", "| field | type | unit | what |", "|---|---|---|---|"]
        for each in listed:
            kind = each.type if each.type != "choice" else " / ".join(each.choices)
            private = " *Private.*" if each.private else ""
            lines.append(f"| `{each.name}` | {kind} | {each.unit} | {each.description}.{private} |")
    return "\n".join(lines) + "\n"


def formats() -> str:
    """What each format carries, as the tests hold it to."""
    lines = ["# Formats\n", NOTE.strip(), ""]
    lines.append(
        "`visloop add PATH --format NAME` reads them (`auto`: the first that recognises what lies "
        "there), `visloop export REF DIR --format NAME` writes them. A ✓ means: goes out and comes "
        "back equal, proven by a test on data sets that are made up anew in each run. What a format "
        "does not carry is named by every export that meets it, in the loss report. Some of what is "
        "ticked travels in fields of our own, which other tools pass over: the loss report says so.\n"
    )
    lines += ["| name | what | in | out |", "|---|---|---|---|"]
    lines += [
        f"| `{each.name}` | {each.title} | ✓ | {'✓' if each.write else ''} |"
        for each in FORMATS.values()
    ]
    written = [each for each in FORMATS.values() if each.write is not None]
    names = " | ".join(f"`{each.name}`" for each in written)
    lines += ["", f"| carries | {names} |", "|---" * (len(written) + 1) + "|"]
    for word, meaning in CARRIED.items():
        ticks = " | ".join("✓" if word in each.carries else "" for each in written)
        lines.append(f"| {word}: {meaning} | {ticks} |")
    return "\n".join(lines) + "\n"


def assessments() -> str:
    """Every kind of assessment: what it measures, its settings, the bound that holds by default."""
    lines = ["# Assessments\n", NOTE.strip(), ""]
    lines.append(
        "What is measured of a model beyond its report, by `visloop assess KIND MODEL` or by a gate whose "
        "policy asks for it: [write a gate](../how-to/write-a-gate.md). Each is made once for a model, "
        "data, settings and seed, and read again after. The bound is what a check `{assess: KIND}` asks "
        "where it names neither figure nor bound.\n"
    )
    lines += ["| kind | what | bound by default |", "|---|---|---|"]
    lines += [
        f"| [`{each.name}`](#{each.name}) | {each.about} | {_bound(each.headline)} |"
        for each in evaluate.KINDS.values()
    ]
    for each in evaluate.KINDS.values():
        lines += ["", f"## {each.name}", "", f"{each.about[:1].upper()}{each.about[1:]}.", ""]
        lines.append(f"Bound by default: {_bound(each.headline)}. Why: {each.headline.why}.\n")
        of = ", ".join(f"`{task}`" for task in sorted(each.tasks)) or "every task"
        data_said = (
            "looks at labelled pictures (`--on`)" if each.on_data else "looks at no pictures"
        )
        lines.append(f"Of models of {of}; {data_said}.")
        lines += _kind_settings(each.settings)
    return "\n".join(lines) + "\n"


def _bound(bound: Any) -> str:
    ends = [f"≥ {bound.at_least:,.12g}"] if bound.at_least is not None else []
    ends += [f"≤ {bound.at_most:,.12g}"] if bound.at_most is not None else []
    return f"`{bound.figure}` {' and '.join(ends)}"


def _kind_settings(settings: type[Any]) -> list[str]:
    if not settings.__struct_fields__:
        return []
    said = (settings.__doc__ or "").strip().replace("\n    ", "\n")
    default = settings()
    rows = [
        f"| `{name}` | `{_plainly(getattr(default, name))}` |"
        for name in settings.__struct_fields__
    ]
    return ["", said, "", "| setting | default |", "|---|---|", *rows]


def _plainly(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def main() -> int:
    """Write, or check."""
    pages = {
        "assessments.md": assessments(),
        "commands.md": commands(),
        "errors.md": errors(),
        "facts.md": facts(),
        "formats.md": formats(),
        "metadata-fields.md": fields(),
        "visloop-yaml.md": settings(),
    }
    stale = [name for name, text in pages.items() if not _same(PAGES / name, text)]
    if "--check" in sys.argv:
        if stale:
            sys.stderr.write(f"not what the code says: {', '.join(stale)} (make docs)\n")
        return int(bool(stale))
    PAGES.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        (PAGES / name).write_text(text, "utf-8")
    return 0


def _same(path: Path, text: str) -> bool:
    return path.exists() and path.read_text("utf-8") == text


if __name__ == "__main__":
    raise SystemExit(main())
