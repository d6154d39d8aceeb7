"""News to the outside: facts of chosen kinds are posted, signed, at least once, in order.

Facts are the outbox: each hook has a cursor in the ledger that moves when its receiver has said yes,
so nothing is lost when either side dies; a receiver may see a fact twice and knows it by its id.
"""

from __future__ import annotations

import hmac
import logging
import os
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import httpx
import msgspec
from sqlalchemy import insert, select, update

from visloop.errors import ConfigError
from visloop.ids import FORMAT, digest_of
from visloop.observe.tables import webhooks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from visloop.events import Fact, Scope
    from visloop.observe.policy import ObservePorts, WebhookPolicy

_log = logging.getLogger("visloop.webhook")
TIMEOUT_S: Final = 5.0
BACKOFF_S: Final = (2.0, 10.0, 60.0, 300.0, 1800.0, 3600.0)
TRIES: Final = 30
"""With the last pause repeated: about a day."""
_AT_ONCE: Final = 20


@dataclass(frozen=True)
class Delivered:
    """What one round came to; `waiting` hooks have news that could not be delivered yet."""

    sent: int = 0
    failed: int = 0
    waiting: int = 0


@dataclass(frozen=True)
class _Hook:
    """A hook as the ledger remembers it."""

    id: str
    cursor: int
    attempts: int
    next_try: datetime | None


def deliver(ports: ObservePorts, scope: Scope, policies: Sequence[WebhookPolicy]) -> Delivered:
    """Post the news that each hook has not had yet; a failed one is tried again later, ever more rarely.

    A hook that is new begins with what happens from now on. Each post is a JSON object `{id, format,
    time, project, actor, kind, subject, payload}` with the headers `X-Visloop-Event` (the kind),
    `X-Visloop-Delivery` (the id, the same at every try) and, where the policy names a secret,
    `X-Visloop-Signature` (`sha256=` and the HMAC-SHA256 of the body, hex).

    Raises:
        ConfigError: a URL is not http(s), or the secret's variable is not set; the other hooks have
            had their news by then.
    """
    done = Delivered()
    wrong: ConfigError | None = None
    for policy in policies:
        try:
            secret = _secret(policy)
        except ConfigError as error:
            wrong = wrong or error
            continue
        one = _deliver(ports, scope, policy, secret)
        done = Delivered(done.sent + one.sent, done.failed + one.failed, done.waiting + one.waiting)
    if wrong is not None:
        raise wrong
    return done


def _secret(policy: WebhookPolicy) -> bytes:
    if urlsplit(policy.url).scheme not in {"http", "https"} or not urlsplit(policy.url).hostname:
        raise ConfigError(
            f"webhook {policy.url!r} is not an address", fix="webhooks: [{url: https://…}]"
        )
    if not policy.secret_env:
        return b""
    secret = os.environ.get(policy.secret_env, "")
    if not secret:
        raise ConfigError(
            f"the secret of webhook {policy.url!r} is not set",
            fix=f"export {policy.secret_env}=…   (or take secret_env out of visloop.yaml)",
        )
    return secret.encode()


def _deliver(ports: ObservePorts, scope: Scope, policy: WebhookPolicy, secret: bytes) -> Delivered:
    hook = _find(ports, scope, policy)
    now = ports.ledger.clock.now()
    if hook.next_try is not None and hook.next_try > now:
        return Delivered(waiting=1)
    news = ports.ledger.facts(
        after=hook.cursor, kinds=policy.kinds, project=scope.project, limit=_AT_ONCE
    )
    sent = 0
    with httpx.Client(timeout=TIMEOUT_S, follow_redirects=False) as client:
        for fact in news:
            error = _post(client, policy.url, fact, secret)
            if error:
                _failed(ports, scope, hook, fact, error)
                return Delivered(sent, 1, 1)
            sent += 1
            hook = _moved(ports, scope, hook, fact.seq)
    return Delivered(sent, 0, int(len(news) == _AT_ONCE))


def _post(client: httpx.Client, url: str, fact: Fact, secret: bytes) -> str:
    """An empty text when the receiver said yes, else why not."""
    body = _body(fact)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "visloop",
        "X-Visloop-Event": fact.kind,
        "X-Visloop-Delivery": f"{fact.project}-{fact.seq}",
    }
    if secret:
        headers["X-Visloop-Signature"] = "sha256=" + hmac.new(secret, body, "sha256").hexdigest()
    try:
        # its words are not read: they may have no end
        with client.stream("POST", url, content=body, headers=headers) as answer:
            return "" if answer.is_success else f"it answered {answer.status_code}"
    except httpx.HTTPError as error:
        return f"{type(error).__name__}: {error}"


def _body(fact: Fact) -> bytes:
    news = {
        "id": f"{fact.project}-{fact.seq}",
        "format": FORMAT,
        "time": fact.time.isoformat(),
        "project": fact.project,
        "actor": fact.actor,
        "kind": fact.kind,
        "subject": fact.subject,
        "payload": fact.payload,
    }
    return msgspec.json.encode(news)


def _find(ports: ObservePorts, scope: Scope, policy: WebhookPolicy) -> _Hook:
    """The hook as remembered; a new one starts behind the newest fact."""
    name = digest_of(policy.url, *sorted(policy.kinds))
    key = {"project": scope.project, "hook": name}
    wanted = (webhooks.c.hook, webhooks.c.cursor, webhooks.c.attempts, webhooks.c.next_try)
    query = select(*wanted).filter_by(**key)
    with ports.ledger.read() as connection:
        row = connection.execute(query).first()
    if row is None:
        newest = ports.ledger.facts(newest_first=True, limit=1)
        cursor = newest[0].seq if newest else 0
        with ports.ledger.write(scope) as write:
            row = write.execute(query).first()
            if row is None:
                write.execute(insert(webhooks).values(**key, cursor=cursor))
                row = write.execute(query).one()
    return _Hook(*row)


def _moved(ports: ObservePorts, scope: Scope, hook: _Hook, seq: int) -> _Hook:
    values = {"cursor": seq, "attempts": 0, "next_try": None, "error": None}
    _store(ports, scope, hook, **values, delivered=webhooks.c.delivered + 1)
    return _Hook(hook.id, seq, 0, None)


def _failed(ports: ObservePorts, scope: Scope, hook: _Hook, fact: Fact, error: str) -> None:
    attempts = hook.attempts + 1
    _log.warning("webhook.failed", extra={"fact": fact.seq, "attempt": attempts, "error": error})
    if attempts >= TRIES:
        values: dict[str, Any] = {"cursor": fact.seq, "attempts": 0, "next_try": None}
        _store(ports, scope, hook, **values, error=error, given_up=webhooks.c.given_up + 1)
        return
    pause_s = BACKOFF_S[min(attempts - 1, len(BACKOFF_S) - 1)]
    next_try = ports.ledger.clock.now() + timedelta(seconds=pause_s)
    _store(ports, scope, hook, attempts=attempts, next_try=next_try, error=error)


def _store(ports: ObservePorts, scope: Scope, hook: _Hook, **values: Any) -> None:
    with ports.ledger.write(scope) as write:
        write.execute(
            update(webhooks).filter_by(project=scope.project, hook=hook.id).values(**values)
        )
