"""Threat detection and compliance: Sentinel, Defender plans, policy initiatives, all off unless asked for; and what a
subscription has once, and which stack owns it."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Annotated

from pydantic import Field

from documents.problems import Problem
from documents.sections import Section
from documents.texts import Guid
from documents.words import Text


class ResponseSettings(Section):
    """What Sentinel does about an incident by itself. A playbook asks for incidents every few minutes: nothing calls
    it, so it has no address that could be called. About $2 a month each."""

    block_addresses: bool = False
    """Put an attacker's addresses into the reserved rule of every firewall policy."""
    disable_accounts: bool = False
    """Disable a person's account and end its sessions. The playbook's identity needs the Microsoft Graph permissions
    User.EnableDisableAccount.All and User.RevokeSessions.All, which ARM cannot give: a Privileged Role Administrator
    does, and takes them back."""
    approval: bool = True
    """Act only on incidents that a person labelled `block-approved` or `disable-approved`. false: incidents of rules
    that say `respond: block` are labelled by an automation rule. Accounts always wait for a person."""
    never_block: list[str] = []
    """Addresses that are never blocked: clinics' and partners' own, exactly as the logs name them."""
    interval_minutes: Annotated[int, Field(ge=1, le=60)] = 5
    """Minutes between two looks at the incidents: 1 to 60."""

    def problems(self) -> Iterator[Problem]:
        """An address that nobody can have is a typing mistake, and would not protect whom it should."""
        for index, address in enumerate(self.never_block):
            try:
                ip_address(address)
            except ValueError:
                yield Problem(f"neverBlock[{index}]", address, "one IPv4 or IPv6 address, without a range")


class SentinelSettings(Section):
    """Microsoft Sentinel on the stack's workspace."""

    enabled: bool = False
    """Analytics rules of stacks/catalogues/sentinel.yaml, and incidents. Adds about $2 to each GB that the workspace
    takes in (docs/slo.md estimates them): about $270 a month in production. Turn it on when logs have come in for a
    day: Sentinel refuses a rule whose tables and columns do not exist yet."""
    behavior_analytics: bool = False
    """UEBA: learns what is usual for each person and address. No charge of its own beyond the tables that it writes.
    The deployer needs the Entra role Security Administrator, and Entra's logs must be sent here."""
    threat_intelligence: bool = False
    """Microsoft's own feed of malicious addresses. Free; the deployer needs Microsoft Sentinel Contributor and, for the
    connector, read access to the tenant."""
    entra_protection: bool = False
    """Alerts of Entra ID Protection (leaked credentials, unlikely travel) arrive here. Free; needs Entra ID P2, and the
    deployer the Entra role Security Administrator."""
    defender_incidents: bool = False
    """Alerts of Defender for Cloud become incidents. Free; needs a Defender plan of this subscription."""
    response: ResponseSettings = ResponseSettings()
    """What happens about an incident without a person."""

    def problems(self) -> Iterator[Problem]:
        """Features of Sentinel need Sentinel."""
        wanted = {
            "behaviorAnalytics": self.behavior_analytics,
            "threatIntelligence": self.threat_intelligence,
            "entraProtection": self.entra_protection,
            "defenderIncidents": self.defender_incidents,
            "response.blockAddresses": self.response.block_addresses,
            "response.disableAccounts": self.response.disable_accounts,
        }
        if not self.enabled:
            for key, on in wanted.items():
                if on:
                    yield Problem(key, True, "false, or sentinel.enabled: true")
        if not self.response.approval and not self.response.block_addresses:
            yield Problem("response.approval", False, "true, or response.blockAddresses: true")


class DefenderSettings(Section):
    """Plans of Defender for Cloud. They hold for the whole subscription. Prices are for a month."""

    app_services: bool = False
    """About $15 for each worker of an App Service plan."""
    key_vaults: bool = False
    """About $0.25 for each vault."""
    open_source_databases: bool = False
    """About $15 for each PostgreSQL server."""
    storage_accounts: bool = False
    """About $10 for each storage account (DefenderForStorageV2, without malware scanning)."""
    resource_manager: bool = False
    """About $5 for the subscription."""
    posture: bool = False
    """Defender CSPM: about $5 for each server, database and storage account. The foundational posture is free."""


class PolicySettings(Section):
    """Compliance initiatives of Azure Policy, assigned to the subscription. Free; they look and change nothing."""

    hipaa: bool = False
    """HITRUST/HIPAA. 496 of its 589 policies are questions to people."""
    hitrust_csf: bool = False
    """HITRUST CSF v11.3, the more technical one."""


class SecuritySettings(Section):
    """Threat detection and compliance."""

    sentinel: SentinelSettings = SentinelSettings()
    """Events that only several records together show, incidents, automated response."""
    defender: DefenderSettings | None = None
    """Defender plans; left out, this stack leaves the subscription's plans alone."""
    policies: PolicySettings = PolicySettings()
    """What Azure Policy looks for."""
    break_glass: dict[
        Annotated[str, Text(r"^[a-z][a-z0-9-]*$", "a short name in lower case, like owner")],
        Guid,
    ] = {}
    """Emergency identities of people: name to Entra object id. Their sign-ins are incidents; they are never disabled
    by a playbook."""


PLANS: Mapping[str, str] = {
    "AppServices": "app_services",
    "KeyVaults": "key_vaults",
    "OpenSourceRelationalDatabases": "open_source_databases",
    "StorageAccounts": "storage_accounts",
    "Arm": "resource_manager",
    "CloudPosture": "posture",
}
"""Azure's name of each Defender plan (Microsoft.Security/pricings) to our setting."""


class SubscriptionSettings(Section):
    """What a subscription has once: its activity log, service health, Defender plans, policy initiatives."""

    owner: bool = False
    """This stack owns them: it sends the activity log to its workspace, hears of service health and watches the whole
    subscription, and may set Defender plans, assign policy initiatives and archive the activity log. At most one stack
    of a subscription: two would overwrite each other at every deployment. `assurance check` looks for a second."""
