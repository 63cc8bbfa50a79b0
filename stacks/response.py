"""Automated response: playbooks that act on Sentinel's incidents, each under an identity that can do nothing else."""

from typing import Any

from components.custom_role import CustomRole, CustomRoleArgs
from components.identity import Identity, IdentityArgs, IdentityOutputs
from components.metric_alerts import MetricCondition, metric_alert
from components.playbook import Playbook, PlaybookArgs, block_addresses, disable_accounts
from components.role_assignment import assign_role
from components.waf import INCIDENT_RULE
from facts.roles import role_id
from stacks.alerts import Overrides, alert_entries, alert_parts, builtin_alert_args
from stacks.catalogues.sentinel import APPROVED, DONE, Response
from stacks.entries import leave_out, name_parts
from stacks.outputs import Edge, Foundation
from stacks.settings.security import SecuritySettings

SENTINEL_RESPONDER = role_id("Microsoft Sentinel Responder")
"""Read, label and comment on incidents."""

PLAYBOOK_FAILED = "playbook-failed"
"""Id in the alert catalogue of the alert on a playbook that failed."""

POLICY = "Microsoft.Network/frontDoorWebApplicationFirewallPolicies"


def build_response(security: SecuritySettings, overrides: Overrides, foundation: Foundation, edge: Edge) -> None:
    """The playbooks that the stack asks for."""
    with name_parts(*alert_parts(PLAYBOOK_FAILED, overrides)):
        _playbooks(security, overrides, foundation, edge)


def _playbooks(security: SecuritySettings, overrides: Overrides, foundation: Foundation, edge: Edge) -> None:
    response = security.sentinel.response
    common = foundation.common
    if response.block_addresses:
        identity = _identity("block", foundation)
        own = [foundation.network.egress_address] if foundation.network.egress_address is not None else []
        _playbook(
            "block",
            security,
            overrides,
            foundation,
            identity,
            entity="Ip",
            key="item()?['properties']?['address']",
            never=[*response.never_block, *own],
            act=block_addresses(INCIDENT_RULE),
            parameters={"policies": list(edge.waf_policies.values())},
        )
        role = CustomRole(
            "response-role",
            CustomRoleArgs(
                scope=common.group_ids()["platform"],
                role_name=common.names.regional("role", "firewall-address-blocker"),
                description="Read and write a Front Door firewall policy: what blocking an address takes.",
                actions=[f"{POLICY}/read", f"{POLICY}/write"],
            ),
        )
        for exposure, policy in edge.waf_policies.items():
            role.give(
                f"response-{exposure}",
                scope=policy,
                principal_id=identity.principal_id,
                description="Blocks addresses of attackers in the reserved rule.",
            )
    if not response.block_addresses and not response.disable_accounts:
        leave_out("this stack has no playbook", *alert_entries(PLAYBOOK_FAILED, overrides))
    if response.disable_accounts:
        _playbook(
            "disable",
            security,
            overrides,
            foundation,
            _identity("disable", foundation),
            entity="Account",
            key="item()?['properties']?['aadUserId']",
            never=sorted(security.break_glass.values()),
            act=disable_accounts(),
            parameters={},
        )


def _identity(response: Response, foundation: Foundation) -> IdentityOutputs:
    """An identity of its own, that may read and comment incidents."""
    common = foundation.common
    identity = Identity(
        f"identity-response-{response}",
        IdentityArgs(
            **common.place("monitoring"),
            identity_name=common.names.regional("id", f"response-{response}"),
        ),
    )
    assign_role(
        f"response-{response}-incidents",
        scope=foundation.monitoring.workspace_id,
        role_id=SENTINEL_RESPONDER,
        principal_id=identity.outputs.principal_id,
        parent=identity,
        description="Reads, labels and comments incidents.",
    )
    return identity.outputs


def _playbook(
    response: Response,
    security: SecuritySettings,
    overrides: Overrides,
    foundation: Foundation,
    identity: IdentityOutputs,
    **act: Any,
) -> None:
    """act: what it does to whom, as `PlaybookArgs` takes it."""
    common = foundation.common
    playbook = Playbook(
        f"playbook-{response}",
        PlaybookArgs(
            **common.place("monitoring"),
            workflow_name=common.names.regional("logic", response),
            identity=identity,
            workspace_id=foundation.monitoring.workspace_id,
            interval_minutes=security.sentinel.response.interval_minutes,
            wanted=APPROVED[response],
            done=DONE[response],
            **act,
            logs=common.logs,
        ),
    )
    metric_alert(
        f"alert-playbook-{response}",
        builtin_alert_args(PLAYBOOK_FAILED, overrides, foundation, part=response, about=response),
        MetricCondition(
            namespace="Microsoft.Logic/workflows",
            metric="RunsFailed",
            aggregation="Total",
            operator="GreaterThan",
            threshold=0,
            window="PT15M",
            frequency="PT5M",
        ),
        resource_id=playbook.outputs.id,
        parent=playbook,
    )
