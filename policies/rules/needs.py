"""What a declared thing cannot do its work without: rights of the identity it acts as, settings, an address.

The subject is what would stand idle. Only of programs of this repository: elsewhere another program may give it.
"""

import re
from collections.abc import Callable, Iterator

from facts.roles import roles
from policies.access import IDENTITY, identities_of, is_principal, role_of
from policies.compare import lies_in
from policies.resource import UNKNOWN, Resource, token
from policies.rule import must, rule, shown
from policies.rules.app_service import APPS, SLOT, is_slot, parts_of, sites_of
from policies.rules.app_settings import SETTINGS
from policies.rules.floor import JOB, is_ours
from policies.rules.identity import ROLE_ASSIGNMENT
from policies.view import Stack

COMPONENT = "applicationinsights:Component"
QUEUE, TOPIC, SUBSCRIPTION = "servicebus:Queue", "servicebus:Topic", "servicebus:Subscription"
BACKUP_INSTANCE, BACKUP_VAULT = "dataprotection:BackupInstance", "dataprotection:BackupVault"
ACCOUNT, CONTAINER = "storage:StorageAccount", "storage:BlobContainer"
NAT, ADDRESS = "network:NatGateway", "network:PublicIPAddress"

_IMAGE = re.compile(r"^(?:DOCKER\|)?(?P<registry>[a-z0-9]+)\.azurecr\.io(?:/|$)", re.IGNORECASE)
_BLOBS = re.compile(r"^https://(?P<account>[a-z0-9]+)\.blob\.core\.windows\.net/(?P<container>[a-z0-9-]+)$")


def has_right(right: str, holder: Resource | None, stack: Stack, target: Resource | str) -> bool:
    """Whether a role that grants ``right`` (facts/roles.yaml) is given to ``holder`` on ``target`` or on what it is in.

    holder: None for whoever it may be. target: a resource of the stack, or the end of an ARM id outside it, as
    ``/registries/shared``.
    """
    return any(
        (holder is None or _is_given_to(assignment, holder)) and _reaches(assignment, target)
        for assignment in stack.by_type(ROLE_ASSIGNMENT)
        if _grants(assignment, right)
    )


def _grants(assignment: Resource, right: str) -> bool:
    role = roles().get(role_of(assignment))
    return role is not None and right in role.rights


def _is_given_to(assignment: Resource, holder: Resource) -> bool:
    return is_principal(holder, next(assignment.leaves("principalId"), None), assignment, "principalId")


def _reaches(assignment: Resource, target: Resource | str) -> bool:
    scope = next(assignment.leaves("scope"), None)
    if isinstance(target, str):
        return isinstance(scope, str) and scope.lower().endswith(target.lower())
    if isinstance(scope, str) and target.id:
        return lies_in(target.id, scope)
    return target.urn in assignment.dependencies.get("scope", ())


@rule(
    "NEED-IMAGE",
    "Whatever runs an image of a registry may pull it",
    on=[*APPS, JOB],
    severity="high",
    controls=["164.308(a)(7)(ii)(C)"],
    remediation="Give the identity that pulls the role Container Registry Repository Reader on the registry (AcrPull "
    "in one without repository permissions).",
    source="learn.microsoft.com/azure/app-service/configure-custom-container (pull with a managed identity)",
    where=is_ours,
)
def image_is_pulled(runner: Resource, stack: Stack) -> Iterator[str]:
    if runner.type == token(JOB):
        pulling = stack.targets(runner, "configuration.registries[].identity", IDENTITY)
        images = [str(image) for image in runner.leaves("template.containers[].image")]
    else:
        pulling = stack.targets(runner, "siteConfig.acrUserManagedIdentityID", IDENTITY, by="clientId")
        images = [str(runner.get("siteConfig.linuxFxVersion", ""))]
    for registry in sorted({match["registry"] for image in images if (match := _IMAGE.match(image))}):
        if not any(has_right("images pull", identity, stack, f"/registries/{registry}") for identity in pulling):
            who = ", ".join(map(str, pulling)) or "no identity of this stack"
            yield f"its image is in the registry {registry}, from which {who} may not pull"


def settings_of(app: Resource, stack: Stack) -> list[Resource]:
    """The settings of an app, or of a slot."""
    of_site, of_slot = SETTINGS
    return parts_of(app, of_slot if is_slot(app) else of_site, stack)


