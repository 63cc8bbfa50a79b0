"""A platform with one of everything that rules look at, built from the components, that breaks no rule."""

from __future__ import annotations

from datetime import date

import pulumi
from pulumi_azure_native import dataprotection, keyvault, managedidentity, resources, servicebus, storage

from components.action_group import ActionGroup, ActionGroupArgs
from components.alerts import (
    ActivityCondition,
    AlertArgs,
    MetricCondition,
    QueryCondition,
    activity_alert,
    log_alert,
    metric_alert,
)
from components.app_service import AppService
from components.app_service_args import AppServiceArgs, NodeVersion, PrivateLinkIngress, ServiceTagIngress, Telemetry
from components.app_service_plan import AppServicePlan, AppServicePlanArgs, Instances
from components.diagnostics import LogDestination, diagnose
from components.encryption import CustomerManagedKey
from components.front_door import FrontDoor, FrontDoorArgs, FrontDoorOutputs
from components.front_door_app import FrontDoorApp, FrontDoorAppArgs, PrivateLink
from components.front_door_headers import ResponseHeaders, ResponseHeadersArgs
from components.identity import Identity, IdentityArgs, IdentityOutputs
from components.key_vault import (
    ENCRYPT_WITH_KEYS,
    READ_SECRETS,
    KeyVault,
    KeyVaultArgs,
    KeyVaultOutputs,
    VaultGrant,
    VaultKeyArgs,
    VaultSecretArgs,
    vault_key,
    vault_secret,
)
from components.network import SecurityRule, Subnet, SubnetArgs, VirtualNetwork, VirtualNetworkArgs
from components.observability import Observability, ObservabilityArgs, ObservabilityOutputs
from components.postgres import EntraAdministrator, HighAvailability, PostgresServer, PostgresServerArgs
from components.postgres_parts import Compute, MaintenanceWindow, PrivateNetwork, Storage
from components.private_dns import PrivateDns, PrivateDnsArgs
from components.private_endpoint import PrivateAccess, private_endpoint
from components.protection import Protection, lock_resource
from components.redis import Redis, RedisArgs
from components.waf import WafPolicy, WafPolicyArgs
from components.waf_rules import RateLimit
from stacks.settings.origin import Origin, made_from

TENANT = "00000000-0000-4000-8000-000000000002"
PAIRED = "centralus"
PLACE = {"resource_group_name": "rg", "location": "eastus2"}
GUARDED = Protection(protect=True, lock=True)

ZONES = {
    "vault": "privatelink.vaultcore.azure.net",
    "redis": "privatelink.redis.azure.net",
    "blob": "privatelink.blob.core.windows.net",
    "servicebus": "privatelink.servicebus.windows.net",
    "sites": "privatelink.azurewebsites.net",
    "postgres": "mss.private.postgres.database.azure.com",
}
DENY = SecurityRule(
    name="deny-inbound",
    direction="Inbound",
    access="Deny",
    priority=4096,
    protocol="*",
    sources=("*",),
    destinations=("*",),
    ports=("*",),
    description="Nothing else",
)
FROM_APPS = SecurityRule(
    name="from-apps",
    direction="Inbound",
    access="Allow",
    priority=100,
    protocol="Tcp",
    sources=("10.0.1.0/24",),
    destinations=("*",),
    ports=("5432",),
    description="Apps",
)


