"""Every example of the documentation runs; how a page is written stands in `pages.py`."""

import os
import re
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import bucket_world
from tests.data_world import folder_of
from tests.docs import warm
from tests.docs.pages import ExampleFailed, Shell, blocks, missing, needs_pictures, shell

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
COLD = ("README.md", "docs/tutorials/first-loop.md")
"""Pages whose every command is a process of its own, as a reader starts it."""
_LINK = re.compile(
    r"(?<!!)\[[^\]]*\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)|!\[[^\]]*\]\(([^)\s]+)\)"
)


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def _runnable(page: Path) -> bool:
    return any(block.no_run is None for block in blocks(page.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """Where `visloop` starts at once."""
    with warm.commands(tmp_path_factory.mktemp("quick")) as folder:
        yield folder


@pytest.mark.parametrize("page", [p for p in PAGES if _runnable(p)], ids=_name)
def test_the_examples_of_a_page_do_what_it_says(page, tmp_path, request):
    text = page.read_text(encoding="utf-8")
    extra = {}
    if needs_pictures(text):
        extra["PICTURES"] = str(request.getfixturevalue("shared_data"))
    with ExitStack() as stack:
        if "<!-- needs: bucket -->" in text:
            extra |= _bucket(stack.enter_context(bucket_world.server()), tmp_path)
        if "<!-- needs: mlflow -->" in text:
            extra["PATH"] = _with_mlflow(request.getfixturevalue("peers"), tmp_path / "bin")
        home = tmp_path / "home"
        home.mkdir()
        quick = None if _name(page) in COLD else request.getfixturevalue("quick")
        running = stack.enter_context(shell(home, extra, quick))
        for block in blocks(text):
            if block.no_run is None:
                running.run(block, f"{_name(page)}:{block.line}")


def _with_mlflow(python, folder):
    """Where `python` is one that has MLflow, and this package beside it."""
    folder.mkdir()
    command = folder / "python"
    command.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT / "src"} exec {python} "$@"\n')
    command.chmod(0o755)
    return os.pathsep.join([str(folder), str(Path(sys.executable).parent), os.environ["PATH"]])


def _bucket(endpoint, folder):
    """What a page that needs a bucket finds there: pictures of two classes."""
    pictures = folder_of(folder / "pictures", good=4, scratched=2)
    bucket_world.upload(endpoint, pictures, "factory", "line-3/")
    return bucket_world.environment(endpoint)


def test_examples_that_are_not_run_say_why(record_property):
    left_out = {
        f"{_name(page)}:{block.line}": block.no_run
        for page in PAGES
        for block in blocks(page.read_text(encoding="utf-8"))
        if block.no_run is not None
    }
    record_property("examples not run", len(left_out))
    print(f"{len(left_out)} examples are not run:", *(f"\n  {k}: {v}" for k, v in left_out.items()))
    assert all(len(reason) >= 10 for reason in left_out.values()), left_out


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page):
    targets = [a or b for a, b in _LINK.findall(page.read_text(encoding="utf-8"))]
    broken = [t for t in targets if not (page.parent / t).exists()]
    assert not broken


PAGE = """
# A page

```console
$ mkdir here && cd here
$ export WHO=world
$ printf 'hello %s\\n  two   spaces\\nbye\\n' \\
>   $WHO
hello …ld
two spaces
$ false  # exit 1
```

<!-- no-run: there is no such command -->
```console
$ no-such-command
```

```python
from pathlib import Path
Path("made.txt").write_text("by python")
x = 2
```

```python
assert x == 2
```

```console
$ cat made.txt
by python
$ sh -c 'echo listening on 8484; sleep 60' &
listening on 8484
```
"""


def _run(page: str, folder: Path) -> Shell:
    with shell(folder) as running:
        for block in blocks(page):
            if block.no_run is None:
                running.run(block, f"page:{block.line}")
    return running


def test_a_page_runs_from_top_to_bottom(tmp_path):
    _run(PAGE, tmp_path)
    assert [b.no_run for b in blocks(PAGE)] == [None, "there is no such command", None, None, None]
    assert (tmp_path / "home" / "here" / "made.txt").read_text() == "by python"


@pytest.mark.parametrize(
    ("page", "says"),
    [
        ("```console\n$ false\n```", "ended with 1, not 0"),
        ("```console\n$ true  # exit 3\n```", "ended with 0, not 3"),
        ("```console\n$ echo a\nb\n```", "did not say 'b'"),
        ("```console\n$ printf 'b\\na\\n'\na\nb\n```", "did not say 'b'"),
        ("```console\noutput\n$ true\n```", "before the first"),
        ("```python\n1 / 0\n```", "ZeroDivisionError"),
        ("```javascript\nthrow new Error('oh no')\n```", "oh no"),
        ("```console\n$ sh -c 'echo no' &\nyes\n```", "never said so"),
    ],
)
def test_a_page_that_lies_is_caught(page, says, tmp_path):
    with pytest.raises(ExampleFailed, match=re.escape(says)):
        _run(page, tmp_path)


@pytest.mark.parametrize(
    "command",
    [
        "visloop --version",
        "visloop init 'a b' --json | tr '0-9a-f' x",
        "visloop ini",
        "visloop status",
        "visloop init ws >/dev/null && cd ws && visloop add . --to parts",
        "WHO=ana visloop init ws >/dev/null; cd ws; echo 'no picture' | visloop add - --to parts",
        "visloop facts --workspace nowhere 2>&1 >/dev/null",
        "visloop query --help",
    ],
)
def test_a_command_that_starts_at_once_does_the_same(command, quick, tmp_path):
    done = []
    for number, first in enumerate(([], [str(quick)])):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = os.pathsep.join([*first, str(Path(sys.executable).parent), os.environ["PATH"]])
        variables = {**os.environ, "PATH": path, "HOME": str(folder)}
        ended = subprocess.run(
            ["bash", "-c", f"set -o pipefail; {command}"],
            cwd=folder,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )
        done.append(
            (ended.returncode, *(t.replace(str(folder), "…") for t in (ended.stdout, ended.stderr)))
        )
    assert done[0] == done[1]


def test_ellipsis_stands_for_anything_within_a_line():
    assert missing(("took … s",), "a\ntook 1.25 s\nb") is None
    assert missing(("took … s",), "took 1.25\ns") == "took … s"
