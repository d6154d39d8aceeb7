"""The rows of one run as tables for people, on stdout and between two marks of a page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from serving.rows import CONNECTIONS, NO_LOG, OURS

BEGIN = "<!-- figures of bench/bench_serve.py: begin (written by --page) -->"
END = "<!-- figures of bench/bench_serve.py: end -->"
_HEADS = (
    "connections",
    "server",
    "answers/s",
    "of the bound",
    "ours is ×",
    "p50 ms",
    "p99 ms",
    "CPU ms/answer",
    "memory MB",
    "start s",
)
Told = dict[str, dict]


def write(page: Path, rows: list[dict], facts: dict) -> None:
    """Replace what stands between the marks."""
    before, found, rest = page.read_text("utf-8").partition(BEGIN)
    _, ended, after = rest.partition(END)
    assert found, f"{page} has no marks for the figures"
    assert ended, f"{page} has no marks for the figures"
    page.write_text(f"{before}{BEGIN}\n{text(rows, facts)}\n{END}{after}", "utf-8")


def text(rows: list[dict], facts: dict) -> str:
    """Every table, one below the other."""
    told = {row["row"]: row for row in rows}
    parts = [_conditions(told, facts)]
    if set(CONNECTIONS) <= set(told):
        parts += [_table(_HEADS, _servers(told))]
    if "V4" in told:
        parts += [
            _table(("server, a network that does nothing", "p50 ms", "× raw ASGI"), _idle(told))
        ]
    if "V9" in told:
        heads = ("form", "figure", "gain, interval", "same class", "size MB", "network ms", "taken")
        parts += [_table(heads, _forms(told["V9"]))]
    parts += [_table(("row", "figure", "bar", "met"), _bars(told))]
    return "\n\n".join(parts)


def _conditions(told: Told, facts: dict) -> str:
    said = (
        f"Measured on {facts['date']} UTC: {facts['cpus']} cores ({facts['cpu']}), "
        f"{facts['memory_gb']} GB, {facts['os']}, Python {facts['python']}, load {facts['load']} "
        f"before it began, {facts['rounds']} rounds of {facts['seconds']:g} s."
    )
    if "V2" not in told:
        return said
    client = told["V2"]["servers"][OURS]["client_cpu_ms"]
    by = "wrk" if told["V2"]["client"] == "with_wrk" else "a Python client"
    return (
        f"{said} The clients ({by}, on the same cores) took {client:g} ms of the processor for an "
        "answer; the bound has no clients."
    )


def _servers(told: Told) -> list[list[object]]:
    lines: list[list[object]] = []
    for row, connections in CONNECTIONS.items():
        one = told[row]
        bound = f"**bound**: bare loop, {min(connections, 2)} of 2 cores"
        lines.append(
            [connections, bound, one["limit_rps"], 1, "", "", "", one["limit_cpu_ms"], "", ""]
        )
        for name, each in one["servers"].items():
            shown = (each[key] for key in ("p50_ms", "p99_ms", "cpu_ms", "pss_mb", "start_s"))
            times = one["times"].get(name, "")
            lines.append(["", name, each["rps"], each["of_limit"], times, *shown])
    return lines


def _idle(told: Told) -> list[list[object]]:
    row = told["V4"]
    return [[name, ms, row["of_limit"][name]] for name, ms in row["p50_ms"].items()]


def _forms(row: dict) -> list[list[object]]:
    lines = []
    for each in row["forms"]:
        gain, low, high = each["gain"]
        same = "" if each["same"] is None else f"{each['same']:.1%}"
        lines.append(
            [
                f"`{each['target']}`",
                f"{each['metric']} {each['before']:g} → {each['after']:g} ({each['pictures']} pictures)",
                f"{gain:+g}, {low:+g} … {high:+g}",
                same,
                " → ".join(f"{mb:g}" for mb in each["mb"]),
                " → ".join(f"{ms:g}" for ms in each["ms"]),
                _yes(each["passed"]),
            ]
        )
    return lines


def _bars(told: Told) -> list[list[object]]:
    checks: dict[str, Callable[[dict], list[list[object]]]] = {
        "V1": lambda row: _loaded(row, 0.90, 1.4),
        "V2": lambda row: [*_loaded(row, 0.95, None), *_against(row)],
        "V3": lambda row: [*_loaded(row, 0.95, 1.3), *_against(row)],
        "V4": lambda row: [
            _at_most(f"p50 × raw ASGI, {name}", row["of_limit"][name], 1.5)
            for name in (OURS, NO_LOG)
        ],
        "V5": lambda row: [_at_most("start to first answer, s", row["start_s"][OURS], 1.0)],
        "V6": lambda row: [_at_most("memory at 32 connections, MB", row["pss_mb"][OURS], 220)],
        "V7": lambda row: [
            _at_most("throughput that the log costs", row["costs"], 0.03),
            _at_most("processor time a request, µs", row["cpu_us"], 150),
        ],
        "V8": lambda row: [
            _at_most(f"lost of {row['answers']} answers", row["failed"], 0),
            _at_most("p99 during switches, × calm", row["ratio"], 2),
        ],
        "V9": lambda row: [
            [f"forms that the policy takes: {_taken(row)} of {len(row['forms'])}", "parity", "–"]
        ],
    }
    return [
        [row, *line] for row, check in checks.items() if row in told for line in check(told[row])
    ]


def _loaded(row: dict, of_limit: float, tail: float | None) -> list[list[object]]:
    ours = row["servers"][OURS]
    lines = [_at_least("of the bound", ours["of_limit"], of_limit)]
    if row["row"] != "V1":
        lines += [_at_most("processor time, × the bare loop", ours["cpu_of_bare"], 1.12)]
    if tail:
        lines += [_at_most("p99 × p50", ours["p99_of_p50"], tail)]
    return lines


def _against(row: dict) -> list[list[object]]:
    return [
        _at_least(f"× {name}", times, 1.1 if name == "fastapi" else 2)
        for name, times in row["times"].items()
    ]


def _taken(row: dict) -> int:
    return sum(each["passed"] for each in row["forms"])


def _at_least(what: str, figure: float, bar: float) -> list[object]:
    return [f"{what}: {figure:g}", f"≥ {bar:g}", _yes(figure >= bar)]


def _at_most(what: str, figure: float, bar: float) -> list[object]:
    return [f"{what}: {figure:g}", f"≤ {bar:g}", _yes(figure <= bar)]


def _yes(met: object) -> str:
    return "yes" if met else "**no**"


def _table(heads: tuple[str, ...], lines: list[list[object]]) -> str:
    shown = [list(heads), ["---"] * len(heads), *lines]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in shown)
