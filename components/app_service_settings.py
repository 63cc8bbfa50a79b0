"""App settings: the environment that an app's code sees, and what App Service itself reads."""

from collections.abc import Mapping
from dataclasses import replace

import pulumi

from components.app_service_auth import ASSERTION_SETTING, sign_in_settings
from components.app_service_site import AppServiceArgs, ContainerImage

SERVICE_NAME = "OTEL_SERVICE_NAME"


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
