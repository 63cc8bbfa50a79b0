"""Every step, in the order in which they run."""

from __future__ import annotations

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
    Step(
        name="private-links",
        summary="approve our own Front Door's private link connections",
        run=private_links.run,
    ),
    Step(
        name="postgres-restart",
        summary="restart servers whose parameters wait for it",
        run=postgres_restart.run,
    ),
    Step(
        name="postgres-window",
        summary="set the maintenance window, which a new server does not take",
        run=postgres_window.run,
    ),
    Step(
        name="worm-extend",
        summary="lengthen the archive's policies to what config says (locked ones: IRREVERSIBLE)",
        run=worm_extend.run,
    ),
    Step(
        name="worm-lock",
        summary="lock the archive's policies where config says so (IRREVERSIBLE)",
        run=worm_lock.run,
    ),
    Step(
        name="database-bootstrap",
        summary="roles, extensions and Entra principals of the database",
        run=partial(database_jobs.run, "bootstrap"),
    ),
    Step(
        name="database-apply",
        summary="pending SQL",
        run=partial(database_jobs.run, "apply"),
    ),
    Step(
        name="database-credentials",
        summary="apps' context keys and passwords, from the vault into the database",
        run=partial(database_jobs.run, "credentials"),
    ),
    Step(
        name="slot-image",
        summary="set each slot's image (--image), else look at what runs",
        run=slot_image.run,
    ),
    Step(
        name="slot-warm",
        summary="start the slot with production's settings",
        run=slot_warm.run,
    ),
    Step(
        name="slot-swap",
        summary="swap the images of --image into production",
        run=slot_swap.run,
    ),
    Step(
        name="slot-swap-back",
        summary="swap the images of --image out of production; only when named",
        run=slot_swap.run_back,
        when="named",
    ),
    Step(
        name="providers",
        summary="resource providers of what stands in the stack's groups; reads only",
        run=live.check_providers,
        when="verify",
    ),
    Step(
        name="alert-rules",
        summary="alert rules that Azure, or somebody, switched off; reads only",
        run=live.check_alert_rules,
        when="verify",
    ),
    Step(
        name="private-endpoints",
        summary="private endpoints that are not connected; reads only",
        run=live.check_private_endpoints,
        when="verify",
    ),
    Step(
        name="archive-fed",
        summary="whether records arrive in the audit archive; reads only",
        run=live.check_archive,
        when="verify",
    ),
    Step(
        name="certificates",
        summary="every public host from outside: answer, certificate, validation; reads only",
        run=certificates.run,
        when="verify",
    ),
    Step(
        name="smoke",
        summary="ask every app over the Internet; only when named",
        run=smoke.run,
        when="named",
    ),
)
