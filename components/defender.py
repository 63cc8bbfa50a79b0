"""Defender for Cloud: plans of a subscription, and who hears of its alerts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import security

from components.component import Component

PLAN_NAMES = "pricingName"
"""Where a plan holds its name."""


@dataclass(frozen=True, kw_only=True)
class DefenderArgs:
    """Arguments of `Defender`.

    subscription_id: ``/subscriptions/<guid>``. plans: Azure's plan name to whether it is on; a plan that is not named
    is left alone. sub_plans: variant of a plan, by name.
    contacts: e-mail addresses of roles; at least one.
    """

    subscription_id: pulumi.Input[str]
    plans: Mapping[str, bool]
    sub_plans: Mapping[str, str]
    contacts: Sequence[str]


class Defender(Component[DefenderArgs, dict[str, pulumi.Output[str]]]):
    """Plans and contact. A subscription has them once: only one stack may own them."""

    def _declare(self, name: str, args: DefenderArgs) -> dict[str, pulumi.Output[str]]:
        if not args.contacts:
            raise ValueError(f"{name}: nobody hears of Defender's alerts")
        before: list[pulumi.Resource] = []
        for plan, on in args.plans.items():
            tier = security.PricingTier.STANDARD if on else security.PricingTier.FREE
            pricing = security.Pricing(
                f"{name}-{plan}",
                scope_id=args.subscription_id,
                pricing_name=plan,
                pricing_tier=tier,
                sub_plan=args.sub_plans.get(plan) if on else None,
                # Azure answers Conflict to plans changed at the same time, and cannot delete a subscription's plan:
                # one that is taken out of the program stays as it is.
                opts=pulumi.ResourceOptions(parent=self, depends_on=before, retain_on_delete=True),
            )
            before = [pricing]
        contact = security.SecurityContact(
            name,
            security_contact_name="default",
            emails=";".join(args.contacts),
            is_enabled=True,
            notifications_by_role=security.SecurityContactPropertiesNotificationsByRoleArgs(
                state="On", roles=[security.SecurityContactRole.OWNER]
            ),
            notifications_sources=[
                security.NotificationsSourceAlertArgs(
                    source_type="Alert", minimal_severity=security.MinimalSeverity.MEDIUM
                )
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
        return {"contactId": contact.id}
