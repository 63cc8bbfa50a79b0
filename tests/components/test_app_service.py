"""Apps: only Front Door reaches them, their identity is their only credential, and a slot is never weaker."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from pulumi_azure_native import web

from assurance.record import Mode, Record
from components.app_service import (
    LOG_CATEGORIES,
    MONITORING_METRICS_PUBLISHER,
    PULL,
    SITE_LOG_CATEGORIES,
    AppService,
)
from components.app_service_auth import ASSERTION_SETTING, SignIn
from components.app_service_site import (
    AppServiceArgs,
    ContainerImage,
    NodeVersion,
    PrivateLinkIngress,
    ServiceTagIngress,
    Telemetry,
    app_settings,
)
from components.diagnostics import LogDestination
from components.identity import Identity, IdentityArgs
from components.private_endpoint import PrivateAccess
from tests.harness import MODES, only, record

GROUP = "/subscriptions/s/resourceGroups/rg/providers"
FRONT_DOOR = "3f0e1d2c-0000-4000-8000-00000000fd1d"
TENANT = "00000000-0000-4000-8000-000000000002"
REGISTRY = f"{GROUP}/Microsoft.ContainerRegistry/registries/images"
INSIGHTS = f"{GROUP}/Microsoft.Insights/components/insights"
IMAGE = ContainerImage(reference="images.example/app@sha256:0f", repository="app", port=8080, registry_id=REGISTRY)
NODE = NodeVersion(version="22-lts")
PRIVATE = PrivateLinkIngress(access=PrivateAccess(subnet_id=f"{GROUP}/subnet", dns_zone_id=f"{GROUP}/zone"))
PUBLIC = ServiceTagIngress(front_door_id=FRONT_DOOR)
STAFF = SignIn(client_id="c11e", tenant_id=TENANT, allowed_groups=["staff"], excluded_paths=["/webhooks"])

VARIANTS: list[dict[str, Any]] = [
    {"ingress": ingress, "runtime": runtime, "sign_in": sign_in}
    for ingress, runtime, sign_in in itertools.product((PRIVATE, PUBLIC), (IMAGE, NODE), (None, STAFF))
]


def declare(**changes: Any) -> AppServiceArgs:
    identity = Identity("id", IdentityArgs(resource_group_name="rg", location="eastus2", identity_name="id-app"))
    values: dict[str, Any] = {
        "resource_group_name": "rg",
        "location": "eastus2",
        "app_name": "app-test",
        "plan_id": f"{GROUP}/Microsoft.Web/serverfarms/plan",
        "service_name": "backend",
        "identity": identity.outputs,
        "runtime": IMAGE,
        "ingress": PRIVATE,
        "subnet_id": f"{GROUP}/apps",
        "health_check_path": "/healthz",
        "telemetry": Telemetry(connection_string="InstrumentationKey=nobody-may-see", component_id=INSIGHTS),
        "logs": LogDestination(workspace_id=f"{GROUP}/workspace"),
        "settings": {"LOG_LEVEL": "info", "JOBS": "on"},
        "secrets": {"JWT_SECRET": "https://v.vault.azure.net/secrets/JWT-SECRET"},
        "slot": "staging",
        "slot_settings": {"JOBS": "off"},
        "cors_origins": ["https://app.example.com"],
    }
    return AppServiceArgs(**(values | changes))


def built(mode: Mode = "deployed", **changes: Any) -> Record:
    return record(lambda: AppService("app", declare(**changes)), mode)


def pair(result: Record, kind: str) -> list[dict[str, Any]]:
    """Inputs of a resource of the site and of its slot twin, without what names them."""
    both = [only(result, f"web:{kind}"), only(result, f"web:{kind}Slot")]
    return [{key: value for key, value in resource.inputs.items() if key != "slot"} for resource in both]


def sites(result: Record) -> list[dict[str, Any]]:
    return pair(result, "WebApp")


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("mode", MODES)
def test_slot_is_no_weaker_than_the_app(mode: Mode, variant: dict[str, Any]) -> None:
    result = built(mode, **variant)
    kinds = ["WebApp", "WebAppFtpAllowed", "WebAppScmAllowed"]
    for kind in kinds + (["WebAppAuthSettingsV2"] if variant["sign_in"] else []):
        site, slot = pair(result, kind)
        assert site == slot
    sticky = only(result, "web:WebAppSlotConfigurationNames").inputs["appSettingNames"]
    site, slot = (inputs["properties"] for inputs in pair(result, "WebAppApplicationSettings"))
    assert site.keys() == slot.keys()
    differing = {name for name in site if site[name] != slot[name]}
    assert differing == {"JOBS", "OTEL_SERVICE_NAME"}
    assert differing <= set(sticky)
    assert (ASSERTION_SETTING in sticky) is (variant["sign_in"] is not None)
    logs = [
        {log["category"] for log in setting.inputs["logs"]} for setting in result.of_type("monitor:DiagnosticSetting")
    ]
    # Azure has no log of sign-ins for a slot (facts/log_categories.yaml).
    assert sorted(logs, key=len) == [set(LOG_CATEGORIES), set(SITE_LOG_CATEGORIES)]


@pytest.mark.parametrize("mode", MODES)
def test_site_is_stricter_than_rules_ask(mode: Mode) -> None:
    """What rules ask of an app holds in every variant (test_variants.py); this is beyond it."""
    result = built(mode)
    for site in sites(result):
        config = site["siteConfig"]
        assert site["virtualNetworkSubnetId"] == f"{GROUP}/apps"
        assert set(site["outboundVnetRouting"].values()) == {True}
        assert len(site["outboundVnetRouting"]) == 5
        assert config["minTlsVersion"] == config["scmMinTlsVersion"] == "1.3"
        assert config["http20Enabled"] is config["alwaysOn"] is True
        assert config["healthCheckPath"] == "/healthz"
        assert config["cors"]["allowedOrigins"] == ["https://app.example.com"]


@pytest.mark.parametrize("runtime", [IMAGE, NODE])
@pytest.mark.parametrize("mode", MODES)
def test_private_link_leaves_no_public_address(mode: Mode, runtime: Any) -> None:
    result = built(mode, ingress=PRIVATE, runtime=runtime)
    for site in sites(result):
        assert site["publicNetworkAccess"] == "Disabled"
        assert site["siteConfig"]["ipSecurityRestrictions"] == []
        assert site["siteConfig"]["ipSecurityRestrictionsDefaultAction"] == "Deny"
        assert site["siteConfig"]["scmIpSecurityRestrictionsDefaultAction"] == "Deny"
    endpoints = result.of_type("network:PrivateEndpoint")
    connections = [endpoint.inputs["privateLinkServiceConnections"][0] for endpoint in endpoints]
    assert [connection["groupIds"] for connection in connections] == [["sites"], ["sites-staging"]]
    # The slot's endpoint is made on the site, and needs the slot and the site's own endpoint first.
    assert connections[0]["privateLinkServiceId"] == connections[1]["privateLinkServiceId"]
    slot = only(result, "web:WebAppSlot").urn
    groups = result.of_type("network:PrivateDnsZoneGroup")
    assert endpoints[0].urn in groups[0].dependencies
    assert {slot, groups[0].urn} <= set(endpoints[1].dependencies)
    assert len(groups) == 2


@pytest.mark.parametrize("mode", MODES)
def test_service_tag_admits_only_our_front_door(mode: Mode) -> None:
    """Service tag admits our front door only and closes scm."""
    result = built(mode, ingress=PUBLIC)
    for site in sites(result):
        config = site["siteConfig"]
        assert site["publicNetworkAccess"] == "Enabled"
        (rule,) = config["ipSecurityRestrictions"]
        assert (rule["action"], rule["tag"], rule["ipAddress"]) == ("Allow", "ServiceTag", "AzureFrontDoor.Backend")
        assert rule["headers"] == {"x-azure-fdid": [FRONT_DOOR]}
        assert config["ipSecurityRestrictionsDefaultAction"] == "Deny"
        assert config["scmIpSecurityRestrictions"] == []
        assert config["scmIpSecurityRestrictionsDefaultAction"] == "Deny"
        assert config["scmIpSecurityRestrictionsUseMain"] is False
    assert result.of_type("network:PrivateEndpoint") == []


def test_app_identity_alone_opens_vault_and_registry() -> None:
    """Only the apps identity opens its vault and its registry."""
    result = built()
    identity = only(result, "managedidentity:UserAssignedIdentity")
    for site in sites(result):
        assert site["identity"] == {"type": "UserAssigned", "userAssignedIdentities": [identity.id]}
        assert site["keyVaultReferenceIdentity"] == identity.id
        assert site["siteConfig"]["acrUseManagedIdentityCreds"] is True
        assert site["siteConfig"]["acrUserManagedIdentityID"] == identity.outputs["clientId"]
    granted = {
        (role.inputs["roleDefinitionId"].rsplit("/", 1)[-1], role.inputs["scope"])
        for role in result.of_type("authorization:RoleAssignment")
    }
    assert granted == {(PULL, REGISTRY), (MONITORING_METRICS_PUBLISHER, INSIGHTS)}
    assert {role.inputs["principalId"] for role in result.of_type("authorization:RoleAssignment")} == {
        identity.outputs["principalId"]
    }
    roles = {role.urn for role in result.of_type("authorization:RoleAssignment")}
    assert roles <= set(only(result, "web:WebApp").dependencies)


@pytest.mark.parametrize("mode", MODES)
def test_node_runtime_gets_no_registry_access(mode: Mode) -> None:
    result = built(mode, runtime=NODE)
    for site in sites(result):
        assert site["kind"] == "app,linux"
        assert site["siteConfig"]["linuxFxVersion"] == "NODE|22-lts"
        assert site["siteConfig"]["acrUseManagedIdentityCreds"] is False
    assert len(result.of_type("authorization:RoleAssignment")) == 1
    settings = only(result, "web:WebAppApplicationSettings").inputs["properties"]
    assert settings["WEBSITE_RUN_FROM_PACKAGE"] == "1"
    assert settings["SCM_DO_BUILD_DURING_DEPLOYMENT"] == "false"


def test_secrets_are_versionless_references_on_app_and_slot() -> None:
    result = built()
    for inputs in pair(result, "WebAppApplicationSettings"):
        settings = inputs["properties"]
        assert settings["JWT_SECRET"] == ("@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/JWT-SECRET)")
        assert settings["APPLICATIONINSIGHTS_CONNECTION_STRING"] == "[secret]"
        assert settings["AZURE_CLIENT_ID"] == only(result, "managedidentity:UserAssignedIdentity").outputs["clientId"]
        assert settings["WEBSITE_SWAP_WARMUP_PING_PATH"] == "/healthz"
        assert settings["WEBSITES_PORT"] == "8080"
    assert "nobody-may-see" not in result.to_json()


@pytest.mark.parametrize(
    "changes",
    [
        {"settings": {"AZURE_CLIENT_ID": "x"}},
        {"settings": {"JWT_SECRET": "x"}},
        {"secrets": {"WEBSITES_PORT": "x"}},
    ],
)
def test_an_app_setting_has_one_source(changes: dict[str, Any]) -> None:
    def program() -> None:
        with pytest.raises(ValueError, match="app settings given twice"):
            app_settings(declare(**changes))

    record(program)


def test_slot_settings_cannot_hide_a_platform_setting() -> None:
    with pytest.raises(ValueError, match="given twice: AZURE_CLIENT_ID"):
        built(slot_settings={"AZURE_CLIENT_ID": "x"})


@pytest.mark.parametrize(
    ("runtime", "slot", "ignored"),
    [
        (IMAGE, "staging", ["siteConfig.linuxFxVersion"]),
        (IMAGE, None, []),
        (NODE, "staging", []),
        (NODE, None, []),
    ],
)
def test_up_ignores_only_what_swaps_change(runtime: Any, slot: str | None, ignored: list[str]) -> None:
    """Up leaves alone what swaps change and nothing else."""
    result = built(runtime=runtime, slot=slot, slot_settings={})
    for site in result.of_type("web:WebApp", "web:WebAppSlot"):
        assert site.options.get("ignoreChanges", []) == ignored
    others = [r for r in result if r.type.startswith("azure-native:web:") and r not in result.of_type("web:WebApp")]
    for resource in others:
        if resource.type != "azure-native:web:WebAppSlot":
            assert "ignoreChanges" not in resource.options


def test_without_a_slot_there_is_nothing_of_one() -> None:
    result = built(slot=None, slot_settings={}, sign_in=STAFF)
    assert [resource.type for resource in result if "Slot" in resource.type] == []
    assert len(result.of_type("network:PrivateEndpoint")) == 1


@pytest.mark.parametrize("mode", MODES)
def test_sign_in_is_single_tenant_without_secret(mode: Mode) -> None:
    """Sign in is single tenant without a client secret."""
    result = built(mode, sign_in=STAFF)
    for auth in pair(result, "WebAppAuthSettingsV2"):
        assert auth["platform"]["enabled"] is True
        assert auth["globalValidation"]["requireAuthentication"] is True
        assert auth["globalValidation"]["unauthenticatedClientAction"] == "RedirectToLoginPage"
        assert auth["globalValidation"]["excludedPaths"] == ["/healthz", "/webhooks"]
        assert auth["httpSettings"]["requireHttps"] is True
        assert auth["httpSettings"]["forwardProxy"]["convention"] == "Standard"
        assert auth["login"]["tokenStore"]["enabled"] is False
        assert auth["login"]["nonce"]["validateNonce"] is True
        assert auth["login"]["cookieExpiration"]["timeToExpiration"] == "08:00:00"
        entra = auth["identityProviders"]["azureActiveDirectory"]
        assert entra["registration"]["openIdIssuer"] == f"https://login.microsoftonline.com/{TENANT}/v2.0"
        assert entra["registration"]["clientSecretSettingName"] == ASSERTION_SETTING
        assert entra["validation"]["allowedAudiences"] == ["c11e", "api://c11e"]
        policy = entra["validation"]["defaultAuthorizationPolicy"]
        assert policy == {"allowedApplications": ["c11e"], "allowedPrincipals": {"groups": ["staff"]}}
    for inputs in pair(result, "WebAppApplicationSettings"):
        assert inputs["properties"]["WEBSITE_AUTH_AAD_ALLOWED_TENANTS"] == TENANT
        if mode == "deployed":
            identity = only(result, "managedidentity:UserAssignedIdentity")
            assert inputs["properties"][ASSERTION_SETTING] == identity.outputs["clientId"]


def test_caller_with_token_is_refused_not_redirected() -> None:
    """A caller with a token is refused and not redirected."""
    api = SignIn(client_id="c11e", tenant_id=TENANT, unauthenticated="refuse", session_hours=12)
    auth = only(built(sign_in=api), "web:WebAppAuthSettingsV2").inputs
    assert auth["globalValidation"]["unauthenticatedClientAction"] == "Return401"
    assert "redirectToProvider" not in auth["globalValidation"]
    assert auth["login"]["cookieExpiration"]["timeToExpiration"] == "12:00:00"
    validation = auth["identityProviders"]["azureActiveDirectory"]["validation"]
    assert "allowedPrincipals" not in validation["defaultAuthorizationPolicy"]


@pytest.mark.parametrize(
    ("version", "cipher"), [("1.2", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"), ("1.3", "TLS_AES_128_GCM_SHA256")]
)
def test_weakest_cipher_fits_the_tls_version(version: str, cipher: str) -> None:
    for site in sites(built(min_tls_version=version)):
        assert site["siteConfig"]["minTlsVersion"] == version
        assert site["siteConfig"]["minTlsCipherSuite"] == cipher


def test_outputs_name_the_site_and_its_origin_host() -> None:
    result = built()
    component = next(resource for resource in result if resource.type == "medspasync:components:AppService")
    site = only(result, "web:WebApp")
    assert component.outputs == {"id": site.id, "name": "app-test", "host": "app-test.azurewebsites.net"}


@pytest.mark.parametrize("made", [web.WebApp, web.WebAppSlot])
def test_site_configuration_is_an_output_of_the_sdk(made: type) -> None:
    """`up` leaves the image to swaps by what a refresh read. From SDK 3.16 to 3.27 siteConfig was no output, so the
    next change of any property would have sent the first image again (pulumi-azure-native issue 4749)."""
    assert "site_config" in vars(made)