def small_platform() -> None:
    """Declare it."""
    resources.ResourceGroup("rg", resource_group_name="rg", location="eastus2")
    observed = Observability(
        "logs",
        ObservabilityArgs(
            **PLACE,
            workspace_name="log-test",
            app_insights_name="appi-test",
            retention_days=90,
            total_retention_days={"AzureDiagnostics": 2556},
            protection=GUARDED,
        ),
    ).outputs
    logs = LogDestination(workspace_id=observed.workspace_id)
    network = _Network(logs)
    keys = _Keys(network, logs)
    app_identity, other_identity = _identity("app"), _identity("other")
    secrets = _vault(
        "app-vault",
        network,
        logs,
        [VaultGrant(name="app", principal_id=app_identity.principal_id, access=READ_SECRETS)],
    )
    with made_from(Origin("stacks/catalogues/secrets.yaml", "secrets.JWT-SECRET")):
        vault_secret(
            "jwt-secret",
            VaultSecretArgs(
                resource_group_name="rg",
                vault_name=secrets.name,
                secret_name="JWT-SECRET",
                value=pulumi.Output.secret("a-value-nobody-may-see"),
                content_type="text/plain",
                expires_on=date(2027, 1, 1),
            ),
            parent=pulumi.ComponentResource("medspasync:components:Secrets", "secrets"),
        )
    server = _database(network, keys, logs)
    cache = _cache(network, logs)
    archive = _archive(network, logs)
    bus = _bus(network, logs)
    _backup(logs)
    entry = _front_door(logs)
    # Not the secret's own URI output: it is part of an object with a secret in it, and so secret itself.
    jwt_secret = pulumi.Output.concat(secrets.uri, "secrets/JWT-SECRET")
    plan, sites = _apps(network, logs, observed, entry, jwt_secret, [app_identity, other_identity])
    _edge(entry, sites)
    watched = {
        "app-vault": secrets.id,
        "key-vault": keys.vault.id,
        "geo-vault": keys.geo_vault.id,
        "server": server.outputs.id,
        "cache": cache.outputs.id,
        "archive": archive.id,
        "bus": bus.id,
        "plan": plan,
        "front-door": entry.profile_id,
        **{f"site-{name}": site.outputs.id for name, site in sites.items()},
    }
    _alerts(watched, observed)
    managedidentity.FederatedIdentityCredential(
        "deployment",
        resource_group_name="rg",
        resource_name_="id-app",
        federated_identity_credential_resource_name="github",
        issuer="https://token.actions.githubusercontent.com",
        subject="repo:medspasync/platform:environment:prod",
        audiences=["api://AzureADTokenExchange"],
    )


class _Network:
    """A network with two subnets and its private DNS zones."""

    def __init__(self, logs: LogDestination) -> None:
        self.vnet = VirtualNetwork(
            "vnet", VirtualNetworkArgs(**PLACE, network_name="vnet", address_space="10.0.0.0/16", logs=logs)
        ).outputs
        self.subnets = {
            name: Subnet(
                f"subnet-{name}",
                SubnetArgs(
                    **PLACE,
                    virtual_network_name=self.vnet.name,
                    subnet_name=name,
                    address_prefix=f"10.0.{number}.0/24",
                    security_group_name=f"nsg-{name}",
                    rules=[FROM_APPS, DENY],
                    logs=logs,
                ),
            ).outputs.id
            for number, name in enumerate(("endpoints", "apps", "postgres"))
        }
        self.zones = PrivateDns(
            "dns",
            PrivateDnsArgs(resource_group_name="rg", network_id=self.vnet.id, link_name="vnet", zones=ZONES),
        ).outputs.zone_ids

    def access(self, service: str) -> PrivateAccess:
        return PrivateAccess(subnet_id=self.subnets["endpoints"], dns_zone_id=self.zones[service])


class _Keys:
    """A key and its paired-region twin, each in a vault of its own under an identity of its own."""

    def __init__(self, network: _Network, logs: LogDestination) -> None:
        self.identities = [_identity("encryption"), _identity("geo-encryption")]
        self.vault, self.geo_vault = (
            _vault(
                name,
                network,
                logs,
                [VaultGrant(name="encryption", principal_id=identity.principal_id, access=ENCRYPT_WITH_KEYS)],
                location,
                authorization,
            )
            for name, identity, location, authorization in (
                ("key-vault", self.identities[0], "eastus2", "access-policies"),
                ("geo-vault", self.identities[1], PAIRED, "rbac"),
            )
        )
        self.keys = [
            CustomerManagedKey(uri=key.key_uri, versioned_uri=key.key_uri_with_version, identity_id=identity.id)
            for key, identity in zip(
                (_key("key", self.vault), _key("geo-key", self.geo_vault)), self.identities, strict=True
            )
        ]


