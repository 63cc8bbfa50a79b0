"""The gateway: private at both ends, without old protocols, portals or anything personal in its logs."""

from __future__ import annotations

from dataclasses import replace

import pulumi
import pytest

from assurance.record import Mode, Record
from components.api_management import OFF, ApiManagement, ApiManagementArgs, GatewayTelemetry
from components.api_policy import BrowserAccess, CallLimit, TokenCheck
from components.diagnostics import LogDestination
from components.gateway_api import GatewayApi, GatewayApiArgs, OpenPath
from components.gateway_product import GatewayProduct, GatewayProductArgs
from components.identity import IdentityOutputs
from components.private_endpoint import PrivateAccess
from tests.harness import MODES, only, record

RG = "/subscriptions/s/resourceGroups/rg/providers"
SUBNETS = f"{RG}/Microsoft.Network/virtualNetworks/vnet/subnets"
FDID = "00000000-0000-4000-8000-00000000000f"
HEALTH = OpenPath(
    label="healthz", methods=["GET", "HEAD"], limit=CallLimit(counter="address", calls=600, seconds=60), below=False
)
AUTH = OpenPath(label="auth", methods=["POST"], limit=CallLimit(counter="address", calls=50, seconds=300), below=True)


def known(value: str) -> pulumi.Output[str]:
    return pulumi.Output.from_input(value)


def arguments() -> ApiManagementArgs:
    return ApiManagementArgs(
        resource_group_name="rg",
        location="eastus2",
        service_name="apim-test",
        units=2,
        publisher_name="Test",
        publisher_email="platform@example.com",
        identity=IdentityOutputs(
            id=known(f"{RG}/Microsoft.ManagedIdentity/userAssignedIdentities/gateway"),
            principal_id=known("00000000-0000-4000-8000-0000000000aa"),
            client_id=known("00000000-0000-4000-8000-0000000000bb"),
        ),
        subnet_id=f"{SUBNETS}/gateway",
        private_access=PrivateAccess(
            subnet_id=f"{SUBNETS}/private-endpoints",
            dns_zone_id=f"{RG}/Microsoft.Network/privateDnsZones/privatelink.azure-api.net",
        ),
        public=False,
        front_door_id=FDID,
        remove_headers=["Server"],
        timeout_seconds=60,
        telemetry=GatewayTelemetry(
            component_id=f"{RG}/Microsoft.Insights/components/appi",
            connection_string=pulumi.Output.secret("InstrumentationKey=x"),
        ),
        logs=LogDestination(workspace_id=f"{RG}/Microsoft.OperationalInsights/workspaces/log"),
        protect=True,
    )


def build(**changes: object) -> None:
    service = ApiManagement("gateway", replace(arguments(), **changes)).outputs  # type: ignore[arg-type]
    api = GatewayApi("gateway-backend", api_arguments(service.name)).outputs
    GatewayProduct(
        "gateway-partners",
        GatewayProductArgs(
            resource_group_name="rg",
            service_name=service.name,
            product="partners",
            description="For partners.",
            apis={"backend": api.name},
            subscriptions=["crm"],
        ),
    )
    pulumi.export("host", service.host)


def api_arguments(service_name: pulumi.Input[str]) -> GatewayApiArgs:
    return GatewayApiArgs(
        resource_group_name="rg",
        service_name=service_name,
        api="backend",
        backend_host="app.azurewebsites.net",
        subscription_required=True,
        token=TokenCheck(open_id_configuration="https://login.example/c", issuers=["i"], audiences=["a"]),
        limits=[CallLimit(counter="user", calls=300, seconds=60)],
        browsers=BrowserAccess(origins=["https://app.example.com"], credentials=False),
        open_paths={"/healthz": HEALTH, "/auth": AUTH},
    )


@pytest.fixture(params=MODES)
def built(request: pytest.FixtureRequest) -> Record:
    mode: Mode = request.param
    return record(build, mode)


def test_the_gateway_is_private_at_both_ends(built: Record) -> None:
    service = only(built, "apimanagement:ApiManagementService").inputs
    assert service["sku"] == {"name": "StandardV2", "capacity": 2}
    assert service["publicNetworkAccess"] == "Disabled"
    assert service["virtualNetworkType"] == "External"
    assert service["virtualNetworkConfiguration"] == {"subnetResourceId": f"{SUBNETS}/gateway"}
    endpoint = only(built, "network:PrivateEndpoint").inputs
    assert endpoint["privateLinkServiceConnections"][0]["groupIds"] == ["Gateway"]
    assert endpoint["subnet"]["id"] == f"{SUBNETS}/private-endpoints"


def test_its_public_address_is_open_only_when_asked() -> None:
    service = only(record(lambda: build(public=True)), "apimanagement:ApiManagementService").inputs
    assert service["publicNetworkAccess"] == "Enabled"


def test_old_protocols_portals_and_control_planes_are_off(built: Record) -> None:
    service = only(built, "apimanagement:ApiManagementService").inputs
    assert {service["customProperties"][name] for name in OFF} == {"False"}
    assert not [name for name in service["customProperties"] if "Ciphers" in name]
    assert service["developerPortalStatus"] == service["legacyPortalStatus"] == "Disabled"
    assert service["configurationApi"] == {"legacyApi": "Disabled"}
    assert service["apiVersionConstraint"]["minApiVersion"] >= "2021-08-01"


