"""Where data may go: every host and address of mail among inputs is the stack's own, or registered."""

import re
from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from policies.kept import finds, kept
from policies.own import own
from policies.resource import Resource, last_name, token
from policies.rule import rule
from policies.rules.identity import CREDENTIALS
from policies.rules.trust import SOURCE, unregistered
from policies.view import Stack

URL = re.compile(r"\b(?!api:)[a-z][a-z0-9+.-]*://(?:[^/@\s\"'<>]*@)?([a-z0-9*][a-z0-9.*-]*)", re.IGNORECASE)
ADDRESS_PART = re.compile(
    r"(?:^|[;\s?&])(?:host|hostname|server|data source|(?:account)?endpoint)=(?:tcp:)?([a-z0-9-]+(?:\.[a-z0-9-]+)+)",
    re.IGNORECASE,
)
HOST_KEY = re.compile(r"(host|hostname|hostheader|server|fqdn|domain|endpoint|uri|url)s?$", re.IGNORECASE)
ALONE_WITH_PORT = re.compile(
    r"^((?=.{4,253}:)[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z][a-z0-9-]+|\d{1,3}(?:\.\d{1,3}){3}):\d{2,5}/?$", re.I
)
IN_COMMAND = re.compile(
    r"(?:^|[\s=,'\"@])((?:[a-z0-9-]+\.)+[a-z][a-z0-9-]+|\d{1,3}(?:\.\d{1,3}){3})(?::\d{2,5}\b|\s+\d{2,5}(?=\s|$))"
    r"|\b[\w.-]+@((?:[a-z0-9-]+\.)+[a-z][a-z0-9-]+)(?=[\s:]|$)",
    re.IGNORECASE,
)
"""In a text of a program's: ``host:port`` as a whole; in a command line also among words, with its port or its user."""
AZURES = "168.63.129.16"
"""Azure's own resolver and prober, in every network
(learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16)."""
DOCUMENTED = tuple(ip_network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"))
"""Nobody's addresses (RFC 5737), which stand for somebody's."""
ADDRESS = re.compile(r"^\d{1,3}(?:\.\d{1,3}){3}$")
LINK_ALIAS = re.compile(r"[\w-]+\.[0-9a-f-]{36}\.[\w-]+\.azure\.privatelinkservice", re.IGNORECASE)
"""Another's private link service, under the name that it gives away."""
READS_OUTSIDE = ("externaldata", "external_data", "http_request")
"""What a query gets data from elsewhere by."""
HOST = re.compile(r"^(?=.{4,253}$)[a-z0-9*-]+(\.[a-z0-9-]+)*\.[a-z][a-z0-9-]+(?::\d+)?/?$", re.IGNORECASE)
NO_DESTINATION = frozenset(
    {"description", "displayname", "title", "$schema", "apiversion", "contentversion", "query", "serializeddata"}
)
"""Texts that people read, or that name the form of a document; nothing is sent there."""
NAMES_OF_ITS_OWN = {
    "azure-native:cdn:AFDCustomDomain": "hostname",
    "azure-native:privatedns:PrivateZone": "privatezonename",
}
"""What declares a host of the stack, and does not send to it."""

ISSUED = [token(type_) for type_ in CREDENTIALS]
"""Types whose issuer is who is believed, not where data goes: TRUST-CREDENTIAL."""

SIGN_IN = ("login.microsoftonline.com", "sts.windows.net")
"""Entra's own hosts, where each tenant has its own path (learn.microsoft.com/entra/identity-platform/access-tokens)."""

MAIL_KEY = re.compile(r"e?mails?(address(es)?)?$|receivers?$|recipients?$")
"""Inputs that hold who is written to."""
_is_of_mail, _may_be_a_host = finds(MAIL_KEY), finds(HOST_KEY)
MAIL = re.compile(r"[\w.+-]+@((?:[a-z0-9-]+\.)+[a-z][a-z0-9-]+)", re.IGNORECASE)


@rule(
    "TRUST-HOST",
    "Every host that data may go to is of this stack, or registered",
    on="*",
    severity="high",
    controls=["164.312(e)(1)", "164.312(a)(1)"],
    remediation="Send to a service of the stack, or write an entry `host` in policies/trusted.yaml.",
    source=SOURCE,
    where=lambda resource: next(_hosts(resource), None) is not None,
)
def hosts(resource: Resource, stack: Stack) -> Iterator[str]:
    ours = own(stack)
    for path, host in _hosts(resource):
        if not ours.has_host(host) and not stack.trust.host(host) and not _signs_in(resource, path, host, ours.tenant):
            yield from unregistered(stack, f"{path} names the host {host}")


def _signs_in(resource: Resource, path: str, host: str, tenant: str) -> bool:
    """Whether an input names the place where the platform's own tenant, and no other, signs people in."""
    start = f"https://{host}/{tenant.lower()}/"
    return bool(tenant) and host in SIGN_IN and dict(resource.texts)[path].lower().startswith(start)


@kept
def _mail_domains(path: str, text: str) -> tuple[str, ...]:
    """The domains of the addresses that an input is for."""
    if "@" not in text or not _is_of_mail(last_name(path)):
        return ()
    return tuple(dict.fromkeys(domain.lower() for domain in MAIL.findall(text)))


@rule(
    "TRUST-MAIL",
    "Whoever is told by mail has an address of the platform's own domains, or of one that is registered",
    on="*",
    severity="high",
    controls=["164.308(a)(6)(ii)", "164.312(a)(1)"],
    remediation="Write to an address of the platform's domain, or write an entry `host` for the other's domain in "
    "policies/trusted.yaml.",
    source=SOURCE,
    where=lambda resource: (
        any(map(_is_of_mail, resource.names)) and any(_mail_domains(path, text) for path, text in resource.texts)
    ),
)
def mails(resource: Resource, stack: Stack) -> Iterator[str]:
    ours = own(stack)
    for path, text in resource.texts:
        for domain in _mail_domains(path, text):
            if not ours.has_mail_domain(domain) and not stack.trust.host(domain):
                yield from unregistered(stack, f"{path} writes to somebody at {domain}")


def _hosts(resource: Resource) -> Iterator[tuple[str, str]]:
    """Every host in the inputs of a resource, in lower case, with its path."""
    no_destination = _no_destination(resource.type)
    for path, text in resource.texts:
        last = last_name(path)
        if last in no_destination and not (last == "query" and _reads_outside(text)):
            continue
        for host in _hosts_in(text) or (_host_alone(text) if _may_be_a_host(last) else ()):
            yield path, host
    for path, text in resource.free_texts:
        if "tags." not in path:
            yield from ((path, host) for host in _hosts_with_port(text))
    for path, line in resource.command_lines:
        yield from ((path, host) for host in _hosts_in_command(line))


@kept
def _no_destination(type_: str) -> frozenset[str]:
    """The inputs of a type, in lower case, by which nothing is sent."""
    own_name = NAMES_OF_ITS_OWN.get(type_)
    return NO_DESTINATION | ({"issuer"} if type_ in ISSUED else set()) | ({own_name} if own_name else set())


@kept
def _reads_outside(query: str) -> bool:
    return any(word in query.lower() for word in READS_OUTSIDE)


@kept
def _hosts_with_port(text: str) -> tuple[str, ...]:
    match = ALONE_WITH_PORT.match(text.strip()) if ":" in text else None
    return () if match is None or _is_inside(match[1]) else (match[1].lower(),)


@kept
def _hosts_in_command(line: str) -> tuple[str, ...]:
    found = (match[1] or match[2] for match in IN_COMMAND.finditer(line))
    return tuple(dict.fromkeys(host.lower() for host in found if not _is_inside(host)))


@kept
def _is_inside(host: str) -> bool:
    """Whether a host is an address of a private network, or none that the Internet has."""
    if not ADDRESS.match(host):
        return False
    try:
        address = ip_address(host)
    except ValueError:
        return True
    return host == AZURES or not (address.is_global or any(address in network for network in DOCUMENTED))


@kept
def _hosts_in(text: str) -> tuple[str, ...]:
    """Every host that an address in a text names."""
    found = [match[1] for match in URL.finditer(text)] if "://" in text else []
    found += LINK_ALIAS.findall(text) if "privatelinkservice" in text.lower() else []
    found += [match[1] for match in ADDRESS_PART.finditer(text)] if "=" in text else []
    return tuple(dict.fromkeys(host.lower().rstrip(".") for host in found if not _is_inside(host)))


@kept
def _host_alone(text: str) -> tuple[str, ...]:
    """The host that a whole text is, if any."""
    if ADDRESS.match(text.strip()):
        return () if _is_inside(text.strip()) else (text.strip(),)
    return (text.rstrip("/").split(":")[0].lower().rstrip("."),) if HOST.match(text) else ()
