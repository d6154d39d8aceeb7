"""What serving keeps alive: nothing of its own, packages are the registry's, pictures the spool's."""

from __future__ import annotations

from typing import Final

from visloop.store import Roots

_PACKAGES: Final = "packages are kept by the registry"
SERVE_ROOTS: Final = Roots(
    room="serve",
    noted={
        "serve_keys.digest": "of a secret that is kept nowhere",
        "deployments.package": _PACKAGES,
        "deployments.previous_package": _PACKAGES,
        "predictions.package": _PACKAGES,
        "predictions.contract": _PACKAGES,
        "predictions.image": "served pictures are in the spool, those captured are kept by observe",
        "predictions.answer": "says the same three digests again",
        "rollouts.package": _PACKAGES,
        "rollouts.against_package": _PACKAGES,
        "rollouts.policy": "figures",
        "rollouts.evidence": "figures",
        "rollouts.cursors": "figures",
        "failures.package": _PACKAGES,
        "copied_answers.package": _PACKAGES,
        "copied_answers.answer": "says digests that its prediction's row has",
    },
)
