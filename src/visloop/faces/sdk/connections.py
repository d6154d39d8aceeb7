"""One call, here or on a server: `connection.call(operation, request)`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, Self, TypeVar
from urllib.parse import quote, urlsplit

import msgspec

from visloop import app
from visloop.errors import NotFound, Unauthenticated, Unavailable, VisloopError

if TYPE_CHECKING:
    from types import TracebackType

    import httpx

    from visloop.app import Operation, Ports
    from visloop.events import Scope
    from visloop.progress import Progress

Ask = TypeVar("Ask")
Answer = TypeVar("Answer")
_HERE = frozenset({"127.0.0.1", "localhost", "::1"})


class RemoteError(VisloopError):
    """What the server said went wrong; `code`, `what` and `fix` are the server's."""


class Connection(Protocol):
    """Runs operations; a context manager that lets go at the end."""

    def call(self, operation: Operation[Ask, Answer], ask: Ask) -> Answer:
        """Run one operation.

        Raises:
            VisloopError: what happened and how to mend it.
        """
        ...

    def keep(self, run: str, place: Path, to: str) -> None:
        """Keep a file or folder of this machine with a run, under the path `to`.

        Raises:
            VisloopError: what happened and how to mend it.
        """
        ...

    def keep_bytes(self, run: str, path: str, content: bytes) -> None:
        """Keep bytes as a file of a run.

        Raises:
            VisloopError: what happened and how to mend it.
        """
        ...

    def close(self) -> None:
        """Let go of files or sockets."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class _Closing:
    def close(self) -> None:
        """Let go of files or sockets."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Local(_Closing):
    """In this process, on a workspace's own files."""

    def __init__(self, ports: Ports, scope: Scope) -> None:
        self.ports = ports
        self.scope = scope

    def call(self, operation: Operation[Ask, Answer], ask: Ask) -> Answer:
        """Authorise and run."""
        return app.execute(self.ports, self.scope, operation, ask)

    def keep(self, run: str, place: Path, to: str) -> None:
        """Through the verb."""
        self.call(app.runs_save, app.RunsSave(run=run, files=(str(place),), to=to))

    def keep_bytes(self, run: str, path: str, content: bytes) -> None:
        """Through a file, as the bytes of a request would be."""
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            app.keep_artifact(self.ports, self.scope, run, path, Path(file.name))

    def close(self) -> None:
        """Flush, seal, close."""
        app.close_ports(self.ports)


class Remote(_Closing):
    """Over HTTP, on a server started by `visloop up`."""

    def __init__(
        self, url: str, *, token: str, project: str | None = None, progress: Progress | None = None
    ) -> None:
        import httpx  # noqa: PLC0415 - a tenth of a second that local commands need not pay

        self._url = url.rstrip("/")
        self._progress = progress
        headers = {"Authorization": f"Bearer {token}"}
        if project:
            headers["X-Visloop-Project"] = project
        self._client: httpx.Client = httpx.Client(
            base_url=self._url,
            headers=headers,
            timeout=httpx.Timeout(10, read=None),
            trust_env=False,
        )

    def call(self, operation: Operation[Ask, Answer], ask: Ask) -> Answer:
        """POST the request, read the answer."""
        path = "/api/v1/" + operation.name.replace(".", "/")
        reply = self._send("POST", path, msgspec.json.encode(ask), "application/json")
        return msgspec.json.decode(reply.content, type=operation.response)

    def keep(self, run: str, place: Path, to: str) -> None:
        """Sends the bytes: the server need not see this machine's files."""
        if not place.exists():
            raise NotFound(f"there is no file {str(place)!r}", fix="check its path")
        inside = sorted(each for each in place.rglob("*") if each.is_file())
        for file in inside if place.is_dir() else [place]:
            name = file.relative_to(place.parent).as_posix()
            with file.open("rb") as content:
                self._keep(run, f"{to}/{name}" if to else name, content)

    def keep_bytes(self, run: str, path: str, content: bytes) -> None:
        """Sends the bytes."""
        self._keep(run, path, content)

    def _keep(self, run: str, path: str, content: bytes | BinaryIO) -> None:
        self._send("PUT", f"/api/v1/runs/{run}/files/{quote(path)}", content)

    def _send(
        self,
        method: str,
        path: str,
        content: bytes | BinaryIO,
        kind: str = "application/octet-stream",
    ) -> httpx.Response:
        headers = {"Content-Type": kind}
        try:
            reply = self._client.request(method, path, content=content, headers=headers)
        except OSError as error:
            raise _unreachable(self._url, error) from error
        except Exception as error:
            if type(error).__module__.startswith("httpx"):
                raise _unreachable(self._url, error) from error
            raise
        if reply.status_code >= 400:  # noqa: PLR2004 - HTTP's errors begin here
            raise _error_of(reply)
        return reply

    def close(self) -> None:
        """Close the sockets."""
        self._client.close()


def _unreachable(url: str, error: Exception) -> Unavailable:
    return Unavailable(f"nobody answers at {url}: {error}", fix="start it: visloop up")


def _error_of(reply: httpx.Response) -> VisloopError:
    try:
        body: dict[str, Any] = msgspec.json.decode(reply.content)["error"]
        error = RemoteError(body["what"], fix=body["fix"])
        code, exit_code = body["code"], int(body.get("exit_code", 1))
    except (msgspec.DecodeError, KeyError, TypeError):
        error = RemoteError(f"the server answered {reply.status_code}", fix="see its log")
        code, exit_code = "http", 1
    error.code, error.http_status, error.exit_code = code, reply.status_code, exit_code  # pyright: ignore[reportAttributeAccessIssue]
    return error


def local(
    root: Path | str, *, project: str | None = None, progress: Progress | None = None
) -> Local:
    """Open the workspace in (or around) `root`.

    Raises:
        WorkspaceNotFound: there is none.
    """
    ports = app.open_ports(Path(root), progress=progress)
    return Local(ports, app.scope_for(project, ports))


def remote(
    url: str,
    *,
    token: str | None = None,
    project: str | None = None,
    progress: Progress | None = None,
) -> Remote:
    """Talk to a running server; a local one without a token gets that of the workspace around here.

    Raises:
        Unauthenticated: no token given for a server on another machine.
        WorkspaceNotFound: no token given, and no workspace to read it from.
    """
    if not token and urlsplit(url).hostname not in _HERE:
        raise Unauthenticated(
            f"{url} needs a token, and this workspace's own is not sent to other machines",
            fix="export VISLOOP_TOKEN=…   (the content of .visloop/token there)",
        )
    known = token or app.token_of(app.find(Path.cwd()))
    return Remote(url, token=known, project=project, progress=progress)
