"""What opens a resource of whatever type: addresses in firewalls, public addresses of machines, sites in CORS."""

from collections.abc import Iterator
from ipaddress import ip_address

from policies.compare import same
from policies.resource import Resource, last_name, lookup, token
from policies.rule import rule
from policies.rules.app_service import APPS

ADDRESS_KEYS = frozenset(
    {"ipaddressorrange", "ipmask", "ipaddressrange", "authorizedipranges", "allowedips", "ipranges"}
)
ADDRESSES = ADDRESS_KEYS | {"startipaddress"}
"""Inputs, in any type, that hold an address that is let in."""
ORIGINS = frozenset({"allowedorigins", "origins"})
"""Inputs, in any type, that hold a site that browsers may read answers for."""
EVERYBODY = frozenset({"0.0.0.0", "0.0.0.0/0", "::/0", "*", "any", "internet"})  # noqa: S104 - compared
WIDEST = 256
"""Addresses that one entry may let in. Policy choice: an office has no more."""


LINUX = ("osProfile.linuxConfiguration", "virtualMachineProfile.osProfile.linuxConfiguration")
_OF_SET = "virtualMachineProfile.networkProfile.networkInterfaceConfigurations[].ipConfigurations[]"
PUBLIC_ADDRESSES = ("ipConfigurations[].publicIPAddress", f"{_OF_SET}.publicIPAddressConfiguration")
OF_APPS = frozenset(map(token, APPS))
"""APP-CORS judges these."""


@rule(
    "NET-FIREWALL-OPEN",
    "No firewall of a service lets in everybody, or every customer of Azure",
    on="*",
    severity="critical",
    controls=["164.312(a)(1)", "164.312(e)(1)"],
    remediation="Remove the entry and give the service a private endpoint.",
    source="learn.microsoft.com/azure/azure-sql/database/firewall-configure: 0.0.0.0 admits every customer of Azure",
    where=lambda resource: resource.custom and not ADDRESSES.isdisjoint(resource.names),
)
def firewall_open(resource: Resource) -> Iterator[str]:
    for path, text in resource.texts:
        if last_name(path) in ADDRESS_KEYS and text.strip().lower() in EVERYBODY:
            yield f"{path} is {text}, which lets everybody in"
    for start_path, start in resource.texts:
        if last_name(start_path) != "startipaddress":
            continue
        end = next((text for path, text in resource.texts if last_name(path) == "endipaddress"), start)
        count = _count(start, end)
        if start.strip() == "0.0.0.0":  # noqa: S104 - compared
            yield f"it lets in {start} to {end}: every customer of Azure, or everybody"
        elif count > WIDEST:
            yield f"it lets in {start} to {end}: {count} addresses"


def _count(start: str, end: str) -> int:
    try:
        first, last = ip_address(start.strip()), ip_address(end.strip())
    except ValueError:
        return 0
    return 0 if first.is_private else int(last) - int(first) + 1


@rule(
    "NET-NO-PUBLIC-MACHINE",
    "No machine has an address that the Internet reaches",
    on=["network:NetworkInterface", "compute:VirtualMachineScaleSet"],
    severity="critical",
    controls=["164.312(a)(1)", "164.312(e)(1)"],
    remediation="Take the public address away; people sign in over Bastion, traffic leaves by a NAT gateway.",
    source="Azure Policy 'Network interfaces should not have public IPs'; CIS Azure Foundations 6",
)
def public_machine(resource: Resource) -> Iterator[str]:
    for path in PUBLIC_ADDRESSES:
        if any(value for value in resource.leaves(path)):
            yield f"{path} is set"


@rule(
    "RUN-NO-PASSWORD-SIGN-IN",
    "Nobody signs in to a machine with a password",
    on=["compute:VirtualMachine", "compute:VirtualMachineScaleSet"],
    severity="high",
    controls=["164.312(d)"],
    remediation="Set linuxConfiguration.disablePasswordAuthentication to true, with keys or Entra sign-in.",
    source="Azure Policy 'Authentication to Linux machines should require SSH keys'",
    where=lambda machine: any(True for path in LINUX for _ in machine.leaves(path)),
)
def password_sign_in(machine: Resource) -> Iterator[str]:
    for path in LINUX:
        for configuration in machine.leaves(path):
            if not same(lookup(configuration, "disablePasswordAuthentication"), True):
                yield f"{path}.disablePasswordAuthentication is not true"


@rule(
    "AKS-API-CLOSED",
    "The API of a cluster is private, or named addresses reach it",
    on="containerservice:ManagedCluster",
    severity="critical",
    controls=["164.312(a)(1)", "164.312(e)(1)"],
    remediation="Set apiServerAccessProfile.enablePrivateCluster, or authorizedIPRanges.",
    source="Azure Policy 'Azure Kubernetes Service Private Clusters should be enabled', 'Authorized IP ranges should "
    "be defined on Kubernetes Services'",
)
def cluster_api(cluster: Resource) -> Iterator[str]:
    access = "apiServerAccessProfile"
    if not same(cluster.get(f"{access}.enablePrivateCluster"), True) and not cluster.has(
        f"{access}.authorizedIPRanges"
    ):
        yield f"neither {access}.enablePrivateCluster nor {access}.authorizedIPRanges is set"
    if not same(cluster.get("disableLocalAccounts"), True):
        yield "disableLocalAccounts is not true: a certificate that nobody can revoke opens it"


@rule(
    "CORS-NAMED",
    "No service lets every site read its answers in a visitor's browser",
    on="*",
    severity="high",
    controls=["164.312(a)(1)", "164.312(c)(1)"],
    remediation="Name the origins that may, or none.",
    source="Azure Policy '... should not have CORS configured to allow every resource'; owasp.org",
    where=lambda resource: resource.type not in OF_APPS and not ORIGINS.isdisjoint(resource.names),
)
def cors_named(resource: Resource) -> Iterator[str]:
    for path, text in resource.texts:
        if last_name(path) in ORIGINS and {"*", "null"} & {part.strip().lower() for part in text.split(",")}:
            yield f"{path} is {text}"
