"""What a search is asked for, checked; and written down as the parameters of its run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, get_args

from visloop.errors import UsageError, did_you_mean
from visloop.train.recipe import Recipe, find_recipe, settled
from visloop.train.records import Run
from visloop.train.tuning.aims import Aim, direction_of
from visloop.train.tuning.space import Domain, read_space, size
from visloop.train.tuning.study import Beginning, Direction, Pruning

_PRUNINGS: Final = ("auto", *get_args(Pruning))
_MOST: Final = 100_000


@dataclass(frozen=True)
class Wanted:
    """A search as it is asked for.

    `space` and `fixed` hold text by parameter (`rate`), or by recipe and parameter (`detect.rate`);
    a recipe of which `space` says nothing is searched as it declares itself. `metric` and `direction`
    "": as the recipe and the metric's name say. `pruning` "auto": by the median where one recipe tells
    early how it goes, else none.
    """

    ref: str
    recipes: tuple[str, ...]
    space: Mapping[str, str] = field(default_factory=dict[str, str])
    fixed: Mapping[str, str] = field(default_factory=dict[str, str])
    trials: int = 20
    metric: str = ""
    direction: Literal["", "maximize", "minimize"] = ""
    pruning: Literal["auto", "median", "hyperband", "none"] = "auto"
    seed: int = 0
    threads: int | None = None
    model_name: str = ""


@dataclass(frozen=True)
class Searched:
    """One recipe in a search: its space, what is fixed, and the curve that tells early."""

    recipe: Recipe
    space: Mapping[str, Domain]
    fixed: Mapping[str, str]
    watched: str


@dataclass(frozen=True)
class Plan:
    """A search that was checked: everything decided but the trials."""

    wanted: Wanted
    searched: Mapping[str, Searched]
    metric: str
    direction: Direction
    pruning: Pruning

    @property
    def spaces(self) -> dict[str, Mapping[str, Domain]]:
        """The space of each recipe."""
        return {name: each.space for name, each in self.searched.items()}

    @property
    def beginning(self) -> Beginning:
        """How its study begins; equal searches have studies of the same name."""
        name = f"{self.wanted.ref} {','.join(self.searched)}"
        return Beginning(name, self.metric, self.direction, self.pruning, self.wanted.seed)

    def better(self, a: float, b: float) -> bool:
        """Whether `a` is better than `b`."""
        return a > b if self.direction == "maximize" else a < b

    def as_watched(self, recipe: str, value: float) -> float:
        """A number of the watched curve, turned so that it is judged as the metric is."""
        watched = self.searched[recipe].watched
        same = watched == self.metric or direction_of(watched) == self.direction
        return value if same else -value

    def written(self) -> dict[str, str]:
        """As parameters of the search's run; `reread` understands them."""
        return {
            "recipe": ",".join(self.searched),
            "metric": self.metric,
            "direction": self.direction,
            "prune": self.pruning,
            "trials": str(self.wanted.trials),
            "threads": str(self.wanted.threads or ""),
            **{f"space.{key}": str(each) for key, each in self.parameters()},
            **{f"set.{key}": value for key, value in self.wanted.fixed.items()},
        }

    def parameters(self) -> list[tuple[str, Domain]]:
        """What is searched: `rate`, or with several recipes `detect.rate`."""
        several = len(self.searched) > 1
        return [
            (f"{name}.{key}" if several else key, domain)
            for name, each in self.searched.items()
            for key, domain in each.space.items()
        ]


def plan_of(wanted: Wanted) -> Plan:
    """The search that is asked for.

    Raises:
        UsageError: an unknown recipe, parameter or pruning; recipes that learn different things; a
            space that cannot be, or none.
        MissingExtra: a recipe's library is not installed.
    """
    _check_numbers(wanted)
    named = {name: find_recipe(name) for name in dict.fromkeys(wanted.recipes)}
    fixed = _parted("set", named, wanted.fixed)
    recipes = {name: settled(each, name, fixed[name])[0] for name, each in named.items()}
    tasks = {name: each.task for name, each in recipes.items()}
    if len(set(tasks.values())) > 1:
        told = ", ".join(f"{name} is for {task}" for name, task in tasks.items())
        raise UsageError(f"these recipes learn different things: {told}", fix="search one of them")
    space = _parted("space", recipes, wanted.space)
    searched: dict[str, Searched] = {}
    for name, recipe in recipes.items():
        aim = aim_of(recipe)
        declared = {k: v for k, v in aim.space.items() if k not in fixed[name]}
        read = read_space(recipe, name, space[name] or declared, fixed[name])
        searched[name] = Searched(recipe, read, fixed[name], aim.watched)
    if len(searched) == 1 and not next(iter(searched.values())).space:
        (only,) = searched
        known = recipes[only].parameters.__struct_fields__
        raise UsageError(
            f"nothing is searched: {only!r} declares no space of its own",
            fix=f"--space {known[0] if known else 'NAME'}=LOW..HIGH   (parameters: {', '.join(known)})",
        )
    metric = wanted.metric or _common_metric(recipes)
    direction = wanted.direction or direction_of(metric)
    searched = {
        name: replace(each, watched=each.watched or metric) for name, each in searched.items()
    }
    return Plan(wanted, searched, metric, direction, _pruning(wanted, searched, metric))


