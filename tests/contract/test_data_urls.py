"""Lists of URLs, fetched from a real server that is slow, lies, loops, or sends something else."""

from __future__ import annotations

import dataclasses
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.data_world import SCOPE, close, make_ports, picture, view
from tests.web_world import Web, server
from visloop import data
from visloop.data.origins.remote.lists import lines
from visloop.data.origins.remote.net import _public
from visloop.errors import UsageError


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    bodies = {
        f"/{name}.jpg": picture(tmp_path / f"src/{name}.jpg", at).read_bytes()
        for at, name in enumerate("abcd")
    }
    with server(bodies) as made:
        yield made


@pytest.fixture
def ports(tmp_path: Path):
    made = make_ports(tmp_path / "ws")
    limits = data.Limits(
        fetch_tries=1, fetch_seconds=1.0, fetch_mb=1.0, fetch_at_once=4, private_addresses=True
    )
    yield dataclasses.replace(made, scratch=tmp_path / "scratch", limits=limits)
    close(made)


def listing(tmp_path: Path, *rows: str, name: str = "urls.txt") -> Path:
    file = tmp_path / name
    file.write_text("\n".join(rows) + "\n", "utf-8")
    return file


def waiting(ports) -> dict[str, str]:
    rows = data.quarantine_list(ports, SCOPE, "web")
    return {row.source.rpartition("/")[2]: f"{row.reason_code}: {row.reason}" for row in rows}


def test_pictures_come_in_and_are_asked_about_not_sent_again(ports, web, tmp_path) -> None:
    file = listing(tmp_path, "# mine", "", *(web.url(f"/{name}.jpg") for name in "abc"))
    done = data.add(ports, SCOPE, "web", [file])
    assert (done.added, done.quarantined) == (3, 0)
    samples = view(ports, "web@work")
    assert sorted(samples) == [f"127.0.0.1/{name}.jpg" for name in "abc"]
    one = samples["127.0.0.1/a.jpg"]
    assert ports.blobs.get(one.image) == web.bodies["/a.jpg"]
    assert one.source == f"{file}/{web.url('/a.jpg')}"
    web.bodies["/b.jpg"] = web.bodies["/d.jpg"]
    again = data.add(ports, SCOPE, "web", [file])
    assert (again.added, again.updated, again.unchanged) == (0, 1, 2)
    assert web.unchanged == Counter({"/a.jpg": 1, "/c.jpg": 1})
    assert view(ports, "web@work")["127.0.0.1/b.jpg"].id == samples["127.0.0.1/b.jpg"].id
    assert data.status(ports, SCOPE, "web").folders[0].modified == 0
    assert list((tmp_path / "scratch").glob("in-*")) == []


def test_a_table_says_labels_and_splits(ports, web, tmp_path) -> None:
    rows = ["URL,Label,split", f"{web.url('/a.jpg')},cat,train", f"{web.url('/b.jpg')},,test"]
    file = listing(tmp_path, *rows, name="urls.csv")
    done = data.add(ports, SCOPE, "web", [file], data.AddOptions(format="urls"))
    assert (done.added, done.classes_added) == (2, ("cat",))
    samples = view(ports, "web@work")
    assert samples["127.0.0.1/a.jpg"].annotations[0].label == "cat"
    assert [samples[f"127.0.0.1/{n}.jpg"].split for n in "ab"] == ["train", "test"]
    rows[1] = f"{web.url('/a.jpg')},dog,train"
    listing(tmp_path, *rows, name="urls.csv")
    options = data.AddOptions(format="urls", add_classes=True)
    assert data.add(ports, SCOPE, "web", [file], options).updated == 1
    after = view(ports, "web@work")["127.0.0.1/a.jpg"]
    assert after.annotations[0].label == "dog"
    assert after.image == samples["127.0.0.1/a.jpg"].image


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/none.jpg", "fetch_failed: the server answers 404"),
        ("/slow.jpg", "fetch_failed: the server does not answer in time"),
        ("/drip.jpg", "fetch_failed: it takes longer than 1 s"),
        ("/endless.jpg", "too_large: it has more than 1 MB"),
        ("/huge.jpg", "too_large: it has more than 1 MB"),
        ("/short.jpg", "fetch_failed: it cannot be fetched: peer closed connection"),
        ("/page.jpg", "not_an_image: the server sends a web page"),
        ("/packed.jpg", "fetch_failed: it comes packed (zstd)"),
        ("/text.jpg", "not_an_image:"),
        ("/loop.jpg", "fetch_failed: it redirects more than 5 times"),
        ("/ftp.jpg", "fetch_failed: it cannot be fetched"),
        ("/file.jpg", "fetch_failed: it cannot be fetched"),
    ],
)
def test_each_url_fails_alone(ports, web, tmp_path, path, told) -> None:
    file = listing(tmp_path, web.url("/a.jpg"), web.url(path), web.url("/b.jpg"))
    done = data.add(ports, SCOPE, "web", [file])
    assert (done.added, done.quarantined) == (2, 1)
    ((_, reason),) = waiting(ports).items()
    assert reason.startswith(told)
    assert "root:" not in reason


