"""Whose hosts a stack file names: the stack's own domains, or others that are named external.

Half a rename is told: an alert that goes to another company, an origin that nobody serves any more, a test of a host
that is not ours.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from documents.problems import Problem, did_you_mean
from stacks.settings.apps import AppSettings
from stacks.settings.platform import PlatformSettings

_URL = re.compile(
    r"(?:https?|wss?|amqps?|rediss?|postgres(?:ql)?)://(?:[^\s/@]*@)?([A-Za-z0-9.-]+\.[A-Za-z]{2,})", re.I
)
_MAILBOX = re.compile(r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})")
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}(?::\d+)?")

SIGN_IN = ("login.microsoftonline.com", "sts.windows.net")
"""Hosts of Entra ID, which every stack trusts: issuers of its tokens
(learn.microsoft.com/entra/identity-platform/access-tokens, read 2026-11-29)."""


@dataclass(frozen=True)
class Named:
    """A host in a value. key: full path without the namespace; mail: behind an ``@``."""

    key: str
    value: str
    host: str
    mail: bool


def named_hosts(sections: Mapping[str, Any]) -> Iterator[Named]:
    """Every host in addresses and mailboxes, and in values whose key says that they are a host.

    sections: by key. Host names of apps and the lists of `platform` itself are not among them.
    """
    for name, section in sections.items():
        plain = TypeAdapter(type(section)).dump_python(section, mode="json", by_alias=True)
        yield from _named(plain, name)


def _named(value: Any, key: str) -> Iterator[Named]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _named(item, f"{key}.{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _named(item, f"{key}[{index}]")
    elif isinstance(value, str) and not re.match(r"platform\.|apps\.[^.]+\.hostNames", key):
        yield from (Named(key, value, found[1].lower(), mail=False) for found in _URL.finditer(value))
        yield from (Named(key, value, found[1].lower(), mail=True) for found in _MAILBOX.finditer(value))
        if re.search(r"host", key.rpartition(".")[2], re.I) and _HOST.fullmatch(value):
            yield Named(key, value, value.partition(":")[0].lower(), mail=False)


def domains_of(platform: PlatformSettings, apps: Mapping[str, AppSettings]) -> list[str]:
    """The stack's own domains: as written, else the last two labels of the apps' host names."""
    if platform.domains:
        return list(platform.domains)
    hosts = [host for app in apps.values() for host in app.host_names]
    return list(dict.fromkeys(".".join(host.split(".")[-2:]) for host in hosts))


def below(host: str, domains: Sequence[str]) -> bool:
    """Whether a host is one of the domains or stands below one."""
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def domain_problems(
    platform: PlatformSettings, apps: Mapping[str, AppSettings], sections: Mapping[str, Any]
) -> Iterator[Problem]:
    """Hosts that are neither the stack's nor external, and lists that say more than there is.

    sections: those that are right, by key.
    """
    domains = domains_of(platform, apps)
    hosts = {host for app in apps.values() for host in app.host_names}
    for name, app in apps.items():
        for index, host in enumerate(app.host_names):
            if not below(host, domains):
                yield Problem(
                    f"apps.{name}.hostNames[{index}]", host, f"a name in platform.domains: {', '.join(domains)}"
                )
    for each in named_hosts(sections):
        if below(each.host, (*platform.external, *SIGN_IN)):
            continue
        if not below(each.host, domains):
            yield Problem(
                each.key,
                each.value,
                f"a host of platform.domains ({', '.join(domains)}), or {each.host} in platform.external"
                f"{did_you_mean(each.host, [*hosts, *domains])}",
            )
        elif not each.mail and each.host not in hosts:
            known = ", ".join(sorted(hosts))
            yield Problem(each.key, each.value, f"a host name of an app: {known}{did_you_mean(each.host, hosts)}")
    for index, entry in enumerate(platform.external):
        if below(entry, domains):
            yield Problem(f"platform.external[{index}]", entry, "a host outside platform.domains")


def unused_externals(platform: PlatformSettings, sections: Mapping[str, Any]) -> Iterator[Problem]:
    """Entries of ``platform.external`` that nothing names any more. sections: all of them, by key."""
    named = {each.host for each in named_hosts(sections)}
    for index, entry in enumerate(platform.external):
        if not any(below(host, [entry]) for host in named):
            yield Problem(
                f"platform.external[{index}]", entry, "a host that this file names; nothing names it any more"
            )
