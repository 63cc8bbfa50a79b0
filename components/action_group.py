"""Action groups: who hears of an alert, and how."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import monitor

from components.component import Component, IdOutputs

EMAIL_ADDRESSES = "emailReceivers[].emailAddress"
WEBHOOK_NAMES = "webhookReceivers[].name"
"""Where a group holds its receivers."""
WEBHOOK = "webhook"
"""Name of the one webhook that a group may have."""


@dataclass(frozen=True, kw_only=True)
class ActionGroupArgs:
    """Arguments of `ActionGroup`.

    group_name: 1 to 260 characters; short_name: 1 to 12, shown in messages.
    emails: addresses of roles, not of people; webhook_uri: https, may be secret, receives the common alert schema.
    At least one receiver, or nobody hears of anything.
    """

    resource_group_name: pulumi.Input[str]
    group_name: str
    short_name: str
    emails: Sequence[str]
    webhook_uri: pulumi.Input[str] | None = None
    tags: dict[str, str] | None = None


class ActionGroup(Component[ActionGroupArgs, IdOutputs]):
    """Receivers of one channel. Raises ValueError when there is none."""

    def _declare(self, name: str, args: ActionGroupArgs) -> IdOutputs:
        if not (args.emails or args.webhook_uri is not None):
            raise ValueError(f"action group {args.group_name} has no receiver")
        group = monitor.ActionGroup(
            name,
            resource_group_name=args.resource_group_name,
            location="global",
            action_group_name=args.group_name,
            group_short_name=args.short_name,
            enabled=True,
            email_receivers=[
                monitor.MicrosoftCommonEmailReceiverArgs(
                    name=f"email-{number}", email_address=email, use_common_alert_schema=True
                )
                for number, email in enumerate(args.emails, start=1)
            ],
            webhook_receivers=_webhook(args.webhook_uri),
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return IdOutputs(id=group.id)


def _webhook(uri: pulumi.Input[str] | None) -> list[monitor.WebhookReceiverArgs]:
    """A webhook's address usually holds its token: always secret."""
    if uri is None:
        return []
    return [
        monitor.WebhookReceiverArgs(
            name=WEBHOOK,
            service_uri=pulumi.Output.secret(uri),
            use_common_alert_schema=True,
            use_aad_auth=False,
        )
    ]