def test_what_failed_is_fetched_by_retry_with_its_label(ports, web, tmp_path) -> None:
    body = web.bodies.pop("/b.jpg")
    rows = ["url,label", f"{web.url('/a.jpg')},cat", f"{web.url('/b.jpg')},dog"]
    file = listing(tmp_path, *rows, name="urls.csv")
    options = data.AddOptions(format="urls", add_classes=True)
    assert data.add(ports, SCOPE, "web", [file], options).quarantined == 1
    assert data.quarantine_retry(ports, SCOPE, "web").quarantined == 1
    web.bodies["/b.jpg"] = body
    data.add_classes(ports, SCOPE, "web", ["dog"])
    assert data.quarantine_retry(ports, SCOPE, "web").added == 1
    assert view(ports, "web@work")["127.0.0.1/b.jpg"].annotations[0].label == "dog"
    assert waiting(ports) == {}


def test_what_a_redirect_says_beside_its_place_is_not_read(ports, web, tmp_path) -> None:
    done = data.add(ports, SCOPE, "web", [listing(tmp_path, web.url("/swamp.jpg"))])
    assert (done.added, done.quarantined) == (1, 0)
    assert web.waded < 30 << 20, "no more than what lay in buffers"


def test_a_server_that_stumbles_is_asked_again(ports, web, tmp_path) -> None:
    patient = dataclasses.replace(ports, limits=dataclasses.replace(ports.limits, fetch_tries=3))
    file = listing(tmp_path, web.url("/flaky.jpg"), web.url("/once.jpg"))
    assert data.add(patient, SCOPE, "web", [file]).added == 2
    assert web.asked["/flaky.jpg"] == 2


def test_addresses_of_this_machine_are_refused_unless_allowed(ports, web, tmp_path) -> None:
    strict = dataclasses.replace(
        ports, limits=dataclasses.replace(ports.limits, private_addresses=False)
    )
    port = web.server_address[1]
    names = ("127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.0.0.1", "0.0.0.0")
    names = (*names, "[::ffff:127.0.0.1]", "2130706433")
    file = listing(tmp_path, *(f"http://{name}:{port}/a.jpg" for name in names))
    done = data.add(strict, SCOPE, "web", [file])
    assert (done.added, done.quarantined) == (0, len(names))
    rows = data.quarantine_list(ports, SCOPE, "web")
    assert {row.reason_code for row in rows} == {"private_address"}
    assert "private_addresses" in rows[0].fix
    assert not web.asked


@pytest.mark.parametrize("address", ["64:ff9b::7f00:1", "2002:7f00:1::", "fe80::1", "224.0.0.1"])
def test_addresses_in_disguise_are_seen_through(address, monkeypatch) -> None:
    found = [(socket.AF_INET6, socket.SOCK_STREAM, 0, "", (address, 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(Exception, match="its own network"):
        _public("innocent.example", 80)


def test_lines_that_are_no_urls_wait_in_quarantine(ports, web, tmp_path) -> None:
    rows = (web.url("/a.jpg"), "ftp://example.org/a.jpg", "just words", "http://[bad/a.jpg")
    done = data.add(ports, SCOPE, "web", [listing(tmp_path, *rows)])
    assert (done.added, done.quarantined) == (1, 3)
    assert all(reason.startswith("bad_url: line") for reason in waiting(ports).values())


def test_secrets_in_urls_are_used_and_noted_nowhere(ports, web, tmp_path) -> None:
    place = web.url("/a.jpg").replace("http://", "http://me:hunter2@")
    web.bodies["/a.jpg?X-Amz-Signature=sesame&v=1"] = web.bodies["/a.jpg"]
    file = listing(tmp_path, f"{place}?X-Amz-Signature=sesame&v=1", web.url("/b.jpg"))
    assert data.add(ports, SCOPE, "web", [file]).added == 2
    (sample,) = (each for each in view(ports, "web@work").values() if "v=1" in each.source)
    assert sample.source.endswith("/a.jpg?v=1")
    ports.blobs.flush()
    held = b"".join(f.read_bytes() for f in (tmp_path / "ws").rglob("*") if f.is_file())
    assert b"hunter2" not in held
    assert b"sesame" not in held


def test_a_path_from_a_url_leads_nowhere(tmp_path) -> None:
    rows = (
        "http://x.org/../../etc/a.jpg",
        "http://x.org/%2e%2e/b.jpg",
        "http://x.org",
        "http://x.org/a/b.jpg?q=1/2",
    )
    paths = [each.path for each in lines(str(listing(tmp_path, *rows)))]
    assert all(".." not in path.split("/") for path in paths)
    assert paths[3] == "x.org/a/b.jpg?q=1%2F2"


def test_a_list_that_is_none(ports, tmp_path) -> None:
    table = listing(tmp_path, "name,size", "a,1", name="other.csv")
    with pytest.raises(UsageError, match="without a column url"):
        data.add(ports, SCOPE, "web", [table], data.AddOptions(format="urls"))
    (tmp_path / "bin.txt").write_bytes(b"\xff\xfe\x00http")
    with pytest.raises(UsageError, match="no list of URLs"):
        data.add(ports, SCOPE, "web", [tmp_path / "bin.txt"], data.AddOptions(format="urls"))
    with pytest.raises(UsageError, match="write their URLs into a file"):
        data.add(ports, SCOPE, "web", ["https://example.org/a.jpg"])