def _identity(name: str) -> IdentityOutputs:
    return Identity(f"id-{name}", IdentityArgs(**PLACE, identity_name=f"id-{name}")).outputs


def _vault(
    name: str,
    network: _Network,
    logs: LogDestination,
    grants: list[VaultGrant],
    location: str = "eastus2",
    authorization: str = "access-policies",
) -> KeyVaultOutputs:
    return KeyVault(
        name,
        KeyVaultArgs(
            resource_group_name="rg",
            location=location,
            tenant_id=TENANT,
            vault_name=f"kv-{name}",
            sku="premium",
            authorization=authorization,  # type: ignore[arg-type]
            grants=grants,
            private_access=network.access("vault"),
            logs=logs,
            protection=GUARDED,
        ),
    ).outputs


def _key(name: str, vault: KeyVaultOutputs) -> keyvault.Key:
    return vault_key(
        name,
        VaultKeyArgs(
            resource_group_name="rg",
            vault_name=vault.name,
            key_name=name,
            hardware=True,
            size=4096,
            expires_after="P2Y",
            rotate_before="P60D",
        ),
        parent=pulumi.ComponentResource("medspasync:components:Keys", f"keys-{name}"),
    )


def _database(network: _Network, keys: _Keys, logs: LogDestination) -> PostgresServer:
    server = PostgresServer(
        "postgres",
        PostgresServerArgs(
            **PLACE,
            tenant_id=TENANT,
            server_name="psql-test",
            version="16",
            compute=Compute(tier="GeneralPurpose", sku="Standard_D2ds_v5"),
            storage=Storage(size_gb=64, auto_grow=True),
            network=PrivateNetwork(subnet_id=network.subnets["postgres"], dns_zone_id=network.zones["postgres"]),
            key=keys.keys[0],
            geo_key=keys.keys[1],
            zone="1",
            high_availability=HighAvailability(mode="ZoneRedundant", standby_zone="2"),
            backup_days=35,
            maintenance=MaintenanceWindow(day=0, hour=3, minute=0),
            password_login=None,
            logs=logs,
            protection=GUARDED,
        ),
    )
    for name, value in (
        ("azure.extensions", "pgaudit,pgcrypto"),
        ("shared_preload_libraries", "pg_cron,pg_stat_statements,pgaudit"),
        ("pgaudit.log", "role,ddl,write"),
    ):
        server.parameter(name, value)
    server.administrator(
        EntraAdministrator(
            key="break-glass",
            object_id="00000000-0000-4000-8000-0000000000aa",
            principal_name="break-glass",
            principal_type="Group",
        )
    )
    return server


def _cache(network: _Network, logs: LogDestination) -> Redis:
    return Redis(
        "redis",
        RedisArgs(
            **PLACE,
            cluster_name="redis-test",
            sku="Balanced_B5",
            high_availability=True,
            persistence="rdb-1h",
            clustering="EnterpriseCluster",
            eviction="VolatileLRU",
            users=[],
            key=None,
            private_access=network.access("redis"),
            logs=logs,
            protection=GUARDED,
        ),
    )


def _archive(network: _Network, logs: LogDestination) -> storage.StorageAccount:
    parent = pulumi.ComponentResource("medspasync:components:Archive", "archive")
    account = storage.StorageAccount(
        "archive",
        **PLACE,
        account_name="sttestarchive",
        kind=storage.Kind.STORAGE_V2,
        sku=storage.SkuArgs(name=storage.SkuName.STANDARD_GRS),
        allow_blob_public_access=False,
        allow_shared_key_access=False,
        allow_cross_tenant_replication=False,
        enable_https_traffic_only=True,
        minimum_tls_version=storage.MinimumTlsVersion.TLS1_2,
        public_network_access=storage.PublicNetworkAccess.DISABLED,
        network_rule_set=storage.NetworkRuleSetArgs(
            default_action=storage.DefaultAction.DENY, bypass=storage.Bypass.AZURE_SERVICES
        ),
        encryption=storage.EncryptionArgs(
            key_source=storage.KeySource.MICROSOFT_STORAGE, require_infrastructure_encryption=True
        ),
        opts=pulumi.ResourceOptions(protect=True, parent=parent),
    )
    container = storage.BlobContainer(
        "archive-audit",
        resource_group_name="rg",
        account_name=account.name,
        container_name="am-pgsqlserverlogs",
        public_access=storage.PublicAccess.NONE,
    )
    storage.BlobContainerImmutabilityPolicy(
        "archive-audit-worm",
        resource_group_name="rg",
        account_name=account.name,
        container_name=container.name,
        immutability_policy_name="default",
        immutability_period_since_creation_in_days=2192,
        allow_protected_append_writes_all=True,
    )
    _reachable("archive", account.id, "blob", network.access("blob"), logs, parent)
    return account


