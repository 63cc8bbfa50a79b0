"""What a subscription has once, and which stack owns it."""

from __future__ import annotations

from collections.abc import Iterator

from documents.problems import Problem
from documents.sections import Section
from stacks.settings.archive import ArchiveSettings
from stacks.settings.security import SecuritySettings


class SubscriptionSettings(Section):
    """What a subscription has once: its activity log, service health, Defender plans, policy initiatives."""

    owner: bool = False
    """This stack owns them: it sends the activity log to its workspace, hears of service health and watches the whole
    subscription, and may set Defender plans, assign policy initiatives and archive the activity log. At most one stack
    of a subscription: two would overwrite each other at every deployment. `assurance check` looks for a second."""


def cross_problems(
    subscription: SubscriptionSettings, security: SecuritySettings, archive: ArchiveSettings
) -> Iterator[Problem]:
    """What the subscription has once is asked for in the stack that owns it only. Keys are full paths."""
    once = {
        "security.defender": security.defender is not None,
        "security.policies.hipaa": security.policies.hipaa,
        "security.policies.hitrustCsf": security.policies.hitrust_csf,
        "archive.activityLog": archive.activity_log,
    }
    for key, wanted in once.items():
        if wanted and not subscription.owner:
            yield Problem(key, True, "nothing, or subscription.owner: true: a subscription has it once")
