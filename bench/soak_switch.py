"""Everything that can happen to a deployment under load, for minutes: is any answer lost or wrong?

    python bench/soak_switch.py [--seconds 330] [--clients 4]

Two serving processes on one port, clients that know the right answer of every model version for every
picture and send again what a killed process left unanswered. Round after round: switches, rollbacks,
`kill -9`, models that do not load, canaries good and bad, shadows that hang and crash, a full disk
(`RLIMIT_FSIZE` of one byte: nothing can be written into any file). One JSON line at the end; exit code 1
when an answer was lost or wrong.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.journey.soaking import soaking

SWITCHES = 50


def main() -> int:
    """Soak, tell, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=330.0)
    parser.add_argument("--clients", type=int, default=4)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, soaking(Path(folder), asked.clients) as soak:
        rounds = itertools.cycle(
            [
                soak.hanging_shadow,
                soak.good_canary,
                soak.kill,
                soak.bad_canary,
                lambda: soak.full_disk(5),
                soak.take_back,
                soak.crashing_shadow,
                soak.kill,
            ]
        )
        begun = time.monotonic()
        while time.monotonic() - begun < asked.seconds or soak.done["switches"] < SWITCHES:
            for _ in range(4):
                soak.switch()
                time.sleep(0.3)
            soak.roll_back()
            next(rounds)()
            print(f"{time.monotonic() - begun:.0f} s {dict(soak.done)}", file=sys.stderr)
        seconds = round(time.monotonic() - begun, 1)
        said = {"seconds": seconds, "clients": asked.clients, **soak.finish()}
    print(json.dumps(said))
    bad = ("wrong", "lost", "refused", "same id twice", "rows that name another model")
    return int(any(said[key] for key in bad))


if __name__ == "__main__":
    raise SystemExit(main())
