"""Apps in the stack config: every mistake is found, named by its key, and a right block has none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from documents.problems import Problem
from documents.sections import all_problems
from stacks.settings.apps import RESERVED, SignInSettings
from stacks.settings.between.apps import app_problems
from stacks.settings.platform import PlatformSettings
from stacks.settings.registry import RegistrySettings
from tests.stacks.hosting import CLIENT, IMAGE, PLAN, REGISTRY, app_block, read_app, read_apps, read_plans

PLATFORM = PlatformSettings.model_validate(
    {
        "short": "mss",
        "code": "prod",
        "location": "eastus2",
        "owner": "platform-team",
        "costCenter": "medspasync",
        "dataClassification": "phi",
    }
)


def keys(**changes: Any) -> list[str]:
    return [problem.key for problem in all_problems(read_app(**changes))]


def across(apps: dict[str, Any], plan: dict[str, Any] | None = None, registry: bool = True) -> list[Problem]:
    plans = read_plans({"main": PLAN | (plan or {})})
    return list(app_problems(PLATFORM, plans, read_apps(apps), REGISTRY if registry else None))


def test_a_right_block_has_no_problem() -> None:
    assert keys() == []
    assert keys(cors={"origins": ["https://app.example.com", "https://localhost:3000"], "credentials": True}) == []
    assert keys(contentSecurityPolicy="app") == []
    assert keys(exposure="marketing", secrets=["SALES-EMAIL", "NODE-ENV"]) == []
    assert keys(contentSecurityPolicy="default-src 'self';frame-ancestors 'none'") == []
    assert keys(settings={"LOG_LEVEL": "info"}, slotSettings={"LOG_LEVEL": "debug"}) == []
    assert across({"backend": app_block()}) == []


@pytest.mark.parametrize(
    "change",
    [
        {"hostNames": []},
        {"hostNames": ["https://api.medspasyncpro.com"]},
        {"hostNames": ["api"]},
        {"exposure": "admin"},
        {"runtime": {"image": IMAGE | {"digest": "latest"}}},
        {"runtime": {"image": IMAGE | {"digest": f"sha256:{'0F' * 32}"}}},
        {"runtime": {"image": IMAGE | {"tag": "v1"}}},
        {"runtime": {"image": IMAGE | {"repository": "Backend"}}},
        {"runtime": {"image": IMAGE | {"port": 0}}},
        {"runtime": {"node": "18-lts"}},
        {"healthCheckPath": "/"},
        {"healthCheckPath": "healthz"},
        {"secrets": ["jwt-secret"]},
        {"settings": {"log-level": "info"}},
        {"settings": {"LOG_LEVEL": 3}},
        {"ingress": "public"},
        {"minTlsVersion": "1.1"},
        {"staticPaths": ["/*"]},
        {"staticPaths": ["assets/*"]},
        {"contentSecurityPolicy": "frame-ancestors 'none'\nX-Evil: 1"},
        {"signIn": {"clientId": "my-app"}},
        {"signIn": {"clientId": CLIENT, "sessionHours": 24}},
        {"ssh": "no"},
        {"colour": "red"},
    ],
)
def test_a_wrong_value_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read_app(**change)


@pytest.mark.parametrize(
    "name", ["a", "thirteen-char", "Backend", "back--end", "-backend", "backend-", "1app", "back_end"]
)
def test_an_apps_name_fits_into_a_vaults(name: str) -> None:
    with pytest.raises(ValidationError):
        read_apps({name: app_block()})


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"runtime": {}}, "runtime"),
        ({"runtime": {"image": IMAGE, "node": "22-lts"}}, "runtime"),
        ({"runtime": {"node": "22-lts"}, "ingress": "serviceTag"}, "runtime.node"),
        ({"cors": {"origins": ["*"]}}, "cors.origins[0]"),
        ({"cors": {"origins": ["https://*.example.com"]}}, "cors.origins[0]"),
        ({"cors": {"origins": ["https://a.example.com", "http://b.example.com"]}}, "cors.origins[1]"),
        ({"cors": {"origins": ["https://a.example.com/"]}}, "cors.origins[0]"),
        ({"cors": {"credentials": True}}, "cors.credentials"),
        ({"hostNames": ["a.example.com", "a.example.com"]}, "hostNames"),
        ({"secrets": ["JWT-SECRET", "JWT-SECRET"]}, "secrets"),
        ({"secrets": ["JWT-SECRT"]}, "secrets"),
        ({"secrets": ["SMTP-HOST"], "settings": {"SMTP_HOST": "mail.example.com"}}, "settings.SMTP_HOST"),
        ({"slot": False, "slotSettings": {"LOG_LEVEL": "debug"}}, "slotSettings"),
        ({"slotSettings": {"JOBS": "off"}}, "slotSettings.JOBS"),
        ({"vaultName": "a-vault-name-that-is-far-too-long"}, "vaultName"),
        ({"vaultName": "two--hyphens"}, "vaultName"),
        ({"staticPaths": ["/assets/*"]}, "staticPaths"),
        ({"exposure": "web", "staticPaths": ["/assets/*"], "signIn": {"clientId": CLIENT}}, "staticPaths"),
        ({"exposure": "marketing"}, "exposure"),
        ({"exposure": "web", "cors": {"origins": ["https://a.example.com"]}}, "exposure"),
        ({"exposure": "marketing", "secrets": [], "cors": {"origins": ["https://a.example.com"]}}, "exposure"),
        ({"contentSecurityPolicy": "default-src 'self'"}, "contentSecurityPolicy"),
        ({"contentSecurityPolicy": "default-src frame-ancestors"}, "contentSecurityPolicy"),
    ],
)
def test_fields_that_do_not_go_together_are_named(change: dict[str, Any], key: str) -> None:
    assert keys(**change) == [key]


def test_a_misspelt_secret_gets_a_suggestion() -> None:
    (problem,) = all_problems(read_app(secrets=["JWT-SECRT"]))
    assert "did you mean JWT-SECRET?" in problem.allowed


@pytest.mark.parametrize("where", ["settings", "slotSettings"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, "x") for name in sorted(RESERVED)),
        ("WEBSITES_PORT", "80"),
        ("WEBSITE_RUN_FROM_PACKAGE", "1"),
        ("DOCKER_REGISTRY_SERVER_PASSWORD", "x"),
        ("STRIPE_SECRET_KEY", "x"),
        ("DB_PASSWORD", "x"),
        ("API_TOKEN", "x"),
        ("SENTRY_DSN", "x"),
        ("MODE", "sk_" + "test_" + "x" * 24),
        ("MODE", "whsec_" + "x"),
        ("MODE", "dev_jwt_secret"),
        ("MODE", "postgresql://user:hunter2@db/app"),
        ("MODE", "DefaultEndpointsProtocol=https;AccountKey=abc"),
        ("MODE", "-----BEGIN " + "PRIVATE KEY-----"),
        ("MODE", "eyJhbGciOi.eyJzdWIi.sig"),
        ("MODE", "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c"),
    ],
)
def test_plain_environment_refuses_secrets_and_platform_names(where: str, name: str, value: str) -> None:
    plain = {"settings": {name: "plain"}} if where == "slotSettings" else {}
    found = list(all_problems(read_app(**(plain | {where: {name: value}}))))
    assert f"{where}.{name}" in [problem.key for problem in found]
    # A value that may be a secret is not told to whoever reads the message.
    assert all(problem.value != value for problem in found)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NEXT_PUBLIC_API_URL", "https://api.medspasyncpro.com"),
        ("STRIPE_PUBLISHABLE_KEY", "pk_live_published"),
        ("TENANT_ID", CLIENT),
        ("KEYBOARD_LAYOUT", "us"),
        ("SESSION_MINUTES", "15"),
    ],
)
def test_plain_values_pass(name: str, value: str) -> None:
    assert keys(settings={name: value}) == []


def test_plan_registry_hosts_vaults_are_checked_across_apps() -> None:
    assert [p.key for p in across({"backend": app_block(plan="mian")})] == ["apps.backend.plan"]
    assert "did you mean main?" in across({"backend": app_block(plan="mian")})[0].allowed
    assert [p.key for p in across({"backend": app_block()}, registry=False)] == ["apps.backend.runtime.image"]
    assert across({"backend": app_block(runtime={"node": "22-lts"})}, registry=False) == []
    same = {"backend": app_block("api"), "web": app_block("api")}
    assert [(p.key, p.value) for p in across(same)] == [("apps.web.hostNames", "api.medspasyncpro.com")]
    vaults = {"backend": app_block("a", vaultName="mss-x"), "web": app_block("b", vaultName="mss-x")}
    assert [p.key for p in across(vaults)] == ["apps.web.vaultName"]


def test_slot_on_a_basic_plan_is_refused() -> None:
    basic = {"sku": "B1", "zoneRedundant": False, "instances": {"minimum": 1, "maximum": 1, "default": 1}}
    assert [p.key for p in across({"backend": app_block()}, basic)] == ["apps.backend.slot"]
    assert across({"backend": app_block(slot=False)}, basic) == []


def test_name_must_leave_room_for_prefix_and_suffix() -> None:
    assert [p.key for p in across({"elevenchars": app_block()})] == ["apps.elevenchars"]
    assert across({"elevenchars": app_block(vaultName="mss-eleven")}) == []
    assert across({"ten-chars1": app_block()}) == []


@given(st.integers(min_value=1, max_value=12))
def test_session_lengths_in_range_are_taken(hours: int) -> None:
    read = SignInSettings.model_validate({"clientId": CLIENT, "sessionHours": hours})
    assert read.session_hours == hours


def test_registry_names_its_login_server() -> None:
    assert REGISTRY.login_server == "mssregistry.azurecr.io"
    with pytest.raises(ValidationError):
        RegistrySettings.model_validate({"name": "my-registry", "resourceGroup": "rg"})