def reread(run: Run) -> Plan:
    """The plan of a search that was begun, from its run.

    Raises:
        UsageError: its recipe takes no such parameters any more.
    """
    params: Mapping[str, Any] = run.params
    return plan_of(
        Wanted(
            ref=run.data,
            recipes=tuple(params["recipe"].split(",")),
            space=_under("space.", params),
            fixed=_under("set.", params),
            trials=int(params["trials"]),
            metric=params["metric"],
            direction=params["direction"],
            pruning=params["prune"],
            seed=run.seed,
            threads=int(params["threads"]) if params["threads"] else None,
            model_name=run.model_name,
        )
    )


def combinations(plan: Plan) -> int | None:
    """How many different trials there are; None where they have no end."""
    sizes = [size(each.space) for each in plan.searched.values()]
    return None if None in sizes else sum(each or 0 for each in sizes)


def aim_of(recipe: Recipe) -> Aim:
    """What the recipe says of itself; nothing where it says nothing."""
    return getattr(recipe, "aim", None) or Aim()


def _under(prefix: str, params: Mapping[str, Any]) -> dict[str, str]:
    return {k.removeprefix(prefix): str(v) for k, v in params.items() if k.startswith(prefix)}


def _check_numbers(wanted: Wanted) -> None:
    if not 1 <= wanted.trials <= _MOST:
        raise UsageError(f"{wanted.trials} trials", fix=f"--trials 1 to {_MOST:,}")
    if wanted.pruning not in _PRUNINGS:
        known = ", ".join(_PRUNINGS)
        near = did_you_mean(wanted.pruning, _PRUNINGS, otherwise=f"--prune one of: {known}")
        raise UsageError(f"there is no pruning {wanted.pruning!r}", fix=near)


def _parted(
    option: str, recipes: Mapping[str, Recipe], given: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """What is given, by recipe: `rate` goes to every recipe that has it, `detect.rate` to one."""
    found: dict[str, dict[str, str]] = {name: {} for name in recipes}
    for key, text in given.items():
        head, dot, rest = key.partition(".")
        if dot and head in recipes:
            having = [head] if rest in recipes[head].parameters.__struct_fields__ else []
        else:
            having = [n for n, r in recipes.items() if key in r.parameters.__struct_fields__]
            rest = key
        if not having:
            known = sorted({f for r in recipes.values() for f in r.parameters.__struct_fields__})
            raise UsageError(
                f"--{option} {key}: {' and '.join(map(repr, recipes))} has no such parameter",
                fix=did_you_mean(key, known, otherwise=f"parameters: {', '.join(known)}"),
            )
        for name in having:
            found[name][rest] = text
    return found


def _common_metric(recipes: Mapping[str, Recipe]) -> str:
    metrics = {name: aim_of(recipe).metric for name, recipe in recipes.items()}
    if len(set(metrics.values())) > 1 or not all(metrics.values()):
        told = ", ".join(f"{name}: {metric or 'nothing'}" for name, metric in metrics.items())
        raise UsageError(f"by which figure? The recipes say {told}", fix="--metric NAME")
    return next(iter(metrics.values()))


def _pruning(wanted: Wanted, searched: Mapping[str, Searched], metric: str) -> Pruning:
    alike = len(searched) == 1 or all(each.watched == metric for each in searched.values())
    if wanted.pruning == "auto":
        return "median" if alike else "none"
    if wanted.pruning != "none" and not alike:
        raise UsageError(
            "curves of different recipes cannot be compared on the way",
            fix="--prune none, or one recipe",
        )
    return wanted.pruning
