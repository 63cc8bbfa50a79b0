"""What a subscription has once, and what Sentinel learns from."""

from collections.abc import Iterator

from documents.problems import Problem
from stacks.settings.archive import ArchiveSettings
from stacks.settings.monitoring import MonitoringSettings
from stacks.settings.security import SecuritySettings, SubscriptionSettings


def sentinel_problems(security: SecuritySettings, monitoring: MonitoringSettings) -> Iterator[Problem]:
    """Sentinel learns from what is sent. Keys are full paths without the namespace."""
    if security.sentinel.behavior_analytics and not monitoring.tenant_logs:
        yield Problem("security.sentinel.behaviorAnalytics", True, "false, or monitoring.tenantLogs: true")


def owner_problems(
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
