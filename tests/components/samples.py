"""Ids, names and network rules that several components are given."""

from __future__ import annotations

from typing import Any

from components.network import SecurityRule
from components.waf_rules import RateLimit

SUBSCRIPTION = "/subscriptions/00000000-0000-4000-8000-000000000001"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg"
NETWORK = f"{GROUP}/providers/Microsoft.Network"
SUBNET = f"{NETWORK}/virtualNetworks/vnet-test/subnets/test"
ZONE = f"{NETWORK}/privateDnsZones/privatelink.vaultcore.azure.net"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/log-test"
INSIGHTS = f"{GROUP}/providers/Microsoft.Insights/components/appi-test"
REGISTRY = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/images"
SERVER = f"{GROUP}/providers/Microsoft.DBforPostgreSQL/flexibleServers/psql-test"
SITE = f"{GROUP}/providers/Microsoft.Web/sites/app-test"
PROFILE = f"{GROUP}/providers/Microsoft.Cdn/profiles/afd-test"
WAF = f"{GROUP}/providers/Microsoft.Network/frontDoorWebApplicationFirewallPolicies/waftest"
ACTION_GROUP = f"{GROUP}/providers/Microsoft.Insights/actionGroups/ag-test"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-test"
TENANT = "00000000-0000-4000-8000-000000000002"
PERSON = "00000000-0000-4000-8000-000000000003"
IMAGE = f"images.azurecr.io/app@sha256:{'0' * 64}"
KEY = "https://kv-test.vault.azure.net/keys/storage"
SECRET = "https://kv-test.vault.azure.net/secrets/JWT-SECRET"
HOST = "app-test.azurewebsites.net"
RATE_LIMIT = RateLimit(name="Rate", threshold=100, window_minutes=5, group_by="SocketAddr", action="Block")

ALLOWED = SecurityRule(
    name="Web",
    direction="Inbound",
    access="Allow",
    priority=200,
    protocol="Tcp",
    sources=("10.0.2.0/24",),
    destinations=("10.0.1.0/24",),
    ports=("443",),
    description="Apps to their endpoints.",
)
EVERYTHING: dict[str, Any] = {
    "access": "Deny",
    "priority": 4096,
    "protocol": "*",
    "sources": ("*",),
    "destinations": ("*",),
    "ports": ("*",),
}
