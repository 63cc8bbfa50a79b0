"""Playbooks: Logic Apps that look for labelled incidents of Microsoft Sentinel and act on what they name.

A playbook asks; nothing calls it. It has no trigger address that somebody could find, no connection with a person's
consent, and acts by its own managed identity. It looks for open incidents with one label, acts on each, records what it
did as a comment, and adds a second label, so that it acts once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_azure_native import logic

from components.component import Component, IdOutputs, Placed
from components.diagnostics import LogDestination, diagnose
from components.identity import IdentityOutputs

ARM = "https://management.azure.com"
GRAPH = "https://graph.microsoft.com"
INCIDENTS_API = "2024-09-01"
POLICIES_API = "2025-11-01"
MOST_ADDRESSES = 600
"""Addresses that one condition of a firewall rule takes (Azure's front-door-limits)."""

Actions = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class PlaybookArgs(Placed):
    """Arguments of `Playbook`.

    workflow_name: 1 to 80 characters.
    identity: what it acts as; needs Microsoft Sentinel Responder on the workspace beside what its acts need.
    workspace_id: where incidents are; interval_minutes: between two looks.
    wanted, done: labels of incidents to act on, and of those it has acted on.
    entity: kind of entity to act on, as Sentinel's API spells it (``Ip``, ``Account``).
    key: expression that gives the entity's value, on ``item()``; never: values that are left alone.
    act: actions for one incident; they read the values from ``@body('Values')`` and start after ``Values``.
    parameters: values that the actions read by ``parameters('name')``.
    """

    workflow_name: str
    identity: IdentityOutputs
    workspace_id: pulumi.Input[str]
    interval_minutes: int
    wanted: str
    done: str
    entity: str
    key: str
    never: Sequence[pulumi.Input[str]]
    act: Actions
    parameters: Mapping[str, pulumi.Input[Any]]
    logs: LogDestination


class Playbook(Component[PlaybookArgs, IdOutputs]):
    """One workflow and its log."""

    def _declare(self, name: str, args: PlaybookArgs) -> IdOutputs:
        values: dict[str, tuple[str, Any]] = {
            "workspace": ("String", args.workspace_id),
            "identity": ("String", args.identity.id),
            "never": ("Array", list(args.never)),
            **{key: ("Array", value) for key, value in args.parameters.items()},
        }
        workflow = logic.Workflow(
            name,
            **args.place,
            workflow_name=args.workflow_name,
            state=logic.WorkflowState.ENABLED,
            identity=logic.ManagedServiceIdentityArgs(
                type=logic.ManagedServiceIdentityType.USER_ASSIGNED, user_assigned_identities=[args.identity.id]
            ),
            definition=definition(args, {key: kind for key, (kind, _) in values.items()}),
            parameters={
                key: logic.WorkflowParameterArgs(type=kind, value=value) for key, (kind, value) in values.items()
            },
            opts=pulumi.ResourceOptions(parent=self),
        )
        diagnose(name, workflow.id, args.logs, parent=self)
        return IdOutputs(id=workflow.id)


def definition(args: PlaybookArgs, parameters: Mapping[str, str]) -> dict[str, Any]:
    """The workflow: known in a preview, since what only a deployment knows comes in as parameters."""
    return {
        "$schema": "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {key: {"type": kind} for key, kind in parameters.items()},
        "triggers": {
            "Look": {
                "type": "Recurrence",
                "recurrence": {"frequency": "Minute", "interval": args.interval_minutes},
                # One run at a time: two would each write the list that they had read.
                "runtimeConfiguration": {"concurrency": {"runs": 1}},
            }
        },
        "actions": {
            "Incidents": arm(
                "GET",
                f"@{{parameters('workspace')}}/providers/Microsoft.SecurityInsights/incidents?api-version={INCIDENTS_API}"
                "&$filter=properties/status ne 'Closed'&$orderby=properties/createdTimeUtc desc&$top=100",
            ),
            "Wanted": _filter(
                "@body('Incidents')?['value']",
                f"@and({_labelled(args.wanted)}, not({_labelled(args.done)}))",
                after="Incidents",
            ),
            "Each": {
                "type": "Foreach",
                "foreach": "@body('Wanted')",
                "runAfter": {"Wanted": ["Succeeded"]},
                "runtimeConfiguration": {"concurrency": {"repetitions": 1}},
                "actions": _incident(args),
            },
        },
        "outputs": {},
    }


def _incident(args: PlaybookArgs) -> Actions:
    last = list(args.act)[-1]
    incident = "@{items('Each')?['id']}"
    return {
        "Entities": arm("POST", f"{incident}/entities?api-version={INCIDENTS_API}"),
        "Named": _filter(
            "@body('Entities')?['entities']", f"@equals(item()?['kind'], '{args.entity}')", after="Entities"
        ),
        "Found": {
            "type": "Select",
            "inputs": {"from": "@body('Named')", "select": f"@{args.key}"},
            "runAfter": {"Named": ["Succeeded"]},
        },
        "Values": _filter(
            "@union(body('Found'), body('Found'))",
            "@and(not(empty(item())), not(contains(parameters('never'), item())))",
            after="Found",
        ),
        **args.act,
        "Comment": arm(
            "PUT",
            f"{incident}/comments/@{{guid()}}?api-version={INCIDENTS_API}",
            body={"properties": {"message": f"{args.done}: @{{join(body('Values'), ', ')}}"}},
            after=last,
        ),
        "Label": arm(
            "PUT",
            f"{incident}?api-version={INCIDENTS_API}",
            body={
                "etag": "@items('Each')?['etag']",
                "properties": "@setProperty(items('Each')?['properties'], 'labels', "
                "union(items('Each')?['properties']?['labels'], "
                f'json(\'[{{"labelName":"{args.done}","labelType":"User"}}]\')))',
            },
            after="Comment",
        ),
    }


def block_addresses(rule: str) -> Actions:
    """Put the values into the first rule of every firewall policy of the parameter ``policies``.

    rule: the name that the first rule must have; the playbook touches no other. It stops when the list is full.
    """
    policy = "body('Policy')"
    rules = f"{policy}?['properties']?['customRules']?['rules']"
    condition = f"first(first({rules})?['matchConditions'])"
    addresses = f"union({condition}?['matchValue'], body('Values'))"
    listed = f"createArray(setProperty({condition}, 'matchValue', {addresses}))"
    changed = f"createArray(setProperty(first({rules}), 'matchConditions', {listed}))"
    custom = f"setProperty({policy}?['properties']?['customRules'], 'rules', union({changed}, skip({rules}, 1)))"
    properties = f"setProperty({policy}?['properties'], 'customRules', {custom})"
    place = f"@{{items('Policies')}}?api-version={POLICIES_API}"
    return {
        "Policies": {
            "type": "Foreach",
            "foreach": "@parameters('policies')",
            "runAfter": {"Values": ["Succeeded"]},
            "runtimeConfiguration": {"concurrency": {"repetitions": 1}},
            "actions": {
                "Policy": arm("GET", place),
                "Reserved": {
                    "type": "If",
                    "runAfter": {"Policy": ["Succeeded"]},
                    "expression": {
                        "and": [
                            {"equals": [f"@first({rules})?['name']", rule]},
                            {"lessOrEquals": [f"@length({addresses})", MOST_ADDRESSES]},
                        ]
                    },
                    "actions": {
                        "Block": arm("PUT", place, body=f"@setProperty({policy}, 'properties', {properties})"),
                    },
                    "else": {
                        "actions": {
                            # A loop cannot hold Terminate: text that is no number fails the run, and says why.
                            "Stop": {
                                "type": "Compose",
                                "inputs": f"@int('the first rule is not {rule}, or its list is full')",
                            }
                        }
                    },
                },
            },
        }
    }


def disable_accounts() -> Actions:
    """Disable each account and end its sessions, over Microsoft Graph."""
    user = "/v1.0/users/@{items('Accounts')}"
    return {
        "Accounts": {
            "type": "Foreach",
            "foreach": "@body('Values')",
            "runAfter": {"Values": ["Succeeded"]},
            "runtimeConfiguration": {"concurrency": {"repetitions": 1}},
            "actions": {
                "Disable": _http("PATCH", f"{GRAPH}{user}", GRAPH, body={"accountEnabled": False}),
                "EndSessions": _http("POST", f"{GRAPH}{user}/revokeSignInSessions", GRAPH, after="Disable"),
            },
        }
    }


def arm(method: str, path: str, *, body: Any = None, after: str | None = None) -> Actions:
    """One request to Azure Resource Manager by the playbook's identity."""
    return _http(method, f"{ARM}{path}", f"{ARM}/", body=body, after=after)


def _http(method: str, uri: str, audience: str, *, body: Any = None, after: str | None = None) -> Actions:
    inputs: Actions = {
        "method": method,
        "uri": uri,
        "authentication": {
            "type": "ManagedServiceIdentity",
            "identity": "@parameters('identity')",
            "audience": audience,
        },
    }
    if body is not None:
        inputs["body"] = body
    return {"type": "Http", "inputs": inputs, "runAfter": {after: ["Succeeded"]} if after else {}}


def _filter(source: str, where: str, *, after: str) -> Actions:
    return {"type": "Query", "inputs": {"from": source, "where": where}, "runAfter": {after: ["Succeeded"]}}


def _labelled(label: str) -> str:
    """Whether an incident has the label; the quotes keep a longer label from matching."""
    return f"contains(string(item()?['properties']?['labels']), '\"{label}\"')"
