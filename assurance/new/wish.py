"""What somebody wants of a new stack, and what follows from the stacks that are there."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from assurance.check.stack_files import StackFile, read_stack_file
from assurance.errors import UsageError
from documents.problems import did_you_mean
from facts.regions import regions

KINDS = ("api", "web", "marketing")
"""Which Front Door endpoint and firewall policy an app is behind."""
CLASSES = ("phi", "test-data")
SIZES = ("small", "production")

_STACK = re.compile(r"[a-z][a-z0-9]{1,19}")
_APP = re.compile(r"(?=.{2,12}$)[a-z][a-z0-9]*(-[a-z0-9]+)*")
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")
_ADDRESSES = IPv4Network("10.40.0.0/14")
"""Where ranges of new stacks are taken from: sixty-four of a /20."""
_RANGE = 20


@dataclass(frozen=True)
class Wish:
    """A new stack as its options name it. apps: kind by name, in the order given."""

    stack: str
    region: str
    domain: str
    apps: Mapping[str, str]
    classification: str
    size: str

    @property
    def cheap(self) -> bool:
        """Whether it may relax what costs: test data, and small."""
        return self.classification == "test-data" and self.size == "small"

    @property
    def reader(self) -> str:
        """The app that reads the database: ``backend``, which has a role there (database/roles.yaml); else none yet."""
        return "backend" if "backend" in self.apps else ""


def read_wish(stack: str, region: str, domain: str, apps: Sequence[str], classification: str, size: str) -> Wish:
    """The wish that options name. Raises UsageError with every mistake, and what is allowed."""
    messages = list(_mistakes(stack, region, domain, classification, size))
    kinds: dict[str, str] = {}
    for text in apps:
        name, _, kind = text.partition(":")
        if not _APP.fullmatch(name) or kind not in KINDS:
            form = "NAME:KIND, a name of 2 to 12 lower-case letters, digits and hyphens"
            near = "" if kind in KINDS else did_you_mean(kind, KINDS)
            messages.append(f"--app {text}: {form}, a kind of {', '.join(KINDS)}; for example backend:api{near}")
        elif name in kinds:
            messages.append(f"--app {text}: each name once")
        elif name in ("keys", "geo", "database"):
            messages.append(f"--app {text}: another name: vaults of the platform are called so")
        kinds[name] = kind
    if not apps:
        messages.append("--app: at least one, NAME:KIND, for example backend:api")
    if messages:
        raise UsageError(*messages)
    return Wish(stack, region, domain, kinds, classification, size)


def fitting_regions(wish: Wish) -> list[str]:
    """Regions that offer what a stack of this kind asks for."""
    return [
        name
        for name, region in regions().items()
        if wish.cheap
        or (
            region.zones
            and region.front_door_private_link
            and region.postgres.zone_redundant is True
            and region.postgres.geo_backup
            and "ds_v5" in region.postgres.compute
        )
    ]


def _mistakes(stack: str, region: str, domain: str, classification: str, size: str) -> Iterator[str]:
    if not _STACK.fullmatch(stack):
        yield f"{stack}: a stack's name: 2 to 20 lower-case letters and digits, a letter first, like qa"
    if region not in regions():
        yield f"--region {region}: a region of facts/regions.yaml, like centralus{did_you_mean(region, regions())}"
    if not _DOMAIN.fullmatch(domain):
        yield f"--domain {domain}: a domain in lower case, like qa.example.com"
    for name, value, allowed in (("classification", classification, CLASSES), ("size", size, SIZES)):
        if value not in allowed:
            yield f"--{name} {value}: {' or '.join(allowed)}{did_you_mean(value, allowed)}"


@dataclass(frozen=True)
class Place:
    """What a new stack may take beside the others. network: its address range; owner: whether it owns its
    subscription; registry: (name, resource group), the others' where they have one."""

    short: str
    code: str
    suffix: str
    network: IPv4Network
    owner: bool
    registry: tuple[str, str]

    def subnet(self, number: int, prefix: int) -> str:
        """The first range of this size in the ``number``-th /24 of the network."""
        part = list(self.network.subnets(new_prefix=24))[number]
        return str(next(part.subnets(new_prefix=prefix)))


def find_place(wish: Wish, root: Path) -> Place:
    """What is free beside the stack files of the project. Raises UsageError where a code or a range cannot be found."""
    files = [each for path in root.glob("Pulumi.*.yaml") if (each := read_stack_file(path))]
    others = [each for each in files if each.path.name != f"Pulumi.{wish.stack}.yaml"]
    taken = [IPv4Network(text, strict=False) for text in _values(others, "network.addressSpace")]
    free = [each for each in _ADDRESSES.subnets(new_prefix=_RANGE) if not any(map(each.overlaps, taken))]
    if not free:
        raise UsageError(f"no free address range in {_ADDRESSES}: give a stack file of yours another one")
    codes = {str(value) for value in _values(others, "platform.code")}
    code = next((each for each in _codes(wish.stack) if each not in codes), None)
    if code is None:
        raise UsageError(f"{wish.stack}: no short code is free beside {', '.join(sorted(codes))}: choose another name")
    registries = [(str(each["name"]), str(each["resourceGroup"])) for each in _values(others, "registry")]
    words = wish.domain.split(".")
    short = next(iter(_values(others, "platform.short")), re.sub(r"[^a-z]", "", words[-2])[:4].ljust(2, "x"))
    own = (re.sub(r"[^a-z0-9]", "", words[-2]).ljust(5, "x")[:40] + "images", f"rg-{short}-shared")
    return Place(
        short=str(short),
        code=code,
        suffix=f"{sha256(f'{wish.stack} {wish.domain}'.encode()).hexdigest()[:3]}{wish.stack[0]}",
        network=free[0],
        owner=wish.classification == "phi",
        registry=next(iter(registries), own),
    )


def _values(files: Sequence[StackFile], key: str) -> list[Any]:
    return [each.get(key) for each in sorted(files, key=lambda file: file.path.name) if each.get(key)]


def _codes(stack: str) -> Iterator[str]:
    yield stack[:4]
    yield from (f"{stack[:3]}{number}" for number in range(1, 10))


def first_of_next_month(today: date) -> date:
    """The first day on which a new budget may start that is still to come."""
    return date(today.year + today.month // 12, today.month % 12 + 1, 1)
