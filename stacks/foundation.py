"""The foundation layer: resource groups, network, identities, monitoring, and the entry of the edge."""

from collections.abc import Mapping

import pulumi
import pulumi_random as random
from pulumi_azure_native import authorization, resources

from components.diagnostics import LogDestination
from components.identity import Identity, IdentityArgs
from components.protection import Protection
from stacks.catalogues.secrets import SecretName
from stacks.edge import build_entry
from stacks.entries import name_entry, stack_entry
from stacks.naming import SUFFIX_LENGTH, Names
from stacks.network import build_network
from stacks.observability import build_observability
from stacks.outputs import Common, Foundation, Identities
from stacks.settings.jobs import installs_credentials
from stacks.settings.model import Settings
from stacks.vaults import DATABASE_CREDENTIALS, ENCRYPTION, GEO_ENCRYPTION

GROUPS = ("platform", "data", "monitoring")
"""Resource groups by purpose, so that a role can be given on one of them only."""

DATABASE_BOOTSTRAP = "database-bootstrap"
DATABASE_MIGRATION = "database-migration"
DATABASE_MAINTENANCE = "database-maintenance"
FLOW_LOGS = "flow-logs"
GATEWAY = "gateway"


def duties(settings: Settings) -> list[str]:
    """Duties beside the apps' own that need an identity in this stack."""
    return [
        ENCRYPTION,
        *([GEO_ENCRYPTION] if settings.database.geo_redundant_backup else []),
        DATABASE_BOOTSTRAP,
        DATABASE_MIGRATION,
        *([DATABASE_MAINTENANCE] if settings.database_job.image else []),
        *([DATABASE_CREDENTIALS] if installs_credentials(settings.database_job, settings.apps) else []),
        *([FLOW_LOGS] if settings.network.flow_logs else []),
        *([GATEWAY] if settings.api_management.on else []),
    ]


def resource_groups(settings: Settings, names: Names) -> dict[str, pulumi.Output[str]]:
    """Names of the resource groups by purpose; ``paired`` is in the paired region."""
    groups = {
        purpose: resources.ResourceGroup(
            f"group-{purpose}",
            resource_group_name=names.regional("rg", purpose),
            location=settings.platform.location,
            tags=settings.platform.tags,
        ).name
        for purpose in GROUPS
    }
    if settings.database.geo_redundant_backup:
        groups["paired"] = resources.ResourceGroup(
            "group-paired",
            resource_group_name=names.regional("rg", "paired"),
            location=settings.platform.paired_location,
            tags=settings.platform.tags,
        ).name
    return groups


def build_identities(settings: Settings, common: Common) -> Identities:
    """One managed identity for each app and each duty."""

    def identity(name: str, group: str, protect: bool) -> Identity:
        paired = common.paired_location if group == "paired" else None
        return Identity(
            f"identity-{name}",
            IdentityArgs(
                **common.place(group, paired),
                identity_name=common.names.regional("id", name),
                protect=protect,
            ),
        )

    apps = {}
    for app in settings.apps:
        with name_entry(stack_entry(f"apps.{app}")):
            apps[app] = identity(app, "platform", protect=False).outputs
    # Losing the identity that unwraps a key makes the data unreachable, so it is protected like the data.
    vital = (ENCRYPTION, GEO_ENCRYPTION) if common.protection.protect else ()
    return Identities(
        apps=apps,
        # The identity of geo-redundant backups stands with them, to be there when the first region is lost
        # (MicrosoftDocs/azure-databases-docs, security-data-encryption).
        duties={
            duty: identity(duty, "paired" if duty == GEO_ENCRYPTION else "data", protect=duty in vital).outputs
            for duty in duties(settings)
        },
    )


def name_suffix(settings: Settings) -> pulumi.Input[str]:
    """The suffix of global names: from config, or generated once and kept in the state."""
    if settings.platform.suffix is not None:
        return settings.platform.suffix
    return random.RandomString(
        "name-suffix",
        length=SUFFIX_LENGTH,
        upper=False,
        special=False,
        opts=pulumi.ResourceOptions(protect=settings.protection.protect or None),
    ).result


def build_foundation(settings: Settings, supplied: Mapping[SecretName, pulumi.Output[str]]) -> Foundation:
    """Build what every other layer stands on."""
    client = authorization.get_client_config_output()
    names = Names(settings.platform.short, settings.platform.code, name_suffix(settings))
    groups = resource_groups(settings, names)
    protection = Protection(protect=settings.protection.protect, lock=settings.protection.lock)
    webhook = settings.monitoring.webhook_secret
    monitoring = build_observability(
        settings.monitoring,
        names=names,
        location=settings.platform.location,
        tags=settings.platform.tags,
        resource_group_name=groups["monitoring"],
        protection=protection,
        webhook_uri=supplied.get(webhook) if webhook else None,
    )
    common = Common(
        names=names,
        location=settings.platform.location,
        paired_location=settings.platform.paired_location,
        tags=settings.platform.tags,
        tenant_id=client.tenant_id,
        subscription_id=client.subscription_id,
        groups=groups,
        logs=LogDestination(workspace_id=monitoring.workspace_id),
        protection=protection,
    )
    identities = build_identities(settings, common)
    return Foundation(
        common=common,
        network=build_network(settings.network, common),
        identities=identities,
        monitoring=monitoring,
        edge=build_entry(settings.front_door, settings.apps, common),
    )
