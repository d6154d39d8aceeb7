"""The report's page, section by section."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from typing import Final

from visloop.evaluate.kinds.every import HEADLINES
from visloop.evaluate.records import ClassReport, Report, Scores
from visloop.evaluate.showing import charts
from visloop.evaluate.showing.pictures import Album, key
from visloop.evaluate.showing.style import POLICY, STYLE
from visloop.evaluate.showing.tables import between, cell, heat, section, spelt, table
from visloop.evaluate.study.beside import Beside
from visloop.evaluate.study.errors import NOTHING
from visloop.evaluate.study.records import Confused, Slice, Study

MOST_LABELS: Final = 30
_MOST_CELLS: Final = 12
_MOST_SLICES: Final = 40
_OF_A_CELL: Final = 6
_CLASS_COLUMNS: Final = ("precision", "recall", "f1", "ap50", "ap", "iou")


def report_page(
    report: Report,
    study: Study,
    asked: Sequence[Slice],
    beside: Sequence[Beside],
    picture: Callable[[str], bytes],
) -> str:
    """The whole file.

    Args:
        report: the figures.
        study: what was looked at beyond them.
        asked: slices that somebody named.
        beside: what the model is held against.
        picture: the upright JPEG of an image by its digest, of any size; empty: it cannot be shown.
    """
    album = Album(picture)
    title = f"{escape(report.model)} on {escape(report.data)}"
    parts = (
        _head(report),
        _beside(beside),
        _figures(report.scores),
        _curves(report.scores, study),
        _confusion(study, album),
        _errors(study, album),
        _slices(report, study, asked, album),
        _worst(study, album),
        _how(report),
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style></head>\n<body><main>\n"
        + "\n".join(part for part in parts if part)
        + "\n</main></body></html>\n"
    )


def _head(report: Report) -> str:
    metric = HEADLINES[report.task]
    left = sum(report.left_out.values())
    said = f"{report.n:,} pictures"
    if left:
        why = ", ".join(f"{n} {reason}" for reason, n in report.left_out.items())
        said += f"; {left:,} left out: {why}"
    flatter = (
        f'<p class="warning">{report.trained_on:,} of these pictures were trained on: the figures '
        "flatter.</p>"
        if report.trained_on
        else ""
    )
    interval = between(report.intervals.get(metric))
    return (
        f"<h1>{escape(report.model)}</h1><p class='muted'>judged on {escape(report.data)}: "
        f'{escape(said)}</p><p class="headline">{report.metrics[metric]:.3f} '
        f"<small>{spelt(metric)}{f', 95 % {interval}' if interval else ''}</small></p>{flatter}"
    )


def _beside(rows: Sequence[Beside]) -> str:
    if not rows:
        return ""
    tone = {"better": "good", "met": "good", "worse": "bad", "missed": "bad"}
    body = (
        (
            escape(row.against),
            spelt(row.metric),
            "–" if row.ours is None else f"{row.ours:.4f}",
            f"{row.theirs:.4f}",
            "" if row.gain is None else f"{row.gain:+.4f}",
            between(row.interval),
            f'<span class="{tone.get(row.verdict, "muted")}">{row.verdict}</span>',
        )
        for row in rows
    )
    head = ("", "figure", "n:this model", "n:that", "n:better by", "n:95 %", "")
    said = "On the same pictures; better by, with its interval over redrawn pictures."
    return section("Beside what it must beat", said, table(head, body))


def _figures(scores: Scores) -> str:
    rows = (
        (spelt(name), f"{value:.4f}", between(scores.intervals.get(name)))
        for name, value in scores.metrics.items()
        if not name.startswith("baseline")
    )
    tables = [table(("figure", "n:", "n:95 %"), rows)]
    if scores.per_class:
        tables.append(_classes("class", scores.per_class))
    if scores.sizes:
        tables.append(_classes("size of object", scores.sizes))
    return section("Figures", "", f'<div class="columns">{"".join(tables)}</div>')


def _classes(what: str, rows: Sequence[ClassReport]) -> str:
    there = [name for name in _CLASS_COLUMNS if any(getattr(r, name) is not None for r in rows)]
    main = next((name for name in ("ap50", "iou", "f1") if name in there), "f1")
    body = (
        (
            escape(row.name),
            f"{row.support:,}",
            *(cell(getattr(row, name)) for name in there),
            charts.bar(getattr(row, main) or 0.0, row.intervals.get(main)),
        )
        for row in rows
    )
    head = (what, "n:n", *(f"n:{spelt(name)}" for name in there), f"{spelt(main)}, 95 %")
    return f'<div class="scroll">{table(head, body)}</div>'


def _curves(scores: Scores, study: Study) -> str:
    drawn = ""
    if scores.calibration:
        error = scores.metrics.get("calibration_error", 0.0)
        drawn += (
            f"<div><h3>Reliability</h3>{charts.reliability(scores.calibration)}"
            f'<p class="muted">calibration error {error:.3f}; a dot is as large as many answers'
            " it stands for</p></div>"
        )
    if study.curves:
        drawn += (
            f"<div><h3>Precision over recall</h3>{charts.precision_recall(study.curves)}"
            f"{charts.legend(study.curves)}</div>"
        )
    return section("Curves", "", f'<div class="columns">{drawn}</div>') if drawn else ""


def _confusion(study: Study, album: Album) -> str:
    if not study.labels:
        return ""
    drawn = _matrix(study) if len(study.labels) <= MOST_LABELS else ""
    cells = "".join(
        f"<details{' open' if number < 1 else ''}><summary>{escape(mistake(each))} "
        f'<span class="muted">{each.n:,} times</span></summary>'
        f"{album.sheet(each.pictures[:_OF_A_CELL])}</details>"
        for number, each in enumerate(study.confused[:_MOST_CELLS])
    )
    more = len(study.confused) - _MOST_CELLS
    cells += f'<p class="muted">{more} rarer mistakes are not shown.</p>' if more > 0 else ""
    said = "Truth in rows, answers in columns; the commonest mistakes with their surest pictures."
    return section("What is taken for what", said, drawn + cells)


def mistake(made: Confused) -> str:
    """A cell of the confusion matrix in words."""
    if made.answered == NOTHING:
        return f"{made.truth} missed"
    if made.truth == NOTHING:
        return f"{made.answered} found where nothing is"
    return f"{made.truth} taken for {made.answered}"


def _matrix(study: Study) -> str:
    most = max(1, *(n for row in study.confusion for n in row))
    head = "".join(f"<th>{escape(label)}</th>" for label in study.labels)
    rows = "".join(
        f"<tr><th>{escape(study.labels[k])}</th>"
        + "".join(
            f'<td class="{"right" if j == k else "wrong"}" style="--share:{heat(n, most)}%">'
            f"{n or ''}</td>"
            for j, n in enumerate(row)
        )
        + "</tr>"
        for k, row in enumerate(study.confusion)
        if any(row)
    )
    return (
        f'<div class="scroll"><table class="confusion"><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _errors(study: Study, album: Album) -> str:
    if not study.errors:
        return ""
    most = max(0.01, *(each.gain for each in study.errors))
    body = (
        (
            each.name,
            escape(each.meaning),
            f"{each.count:,}",
            f"{each.gain:+.4f}",
            charts.bar(each.gain, most=most),
        )
        for each in study.errors
    )
    costs = table(("error", "", "n:how many", "n:gain of map50 without it", ""), body)
    sheets = "".join(
        f'<details><summary>{each.name} <span class="muted">{escape(each.meaning)}</span></summary>'
        f"{album.sheet(each.pictures)}</details>"
        for each in study.errors
        if each.pictures
    )
    said = (
        "After TIDE (Bolya 2020). How many: at the model's threshold. Gain: over all scores, if errors "
        "of this kind alone were mended."
    )
    return section("Errors", said, costs + key() + sheets)


def _slices(report: Report, study: Study, asked: Sequence[Slice], album: Album) -> str:
    parts: list[str] = []
    metric = HEADLINES[report.task]
    if asked:
        parts += ["<h3>Asked for</h3>", _slicetable(metric, asked)]
        parts += _sheets(asked, album)
    if study.searched:
        confirmed = f"{len(study.found)} of {study.tested}" if study.tested else "none"
        parts.append(
            f"<h3>Failing slices, searched for</h3><p>{study.searched:,} slices and pairs of them were "
            f"tried in one half of the pictures; {study.tested} stood out there, and the other half "
            f"confirmed {confirmed}. Figures are those of that other half.</p>"
        )
        if study.found:
            parts.append(_slicetable(metric, study.found))
    if study.slices:
        fail = sum(each.fails for each in study.slices)
        parts.append(
            f"<h3>What suggests itself</h3><p>{study.looked_at} slices were looked at; {fail} fare worse "
            "than the rest at a false discovery rate of 5 % (q, after Benjamini and Hochberg).</p>"
        )
        parts.append(_slicetable(metric, study.slices[:_MOST_SLICES]))
        parts += _sheets([each for each in study.slices if each.fails], album)
    said = f"Loss: {study.loss}." if study.loss else ""
    return section("Slices", said, "".join(parts)) if parts else ""


def _slicetable(metric: str, rows: Sequence[Slice]) -> str:
    body = (
        (
            escape(row.name),
            f"{row.n:,}",
            cell(row.metrics.get(metric)),
            between(row.intervals.get(metric)),
            f"{row.loss:.3f}",
            f"{row.rest:.3f}",
            f"{row.p:.4f}",
            f'<span class="{"bad" if row.fails else "muted"}">{row.q:.4f}</span>',
        )
        for row in rows
    )
    head = ("slice", "n:pictures", f"n:{spelt(metric)}", "n:95 %", "n:loss", "n:of the rest")
    return f'<div class="scroll">{table((*head, "n:p", "n:q"), body)}</div>'


def _sheets(rows: Iterable[Slice], album: Album) -> Iterator[str]:
    for each in rows:
        if each.worst:
            yield (
                f"<details><summary>worst of {escape(each.name)}</summary>"
                f"{album.sheet(each.worst)}</details>"
            )


def _worst(study: Study, album: Album) -> str:
    if not study.worst:
        return ""
    return section("Worst pictures", "", key(study.worst) + album.sheet(study.worst))


def _how(report: Report) -> str:
    scores = report.scores
    redrawn = (
        f"Intervals at 95 % come from {scores.resamples:,} sets of pictures redrawn from seed "
        f"{scores.seed}; of average precision, top-k, Brier score and calibration from how each figure "
        "moves with each picture's weight."
        if scores.resamples
        else "Intervals at 95 % come from how each figure moves with each picture's weight, which is what "
        "redrawing pictures tends to."
    )
    return (
        f'<p class="muted">{redrawn} Report {escape(report.id)}, package {report.package[:12]}, data '
        f"{report.root[:12]}.</p>"
    )
