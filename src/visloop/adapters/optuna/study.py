"""Studies kept by Optuna: a SQLite file each, which `optuna-dashboard sqlite:///FILE` opens.

The sampler is the tree-structured Parzen estimator; its dice begin anew with each trial, from the
seed and the trial's place, so that a search that was killed goes on as if it had not been.

Source: Akiba 2019 (Optuna), Bergstra 2011 (TPE), Golovin 2017 (median rule), Li 2018 (Hyperband),
Hutter 2014 (fANOVA), Watanabe 2023 (PED-ANOVA).
"""

from __future__ import annotations

import warnings
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import optuna
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner
from optuna.samplers import TPESampler
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy import event

from visloop.train import Beginning, Between, Importance, Trial

if TYPE_CHECKING:
    from visloop.train import Domain, Space

RECIPE: Final = "recipe"
_FEWEST: Final = 4
_STARTUP: Final = 5
_STATES: Final = {
    TrialState.WAITING: "waiting",
    TrialState.RUNNING: "running",
    TrialState.COMPLETE: "done",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
}
_ENDS: Final = {
    "done": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "failed": TrialState.FAIL,
}


@contextmanager
def _quiet() -> Generator[None]:
    """Without Optuna's log lines, and its warnings about what is experimental."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(level)


class OptunaStudy:
    """One study in one file."""

    def __init__(self, file: Path, beginning: Beginning) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._seed = beginning.seed
        with _quiet():
            self._storage = optuna.storages.RDBStorage(
                f"sqlite:///{file}", engine_kwargs={"connect_args": {"timeout": 60}}
            )
            event.listen(self._storage.engine, "connect", _quickly)
            self._storage.engine.dispose()
            self._study = optuna.create_study(
                storage=self._storage,
                study_name=beginning.name,
                direction=beginning.direction,
                pruner=_pruner(beginning.pruning),
                sampler=TPESampler(seed=beginning.seed),
                load_if_exists=True,
            )
            if not self._study.metric_names:
                self._study.set_metric_names([beginning.metric])
        self._live: dict[int, optuna.Trial] = {}

    def ask(self, spaces: Mapping[str, Space], hand: str) -> Trial:
        """Begin the next trial."""
        with _quiet():
            known = self._study.get_trials(deepcopy=False)
            place = len(known) - len(_lost(known))
            self._study.sampler = TPESampler(
                seed=self._seed * 100_003 + place, multivariate=True, group=len(spaces) > 1
            )
            trial = self._study.ask()
            trial.set_user_attr("hand", hand)
            names = list(spaces)
            several = len(names) > 1
            recipe = str(trial.suggest_categorical(RECIPE, names)) if several else names[0]
            params = {
                name: _suggest(trial, f"{recipe}.{name}" if several else name, domain)
                for name, domain in spaces[recipe].items()
            }
            trial.set_user_attr(RECIPE, recipe)
        self._live[trial.number] = trial
        begun = self._study.get_trials(deepcopy=False)[trial.number]
        run, curve = str(begun.user_attrs.get("run", "")), dict(begun.intermediate_values)
        return Trial(trial.number, "running", recipe, params, curve=curve, run=run, hand=hand)

    def note(self, number: int, **said: str) -> None:
        """Remember words about a trial."""
        for key, value in said.items():
            self._live[number].set_user_attr(key, value)

    def report(self, number: int, step: int, value: float) -> bool:
        """What the trial reached at a step; True when it is hopeless."""
        with _quiet():
            trial = self._live[number]
            trial.report(value, step)
            return trial.should_prune()

    def tell(
        self, number: int, state: Literal["done", "pruned", "failed"], value: float | None
    ) -> None:
        """End a trial."""
        with _quiet():
            given = value if state == "done" else None
            self._study.tell(number, given, state=_ENDS[state])
        self._live.pop(number, None)

    def again(self, number: int) -> None:
        """Mark a trial as lost, and queue its parameters once more."""
        with _quiet():
            known = self._study.get_trials(deepcopy=False)
            gone = known[number]
            if number not in _lost(known):
                kept = {key: gone.user_attrs[key] for key in ("run",) if key in gone.user_attrs}
                waiting = optuna.create_trial(
                    state=TrialState.WAITING,
                    user_attrs=kept | {"again": number},
                    system_attrs={"fixed_params": dict(gone.params)},
                    intermediate_values=gone.intermediate_values,
                )
                self._study.add_trial(waiting)
            self._study.tell(number, state=TrialState.FAIL)

    def trials(self) -> Sequence[Trial]:
        """All of them, by number."""
        with _quiet():
            known = self._study.get_trials(deepcopy=False)
        lost = _lost(known)
        return [_trial(each, lost=each.number in lost) for each in known]

    def close(self) -> None:
        """Let go of the file."""
        self._storage.remove_session()
        self._storage.engine.dispose()

    def importance(self, by: Literal["fanova", "ped-anova"]) -> Sequence[Importance]:
        """What mattered, greatest first."""
        with _quiet():
            found = [
                t for t in self._study.get_trials(deepcopy=False) if t.state == TrialState.COMPLETE
            ]
            recipes = list(dict.fromkeys(t.user_attrs.get(RECIPE, "") for t in found))
            several = any(RECIPE in t.params for t in found)
            shares = self._shares("", found, by) if several else []
            for recipe in recipes:
                mine = [t for t in found if t.user_attrs.get(RECIPE, "") == recipe]
                shares += self._shares(recipe, mine, by)
        return shares

    def _shares(self, recipe: str, found: Sequence[FrozenTrial], by: str) -> list[Importance]:
        """Of one recipe's parameters, or (recipe "") of the choice between recipes."""
        values = {t.value for t in found}
        if len(found) < _FEWEST or len(values) < 2:  # noqa: PLR2004 - a spread
            return []
        names = [
            name
            for name in found[0].params
            if (name == RECIPE) == (not recipe) and all(name in t.params for t in found)
        ]
        if not names:
            return []
        some = optuna.create_study(direction=self._study.direction)
        some.add_trials([_only(t, names) for t in found])
        from optuna import importance as judged  # noqa: PLC0415 - it brings scikit-learn, which takes long

        fanova = by == "fanova"
        judge = (
            judged.FanovaImportanceEvaluator(seed=0)
            if fanova
            else judged.PedAnovaImportanceEvaluator()
        )
        told = judged.get_param_importances(some, evaluator=judge, params=names)
        prefix = f"{recipe}." if recipe else ""
        return [
            Importance(recipe, name.removeprefix(prefix), float(share))
            for name, share in told.items()
        ]


