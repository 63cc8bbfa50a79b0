"""App Service apps: a site, its slot, its settings, and who can reach it."""

import pulumi
from pulumi_azure_native import web

from components.app_service_auth import auth_properties
from components.app_service_site import (
    AppServiceArgs,
    AppServiceOutputs,
    ContainerImage,
    PrivateLinkIngress,
    app_settings,
    left_to_swaps,
    site_properties,
    slot_app_settings,
    sticky_settings,
)
from components.component import Component
from components.diagnostics import diagnose
from components.private_endpoint import private_endpoint
from components.role_assignment import assign_role
from components.role_conditions import only_this_repository
from facts.roles import role_id

# Role ids: learn.microsoft.com/azure/role-based-access-control/built-in-roles.
PULL = role_id("Container Registry Repository Reader")
MONITORING_METRICS_PUBLISHER = role_id("Monitoring Metrics Publisher")

LOG_CATEGORIES = (
    "AppServiceHTTPLogs",
    "AppServiceConsoleLogs",
    "AppServiceAppLogs",
    "AppServiceAuditLogs",
    "AppServiceIPSecAuditLogs",
    "AppServicePlatformLogs",
)
"""Of site and slot. Written out: the group ``allLogs`` differs between Linux and Windows and between tiers."""
SITE_LOG_CATEGORIES = (*LOG_CATEGORIES, "AppServiceAuthenticationLogs")
"""Of the site. A slot has no log of sign-ins (facts/log_categories.yaml); nobody is sent to one to sign in."""


class AppService(Component[AppServiceArgs, AppServiceOutputs]):
    """A Linux app that only Front Door reaches, with a slot that is made from the same properties.

    App settings have one owner, `WebAppApplicationSettings` (and its slot twin), and never stand in ``site_config``:
    that resource is the whole set, a refresh sees an edit in the portal (it does not inside ``site_config``,
    pulumi-azure-native#3279), and its one secret value does not hide the rest of the site in a preview.
    """

    def _declare(self, name: str, args: AppServiceArgs) -> AppServiceOutputs:
        ignored = left_to_swaps(args.runtime, args.slot)
        site = web.WebApp(
            name,
            name=args.app_name,
            **site_properties(args),
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=ignored, depends_on=self._grants(name, args)),
        )
        place = {"resource_group_name": args.resource_group_name, "name": site.name}
        child = pulumi.ResourceOptions(parent=self)
        web.WebAppFtpAllowed(f"{name}-ftp", **place, allow=False, opts=child)
        web.WebAppScmAllowed(f"{name}-scm", **place, allow=False, opts=child)
        web.WebAppApplicationSettings(f"{name}-settings", **place, properties=app_settings(args), opts=child)
        if args.sign_in:
            auth = auth_properties(args.sign_in, args.health_check_path)
            web.WebAppAuthSettingsV2(f"{name}-auth", **place, **auth, opts=child)
        endpoint = self._endpoint(name, args, site, "sites", [])
        diagnose(name, site.id, args.logs, parent=self, log_groups=(), log_categories=SITE_LOG_CATEGORIES)
        if args.slot:
            self._slot(name, args, args.slot, site, [endpoint] if endpoint else [])
        return AppServiceOutputs(id=site.id, name=site.name, host=site.default_host_name)

    def _grants(self, name: str, args: AppServiceArgs) -> list[pulumi.Resource]:
        """Roles of the app's identity outside its vault. They come first: a first pull without one fails."""
        principal = args.identity.principal_id
        grants: list[pulumi.Resource] = [
            assign_role(
                f"{name}-telemetry",
                scope=args.telemetry.component_id,
                role_id=MONITORING_METRICS_PUBLISHER,
                principal_id=principal,
                parent=self,
            )
        ]
        if isinstance(args.runtime, ContainerImage):
            grants.append(
                assign_role(
                    f"{name}-pull",
                    scope=args.runtime.registry_id,
                    role_id=PULL,
                    principal_id=principal,
                    parent=self,
                    condition=only_this_repository(args.runtime.repository, writes=False),
                )
            )
        return grants

    def _slot(
        self, name: str, args: AppServiceArgs, slot_name: str, site: web.WebApp, after: list[pulumi.Resource]
    ) -> None:
        """The slot, from the same properties as the site, and what a swap leaves where it is."""
        slot = web.WebAppSlot(
            f"{name}-slot",
            name=site.name,
            slot=slot_name,
            **site_properties(args),
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=left_to_swaps(args.runtime, args.slot)),
        )
        place = {"resource_group_name": args.resource_group_name, "name": site.name}
        web.WebAppSlotConfigurationNames(
            f"{name}-sticky",
            **place,
            app_setting_names=sticky_settings(args),
            opts=pulumi.ResourceOptions(parent=self),
        )
        place["slot"] = slot_name
        # The slot's own name output is ``site/slot``, which these do not take: they wait for it by hand.
        child = pulumi.ResourceOptions(parent=self, depends_on=[slot])
        web.WebAppFtpAllowedSlot(f"{name}-slot-ftp", **place, allow=False, opts=child)
        web.WebAppScmAllowedSlot(f"{name}-slot-scm", **place, allow=False, opts=child)
        settings = slot_app_settings(args, slot_name)
        web.WebAppApplicationSettingsSlot(f"{name}-slot-settings", **place, properties=settings, opts=child)
        if args.sign_in:
            auth = auth_properties(args.sign_in, args.health_check_path)
            web.WebAppAuthSettingsV2Slot(f"{name}-slot-auth", **place, **auth, opts=child)
        # A slot's endpoint is one on the site, in a group of the slot's name; a site takes one at a time.
        self._endpoint(f"{name}-slot", args, site, f"sites-{slot_name}", [slot, *after])
        diagnose(f"{name}-slot", slot.id, args.logs, parent=self, log_groups=(), log_categories=LOG_CATEGORIES)

    def _endpoint(
        self, name: str, args: AppServiceArgs, site: web.WebApp, group_id: str, after: list[pulumi.Resource]
    ) -> pulumi.Resource | None:
        if not isinstance(args.ingress, PrivateLinkIngress):
            return None
        access = args.ingress.access
        return private_endpoint(name, site.id, group_id, access, place=args.place, parent=self, depends_on=after)
