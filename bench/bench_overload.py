"""Serving at five times its capacity: what is served, what is refused, how long the served ones wait.

    python bench/bench_overload.py [--seconds 3] [--rounds 3] [--times 5]

Requests arrive by the clock, not by the answers (an open loop): `times` as many a second as eight
connections in a closed loop got just before. The two take turns. The clients compute on the same cores:
`clients_cores` is what they take of them, and `served_of_what_clients_left` is beside the capacity of
the rest. JSON on stdout.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import statistics
import tempfile
import time
from collections import deque
from pathlib import Path

from serving import contenders, world
from serving.running import Server

from visloop.deploy.load.clients import Clients, Stretch

PATH = "/predict/bench"
QUEUE = 32
CONNECTIONS = 400
TICK_S = 0.001
CORES = len(os.sched_getaffinity(0))


def arrivals(clients: Clients, per_s: float, seconds: float) -> Stretch:
    """Send by the clock on whatever connection is idle; a request without one is counted as -1.

    The clock is looked at every `TICK_S`, for what is due and what has come: clients that wake for each
    answer would take more of the cores that the server needs.
    """
    idle = deque(clients.every)
    by_number = {client.socket.fileno(): client for client in clients.every}
    done = Stretch()
    begun = time.perf_counter()
    due, waiting = begun, 0
    with select.epoll() as ready:
        for number in by_number:
            ready.register(number, select.EPOLLIN)
        while (now := time.perf_counter()) < begun + seconds or waiting:
            while due <= now < begun + seconds:
                due += 1 / per_s
                if idle:
                    idle.popleft().send()
                    waiting += 1
                else:
                    done.others[-1] += 1
            time.sleep(TICK_S)
            for number, _ in ready.poll(0):
                client = by_number[number]
                status = client.read()
                if status is None:
                    continue
                if status == 200:
                    done.waits_s.append(time.perf_counter() - client.sent)
                else:
                    done.others[status] += 1
                idle.append(client)
                waiting -= 1
    done.seconds = time.perf_counter() - begun
    return done


def round_of(server: Server, image: bytes, seconds: float, times: float) -> dict:
    calm = Clients(server.port, PATH, [image], 8)
    calm.run(0.5, 100, 30)
    spent = time.process_time()
    peak = calm.run(seconds, 100_000, 30)
    calm_cores = (time.process_time() - spent) / peak.seconds
    calm.close()
    capacity = len(peak.waits_s) / peak.seconds
    crowd = Clients(server.port, PATH, [image], CONNECTIONS)
    spent = time.process_time()
    over = arrivals(crowd, times * capacity, seconds)
    crowd_cores = (time.process_time() - spent) / over.seconds
    left = (CORES - crowd_cores) / (CORES - calm_cores)
    crowd.close()
    waits = sorted(over.waits_s)
    return {
        "capacity_rps": capacity,
        "served_rps": len(waits) / over.seconds,
        "served_of_capacity": len(waits) / over.seconds / capacity,
        "clients_cores": crowd_cores,
        "served_of_what_clients_left": len(waits) / over.seconds / capacity / left,
        "p99_ms": waits[int(0.99 * (len(waits) - 1))] * 1e3,
        "queue_ms": (QUEUE + 2) / capacity * 1e3,
        "refused": over.others[429],
        "others": over.others.total() - over.others[429],
        "pss_mb": server.pss_mb(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--times", type=float, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="visloop-bench-") as folder:
        onnx, contract = world.real_network()
        one = world.Workspace(Path(folder) / "real", onnx, contract)
        model = world.write_model(Path(folder) / "model", onnx, contract, world.photo())
        with Server(contenders.ours("visloop", one, queue=QUEUE), model) as server:
            image = server.body.read_bytes()
            seen = [
                round_of(server, image, given.seconds, given.times) for _ in range(given.rounds)
            ]
    told = {key: round(statistics.median(row[key] for row in seen), 3) for key in seen[0]}
    print(json.dumps({"row": "overload", "times": given.times, **told}), flush=True)


if __name__ == "__main__":
    main()
