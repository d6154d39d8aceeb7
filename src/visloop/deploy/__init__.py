"""Where models run: processes on this machine, under a supervisor."""

from typing import TYPE_CHECKING

from visloop.lazy import lazy_exports

if TYPE_CHECKING:
    from visloop.deploy.load import NotServed as NotServed
    from visloop.deploy.load import assess_load as assess_load
    from visloop.deploy.process import Child as Child
    from visloop.deploy.supervisor import AlreadyRunning as AlreadyRunning
    from visloop.deploy.supervisor import KeepsDying as KeepsDying
    from visloop.deploy.supervisor import Processes as Processes
    from visloop.deploy.supervisor import ProcessState as ProcessState
    from visloop.deploy.supervisor import RestartPolicy as RestartPolicy
    from visloop.deploy.supervisor import Supervisor as Supervisor
    from visloop.deploy.supervisor import running as running

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "load": ("NotServed", "assess_load"),
        "process": ("Child",),
        "supervisor": (
            "AlreadyRunning",
            "KeepsDying",
            "ProcessState",
            "Processes",
            "RestartPolicy",
            "Supervisor",
            "running",
        ),
    },
)
