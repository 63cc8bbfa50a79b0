"""The workspace, Application Insights and the action groups: what every other layer needs of monitoring, early."""

from collections.abc import Mapping

import pulumi

from components.action_group import EMAIL_ADDRESSES, WEBHOOK, WEBHOOK_NAMES, ActionGroup, ActionGroupArgs
from components.observability import TABLE_NAMES, Observability, ObservabilityArgs
from components.protection import Protection
from stacks.catalogues.log_tables import LOG_TABLES, audit_tables, log_tables
from stacks.entries import Entry, Part, leave_out, list_parts, name_entry, name_parts, stack_entry
from stacks.naming import Names
from stacks.outputs import Monitoring
from stacks.settings.monitoring import MonitoringSettings, ReceiverSettings, ReceiversSettings

SHORT_NAME_LENGTH = 12
"""Azure's limit for an action group's short name."""


def build_observability(
    settings: MonitoringSettings,
    *,
    names: Names,
    location: str,
    tags: Mapping[str, str],
    resource_group_name: pulumi.Input[str],
    protection: Protection,
    webhook_uri: pulumi.Output[str] | None,
) -> Monitoring:
    """The workspace with its retention, Application Insights, and one action group per channel.

    webhook_uri: value of the secret that ``settings.webhook_secret`` names, None where it names none. Raises ValueError
    when a channel wants the webhook and there is none, so that no channel loses a receiver unnoticed.
    """
    kept = [Part(Entry(LOG_TABLES, table), TABLE_NAMES, table) for table in audit_tables()]
    for table in log_tables().keys() - set(audit_tables()):
        leave_out("operational: kept as long as the workspace keeps its logs", Entry(LOG_TABLES, table))
    with name_entry(stack_entry("monitoring.workspace")), name_parts(*kept):
        observability = Observability(
            "observability",
            ObservabilityArgs(
                resource_group_name=resource_group_name,
                location=location,
                workspace_name=names.regional("log"),
                app_insights_name=names.regional("appi"),
                retention_days=settings.workspace.retention_days,
                total_retention_days=dict.fromkeys(audit_tables(), settings.workspace.audit_retention_days),
                sampling_percent=settings.app_insights.sampling_percent,
                protection=protection,
                tags=dict(tags),
            ),
        )
    action_groups = {}
    for channel in ReceiversSettings.model_fields:
        receiver = getattr(settings.receivers, channel)
        if receiver.webhook and webhook_uri is None:
            raise ValueError(f"channel {channel} calls a webhook, and the secret of its address has no value")
        with name_entry(stack_entry(f"monitoring.receivers.{channel}")), name_parts(*_receivers(channel, receiver)):
            action_groups[channel] = ActionGroup(
                f"action-group-{channel}",
                ActionGroupArgs(
                    resource_group_name=resource_group_name,
                    group_name=names.regional("ag", channel),
                    short_name=f"{names.code}{channel}"[:SHORT_NAME_LENGTH],
                    emails=receiver.emails,
                    webhook_uri=webhook_uri if receiver.webhook else None,
                    tags=dict(tags),
                ),
            ).outputs.id
    return Monitoring(
        workspace_id=observability.outputs.workspace_id,
        app_insights_id=observability.outputs.app_insights_id,
        connection_string=observability.outputs.connection_string,
        action_groups=action_groups,
        tables=observability.tables,
    )


def _receivers(channel: str, receiver: ReceiverSettings) -> list[Part]:
    """What each receiver of a channel becomes in its action group."""
    key = f"monitoring.receivers.{channel}"
    parts = list_parts(f"{key}.emails", EMAIL_ADDRESSES, receiver.emails)
    if receiver.webhook:
        return [*parts, Part(stack_entry(f"{key}.webhook"), WEBHOOK_NAMES, WEBHOOK)]
    leave_out("false: this channel calls no webhook", stack_entry(f"{key}.webhook"))
    return parts