def _quickly(connection: Any, _: object) -> None:
    """What was told survives a kill without waiting for the disk each time."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


def _only(trial: FrozenTrial, names: Sequence[str]) -> FrozenTrial:
    return optuna.create_trial(
        value=trial.value,
        params={name: trial.params[name] for name in names},
        distributions={name: trial.distributions[name] for name in names},
    )


def _pruner(name: str) -> BasePruner:
    if name == "median":
        return MedianPruner(n_startup_trials=_STARTUP, n_warmup_steps=1)
    return HyperbandPruner() if name == "hyperband" else NopPruner()


def _suggest(trial: optuna.Trial, label: str, domain: Domain) -> Any:
    if not isinstance(domain, Between):
        return trial.suggest_categorical(label, list(domain.values))
    if domain.whole:
        return trial.suggest_int(label, int(domain.low), int(domain.high), log=domain.log)
    return trial.suggest_float(label, domain.low, domain.high, log=domain.log)


def _lost(known: Sequence[FrozenTrial]) -> set[int]:
    """Trials whose process died: each of them is done again by another."""
    return {each.user_attrs["again"] for each in known if "again" in each.user_attrs}


def _trial(found: FrozenTrial, *, lost: bool) -> Trial:
    said = found.user_attrs
    recipe = str(said.get(RECIPE, ""))
    params = {
        name.removeprefix(f"{recipe}."): value
        for name, value in found.params.items()
        if name != RECIPE
    }
    return Trial(
        number=found.number,
        state="lost" if lost else _STATES[found.state],  # pyright: ignore[reportArgumentType]
        recipe=recipe,
        params=params,
        value=found.value,
        curve=dict(sorted(found.intermediate_values.items())),
        started=found.datetime_start,
        ended=found.datetime_complete,
        run=str(said.get("run", "")),
        hand=str(said.get("hand", "")),
        why=str(said.get("why", "")),
    )