def _reads(name: str) -> Callable[[Resource, Stack], bool]:
    def reads(app: Resource, stack: Stack) -> bool:
        return is_ours(app) and any(each.has(f"properties.{name}") for each in settings_of(app, stack))

    return reads


@rule(
    "NEED-TELEMETRY",
    "An app that signs in to send telemetry may send it",
    on=APPS,
    severity="high",
    controls=["164.312(b)", "164.308(a)(1)(ii)(D)"],
    remediation="Assign Monitoring Metrics Publisher on the Application Insights component to the app's identity.",
    source="learn.microsoft.com/azure/azure-monitor/app/azure-ad-authentication",
    where=_reads("APPLICATIONINSIGHTS_AUTHENTICATION_STRING"),
)
def telemetry_is_sent(app: Resource, stack: Stack) -> Iterator[str]:
    for identity in identities_of(app, stack):
        if not any(has_right("telemetry write", identity, stack, each) for each in stack.by_type(COMPONENT)):
            yield f"{identity}, as which it signs in, may send telemetry to no component of this stack"


@rule(
    "NEED-CACHE",
    "An app that is told a cache's address may sign in to it",
    on=APPS,
    severity="high",
    controls=["164.308(a)(7)(ii)(C)"],
    remediation="Assign the database's access policy to the app's identity.",
    source="learn.microsoft.com/azure/redis/entra-for-authentication: without access keys, only assigned users sign in",
    where=_reads("REDIS_URL"),
)
def cache_is_open_to_app(app: Resource, stack: Stack) -> Iterator[str]:
    users = [
        user
        for assignment in stack.by_type("redisenterprise:AccessPolicyAssignment")
        for user in stack.targets(assignment, "user.objectId", IDENTITY, by="principalId")
    ]
    if not any(identity in users for identity in identities_of(app, stack)):
        yield "no access policy of a cache is assigned to its identity"


@rule(
    "NEED-MESSAGES",
    "Somebody may send to each queue and topic, and receive from each queue and subscription",
    on=[QUEUE, TOPIC, SUBSCRIPTION],
    severity="medium",
    controls=["164.308(a)(7)(ii)(C)"],
    remediation="Assign Azure Service Bus Data Sender or Data Receiver to the identity of the app that does.",
    source="learn.microsoft.com/azure/service-bus-messaging/service-bus-managed-service-identity",
    where=is_ours,
)
def messages_flow(entity: Resource, stack: Stack) -> Iterator[str]:
    if entity.type != token(SUBSCRIPTION) and not has_right("messages send", None, stack, entity):
        yield "nobody may send to it"
    if entity.type != token(TOPIC) and not has_right("messages receive", None, stack, entity):
        yield "nobody may receive from it"


@rule(
    "NEED-ARCHIVE",
    "Whatever writes to the archive with an identity may write there",
    on=["network:FlowLog", JOB],
    severity="high",
    controls=["164.312(b)", "164.316(b)(2)(i)"],
    remediation="Assign Storage Blob Data Contributor on the account or container to the identity that writes.",
    source="learn.microsoft.com/azure/network-watcher/vnet-flow-logs-manage (managed identity); requirement S13",
    where=is_ours,
)
def archive_is_written(writer: Resource, stack: Stack) -> Iterator[str]:
    if writer.type == token(JOB):
        targets = [
            each for value in writer.leaves("template.containers[].env[].value") for each in _named(value, stack)
        ]
    else:
        targets = stack.targets(writer, "storageId", ACCOUNT)
    identities = identities_of(writer, stack)
    for target in targets:
        if not any(has_right("blobs write", identity, stack, target) for identity in identities):
            who = ", ".join(map(str, identities)) or "no identity"
            yield f"it writes to {target}, where {who} may not"


def _named(value: object, stack: Stack) -> list[Resource]:
    """The container of this stack whose address a text is."""
    match = _BLOBS.match(value) if isinstance(value, str) else None
    return [
        each
        for each in stack.by_type(CONTAINER)
        if match is not None
        and (next(each.leaves("accountName"), ""), next(each.leaves("containerName"), "")) == match.groups()
    ]


