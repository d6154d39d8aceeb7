"""Reports with everything that belongs beside them: slices, baselines, pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from visloop import data, evaluate, registry
from visloop.app.handlers.policies import goals
from visloop.app.media import thumbnail
from visloop.app.rows import plain
from visloop.errors import UsageError, VisloopError
from visloop.ids import Ref

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope

_PAGE: Final = 1000
_PICTURE_PX: Final = 320


@dataclass(frozen=True)
class Whole:
    """A report, its study, the slices that were asked for, and what the model is held against."""

    report: evaluate.Report
    study: evaluate.Study
    asked: tuple[evaluate.Slice, ...]
    beside: tuple[evaluate.Beside, ...]


def whole_report(
    ports: Ports, scope: Scope, report: evaluate.Report, asked: dict[str, frozenset[str]]
) -> Whole:
    """All that is known of how good a model is; nothing but the asked slices is computed."""
    return Whole(
        report,
        evaluate.load_study(ports.evaluate, report),
        evaluate.slices_of(ports.evaluate, scope, report, asked) if asked else (),
        tuple(_beside(ports, scope, report)),
    )


def evaluated(report: evaluate.Report) -> dict[str, Any]:
    """A report as the fields of the answer: its figures."""
    scores = report.scores
    return {
        "report": report.id,
        "model": report.model,
        "task": report.task,
        "on": report.data,
        "n": report.n,
        "metrics": report.metrics,
        "intervals": report.intervals,
        "per_class": tuple(plain(each) for each in scores.per_class),
        "sizes": tuple(plain(each) for each in scores.sizes),
        "classes": scores.classes,
        "labels": scores.classes,
        "confusion": scores.confusion,
        "calibration": tuple(plain(each) for each in scores.calibration),
        "baseline": scores.baseline_class,
        "left_out": report.left_out,
        "trained_on": report.trained_on,
        "resamples": scores.resamples,
        "seed": scores.seed,
    }


def told_report(whole: Whole) -> dict[str, Any]:
    """The same with its study and baselines."""
    study = whole.study
    found = evaluated(whole.report) | {
        "beside": tuple(map(plain, whole.beside)),
        "confused": tuple(map(plain, study.confused)),
        "curves": tuple(map(plain, study.curves)),
        "errors": tuple(map(plain, study.errors)),
        "slices": tuple(map(plain, (*whole.asked, *study.slices))),
        "looked_at": study.looked_at,
        "found": tuple(map(plain, study.found)),
        "searched": study.searched,
        "tested": study.tested,
        "worst": tuple(map(plain, study.worst)),
        "loss": study.loss,
    }
    return found | ({"labels": study.labels, "confusion": study.confusion} if study.labels else {})


def report_on(ports: Ports, scope: Scope, version: registry.ModelVersion) -> dict[str, Any] | None:
    """The newest report on a model, its figures; None when there is none."""
    found = _newest(ports, scope, version)
    return evaluated(found) if found else None


def whole_report_on(
    ports: Ports, scope: Scope, version: registry.ModelVersion
) -> dict[str, Any] | None:
    """The newest report on a model, as `evaluate` answers it; None when there is none."""
    found = _newest(ports, scope, version)
    return told_report(whole_report(ports, scope, found, {})) if found else None


def asked_slices(
    ports: Ports, scope: Scope, on: Ref, questions: tuple[str, ...]
) -> dict[str, frozenset[str]]:
    """Question → ids of the samples that it finds; a wrong question is told before work begins.

    Raises:
        UsageError: a question finds nothing.
    """
    found = {text: frozenset(_ids(ports, scope, on, text)) for text in questions}
    for text, ids in found.items():
        if not ids:
            raise UsageError(
                f"no picture of {on} is in the slice {text!r}",
                fix=f"try it: visloop query '{text}' --at {on}",
            )
    return found


def judge_champion(ports: Ports, scope: Scope, report: evaluate.Report, on: Ref) -> None:
    """Judge the champion by the same pictures, where it was asked the same."""
    champion = registry.champion(ports.registry, scope, report.model.partition("@")[0])
    if champion is None or champion.ref == report.model:
        return
    package = registry.load(ports.registry, champion)
    if package.contract.decode.task == report.task:
        evaluate.evaluate(ports.evaluate, scope, champion, on)


def write_report(ports: Ports, whole: Whole, file: Path) -> None:
    """The report as one HTML file with its pictures in it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(report_html(ports, whole), "utf-8")


def report_html(ports: Ports, whole: Whole) -> str:
    """The report as a page that loads nothing."""
    return evaluate.report_page(whole.report, whole.study, whole.asked, whole.beside, drawn(ports))


def newest_report_html(ports: Ports, scope: Scope, model: str, questions: tuple[str, ...]) -> str:
    """The newest report on a model as a page, with the slices that questions find.

    Raises:
        ReportNotFound: nobody has judged it yet.
        UsageError: a question finds nothing.
    """
    version = registry.resolve(ports.registry, scope, Ref.parse(model))
    found = _newest(ports, scope, version)
    if found is None:
        raise evaluate.ReportNotFound(
            f"nobody has judged {version.ref} yet", fix=f"visloop evaluate {version.ref} --on REF"
        )
    asked = asked_slices(ports, scope, Ref.parse(found.data), questions)
    return report_html(ports, whole_report(ports, scope, found, asked))


def drawn(ports: Ports) -> Callable[[str], bytes]:
    """What gives a page its pictures: the JPEG of an image by digest; empty where it cannot be shown."""

    def picture(image: str) -> bytes:
        try:
            return thumbnail(ports, image, _PICTURE_PX)
        except VisloopError:  # gone, or no picture that can be drawn: the page says so
            return b""

    return picture


def _newest(ports: Ports, scope: Scope, version: registry.ModelVersion) -> evaluate.Report | None:
    found = evaluate.list_reports(ports.evaluate, scope, model=version.model)
    return next((each for each in found if each.model == version.ref), None)


def _beside(ports: Ports, scope: Scope, report: evaluate.Report) -> list[evaluate.Beside]:
    answers = evaluate.load_answers(ports.evaluate, report)
    name = report.model.partition("@")[0]
    found = [*evaluate.beside_simplest(answers)]
    champion = registry.champion(ports.registry, scope, name)
    if champion is not None and champion.ref != report.model:
        same = (
            each
            for each in evaluate.list_reports(ports.evaluate, scope, model=name)
            if (each.model, each.data) == (champion.ref, report.data)
        )
        theirs = next(same, None)
        if theirs is not None:
            other = evaluate.load_answers(ports.evaluate, theirs)
            found += evaluate.beside_champion(f"champion {champion.ref}", answers, other)
    return [*found, *evaluate.beside_goals(report.scores, goals(ports, name))]


def _ids(ports: Ports, scope: Scope, on: Ref, text: str) -> list[str]:
    ids: list[str] = []
    while True:
        page = data.query(ports.data, scope, on, text, offset=len(ids), limit=_PAGE)
        ids += [row["id"] for row in page.rows]
        if len(page.rows) < _PAGE:
            return ids