def _reachable(
    name: str,
    resource_id: pulumi.Output[str],
    group: str,
    access: PrivateAccess,
    logs: LogDestination,
    parent: pulumi.Resource,
) -> None:
    private_endpoint(name, **PLACE, service_id=resource_id, group_id=group, access=access, parent=parent)
    diagnose(name, resource_id, logs, parent=parent)
    lock_resource(name, resource_id, GUARDED, parent=parent)


def _bus(network: _Network, logs: LogDestination) -> servicebus.Namespace:
    parent = pulumi.ComponentResource("medspasync:components:Bus", "bus")
    bus = servicebus.Namespace(
        "bus",
        **PLACE,
        namespace_name="sb-test",
        sku=servicebus.SBSkuArgs(name=servicebus.SkuName.PREMIUM, tier=servicebus.SkuTier.PREMIUM),
        disable_local_auth=True,
        minimum_tls_version=servicebus.TlsVersion.TLS_VERSION_1_2,
        public_network_access=servicebus.PublicNetworkAccess.DISABLED,
    )
    _reachable("bus", bus.id, "namespace", network.access("servicebus"), logs, parent)
    return bus


def _backup(logs: LogDestination) -> None:
    parent = pulumi.ComponentResource("medspasync:components:Backup", "backup")
    vault = dataprotection.BackupVault(
        "backup",
        **PLACE,
        vault_name="bvault-test",
        properties=dataprotection.BackupVaultArgs(
            storage_settings=[],
            security_settings=dataprotection.SecuritySettingsArgs(
                immutability_settings=dataprotection.ImmutabilitySettingsArgs(state="Unlocked"),
                soft_delete_settings=dataprotection.SoftDeleteSettingsArgs(state="On"),
            ),
        ),
        opts=pulumi.ResourceOptions(protect=True),
    )
    diagnose("backup", vault.id, logs, parent=parent)
    lock_resource("backup", vault.id, GUARDED, parent=parent)


def _front_door(logs: LogDestination) -> FrontDoorOutputs:
    return FrontDoor(
        "door",
        FrontDoorArgs(
            resource_group_name="rg",
            profile_name="afd-test",
            sku="premium",
            origin_response_timeout_seconds=60,
            endpoints={"api": "api-test"},
            domains={"api.example.com": "api"},
            dns_zone=None,
            logs=logs,
            protect=True,
        ),
    ).outputs


def _apps(
    network: _Network,
    logs: LogDestination,
    observed: ObservabilityOutputs,
    entry: FrontDoorOutputs,
    jwt_secret: pulumi.Output[str],
    identities: list[IdentityOutputs],
) -> tuple[pulumi.Output[str], dict[str, AppService]]:
    plan = AppServicePlan(
        "plan",
        AppServicePlanArgs(
            **PLACE,
            plan_name="plan-test",
            sku="P1v3",
            tier="PremiumV3",
            zone_redundant=True,
            instances=Instances(minimum=2, maximum=4, default=2),
            logs=logs,
        ),
    ).outputs
    closed = PrivateLinkIngress(access=network.access("sites"))
    tagged = ServiceTagIngress(front_door_id=entry.front_door_id)
    sites = {}
    for name, identity, ingress, secrets in (
        ("app", identities[0], closed, {"JWT_SECRET": jwt_secret}),
        ("other", identities[1], tagged, {}),
    ):
        with made_from(Origin("Pulumi.test.yaml", f"medspasync:apps.{name}")):
            sites[name] = AppService(
                f"site-{name}",
                AppServiceArgs(
                    **PLACE,
                    app_name=f"site-{name}",
                    plan_id=plan.id,
                    service_name=name,
                    identity=identity,
                    runtime=NodeVersion(version="22-lts"),
                    ingress=ingress,
                    subnet_id=network.subnets["apps"],
                    health_check_path="/healthz",
                    telemetry=Telemetry(
                        connection_string=observed.connection_string, component_id=observed.app_insights_id
                    ),
                    logs=logs,
                    settings={"NODE_ENV": "production"},
                    secrets=secrets,
                    slot="staging",
                    cors_origins=["https://app.example.com"],
                ),
            )
    return plan.id, sites


