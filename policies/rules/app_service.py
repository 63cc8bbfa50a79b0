"""App Service apps and their slots: every rule holds for both."""

from collections.abc import Iterator
from typing import Any

from facts.defaults import default_of
from policies.access import identities_of
from policies.compare import same
from policies.resource import UNKNOWN, Resource, leaves_of, lookup, peek
from policies.rule import judge_each, must, rule
from policies.view import Stack

SITE, SLOT, PLAN = "web:WebApp", "web:WebAppSlot", "web:AppServicePlan"
APPS = [SITE, SLOT]
JOBS = ("app:Job", "app:ContainerApp", "containerinstance:ContainerGroup")
ALLOW = "Allow"
RESTRICTION = default_of(SITE, "siteConfig.ipSecurityRestrictions[].action")
"""What Azure takes for an access restriction without an action."""
FRONT_DOOR_TAG = "AzureFrontDoor.Backend"


def is_slot(app: Resource) -> bool:
    """Whether it is a deployment slot."""
    return app.type.endswith("Slot")


def sites_of(app: Resource, stack: Stack) -> list[Resource]:
    """The app itself, or the app whose slot it is."""
    return stack.owners(app, "name", SITE) if is_slot(app) else [app]


def parts_of(app: Resource, type_: str, stack: Stack) -> list[Resource]:
    """The resources of ``type_`` that configure this app, or this slot."""
    parts = [part for site in sites_of(app, stack) for part in stack.parts(site, "name", type_)]
    return [part for part in parts if part.get("slot") == app.get("slot")]


@rule(
    "APP-NO-BASIC-CREDENTIALS",
    "Publishing passwords are off for FTP and SCM",
    on=APPS,
    severity="high",
    controls=["164.312(d)", "164.308(a)(5)(ii)(D)"],
    remediation="Declare WebAppFtpAllowed and WebAppScmAllowed (and their slot twins) with allow false.",
    source="Azure Policy 'App Service apps should have local authentication methods disabled for FTP / SCM'",
)
def no_basic_credentials(app: Resource, stack: Stack) -> Iterator[str]:
    suffix = "Slot" if is_slot(app) else ""
    for kind in ("Ftp", "Scm"):
        type_ = f"WebApp{kind}Allowed{suffix}"
        policies = parts_of(app, f"web:{type_}", stack)
        if not policies:
            yield f"no {type_} is declared for it, and Azure allows publishing passwords by default"
        for policy in policies:
            if not same(policy.get("allow"), False):
                yield f"{policy} allows publishing passwords for {kind.upper()}"


@rule(
    "APP-CORS",
    "An app names the origins that browsers may call it from",
    on=APPS,
    severity="high",
    controls=["164.312(a)(1)", "164.312(e)(1)"],
    remediation="List https origins in siteConfig.cors.allowedOrigins, never *.",
    source="Azure Policy 'App Service apps should not have CORS configured to allow every resource'",
    each="siteConfig.cors.allowedOrigins",
)
def cors(origin: Any) -> Iterator[str]:
    if "*" in str(origin) or not str(origin).startswith("https://"):
        yield f"siteConfig.cors.allowedOrigins holds {origin}"


@rule(
    "APP-IDENTITY",
    "An app has one user-assigned identity, and reads its secrets with it",
    on=APPS,
    severity="high",
    controls=["164.312(d)", "164.312(a)(2)(i)"],
    remediation="Set identity.type to UserAssigned with one identity, and keyVaultReferenceIdentity to the same.",
    source="Azure Policy 'App Service apps should use managed identity'; PSRule AZR-000082; requirement S08",
)
def identity(app: Resource) -> Iterator[str]:
    yield from must(app, "identity.type", "UserAssigned")
    count = len(list(app.leaves("identity.userAssignedIdentities[]")))
    if count != 1:
        yield f"it has {count} user-assigned identities, must be one"
    if not app.has("keyVaultReferenceIdentity"):
        yield "keyVaultReferenceIdentity is not set: references would use a system identity that does not exist"


@rule(
    "APP-IDENTITY-OWN",
    "No two apps share an identity; a slot has its app's",
    on=APPS,
    severity="critical",
    controls=["164.312(a)(2)(i)", "164.312(a)(1)", "164.308(a)(4)(ii)(B)"],
    remediation="Give each app an identity of its own: what one app may read, another may not.",
    source="requirements S01, S08",
)
def own_identity(app: Resource, stack: Stack) -> Iterator[str]:
    for used in identities_of(app, stack):
        for other in stack.by_type(*APPS):
            if other is not app and used in identities_of(other, stack) and not _same_app(app, other, stack):
                yield f"{other} uses its identity {used} too"
        for job in stack.by_type(*JOBS):
            if used in identities_of(job, stack):
                yield f"{job}, which is no app, uses its identity {used} too"


