"""What a caller of the serving process can meet, beside the errors of decoding (`infer`).

VisloopError ├── InternalError        serve.internal      500  a fault of ours
UsageError   ├── BadRequest           serve.bad_request           400  not the protocol that was asked for
NotFound     ├── DeploymentNotFound   serve.deployment_not_found  404
             └── NoSuchRoute          serve.no_such_route         404
Refused      ├── TooLarge             serve.too_large             413  body or pixels over the limit
             └── WrongMethod          serve.wrong_method          405
Forbidden    └── StrangeOrigin        serve.strange_origin        403  Host or Origin is not ours
Unavailable  ├── Busy                 serve.busy                  429  the queue is full
             ├── TimedOut             serve.timed_out             503
             │   └── Hung             serve.hung                  503  a model computes for ever
             ├── NotLoaded            serve.not_loaded            503  the deployment's model does not load
             └── Upstream             serve.upstream              502  nothing behind the proxy
"""

from __future__ import annotations

from visloop.errors import Forbidden, NotFound, Refused, Unavailable, UsageError, VisloopError


class InternalError(VisloopError):
    """A fault of ours; the log of the serving process has the details."""

    code = "serve.internal"


class BadRequest(UsageError):
    """The request is not what the route's protocol says."""

    code = "serve.bad_request"


class DeploymentNotFound(NotFound):
    """No deployment by that name on this server."""

    code = "serve.deployment_not_found"


class NoSuchRoute(NotFound):
    """Nothing answers at that path."""

    code = "serve.no_such_route"


class TooLarge(Refused):
    """The body, or what it unpacks to, is over the server's limit."""

    code, http_status = "serve.too_large", 413


class WrongMethod(Refused):
    """The path exists and wants another method."""

    code, http_status = "serve.wrong_method", 405
    allow = "POST"

    @classmethod
    def of(cls, method: str, wanted: str) -> WrongMethod:
        """`method` was sent, `wanted` is answered."""
        error = cls(f"{method} is not answered here", fix=f"use {wanted}")
        error.allow = "GET, HEAD" if wanted == "GET" else wanted
        return error


class StrangeOrigin(Forbidden):
    """The `Host` or `Origin` header names a place that this server does not serve."""

    code = "serve.strange_origin"


class Busy(Unavailable):
    """More is waiting than the queue may hold."""

    code, http_status = "serve.busy", 429
    retry_s = 1


class TimedOut(Unavailable):
    """The answer did not come within the server's time limit."""

    code = "serve.timed_out"


class Hung(TimedOut):
    """The model computes longer than anybody should."""

    code = "serve.hung"


class NotLoaded(Unavailable):
    """The deployment exists and its model could not be loaded."""

    code = "serve.not_loaded"


class Upstream(Unavailable):
    """The process behind the proxy does not answer."""

    code, http_status = "serve.upstream", 502
