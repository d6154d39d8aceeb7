"""All at once, for half a minute; the long one is `bench/soak_switch.py`."""

from __future__ import annotations

import time

from tests.journey.soaking import soaking


def test_switches_kills_canaries_shadows_and_a_full_disk_cost_no_answer(tmp_path):
    with soaking(tmp_path, clients=3) as soak:
        for deed in (soak.kill, soak.bad_canary, soak.take_back, soak.good_canary):
            soak.switch()
            time.sleep(0.2)
            soak.switch()
            soak.roll_back()
            deed()
        soak.full_disk(1.0)
        soak.crashing_shadow()
        soak.switch()
        said = soak.finish()
    print(said)
    for name in ("wrong", "lost", "refused", "same id twice", "rows that name another model"):
        assert said[name] == 0, said
    assert said["answers"] > 100
    assert said["switches"] >= 9
    assert said["canaries promoted"] == said["canaries stopped"] == said["models taken back"] == 1
    log = said["log"]
    assert log["answered"] == log["logged"] + log["dropped"] + log["lost"]
    assert said["answers without a row"] <= log["dropped"] + log["lost"]