def test_it_is_protected_but_never_locked(built: Record) -> None:
    assert only(built, "apimanagement:ApiManagementService").options.get("protect")
    assert built.of_type("authorization:ManagementLockByScope") == []


def test_its_policy_waits_for_the_value_it_names(built: Record) -> None:
    policy, named = only(built, "apimanagement:Policy"), only(built, "apimanagement:NamedValue")
    assert named.urn in policy.dependencies
    assert named.inputs["value"] == FDID
    assert "{{" + named.inputs["displayName"] + "}}" in policy.inputs["value"]


def test_telemetry_signs_in_and_holds_nothing_personal(built: Record) -> None:
    insights = next(r for r in built.of_type("apimanagement:Logger") if r.inputs["loggerType"] == "applicationInsights")
    assert "credentials.connectionString" in insights.secrets
    assert insights.inputs["credentials"]["identityClientId"] == "00000000-0000-4000-8000-0000000000bb"
    assert only(built, "authorization:RoleAssignment").urn in insights.dependencies
    diagnostics = {r.inputs["diagnosticId"]: r.inputs for r in built.of_type("apimanagement:Diagnostic")}
    assert set(diagnostics) == {"applicationinsights", "azuremonitor"}
    assert diagnostics["applicationinsights"]["sampling"]["percentage"] == 100
    assert diagnostics["applicationinsights"]["operationNameFormat"] == "Name"
    assert "operationNameFormat" not in diagnostics["azuremonitor"]
    for diagnostic in diagnostics.values():
        assert diagnostic["logClientIp"] is False
        assert diagnostic["alwaysLog"] == "allErrors"
        for side in ("frontend", "backend"):
            for message in diagnostic[side].values():
                assert message["body"] == {"bytes": 0}
                assert message["headers"] == []
                assert message["dataMasking"]["queryParams"] == [{"mode": "Hide", "value": "*"}]


def test_logs_go_to_the_workspace(built: Record) -> None:
    logs = only(built, "monitor:DiagnosticSetting").inputs
    assert logs["logs"] == [{"categoryGroup": "allLogs", "enabled": True}]


def test_api_asks_for_key_except_open_paths(built: Record) -> None:
    """The api asks for a key and open paths do not."""
    apis = {r.inputs["apiId"]: r.inputs for r in built.of_type("apimanagement:Api")}
    assert {name: api["subscriptionRequired"] for name, api in apis.items()} == {
        "backend": True,
        "backend-healthz": False,
        "backend-auth": False,
    }
    assert {api["path"]: api["serviceUrl"] for api in apis.values()} == {
        "backend": "https://app.azurewebsites.net",
        "backend/healthz": "https://app.azurewebsites.net/healthz",
        "backend/auth": "https://app.azurewebsites.net/auth",
    }
    assert all(api["protocols"] == ["https"] for api in apis.values())
    assert len(built.of_type("apimanagement:ApiPolicy")) == len(apis)


def test_api_takes_only_its_methods_and_paths(built: Record) -> None:
    """Every api takes its methods and paths and no other."""
    if built.mode == "preview":
        operations = [
            r for r in built.of_type("apimanagement:ApiOperation") if r.name.startswith("gateway-backend-auth")
        ]
    else:
        operations = [r for r in built.of_type("apimanagement:ApiOperation") if r.inputs["apiId"] == "backend-auth"]
    taken = {(r.inputs["method"], r.inputs["urlTemplate"]) for r in operations}
    assert taken == {("POST", "/"), ("POST", "/*")}
    health = [r.inputs for r in built.of_type("apimanagement:ApiOperation") if "healthz" in r.name]
    assert {(o["method"], o["urlTemplate"]) for o in health} == {("GET", "/"), ("HEAD", "/")}
    everything = {(r.inputs["method"], r.inputs["urlTemplate"]) for r in built.of_type("apimanagement:ApiOperation")}
    assert {("GET", "/*"), ("PUT", "/*"), ("PATCH", "/*"), ("DELETE", "/*"), ("HEAD", "/*")} <= everything


def test_an_api_that_knows_nobody_is_refused() -> None:
    def nobody() -> None:
        arguments = replace(
            api_arguments("apim"),
            subscription_required=False,
            token=None,
            limits=[CallLimit(counter="address", calls=1, seconds=1)],
        )
        GatewayApi("gateway-backend", arguments)

    with pytest.raises(ValueError, match="key, a token, or both"):
        record(nobody)


def test_product_needs_approved_key_made_by_azure(built: Record) -> None:
    """A product needs a key and an approval and keys are azures."""
    product = only(built, "apimanagement:Product").inputs
    assert product["subscriptionRequired"] is product["approvalRequired"] is True
    subscription = only(built, "apimanagement:Subscription")
    assert not {"primaryKey", "secondaryKey"} & set(subscription.inputs)
    assert subscription.inputs["allowTracing"] is False
    assert set(subscription.options["additionalSecretOutputs"]) == {"primaryKey", "secondaryKey"}
    if built.mode == "deployed":
        assert subscription.inputs["scope"] == "/products/partners"
        assert built.outputs["host"] == "apim-test.azure-api.net"
