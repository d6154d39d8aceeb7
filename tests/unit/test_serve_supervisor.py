"""The supervisor with real processes: restarts, orderly and violent ends, one at a time."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from visloop.deploy import AlreadyRunning, Child, KeepsDying, RestartPolicy, Supervisor, running

QUICK = RestartPolicy(first_s=0.02, longest_s=0.1, settled_s=60, give_up_after=100)
SLEEPER = (sys.executable, "-c", "import time; time.sleep(600)")
STUBBORN = (
    sys.executable,
    "-c",
    (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('up', flush=True); time.sleep(600)"
    ),
)


def _until(check, seconds=15.0):
    deadline = time.monotonic() + seconds
    while not (value := check()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return value


def _gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


@pytest.fixture
def supervisor(tmp_path):
    started = []

    def make(*children, **options):
        options.setdefault("policy", QUICK)
        options.setdefault("grace_s", 5)
        one = Supervisor(children, tmp_path / "run", **options)
        started.append(one)
        return one

    yield make
    for one in started:
        one.stop()


def test_a_killed_child_is_started_again_and_the_state_file_says_so(supervisor, tmp_path):
    one = supervisor(Child("a", SLEEPER), Child("b", SLEEPER))
    one.start()
    first = one.pids()
    os.kill(first["a"], signal.SIGKILL)

    def back():
        one.step()
        return one.pids().get("a") not in {None, first["a"]}

    _until(back)
    assert one.pids()["b"] == first["b"]
    told = running(tmp_path / "run")
    assert told is not None
    assert told.pid == os.getpid()
    assert {c.name: (c.pid, c.restarts) for c in told.children} == {
        "a": (one.pids()["a"], 1),
        "b": (first["b"], 0),
    }
    one.stop()
    assert _gone(first["b"])
    assert running(tmp_path / "run") is None


def test_a_child_that_ignores_sigterm_is_killed_after_the_grace(supervisor, tmp_path):
    one = supervisor(Child("stubborn", STUBBORN), grace_s=0.3)
    one.start()
    pid = one.pids()["stubborn"]
    _until(lambda: b"up" in (tmp_path / "run" / "stubborn.log").read_bytes())
    started = time.monotonic()
    one.stop()
    assert _gone(pid)
    assert 0.25 < time.monotonic() - started < 5


def test_grandchildren_do_not_outlive_a_child(supervisor, tmp_path):
    script = (
        f"import subprocess, time; p = subprocess.Popen({SLEEPER!r})\n"
        "print(p.pid, flush=True); time.sleep(600)"
    )
    one = supervisor(Child("parent", (sys.executable, "-c", script)))
    one.start()
    out = tmp_path / "run" / "parent.log"
    grandchild = int(_until(lambda: out.read_text().strip()))
    one.stop()
    _until(lambda: _gone(grandchild))


def test_environment_and_inherited_sockets_reach_the_child(supervisor):
    reader, writer = os.pipe()
    script = (
        f"import os; os.write({writer}, os.environ['WORD'].encode()); import time; time.sleep(600)"
    )
    child = Child("talker", (sys.executable, "-c", script), env={"WORD": "hello"}, fds=(writer,))
    supervisor(child).start()
    assert os.read(reader, 5) == b"hello"
    os.close(reader)
    os.close(writer)


def test_pauses_between_restarts_grow_and_are_bounded(supervisor):
    policy = RestartPolicy(first_s=0.05, longest_s=0.2, settled_s=60, give_up_after=5)
    one = supervisor(
        Child("dies", (sys.executable, "-c", "raise SystemExit('boom')")), policy=policy
    )
    one.start()
    started = time.monotonic()
    with pytest.raises(KeepsDying) as caught:
        _until(lambda: one.step() or False, 30)
    assert "boom" in caught.value.what
    assert "dies.log" in caught.value.fix
    assert time.monotonic() - started > 0.05 + 0.1 + 0.2 + 0.2
    assert one.pids() == {}


def test_a_second_supervisor_of_the_same_folder_is_refused(supervisor):
    supervisor(Child("a", SLEEPER)).start()
    with pytest.raises(AlreadyRunning, match=str(os.getpid())):
        supervisor(Child("a", SLEEPER)).start()


RUN = """
import sys
from pathlib import Path
from visloop.deploy import Child, RestartPolicy, Supervisor
children = [Child(name, (sys.executable, "-c", sys.argv[2])) for name in ("a", "b")]
Supervisor(children, Path(sys.argv[1]), grace_s=3, policy=RestartPolicy(first_s=0.02)).run()
"""
HANGUP = (
    "import signal, time; signal.signal(signal.SIGHUP, lambda *a: print('hup', flush=True));"
    "print('up', flush=True)\nwhile True: time.sleep(0.05)"
)


def _start(folder: Path, script: str) -> tuple[subprocess.Popen, dict[str, int]]:
    process = subprocess.Popen([sys.executable, "-c", RUN, str(folder), script])

    def told():
        assert process.poll() is None
        state = running(folder)
        return state and {child.name: child.pid for child in state.children}

    return process, _until(told)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_children_end_with_the_supervisor_however_it_ends(tmp_path, number):
    process, pids = _start(tmp_path, SLEEPER[2])
    process.send_signal(number)
    assert process.wait(10) == (-signal.SIGKILL if number == signal.SIGKILL else 0)
    for pid in pids.values():
        _until(lambda pid=pid: _gone(pid))
    assert running(tmp_path) is None


def test_hang_up_goes_on_to_the_children(tmp_path):
    process, _ = _start(tmp_path, HANGUP)
    _until(lambda: (tmp_path / "a.log").read_text() == (tmp_path / "b.log").read_text() == "up\n")
    process.send_signal(signal.SIGHUP)
    _until(lambda: all("hup" in (tmp_path / f"{n}.log").read_text() for n in "ab"))
    process.terminate()
    assert process.wait(10) == 0


def test_after_a_violent_end_the_next_supervisor_takes_over(tmp_path, supervisor):
    process, _ = _start(tmp_path / "run", SLEEPER[2])
    process.kill()
    process.wait()
    assert json.loads((tmp_path / "run" / "processes.json").read_text())["pid"] == process.pid
    one = supervisor(Child("a", SLEEPER))
    one.start()
    told = running(tmp_path / "run")
    assert told is not None
    assert told.pid == os.getpid()
