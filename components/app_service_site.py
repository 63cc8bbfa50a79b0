"""What an App Service app is made from, and what its site, its slot and their app settings are with that.

App settings: the environment that an app's code sees, and what App Service itself reads.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import pulumi
from pulumi_azure_native import web

from components.app_service_auth import ASSERTION_SETTING, SignIn, sign_in_settings
from components.component import Placed
from components.diagnostics import LogDestination
from components.identity import IdentityOutputs
from components.private_endpoint import PrivateAccess


@dataclass(frozen=True, kw_only=True)
class ContainerImage:
    """Run a container image, pulled by the app's identity.

    reference: ``<registry>/<repository>@sha256:<digest>``; port: where the container listens.
    repository: the part of it, ``backend``. registry_id: ARM id of the Azure container registry, of which the identity
    may pull this repository and nothing else.
    """

    reference: str
    repository: str
    port: int
    registry_id: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class NodeVersion:
    """Run code on a built-in Node.js runtime. version: for example ``22-lts``."""

    version: str


@dataclass(frozen=True, kw_only=True)
class PrivateLinkIngress:
    """Only private endpoints reach the app: Front Door's own, and this one, which serves site and SCM in the VNet.

    Traffic through a private endpoint bypasses access restrictions, so a header check would protect nothing here.
    """

    access: PrivateAccess


@dataclass(frozen=True, kw_only=True)
class ServiceTagIngress:
    """Only one Front Door reaches the app, over its public address; nothing reaches SCM.

    front_door_id: the profile's GUID, which Front Door sends as X-Azure-FDID. The service tag alone admits every
    customer's Front Door.
    """

    front_door_id: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class Telemetry:
    """Where the app sends traces. connection_string: Application Insights', kept secret; component_id: its ARM id, on
    which the app's identity may publish metrics and nothing else."""

    connection_string: pulumi.Input[str]
    component_id: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class AppServiceArgs(Placed):
    """Arguments of `AppService`.

    app_name: globally unique, 2 to 60 characters; plan_id: ARM id of a Linux plan.
    service_name: what the app is called in traces; its slot is ``<service_name>-<slot>``.
    identity: the app's; its slot uses the same.
    health_check_path: answers 200 without sign-in while the instance can serve.
    settings: plain environment; secrets: environment variable to versionless Key Vault secret URI.
    slot: name of the deployment slot, or None; slot_settings: values that differ there, which a swap leaves behind.
    subnet_id: delegated to Microsoft.Web/serverfarms; all outbound traffic goes through it.
    cors_origins: origins that browsers may call from, ``https://host``; cors_credentials: with cookies.
    min_tls_version: ``1.2`` or ``1.3``; Front Door speaks both to an origin (learn.microsoft.com/azure/frontdoor/
    tls-policy).
    end_to_end_encryption: TLS from App Service's front end to the worker; needs the Standard tier.
    """

    app_name: pulumi.Input[str]
    plan_id: pulumi.Input[str]
    service_name: str
    identity: IdentityOutputs
    runtime: ContainerImage | NodeVersion
    ingress: PrivateLinkIngress | ServiceTagIngress
    subnet_id: pulumi.Input[str]
    health_check_path: str
    telemetry: Telemetry
    logs: LogDestination
    settings: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    secrets: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    slot: str | None = None
    slot_settings: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    cors_origins: Sequence[str] = ()
    cors_credentials: bool = False
    sign_in: SignIn | None = None
    min_tls_version: Literal["1.2", "1.3"] = "1.3"
    end_to_end_encryption: bool = True


@dataclass(frozen=True, kw_only=True)
class AppServiceOutputs:
    """id: ARM id; name: the site's name; host: its default host name, the origin of Front Door."""

    id: pulumi.Output[str]
    name: pulumi.Output[str]
    host: pulumi.Output[str]


IMAGE_PROPERTY = "siteConfig.linuxFxVersion"
SERVICE_NAME = "OTEL_SERVICE_NAME"


