"""Every step, in the order in which they run."""

from collections.abc import Callable, Iterator
from functools import partial

from deployment.step import Context, Result, Step
from deployment.steps import (
    certificates,
    database_jobs,
    live,
    postgres_restart,
    postgres_window,
    private_links,
    slot_image,
    slot_swap,
    slot_warm,
    smoke,
    worm_extend,
    worm_lock,
)


def _job(job: str, summary: str) -> Step:
    """A step that runs a job of the database."""
    return Step(f"database-{job}", summary, partial(database_jobs.run, job))


def _look(name: str, summary: str, run: Callable[[Context], Iterator[Result]]) -> Step:
    """A step of a verification."""
    return Step(name, f"{summary}; reads only", run, "verify")


STEPS: tuple[Step, ...] = (
    Step("private-links", "approve our own Front Door's private link connections", private_links.run),
    Step("postgres-restart", "restart servers whose parameters wait for it", postgres_restart.run),
    Step("postgres-window", "set the maintenance window, which a new server does not take", postgres_window.run),
    Step(
        "worm-extend",
        "lengthen the archive's policies to what config says (locked ones: IRREVERSIBLE)",
        worm_extend.run,
    ),
    Step("worm-lock", "lock the archive's policies where config says so (IRREVERSIBLE)", worm_lock.run),
    _job("bootstrap", "roles, extensions and Entra principals of the database"),
    _job("apply", "pending SQL"),
    _job("credentials", "apps' context keys and passwords, from the vault into the database"),
    Step("slot-image", "set each slot's image (--image), else look at what runs", slot_image.run),
    Step("slot-warm", "start the slot with production's settings", slot_warm.run),
    Step("slot-swap", "swap the images of --image into production", slot_swap.run),
    Step(
        "slot-swap-back", "swap the images of --image out of production; only when named", slot_swap.run_back, "named"
    ),
    _look("providers", "resource providers of what stands in the stack's groups", live.check_providers),
    _look("alert-rules", "alert rules that Azure, or somebody, switched off", live.check_alert_rules),
    _look("private-endpoints", "private endpoints that are not connected", live.check_private_endpoints),
    _look("archive-fed", "whether records arrive in the audit archive", live.check_archive),
    _look("certificates", "every public host from outside: answer, certificate, validation", certificates.run),
    Step("smoke", "ask every app over the Internet; only when named", smoke.run, "named"),
)