@rule(
    "NEED-BACKUP",
    "A backup has a policy, and its vault may read what it backs up",
    on=BACKUP_INSTANCE,
    severity="high",
    controls=["164.308(a)(7)(ii)(A)"],
    remediation="Name a policy of the vault; give the vault's identity the long-term backup role on the server and "
    "Reader on its group.",
    source="learn.microsoft.com/azure/backup/backup-azure-database-postgresql-flex-overview",
    where=is_ours,
)
def backup_is_possible(instance: Resource, stack: Stack) -> Iterator[str]:
    if not stack.targets(instance, "properties.policyInfo.policyId", "dataprotection:BackupPolicy"):
        yield "it names no policy of this stack, so nothing says when to back up and how long to keep"
    who = "properties.identityDetails"
    if not instance.has(f"{who}.userAssignedIdentityArmUrl"):
        yield from must(instance, f"{who}.useSystemAssignedIdentity", True)
    for vault in stack.owners(instance, "vaultName", BACKUP_VAULT):
        for server in stack.targets(instance, "properties.dataSourceInfo.resourceID", "dbforpostgresql:Server"):
            for right in ("database back up", "definitions read"):
                groups = stack.owners(server, "resourceGroupName", "resources:ResourceGroup")
                targets = [server, *groups] if right == "definitions read" else [server]
                if not any(has_right(right, vault, stack, target) for target in targets):
                    yield f"the vault {vault} lacks the right to {right} on {server}"


@rule(
    "NEED-SETTINGS",
    "An app and its slot have their settings",
    on=APPS,
    severity="high",
    controls=["164.308(a)(7)(ii)(C)", "164.312(b)"],
    remediation="Declare the app's settings: without them it has no secrets, no port and sends no telemetry.",
    source="requirements S03, S16",
    where=is_ours,
)
def app_has_settings(app: Resource, stack: Stack) -> Iterator[str]:
    if not settings_of(app, stack):
        yield "no settings of this stack are its own"


@rule(
    "NEED-STICKY",
    "A setting that differs between an app and its slot stays where it is when they are swapped",
    on=SLOT,
    severity="high",
    controls=["164.312(c)(1)", "164.308(a)(7)(ii)(C)"],
    remediation="Name the setting in the app's slot configuration names.",
    source="learn.microsoft.com/azure/app-service/deploy-staging-slots: other settings move with the content",
    where=is_ours,
)
def setting_is_sticky(slot: Resource, stack: Stack) -> Iterator[str]:
    for site in sites_of(slot, stack):
        named = stack.parts(site, "name", "web:WebAppSlotConfigurationNames")
        sticky = {name for each in named for name in each.leaves("appSettingNames[]")}
        for own in settings_of(site, stack):
            for other in settings_of(slot, stack):
                for name in sorted(_different(own, other) - sticky):
                    yield f"{name} differs from the app's, and a swap takes it along"


def _different(one: Resource, other: Resource) -> set[str]:
    """Names of the settings that both have, with values that are known to differ."""
    names = set(one.get("properties", {})) & set(other.get("properties", {}))
    values = {name: [next(each.leaves(f"properties.{name}"), None) for each in (one, other)] for name in names}
    return {
        name for name, (mine, yours) in values.items() if UNKNOWN not in (mine, yours) and shown(mine) != shown(yours)
    }


@rule(
    "NEED-EGRESS",
    "A way out has an address and a subnet that takes it; an address leads somewhere",
    on=[NAT, ADDRESS],
    severity="medium",
    controls=["164.312(e)(1)", "164.308(a)(7)(ii)(C)"],
    remediation="Give the NAT gateway an address and subnets, or take both away; an address alone is a way in.",
    source="learn.microsoft.com/azure/nat-gateway/nat-gateway-resource; requirement S18",
    where=is_ours,
)
def egress_is_used(resource: Resource, stack: Stack) -> Iterator[str]:
    if resource.type == token(ADDRESS):
        if not stack.holders(resource, "publicIpAddresses[].id", NAT):
            yield "no NAT gateway of this stack has it"
        return
    if not stack.targets(resource, "publicIpAddresses[].id", ADDRESS):
        yield "it has no address of this stack"
    if not stack.holders(resource, "natGateway.id", "network:Subnet"):
        yield "no subnet of this stack takes it"
