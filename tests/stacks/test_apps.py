"""The apps layer: a block in the stack file is an app, whatever their number, in both modes and both ingress modes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from assurance.record import Mode, Record
from stacks.outputs import Apps
from stacks.settings.apps import RESERVED, RESERVED_PREFIXES
from stacks.settings.reading.parse import SettingsError
from tests.harness import MODES, only, record
from tests.stacks.hosting import CLIENT, FRONT_DOOR, PLAN, SUBSCRIPTION, app_block, build, secret_uri

FOUR = {
    "backend": app_block("api"),
    "frontend": app_block("app", exposure="web", staticPaths=["/assets/*"]),
    "marketing": app_block("www", exposure="marketing", ingress="serviceTag"),
    "pro-next": app_block("pro", exposure="web", runtime={"node": "22-lts"}),
}
PER_APP = ("web:WebApp", "web:WebAppSlot", "web:WebAppApplicationSettings", "web:WebAppApplicationSettingsSlot")


def many(count: int) -> dict[str, Any]:
    return {f"app-{i}": app_block(f"app-{i}") for i in range(count)}


@pytest.mark.parametrize("apps", [many(1), FOUR, pytest.param(many(40), marks=pytest.mark.long)], ids=["1", "4", "40"])
@pytest.mark.parametrize("mode", MODES)
def test_every_app_is_whole(mode: Mode, apps: Mapping[str, Any]) -> None:
    result = record(build(apps), mode)
    for type_ in PER_APP:
        assert len(result.of_type(type_)) == len(apps)
    assert len(result.of_type("web:AppServicePlan")) == 1
    names = {site.inputs["name"] for site in result.of_type("web:WebApp")}
    assert names == {f"app-mss-test-{name}-x7k2" for name in apps}


def test_every_resource_names_entry_it_comes_from() -> None:
    result = record(build(FOUR))
    keys = {f"medspasync:apps.{name}" for name in FOUR} | {"medspasync:plans.main"}
    own = [resource for resource in result if resource.type.startswith("azure-native:web:")]
    assert {(resource.origin or {}).get("key") for resource in own} == keys
    assert {(resource.origin or {}).get("file") for resource in own} == {"Pulumi.test.yaml"}


def test_fifth_app_is_one_block_changing_no_other() -> None:
    before = record(build(FOUR))
    after = record(build(FOUR | {"admin": app_block("admin", signIn={"clientId": CLIENT})}))
    unchanged = {resource.urn: (resource.inputs, resource.options) for resource in before}
    found = {resource.urn: (resource.inputs, resource.options) for resource in after}
    assert {urn: found[urn] for urn in unchanged} == unchanged
    new = [resource for resource in after if resource.urn not in unchanged]
    assert new
    assert all("admin" in resource.name for resource in new)


def test_each_app_reads_own_vault_by_own_identity() -> None:
    result = record(build(FOUR))
    identities = set()
    for site in result.of_type("web:WebApp"):
        identities.add(site.inputs["keyVaultReferenceIdentity"])
        settings = settings_of(result, site.inputs["name"])
        app = site.inputs["name"].removeprefix("app-mss-test-").removesuffix("-x7k2")
        assert settings["KEY_VAULT_NAME"] == f"mss-test-{app}-x7k2"
        assert settings["JWT_SECRET"] == f"@Microsoft.KeyVault(SecretUri={secret_uri(app, 'JWT-SECRET')})"
        assert settings["DATABASE_URL"] == f"@Microsoft.KeyVault(SecretUri={secret_uri(app, 'DATABASE-URL')})"
        references = [value for value in settings.values() if value.startswith("@Microsoft.KeyVault")]
        # Versionless: nothing follows the secret's name, so that a rotation needs no deployment.
        assert all(
            re.fullmatch(r"@Microsoft\.KeyVault\(SecretUri=https://[^/]+/secrets/[^/]+\)", r) for r in references
        )
    assert len(identities) == len(FOUR)


def test_nothing_is_weaker_than_its_settings_say() -> None:
    result = record(build(FOUR))
    for site in result.of_type("web:WebApp", "web:WebAppSlot"):
        public = site.inputs["publicNetworkAccess"] == "Enabled"
        assert public is ("marketing" in site.inputs["name"])
        assert site.inputs["siteConfig"]["ipSecurityRestrictionsDefaultAction"] == "Deny"
        rules = site.inputs["siteConfig"]["ipSecurityRestrictions"]
        assert [rule["headers"] for rule in rules] == ([{"x-azure-fdid": [FRONT_DOOR]}] if public else [])


@pytest.mark.parametrize(
    ("change", "path", "value"),
    [
        ({"healthCheckPath": "/live"}, "siteConfig.healthCheckPath", "/live"),
        ({}, "sshEnabled", False),
        ({"minTlsVersion": "1.2"}, "siteConfig.minTlsVersion", "1.2"),
        ({}, "siteConfig.minTlsVersion", "1.3"),
        ({}, "endToEndEncryptionEnabled", True),
        ({"ingress": "serviceTag"}, "publicNetworkAccess", "Enabled"),
        ({}, "publicNetworkAccess", "Disabled"),
        ({"runtime": {"node": "24-lts"}}, "siteConfig.linuxFxVersion", "NODE|24-lts"),
        ({}, "siteConfig.linuxFxVersion", f"DOCKER|mssregistry.azurecr.io/backend@sha256:{'0f' * 32}"),
        (
            {"cors": {"origins": ["https://a.example.com"], "credentials": True}},
            "siteConfig.cors",
            {"allowedOrigins": ["https://a.example.com"], "supportCredentials": True},
        ),
        ({}, "siteConfig.cors", {"allowedOrigins": [], "supportCredentials": False}),
    ],
)
@pytest.mark.parametrize("mode", MODES)
def test_every_setting_reaches_app_and_slot(mode: Mode, change: dict[str, Any], path: str, value: Any) -> None:
    result = record(build({"backend": app_block(**change)}), mode)
    for site in result.of_type("web:WebApp", "web:WebAppSlot"):
        found: Any = site.inputs
        for key in path.split("."):
            found = found[key]
        assert found == value


def test_slot_port_settings_sign_in_are_as_configured() -> None:
    image = {"repository": "backend", "digest": f"sha256:{'0f' * 32}", "port": 3000}
    block = app_block(
        runtime={"image": image},
        slotSettings={"LOG_LEVEL": "debug"},
        signIn={"clientId": CLIENT, "excludedPaths": ["/hooks"], "unauthenticated": "refuse", "sessionHours": 4},
    )
    result = record(build({"backend": block}, settings={"backend": {"REDIS_HOST": "cache.example"}}))
    site = only(result, "web:WebAppApplicationSettings").inputs["properties"]
    slot = only(result, "web:WebAppApplicationSettingsSlot").inputs["properties"]
    assert (site["LOG_LEVEL"], slot["LOG_LEVEL"]) == ("info", "debug")
    assert site["WEBSITES_PORT"] == slot["WEBSITES_PORT"] == "3000"
    assert site["REDIS_HOST"] == slot["REDIS_HOST"] == "cache.example"
    assert site["CORRELATION_ID_HEADER"] == "X-Azure-Ref"
    auth = only(result, "web:WebAppAuthSettingsV2").inputs
    assert auth["globalValidation"]["excludedPaths"] == ["/healthz", "/hooks"]
    assert auth["globalValidation"]["unauthenticatedClientAction"] == "Return401"
    assert auth["login"]["cookieExpiration"]["timeToExpiration"] == "04:00:00"
    entra = auth["identityProviders"]["azureActiveDirectory"]
    assert entra["registration"]["clientId"] == CLIENT
    pull = [role for role in result.of_type("authorization:RoleAssignment") if role.name.endswith("-pull")]
    registry = "resourceGroups/rg-mss-shared/providers/Microsoft.ContainerRegistry/registries/mssregistry"
    assert [role.inputs["scope"] for role in pull] == [f"{SUBSCRIPTION}/{registry}"]


def test_an_app_without_a_slot() -> None:
    result = record(build({"backend": app_block(slot=False)}))
    assert result.of_type("web:WebAppSlot") == []


def test_every_name_that_the_platform_sets_is_reserved() -> None:
    blocks = {"backend": app_block(signIn={"clientId": CLIENT}), "node": app_block("n", runtime={"node": "22-lts"})}
    result = record(build(blocks))
    given = {"LOG_LEVEL", "JWT_SECRET", "DATABASE_URL"}
    for settings in result.of_type("web:WebAppApplicationSettings"):
        ours = set(settings.inputs["properties"]) - given
        assert {name for name in ours if not name.startswith(RESERVED_PREFIXES)} <= RESERVED


def test_value_that_resource_gives_is_refused_in_config() -> None:
    with pytest.raises(SettingsError) as raised:
        record(build({"backend": app_block()}, settings={"backend": {"LOG_LEVEL": "warn"}}))
    (problem,) = raised.value.problems
    assert (problem.file, problem.key) == ("Pulumi.test.yaml", "medspasync:apps.backend.settings.LOG_LEVEL")


def test_plans_are_shared_or_own() -> None:
    schedule = {
        "timeZone": "Eastern Standard Time",
        "days": ["Monday"],
        "start": "07:00",
        "end": "20:00",
        "quiet": {"minimum": 2, "maximum": 2, "default": 2},
    }
    plans = {"main": PLAN, "web": {"sku": "P2v3", "instances": PLAN["instances"], "schedule": schedule}}
    kept: list[Apps] = []
    result = record(build({"a1": app_block("a"), "b1": app_block("b", plan="web")}, plans, keep=kept.append))
    ids = {plan.inputs["name"]: plan.id for plan in result.of_type("web:AppServicePlan")}
    farms = {site.inputs["name"]: site.inputs["serverFarmId"] for site in result.of_type("web:WebApp")}
    assert farms == {
        "app-mss-test-a1-x7k2": ids["plan-mss-test-main"],
        "app-mss-test-b1-x7k2": ids["plan-mss-test-web"],
    }
    skus = {plan.inputs["name"]: plan.inputs["sku"]["name"] for plan in result.of_type("web:AppServicePlan")}
    assert skus == {"plan-mss-test-main": "P1v3", "plan-mss-test-web": "P2v3"}
    profiles = {s.inputs["name"]: len(s.inputs["profiles"]) for s in result.of_type("monitor:AutoscaleSetting")}
    assert profiles == {"autoscale-plan-mss-test-main": 1, "autoscale-plan-mss-test-web": 3}
    (built,) = kept
    assert list(built.sites) == ["a1", "b1"]
    assert list(built.plans) == ["main", "web"]


def settings_of(result: Record, site: str) -> dict[str, str]:
    """The app settings of a site, which are the only ones it has."""
    found = [s for s in result.of_type("web:WebAppApplicationSettings") if s.inputs["name"] == site]
    assert len(found) == 1
    properties: dict[str, str] = found[0].inputs["properties"]
    return properties