def left_to_swaps(runtime: ContainerImage | NodeVersion, slot: str | None) -> list[str]:
    """What `up` leaves alone on site and slot because deployments change it: the image, and nothing else.

    The configured image is the one an app is created with. Afterwards a deployment sets the slot's image and swaps,
    which exchanges the images of site and slot. The engine sends the image it last read when something else changes,
    so `up` must run with ``--refresh``: without it, that would be the first image again. Without a slot there is no
    swap, and a Node version is part of the platform: then the configured value is applied.
    """
    return [IMAGE_PROPERTY] if slot and isinstance(runtime, ContainerImage) else []


def site_properties(args: AppServiceArgs) -> dict[str, Any]:
    """All properties that site and slot have in common, which is all but their names."""
    private = isinstance(args.ingress, PrivateLinkIngress)
    return {
        "resource_group_name": args.resource_group_name,
        "location": args.location,
        "kind": "app,linux,container" if isinstance(args.runtime, ContainerImage) else "app,linux",
        "reserved": True,
        "server_farm_id": args.plan_id,
        "identity": web.ManagedServiceIdentityArgs(
            type=web.ManagedServiceIdentityType.USER_ASSIGNED, user_assigned_identities=[args.identity.id]
        ),
        "key_vault_reference_identity": args.identity.id,
        "public_network_access": "Disabled" if private else "Enabled",
        "https_only": True,
        "end_to_end_encryption_enabled": args.end_to_end_encryption,
        "client_affinity_enabled": False,
        "client_cert_enabled": False,  # Front Door does not pass client certificates on
        "ssh_enabled": False,
        "scm_site_also_stopped": True,
        "storage_account_required": False,
        "virtual_network_subnet_id": args.subnet_id,
        "outbound_vnet_routing": web.OutboundVnetRoutingArgs(
            all_traffic=True,
            application_traffic=True,
            backup_restore_traffic=True,
            content_share_traffic=True,
            image_pull_traffic=True,
        ),
        "site_config": _site_config(args),
        "tags": args.tags,
    }


def _site_config(args: AppServiceArgs) -> web.SiteConfigArgs:
    image = args.runtime if isinstance(args.runtime, ContainerImage) else None
    tls = web.SupportedTlsVersions(args.min_tls_version)
    deny = web.DefaultAction.DENY
    return web.SiteConfigArgs(
        linux_fx_version=_runtime(args.runtime),
        acr_use_managed_identity_creds=image is not None,
        acr_user_managed_identity_id=args.identity.client_id if image else None,
        always_on=True,
        health_check_path=args.health_check_path,
        http20_enabled=True,
        min_tls_version=tls,
        scm_min_tls_version=tls,
        min_tls_cipher_suite=_weakest_cipher(args.min_tls_version),
        ftps_state=web.FtpsState.DISABLED,
        scm_type=web.ScmType.NONE,
        remote_debugging_enabled=False,
        local_my_sql_enabled=False,
        http_logging_enabled=True,
        logs_directory_size_limit=35,
        detailed_error_logging_enabled=False,  # error pages may hold request data; the HTTP log has the failure
        request_tracing_enabled=False,
        ip_security_restrictions=_restrictions(args.ingress),
        ip_security_restrictions_default_action=deny,
        scm_ip_security_restrictions=[],
        scm_ip_security_restrictions_default_action=deny,
        scm_ip_security_restrictions_use_main=False,
        cors=web.CorsSettingsArgs(allowed_origins=list(args.cors_origins), support_credentials=args.cors_credentials),
    )


def _runtime(runtime: ContainerImage | NodeVersion) -> str:
    return f"DOCKER|{runtime.reference}" if isinstance(runtime, ContainerImage) else f"NODE|{runtime.version}"


