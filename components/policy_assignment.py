"""Assignments of Azure Policy initiatives that look and change nothing, and exemptions from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import pulumi
from pulumi_azure_native import authorization

from components.component import Component, IdOutputs


@dataclass(frozen=True, kw_only=True)
class PolicyExemption:
    """Policies of an initiative that do not count until a date.

    exemption_name: at most 64 characters; references: the initiative's names of the policies.
    category: ``Mitigated`` (the aim is met otherwise) or ``Waiver`` (accepted); reason: shown in the portal.
    """

    exemption_name: str
    references: Sequence[str]
    category: str
    reason: str
    expires: date


@dataclass(frozen=True, kw_only=True)
class PolicyAssignmentArgs:
    """Arguments of `PolicyAssignment`.

    scope: ``/subscriptions/<guid>`` or a resource group's id. assignment_name: at most 64 characters.
    initiative: GUID of a built-in policy set definition; version: as ``14.*.*``, so that only the meaning of single
    policies may change under us. parameters: of the initiative, where its default does not fit. assigned_by: shown in
    the portal.
    """

    scope: pulumi.Input[str]
    location: pulumi.Input[str]
    assignment_name: str
    initiative: str
    version: str
    title: str
    assigned_by: str
    parameters: Mapping[str, str | int] = field(default_factory=dict)


class PolicyAssignment(Component[PolicyAssignmentArgs, IdOutputs]):
    """An initiative on a scope, not enforced: Azure evaluates every policy, denies nothing and deploys nothing."""

    def _declare(self, name: str, args: PolicyAssignmentArgs) -> IdOutputs:
        self._name, self._scope = name, args.scope
        assignment = authorization.PolicyAssignment(
            name,
            scope=args.scope,
            policy_assignment_name=args.assignment_name,
            display_name=args.title,
            description=f"{args.title}: evaluated, not enforced.",
            policy_definition_id=f"/providers/Microsoft.Authorization/policySetDefinitions/{args.initiative}",
            definition_version=args.version,
            parameters={
                name: authorization.ParameterValuesValueArgs(value=value) for name, value in args.parameters.items()
            },
            enforcement_mode=authorization.EnforcementMode.DO_NOT_ENFORCE,
            # Azure wants an identity where a policy could deploy; without a role it can do nothing.
            identity=authorization.IdentityArgs(type=authorization.ResourceIdentityType.SYSTEM_ASSIGNED),
            location=args.location,
            metadata={"assignedBy": args.assigned_by},
            opts=pulumi.ResourceOptions(parent=self),
        )
        return IdOutputs(id=assignment.id)

    def exempt(self, exemption: PolicyExemption) -> authorization.PolicyExemption:
        """Leave these policies out until the exemption ends."""
        return authorization.PolicyExemption(
            f"{self._name}-{exemption.exemption_name}",
            scope=self._scope,
            policy_exemption_name=exemption.exemption_name,
            display_name=exemption.exemption_name,
            description=exemption.reason,
            policy_assignment_id=self.outputs.id,
            policy_definition_reference_ids=list(exemption.references),
            exemption_category=authorization.ExemptionCategory(exemption.category),
            expires_on=f"{exemption.expires.isoformat()}T00:00:00Z",
            opts=pulumi.ResourceOptions(parent=self),
        )
