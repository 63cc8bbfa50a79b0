"""Azure API Management behind Front Door: private at both ends, in its tier Standard v2."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import apimanagement

from components.api_policy import FRONT_DOOR_VALUE, gateway_policy
from components.component import Component, Placed, enabled
from components.diagnostics import LogDestination, diagnose
from components.identity import IdentityOutputs
from components.private_endpoint import PrivateAccess, private_endpoint
from components.role_assignment import assign_role
from facts.roles import role_id

MONITORING_METRICS_PUBLISHER = role_id("Monitoring Metrics Publisher")
GATEWAY_GROUP = "Gateway"
"""Sub-resource of its private endpoints (learn.microsoft.com/azure/api-management/private-endpoint)."""

_SECURITY = "Microsoft.WindowsAzure.ApiManagement.Gateway.Security"
# learn.microsoft.com/azure/api-management/api-management-howto-manage-protocols-ciphers (read 2026-11-29). Ciphers are
# not among them: the v2 tiers, of which ours is one, take no change of the default ciphers.
OFF = (
    *(f"{_SECURITY}.Protocols.{protocol}" for protocol in ("Tls10", "Tls11", "Ssl30")),
    *(f"{_SECURITY}.Backend.Protocols.{protocol}" for protocol in ("Tls10", "Tls11", "Ssl30")),
)
"""Protocols that are switched off, towards clients and towards apps."""


@dataclass(frozen=True, kw_only=True)
class GatewayTelemetry:
    """Application Insights. component_id: its ARM id; connection_string: secret. Every call is kept."""

    component_id: pulumi.Input[str]
    connection_string: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class ApiManagementArgs(Placed):
    """Arguments of `ApiManagement`.

    service_name: globally unique, 1 to 50 letters, digits and hyphens.
    units: 1 to 10.
    publisher_name, publisher_email: shown to developers, and where Azure sends notices.
    subnet_id: a subnet of its own, delegated to Microsoft.Web/serverFarms, out of which it calls the apps.
    private_access: where its private endpoint goes.
    public: the gateway answers at its public address as well. Azure creates no gateway without it; it is closed by
    the deployment after that.
    front_door_id: the GUID that Front Door sends as X-Azure-FDID; a request without it is refused.
    remove_headers: response headers that nobody gets to see; timeout_seconds: how long an app may take, 1 to 240.
    protect: the engine refuses to delete it: subscriptions' keys would be lost. There is no lock: it would also keep
    APIs from being removed.
    """

    service_name: pulumi.Input[str]
    units: int
    publisher_name: str
    publisher_email: str
    identity: IdentityOutputs
    subnet_id: pulumi.Input[str]
    private_access: PrivateAccess
    public: bool
    front_door_id: pulumi.Input[str]
    remove_headers: Sequence[str]
    timeout_seconds: int
    telemetry: GatewayTelemetry
    logs: LogDestination
    protect: bool


@dataclass(frozen=True, kw_only=True)
class ApiManagementOutputs:
    """id: ARM id; name: of the service; host: ``<name>.azure-api.net``, what Front Door sends to."""

    id: pulumi.Output[str]
    name: pulumi.Output[str]
    host: pulumi.Output[str]


class ApiManagement(Component[ApiManagementArgs, ApiManagementOutputs]):
    """A gateway that takes requests from one Front Door profile and calls apps through the network.

    Logs and telemetry hold neither bodies nor headers nor query strings, which may name a patient, nor addresses.
    """

    def _declare(self, name: str, args: ApiManagementArgs) -> ApiManagementOutputs:
        child = pulumi.ResourceOptions(parent=self)
        service = self._service(name, args)
        place = {"resource_group_name": args.resource_group_name, "service_name": service.name}
        private_endpoint(name, service.id, GATEWAY_GROUP, args.private_access, place=args.place, parent=self)
        front_door = apimanagement.NamedValue(
            f"{name}-front-door-id",
            **place,
            named_value_id=FRONT_DOOR_VALUE,
            display_name=FRONT_DOOR_VALUE,
            value=args.front_door_id,
            secret=False,
            opts=child,
        )
        apimanagement.Policy(
            name,
            **place,
            policy_id="policy",
            format=apimanagement.PolicyContentFormat.XML,
            value=gateway_policy(remove_headers=args.remove_headers, timeout_seconds=args.timeout_seconds),
            # Azure refuses a policy with a named value that is not there.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[front_door]),
        )
        self._telemetry(name, args, place)
        diagnose(name, service.id, args.logs, parent=self)
        return ApiManagementOutputs(
            id=service.id, name=service.name, host=pulumi.Output.concat(service.name, ".azure-api.net")
        )

    def _service(self, name: str, args: ApiManagementArgs) -> apimanagement.ApiManagementService:
        return apimanagement.ApiManagementService(
            name,
            **args.place,
            service_name=args.service_name,
            sku=apimanagement.ApiManagementServiceSkuPropertiesArgs(
                name=apimanagement.SkuType.STANDARD_V2, capacity=args.units
            ),
            publisher_name=args.publisher_name,
            publisher_email=args.publisher_email,
            identity=apimanagement.ApiManagementServiceIdentityArgs(
                type=apimanagement.ApimIdentityType.USER_ASSIGNED,
                user_assigned_identities=pulumi.Output.from_input(args.identity.id).apply(
                    lambda known: {known: apimanagement.UserIdentityPropertiesArgs()}
                ),
            ),
            # In this tier `External` with a subnet is integration: calls go out through it, none comes in.
            virtual_network_type=apimanagement.VirtualNetworkType.EXTERNAL,
            virtual_network_configuration=apimanagement.VirtualNetworkConfigurationArgs(
                subnet_resource_id=args.subnet_id
            ),
            public_network_access=enabled(args.public),
            custom_properties={
                **dict.fromkeys(OFF, "False"),
                "Microsoft.WindowsAzure.ApiManagement.Gateway.Protocols.Server.Http2": "True",
            },
            developer_portal_status=apimanagement.DeveloperPortalStatus.DISABLED,
            legacy_portal_status=apimanagement.LegacyPortalStatus.DISABLED,
            configuration_api=apimanagement.ConfigurationApiArgs(legacy_api=apimanagement.LegacyApiState.DISABLED),
            # Older versions of the control plane return keys and secrets to readers.
            api_version_constraint=apimanagement.ApiVersionConstraintArgs(min_api_version="2021-08-01"),
            disable_gateway=False,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect or None),
        )

    def _telemetry(self, name: str, args: ApiManagementArgs, place: dict[str, pulumi.Input[str]]) -> None:
        publisher = assign_role(
            f"{name}-telemetry",
            scope=args.telemetry.component_id,
            role_id=MONITORING_METRICS_PUBLISHER,
            principal_id=args.identity.principal_id,
            parent=self,
        )
        insights = apimanagement.Logger(
            f"{name}-app-insights",
            **place,
            logger_id="applicationinsights",
            logger_type=apimanagement.LoggerType.APPLICATION_INSIGHTS,
            resource_id=args.telemetry.component_id,
            # Signed in as the identity: keys are not accepted there.
            credentials={
                "connectionString": pulumi.Output.secret(args.telemetry.connection_string),
                "identityClientId": args.identity.client_id,
            },
            is_buffered=True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[publisher]),
        )
        monitor = apimanagement.Logger(
            f"{name}-azure-monitor",
            **place,
            logger_id="azuremonitor",
            logger_type=apimanagement.LoggerType.AZURE_MONITOR,
            is_buffered=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        for logger, kind in ((insights, "applicationinsights"), (monitor, "azuremonitor")):
            apimanagement.Diagnostic(
                f"{name}-{kind}",
                **place,
                diagnostic_id=kind,
                logger_id=logger.id,
                always_log=apimanagement.AlwaysLog.ALL_ERRORS,
                sampling=apimanagement.SamplingSettingsArgs(
                    sampling_type=apimanagement.SamplingType.FIXED, percentage=100.0
                ),
                verbosity=apimanagement.Verbosity.ERROR,
                http_correlation_protocol=apimanagement.HttpCorrelationProtocol.W3_C,
                # Azure refuses it on the other diagnostic (facts/conditional_properties.yaml).
                operation_name_format=apimanagement.OperationNameFormat.NAME if logger is insights else None,
                log_client_ip=False,
                frontend=_nothing_personal(),
                backend=_nothing_personal(),
                opts=pulumi.ResourceOptions(parent=self),
            )


def _nothing_personal() -> apimanagement.PipelineDiagnosticSettingsArgs:
    """No body, no header, no query string, in either direction."""
    hidden = apimanagement.DataMaskingEntityArgs(mode=apimanagement.DataMaskingMode.HIDE, value="*")

    def message() -> apimanagement.HttpMessageDiagnosticArgs:
        return apimanagement.HttpMessageDiagnosticArgs(
            headers=[],
            body=apimanagement.BodyDiagnosticSettingsArgs(bytes=0),
            data_masking=apimanagement.DataMaskingArgs(headers=[hidden], query_params=[hidden]),
        )

    return apimanagement.PipelineDiagnosticSettingsArgs(request=message(), response=message())