def _weakest_cipher(min_tls_version: Literal["1.2", "1.3"]) -> web.TlsCipherSuites:
    """Forward secrecy and authenticated encryption in both versions."""
    if min_tls_version == "1.3":
        return web.TlsCipherSuites.TL_S_AE_S_128_GC_M_SHA256
    return web.TlsCipherSuites.TL_S_ECDH_E_RS_A_WIT_H_AE_S_128_GC_M_SHA256


def _restrictions(ingress: PrivateLinkIngress | ServiceTagIngress) -> list[web.IpSecurityRestrictionArgs]:
    """Our Front Door only. None for private link: should public access ever be opened, the default denies it all."""
    if isinstance(ingress, PrivateLinkIngress):
        return []
    return [
        web.IpSecurityRestrictionArgs(
            name="front-door",
            description="Our own Front Door profile, and no other customer's",
            priority=100,
            action="Allow",
            tag=web.IpFilterTag.SERVICE_TAG,
            ip_address="AzureFrontDoor.Backend",
            headers={"x-azure-fdid": [ingress.front_door_id]},
        )
    ]


def app_settings(args: AppServiceArgs) -> dict[str, pulumi.Input[str]]:
    """Every app setting: the caller's, the secrets as Key Vault references, and what App Service and telemetry read.

    Raises ValueError when the caller gives one of the latter, or a name twice.
    """
    groups: list[Mapping[str, pulumi.Input[str]]] = [
        args.settings,
        {variable: key_vault_reference(uri) for variable, uri in args.secrets.items()},
        _platform_settings(args),
    ]
    merged: dict[str, pulumi.Input[str]] = {}
    for group in groups:
        twice = merged.keys() & group.keys()
        if twice:
            raise ValueError(f"app settings given twice: {', '.join(sorted(twice))}")
        merged |= group
    return merged


def key_vault_reference(uri: pulumi.Input[str]) -> pulumi.Output[str]:
    """An app setting whose value App Service reads from Key Vault, newest version, by the site's reference identity."""
    return pulumi.Output.concat("@Microsoft.KeyVault(SecretUri=", uri, ")")


def slot_app_settings(args: AppServiceArgs, slot: str) -> dict[str, pulumi.Input[str]]:
    """The same for the slot, with the values that differ there."""
    settings = {**args.settings, **args.slot_settings}
    return app_settings(replace(args, service_name=f"{args.service_name}-{slot}", settings=settings))


def _platform_settings(args: AppServiceArgs) -> dict[str, pulumi.Input[str]]:
    client_id = args.identity.client_id
    settings: dict[str, pulumi.Input[str]] = {
        "AZURE_CLIENT_ID": client_id,
        "APPLICATIONINSIGHTS_CONNECTION_STRING": pulumi.Output.secret(args.telemetry.connection_string),
        "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": pulumi.Output.concat("Authorization=AAD;ClientId=", client_id),
        SERVICE_NAME: args.service_name,
        "OTEL_PROPAGATORS": "tracecontext,baggage",
        # A swap goes through only when the new content answers here with 200 in the slot.
        "WEBSITE_SWAP_WARMUP_PING_PATH": args.health_check_path,
        "WEBSITE_SWAP_WARMUP_PING_STATUSES": "200",
    }
    if isinstance(args.runtime, ContainerImage):
        settings |= {"WEBSITES_PORT": str(args.runtime.port), "WEBSITES_ENABLE_APP_SERVICE_STORAGE": "false"}
    else:
        settings |= {"WEBSITE_RUN_FROM_PACKAGE": "1", "SCM_DO_BUILD_DURING_DEPLOYMENT": "false"}
    if args.sign_in:
        settings |= sign_in_settings(args.sign_in, client_id)
    return settings


def sticky_settings(args: AppServiceArgs) -> list[str]:
    """App settings that a swap leaves behind: the ones that differ, and the ones that Azure wants there."""
    return sorted({SERVICE_NAME, *args.slot_settings, *([ASSERTION_SETTING] if args.sign_in else [])})