def _same_app(one: Resource, other: Resource, stack: Stack) -> bool:
    """Whether two resources are an app and its slot, or two slots of one app."""
    return any(site in sites_of(other, stack) for site in sites_of(one, stack))


@rule(
    "APP-INGRESS",
    "Only Front Door reaches an app",
    on=APPS,
    severity="critical",
    controls=["164.312(a)(1)", "164.312(e)(1)"],
    remediation="Set publicNetworkAccess to Disabled (private link), or deny by default and allow only the service tag "
    "AzureFrontDoor.Backend together with our profile's X-Azure-FDID.",
    source="learn.microsoft.com/azure/app-service/overview-access-restrictions; the tag alone admits every customer",
)
def ingress(app: Resource) -> Iterator[str]:
    yield from must(app, "publicNetworkAccess", "Disabled", "Enabled")
    yield from must(app, "siteConfig.ipSecurityRestrictionsDefaultAction", "Deny")
    yield from judge_each(app, "siteConfig.ipSecurityRestrictions", _admits)


def _admits(entry: Any) -> Iterator[str]:
    if not same(lookup(entry, "action", RESTRICTION), ALLOW):
        return
    name, tag = lookup(entry, "name"), lookup(entry, "tag")
    if not same(tag, "ServiceTag") or not same(lookup(entry, "ipAddress"), FRONT_DOOR_TAG):
        yield f"access restriction {name} allows {lookup(entry, 'ipAddress', 'any address')}"
    elif not any(same(header, "x-azure-fdid") and ids for header, ids in lookup(entry, "headers", {}).items()):
        yield f"access restriction {name} admits every customer's Front Door: it does not check X-Azure-FDID"


@rule(
    "APP-INGRESS-OWN-FRONT-DOOR",
    "An app that checks X-Azure-FDID checks for our own profile",
    on=APPS,
    severity="critical",
    controls=["164.312(a)(1)", "164.312(d)"],
    remediation="Compare with the profile's frontDoorId output.",
    source="learn.microsoft.com/azure/frontdoor/origin-security",
    where=lambda app: app.has("siteConfig.ipSecurityRestrictions"),
)
def own_front_door(app: Resource, stack: Stack) -> Iterator[str]:
    # One that is written out is ours only where it is known to be: the id of a profile to come is nowhere yet.
    expected = {peek(profile.outputs, "frontDoorId") for profile in stack.by_type("cdn:Profile")}

    def admitted(entry: Any) -> Iterator[str]:
        headers = lookup(entry, "headers", {})
        for header in headers:
            strangers = set(leaves_of(entry, f"headers.{header}[]")) - expected - {UNKNOWN}
            if header.lower() == "x-azure-fdid" and strangers:
                yield f"it admits Front Door {', '.join(sorted(map(str, strangers)))}, which is not ours"
            set(headers[header])  # One that is not known yet is unchecked: this raises.

    yield from judge_each(app, "siteConfig.ipSecurityRestrictions", admitted)


@rule(
    "APP-SCM-CLOSED",
    "Nobody reaches an app's SCM site from the Internet",
    on=APPS,
    severity="critical",
    controls=["164.312(a)(1)", "164.312(e)(1)"],
    remediation="Set scmIpSecurityRestrictionsUseMain to false and scmIpSecurityRestrictionsDefaultAction to Deny, "
    "without an allowed address.",
    source="reference: the SCM site has access restrictions of its own",
)
def scm_closed(app: Resource) -> Iterator[str]:
    yield from must(app, "siteConfig.scmIpSecurityRestrictionsDefaultAction", "Deny")
    yield from must(app, "siteConfig.scmIpSecurityRestrictionsUseMain", False)
    yield from judge_each(app, "siteConfig.scmIpSecurityRestrictions", _admits_to_scm)


def _admits_to_scm(entry: Any) -> Iterator[str]:
    if same(lookup(entry, "action", RESTRICTION), ALLOW):
        yield f"SCM access restriction {lookup(entry, 'name')} allows {lookup(entry, 'ipAddress', 'an address')}"


@rule(
    "APP-ZONES",
    "An App Service plan survives the loss of a zone",
    on=PLAN,
    severity="medium",
    controls=["164.308(a)(7)(ii)(C)"],
    remediation="Set zoneRedundant to true with two instances or more (Premium v3 or v4).",
    source="PSRule AZR-000442, AZR-000071",
)
def plan_zones(plan: Resource) -> Iterator[str]:
    yield from must(plan, "zoneRedundant", True)
    capacity = plan.get("sku.capacity", 0)
    if capacity < 2:
        yield f"sku.capacity is {capacity}, must be at least 2 instances"
