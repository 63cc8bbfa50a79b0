"""Every step, in the order in which they run."""

from functools import partial

from deployment.step import Step
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
    Step(
        "database-bootstrap",
        "roles, extensions and Entra principals of the database",
        partial(database_jobs.run, "bootstrap"),
    ),
    Step("database-apply", "pending SQL", partial(database_jobs.run, "apply")),
    Step(
        "database-credentials",
        "apps' context keys and passwords, from the vault into the database",
        partial(database_jobs.run, "credentials"),
    ),
    Step("slot-image", "set each slot's image (--image), else look at what runs", slot_image.run),
    Step("slot-warm", "start the slot with production's settings", slot_warm.run),
    Step("slot-swap", "swap the images of --image into production", slot_swap.run),
    Step(
        "slot-swap-back", "swap the images of --image out of production; only when named", slot_swap.run_back, "named"
    ),
    Step(
        "providers",
        "resource providers of what stands in the stack's groups; reads only",
        live.check_providers,
        "verify",
    ),
    Step(
        "alert-rules", "alert rules that Azure, or somebody, switched off; reads only", live.check_alert_rules, "verify"
    ),
    Step(
        "private-endpoints",
        "private endpoints that are not connected; reads only",
        live.check_private_endpoints,
        "verify",
    ),
    Step("archive-fed", "whether records arrive in the audit archive; reads only", live.check_archive, "verify"),
    Step(
        "certificates",
        "every public host from outside: answer, certificate, validation; reads only",
        certificates.run,
        "verify",
    ),
    Step("smoke", "ask every app over the Internet; only when named", smoke.run, "named"),
)
