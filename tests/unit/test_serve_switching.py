"""How candidates are judged: the tests hold their error rates however often anybody looks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visloop import serve
from visloop.serve.lineup import Canary, Slot
from visloop.serve.shadow.agreement import compare
from visloop.serve.switching import sequential
from visloop.serve.switching.judging import decide
from visloop.serve.switching.records import TESTS, Arm, Cursors, Evidence
from visloop.vision import Box, ClassLabel, Mask, NumberValue

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
ALPHA = 0.05


def judged(
    runs: int,
    requests: int,
    *,
    share: float,
    champion: float,
    canary: float,
    slow: tuple[float, float] = (0.05, 0.05),
    apart: float = 0.3,
    lost: float = 0.5,
    seed: int = 7,
) -> np.ndarray:
    """After how many requests each of `runs` canaries is stopped, looked at after every one; 0: never.

    A tenth of the pictures is compared, a hundredth is labelled and told apart by it.
    """
    random = np.random.default_rng(seed)
    logs = np.zeros((len(TESTS), runs, len(sequential.RATIOS)))
    even, tolerated = sequential.null_share(share), sequential.null_share(share, 2.0)
    stopped = np.zeros(runs, int)
    for number in range(1, requests + 1):
        ours = random.random(runs) < share
        failed = random.random(runs) < np.where(ours, canary, champion)
        late = random.random(runs) < np.where(ours, slow[1], slow[0])
        both, labelled = random.random(runs) < 0.1, random.random(runs) < 0.01
        differ, worse = random.random(runs) < apart, random.random(runs) < lost
        seen = (
            (even, failed & ours, failed & ~ours),
            (tolerated, late & ours, late & ~ours),
            (0.3, both & differ, both & ~differ),
            (0.5, labelled & worse, labelled & ~worse),
        )
        for at, (null, yes, no) in enumerate(seen):
            logs[at] = sequential.learnt(logs[at], null, yes, no)
        harm = sequential.evidence(logs).mean(axis=0)
        stopped[(stopped == 0) & (harm >= 1 / ALPHA)] = number
    return stopped


@pytest.mark.parametrize(("share", "rate"), [(0.1, 0.05), (0.5, 0.2)])
def test_a_canary_as_good_as_the_champion_is_hardly_ever_stopped(share: float, rate: float) -> None:
    # every null at its edge: as many failures, twice as often slow, as many different answers as may be
    stopped = judged(
        2000, 1000, share=share, champion=rate, canary=rate, slow=(0.05, 0.1), apart=0.3
    )
    assert (stopped > 0).mean() <= ALPHA


def test_bursts_and_drifting_rates_do_not_deceive_it() -> None:
    """Failures come in bursts of a hundred: the coin that chose the arm is still fair."""
    random = np.random.default_rng(3)
    runs, share = 2000, 0.2
    logs = np.zeros((runs, len(sequential.RATIOS)))
    reached = np.zeros(runs, bool)
    for number in range(1500):
        bad = (number // 100) % 3 == 1
        failed = random.random(runs) < (0.9 if bad else 0.001)
        ours = random.random(runs) < share
        null = sequential.null_share(share)
        logs = sequential.learnt(logs, null, failed & ours, failed & ~ours)
        reached |= sequential.evidence(logs) >= 1 / ALPHA
    assert reached.mean() <= ALPHA


def test_five_points_more_errors_are_found_soon() -> None:
    stopped = judged(400, 1500, share=0.5, champion=0.01, canary=0.06, apart=0.05)
    assert (stopped > 0).mean() >= 0.95
    assert np.median(stopped) < 700


def test_an_interval_looked_at_all_the_time_still_holds() -> None:
    random = np.random.default_rng(5)
    missed = 0
    for _ in range(300):
        yes = np.cumsum(random.random(400) < 0.07)
        looks = (*range(1, 40), *range(40, 401, 20))
        bounds = [sequential.rate_bounds(int(yes[n - 1]), n, ALPHA) for n in looks]
        missed += not all(low <= 0.07 <= high for low, high in bounds)
    assert missed / 300 <= ALPHA


@given(n=st.integers(0, 5000), part=st.floats(0, 1), alpha=st.floats(0.001, 0.4))
def test_an_interval_holds_what_was_seen(n: int, part: float, alpha: float) -> None:
    yes = round(n * part)
    low, high = sequential.rate_bounds(yes, n, alpha)
    assert 0 <= low <= (yes / n if n else 0) <= high <= 1
    assert (high - low) <= np.subtract(*sequential.rate_bounds(yes, n, alpha / 10)[::-1]) + 1e-9


def a_rollout(**changes: object) -> serve.Rollout:
    policy = serve.CanaryPolicy(steps=(0.1, 0.5), min_requests=100, margin=0.05, max_hours=2)
    begun = serve.Rollout(
        id="rollout-1",
        project="default",
        deployment="desk",
        kind="canary",
        model="net@v2",
        package="b",
        against="net@v1",
        against_package="a",
        share=0.5,
        state="running",
        verdict="not enough",
        because="",
        policy=policy,
        evidence=Evidence(),
        cursors=Cursors(),
        generation=1,
        opened=NOW,
        stepped=NOW,
        ended=None,
    )
    return msgspec.structs.replace(begun, **changes)


def arm(requests: int, errors: int = 0, slow: int | None = None) -> Arm:
    slow = requests // 20 if slow is None else slow
    return Arm(requests=requests, errors=errors, timed=requests, slow=slow)


def with_sign(name: str, yes: int, no: int, null: float, **seen: object) -> Evidence:
    logs = sequential.learnt(np.zeros(len(sequential.RATIOS)), null, yes, no)
    return Evidence(logs={**Evidence().logs, name: tuple(map(float, logs))}, **seen)


def test_the_four_outcomes() -> None:
    few = Evidence(limit_ms=10, candidate=arm(40), champion=arm(40))
    assert decide(a_rollout(), few, NOW) == ("not enough", "40 of 100 answers at this share")
    enough = Evidence(limit_ms=10, candidate=arm(140), champion=arm(1300))
    verdict, because = decide(a_rollout(share=0.1), enough, NOW)
    assert (verdict, because) == ("go on", "140 answers at 10%, nothing against it")
    verdict, because = decide(a_rollout(), enough, NOW)
    assert verdict == "not enough"
    assert "so far shown: at most" in because
    many = Evidence(limit_ms=10, candidate=arm(4000), champion=arm(4000))
    verdict, because = decide(a_rollout(), many, NOW)
    assert verdict == "promote"
    assert "points more slow answers than the champion" in because
    late = NOW + timedelta(hours=2, seconds=1)
    verdict, because = decide(a_rollout(), enough, late)
    assert verdict == "stop"
    assert because.startswith("not enough to tell in 2 h")
    assert decide(a_rollout(), many, late)[0] == "promote"


def test_without_a_limit_of_latency_nothing_is_promoted() -> None:
    unknown = Evidence(candidate=Arm(requests=9000), champion=Arm(requests=9000))
    assert decide(a_rollout(), unknown, NOW)[0] == "not enough"


@pytest.mark.parametrize(
    ("name", "seen", "words"),
    [
        (
            "errors",
            {"candidate": arm(400, 30), "champion": arm(400, 1)},
            "30 of 400 requests failed",
        ),
        ("latency", {"candidate": arm(400, 0, 90), "limit_ms": 12.5}, "took over 12.5 ms"),
        ("disagreement", {"compared": 200, "disagreed": 140}, "differs on 140 of 200 pictures"),
        ("labels", {"worse": 40, "better": 2}, "the canary on 40 pictures, the champion on 2"),
    ],
)
def test_each_sign_stops_a_canary_and_says_what_it_was(name: str, seen: dict, words: str) -> None:
    verdict, because = decide(a_rollout(), with_sign(name, 140, 10, 0.5, **seen), NOW)
    assert verdict == "stop"
    assert because.startswith(f"{name}: ")
    assert words in because


def test_a_key_meets_the_same_model_and_stays_with_the_canary_as_its_share_grows() -> None:
    small, large = (
        Canary("rollout-1", share, *(Slot(None, None, rollout=name) for name in ("new", "old")))  # pyright: ignore[reportArgumentType]
        for share in (0.1, 0.5)
    )
    keys = [f"user-{number}".encode() for number in range(4000)]
    met = {key for key in keys if small.choose(key).rollout == "new"}
    grown = {key for key in keys if large.choose(key).rollout == "new"}
    assert met < grown
    assert len(met) / len(keys) == pytest.approx(0.1, abs=0.02)
    assert len(grown) / len(keys) == pytest.approx(0.5, abs=0.03)
    other = Canary("rollout-2", 0.1, small.candidate, small.champion)
    assert {key for key in keys if other.choose(key).rollout == "new"} != met
    assert small.choose(b"user-1").key == large.choose(b"user-1").key != ""


def box(label: str, x: float, score: float = 0.9) -> Box:
    return Box(label=label, xyxy=(x, 0, x + 10, 10), author="model:a", score=score)


@pytest.mark.parametrize(
    ("ours", "theirs", "agrees", "agreement", "difference"),
    [
        ([ClassLabel(label="a", author="m", score=0.9)],
         [ClassLabel(label="a", author="m", score=0.7)], True, 1.0, -0.2),
        ([ClassLabel(label="a", author="m", score=0.9)],
         [ClassLabel(label="b", author="m", score=0.7)], False, 0.0, -0.2),
        ([ClassLabel(label="a", author="m", score=0.9)], [], False, 0.0, None),
        ([NumberValue(value=10, author="m")], [NumberValue(value=10.4, author="m")], True, 0.9615, 0),
        ([NumberValue(value=10, author="m")], [NumberValue(value=12, author="m")], False, 0.8333, 0),
        ([box("a", 0), box("a", 50)], [box("a", 1), box("a", 50)], True, 1.0, 0.0),
        ([box("a", 0), box("a", 50)], [box("a", 1), box("b", 50)], False, 0.5, 0.0),
        ([box("a", 0), box("a", 50)], [box("a", 1)], False, 0.6667, 0.0),
        ([], [], True, 1.0, None),
        ([Mask(label="a", author="m", size_hw=(1, 4), counts=(0, 4))],
         [Mask(label="a", author="m", size_hw=(1, 4), counts=(0, 3, 1))], True, 1.0, 0.0),
    ],
)  # fmt: skip
def test_answers_to_one_picture_are_compared(ours, theirs, agrees, agreement, difference) -> None:
    found = compare(ours, theirs)
    assert found.agrees is agrees
    assert found.agreement == pytest.approx(agreement, abs=1e-4)
    assert found.score_difference == (None if difference is None else pytest.approx(difference))
