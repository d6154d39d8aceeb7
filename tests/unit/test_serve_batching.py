"""When pictures go through a network together: decided by a curve, on a clock that the test winds."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from visloop.infer import Predictor
from visloop.serve.work import batching
from visloop.vision import Contract, Resize

CONTRACT = Contract(resize=Resize(mode="squash", size_px=4, crop_px=None), classes=("a", "b", "c"))


class Network:
    """In the place of a session: mean colours decide; a run of N takes `cost(N)` seconds."""

    def __init__(self, cost, *, fixed=False, spread=0.0, mixes=False, most=64, seed=7) -> None:
        self.now = 0.0
        self.runs = 0
        self._cost = cost
        self._shape = (1 if fixed else "n", 3, 4, 4)
        self._noise = np.random.default_rng(seed)
        self._spread = spread
        self._mixes = mixes
        self._most = most

    def clock(self) -> float:
        return self.now

    def run(self, names, given, *_options):
        (batch,) = given.values()
        if len(batch) > self._most:
            raise RuntimeError(f"no room for {len(batch)}")
        self.runs += 1
        self.now += self._cost(len(batch)) * np.exp(self._spread * self._noise.standard_normal())
        scores = batch.mean((2, 3))
        if self._mixes:
            scores = scores - scores.mean(0)
        wide = np.exp(scores)
        return [wide / wide.sum(1, keepdims=True) for _ in names]

    def get_inputs(self):
        return [SimpleNamespace(name="input", shape=self._shape)]

    def get_outputs(self):
        return [SimpleNamespace(name="probabilities")]


def measured(cost, **options) -> tuple[batching.Batching, Network]:
    network = Network(cost, **options)
    predictor = Predictor(network, CONTRACT, "x")
    return batching.measure(predictor, network.clock), network


def per_call(ms: float):
    return lambda n: (ms + 0.02 * n) / 1e3


def per_picture(ms: float):
    return lambda n: (0.02 + ms * n) / 1e3


@pytest.mark.parametrize("spread", [0.0, 0.1])
def test_what_costs_by_the_call_goes_together_what_costs_by_the_picture_does_not(spread):
    together, _ = measured(per_call(2.0), spread=spread)
    assert together.limit == 8
    assert together.because.startswith("8 together take")
    assert list(together.ms_per_picture) == ["1", "2", "4", "8"]
    alone, _ = measured(per_picture(2.0), spread=spread)
    assert (alone.limit, alone.because.partition(":")[0]) == (1, "no gain")


def test_noise_is_seldom_taken_for_a_gain_nor_hides_one():
    """Runs that take up to twice as long by chance (a spread of 30 %), as beside other work."""
    none = [measured(per_picture(2.0), spread=0.3, seed=n)[0].limit for n in range(100)]
    much = [measured(per_call(2.0), spread=0.3, seed=n)[0].limit for n in range(100)]
    assert sum(limit > 1 for limit in none) <= 15
    assert sum(limit > 1 for limit in much) >= 95


def test_a_gain_of_less_than_a_tenth_is_none_and_the_knee_of_the_curve_is_the_limit():
    assert measured(lambda n: (1.0 - 0.05 * (n > 1)) * n / 1e3)[0].limit == 1
    assert measured(lambda n: max(2.0, n / 2) / 1e3)[0].limit == 4


@pytest.mark.parametrize("ms", [0.5, 5.0, 30.0, 400.0])
def test_the_time_set_aside_is_kept_whatever_the_model_takes(ms):
    found, network = measured(per_picture(ms), spread=0.2)
    assert found.limit == 1
    assert network.now <= batching.ALLOWANCE_S * 1.2 + 2 * ms / 1e3, "at most a round too much"
    if ms == 400:
        assert "too few rounds" in found.because


def test_pictures_that_get_other_answers_in_company_go_alone():
    found, _ = measured(per_call(2.0), mixes=True)
    assert found.limit == 1
    assert "other answers than alone" in found.because
    network = Network(per_call(2.0), mixes=True)
    forced = batching.fixed(Predictor(network, CONTRACT, "x"), 4)
    assert forced.limit == 1
    assert forced.because.startswith("4 together get other answers")


def test_a_network_that_cannot_take_several_says_so():
    found, network = measured(per_call(2.0), fixed=True)
    assert (found.limit, found.because) == (1, "the network takes one picture at a time")
    assert network.runs == 0
    found, _ = measured(per_call(2.0), most=3)
    assert found.limit == 2
    assert measured(per_call(2.0), most=1)[0].because == "2 together fail: no room for 2"


def test_a_curve_is_measured_once_a_machine_and_kept_for_others(tmp_path):
    network = Network(per_call(0.0))
    predictor = Predictor(network, CONTRACT, "x")
    first = batching.Curves(tmp_path, "cpu", 2).of("package", predictor)
    runs = network.runs
    assert runs > 0
    assert batching.Curves(tmp_path, "cpu", 2).of("package", predictor) == first
    assert network.runs == runs, "not measured again"
    batching.Curves(tmp_path, "cpu", 2).of("another", predictor)
    batching.Curves(tmp_path, "cpu", 4).of("package", predictor)
    assert network.runs > runs
    assert len(list(tmp_path.iterdir())) == 3
    for path in tmp_path.iterdir():
        path.write_bytes(b"torn")
    assert batching.Curves(tmp_path, "cpu", 2).of("package", predictor).ms_per_picture
    assert batching.Curves(tmp_path, "cpu", 2, "off").of("package", predictor).limit == 1
    assert batching.Curves(tmp_path, "cpu", 2, 4).of("package", predictor).limit == 4