def _edge(entry: FrontDoorOutputs, sites: dict[str, AppService]) -> None:
    place = {"resource_group_name": "rg", "profile_name": entry.profile_name}
    headers = ResponseHeaders(
        "headers",
        ResponseHeadersArgs(
            **place,
            rule_set_name="headers",
            overwrite={
                "Strict-Transport-Security": "max-age=63072000",
                "X-Content-Type-Options": "nosniff",
                "X-Frame-Options": "DENY",
                "Referrer-Policy": "no-referrer",
                "Permissions-Policy": "camera=()",
                "Content-Security-Policy": "default-src 'none'",
            },
            remove=["Server"],
        ),
    ).outputs
    for name, site in sites.items():
        link = PrivateLink(site_id=site.outputs.id, location="eastus2", request_message="Front Door afd-test")
        FrontDoorApp(
            f"edge-{name}",
            FrontDoorAppArgs(
                **place,
                endpoint_name=entry.endpoint_names["api"],
                app=name,
                domain_ids=list(entry.domains.values()),
                origin_host=site.outputs.host,
                private_link=link if name == "app" else None,
                health_check_path="/healthz",
                probe_interval_seconds=60,
                rule_set_ids=[headers.rule_set_id],
                static_paths=["/assets/*"],
            ),
        )
    WafPolicy(
        "waf",
        WafPolicyArgs(
            **place,
            policy_name="waftest",
            sku="premium",
            mode="Prevention",
            managed_rules=True,
            rules=[
                RateLimit(name="RateGeneral", threshold=1000, window_minutes=1, group_by="SocketAddr", action="Block")
            ],
            security_policy_name="api",
            protected=[*entry.endpoints.values(), *entry.domains.values()],
        ),
    )


def _alerts(watched: dict[str, pulumi.Output[str]], observed: ObservabilityOutputs) -> None:
    group = ActionGroup(
        "critical",
        ActionGroupArgs(
            resource_group_name="rg",
            group_name="ag-critical",
            short_name="critical",
            emails=["on-call@example.com"],
            webhook_uri=pulumi.Output.secret("https://hooks.example.com/token-nobody-may-see"),
        ),
    ).outputs

    def alert(name: str) -> AlertArgs:
        return AlertArgs(
            id=name,
            rule_name=name,
            severity=1,
            description="Something happened",
            runbook="docs/runbooks/incident-response.md",
            controls=["164.308(a)(6)(ii)"],
            action_group_ids=[group.id],
            resource_group_name="rg",
        )

    condition = MetricCondition(
        namespace="Microsoft.KeyVault/vaults",
        metric="Availability",
        aggregation="Average",
        operator="LessThan",
        threshold=90,
        window="PT5M",
        frequency="PT1M",
    )
    for name, resource_id in watched.items():
        metric_alert(f"alert-{name}", alert(f"alert-{name}"), condition, resource_id=resource_id)
    log_alert(
        "alert-log",
        alert("alert-log"),
        QueryCondition(query="AzureDiagnostics", operator="GreaterThan", threshold=0, window="PT10M", frequency="PT5M"),
        location="eastus2",
        workspace_id=observed.workspace_id,
    )
    activity_alert(
        "alert-activity",
        alert("alert-activity"),
        ActivityCondition(category="Administrative"),
        scopes=["/subscriptions/s"],
    )
