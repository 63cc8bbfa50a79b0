"""A saved record of a stack (`assurance preview STACK --mode deployed --json FILE`), as a deployment reads it."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from deployment.errors import UsageError
from deployment.inputs import read_given
from documents.json_reading import parse_json
from facts.regions import region_name
from facts.tokens import type_key

_RANDOM = "random:index/"


@dataclass(frozen=True, kw_only=True)
class Declared:
    """One declared resource of Azure.

    type: its version-blind key; id: ARM id with the record's invented subscription; arm: ARM type
    (``Microsoft.KeyVault/vaults``); api_version: with which it is sent, None where the record does not say.
    """

    urn: str
    type: str
    name: str
    id: str
    arm: str
    api_version: str | None
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    options: Mapping[str, Any]
    generated: frozenset[str]
    """Inputs that depend on a generated value: known after the first `up` only."""

    @property
    def location(self) -> str | None:
        """Its region as an id (``eastus2``); None for what is global."""
        text = self.inputs.get("location")
        plain = region_name(text) if isinstance(text, str) else "global"
        return None if plain == "global" else plain

    @property
    def last_name(self) -> str:
        """Its own name in Azure."""
        return self.id.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Record:
    """What a stack declares."""

    stack: str
    resources: list[Declared]
    outputs: Mapping[str, Any]
    supplied: list[str]
    """Secrets that must be in the stack's config."""

    def of(self, *types: str) -> list[Declared]:
        """Resources of these types."""
        return [one for one in self.resources if one.type in types]

    @cached_property
    def subscription(self) -> str:
        """The subscription that the record invented, ``/subscriptions/…``."""
        return next((one.id[: one.id.index("/", 15)] for one in self.resources if one.id.count("/") > 2), "")

    @cached_property
    def groups(self) -> list[str]:
        """Names of the stack's resource groups."""
        return [one.last_name for one in self.resources if one.type == "azure-native:resources:ResourceGroup"]


def arm_type(resource_id: str) -> str:
    """The ARM type that an id names: ``Microsoft.Web/sites/slots``; resource groups have a type too."""
    own = re.split("/providers/", resource_id, flags=re.IGNORECASE)
    if len(own) == 1:
        return "Microsoft.Resources/resourceGroups" if "/resourceGroups/" in resource_id else ""
    namespace, *rest = own[-1].split("/")
    return "/".join([namespace, *rest[::2]])


def load_record(stack: str, file: str | None) -> Record:
    """The record of ``stack``: from a file (``-``: standard input), else made now by `assurance`, in its own process.

    Raises UsageError when it cannot be had, or is another stack's.
    """
    text, origin = _text(stack, file)
    try:
        data = parse_json(text)
        found = Record(
            stack=data["stack"],
            resources=list(_declared(data["resources"])),
            outputs=data.get("outputs") or {},
            supplied=list(data.get("supplied") or []),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise UsageError(f"{origin}: no record of a stack ({type(wrong).__name__}: {wrong})") from wrong
    if found.stack != stack.rsplit("/", 1)[-1]:
        raise UsageError(f"{origin}: this is a record of stack {found.stack}, not of {stack}")
    if data.get("mode", "deployed") != "deployed":
        raise UsageError(f"{origin}: mode = {data['mode']}: deployed (a preview does not know the names)")
    return found


def _text(stack: str, file: str | None) -> tuple[str, str]:
    if file:
        return read_given("--record", file), f"--record {file}"
    asked = [sys.executable, "-m", "assurance", "preview", stack, "--mode", "deployed", "--json", "-"]
    made = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 - a list, no shell
    if made.returncode:
        raise UsageError(f"assurance preview {stack}: {made.stderr.strip() or 'failed'}; or give --record FILE")
    return made.stdout, f"assurance preview {stack}"


def _declared(resources: list[dict[str, Any]]) -> Iterator[Declared]:
    for one in resources:
        resource_id = str(one.get("id") or "")
        if not str(one["type"]).startswith("azure-native") or not resource_id.startswith("/"):
            continue
        made_of = one.get("propertyDependencies") or {}
        yield Declared(
            urn=one["urn"],
            type=type_key(one["type"]),
            name=one["name"],
            id=resource_id,
            arm=arm_type(resource_id),
            api_version=one.get("apiVersion"),
            inputs=one.get("inputs") or {},
            outputs=one.get("outputs") or {},
            options=one.get("options") or {},
            generated=frozenset(key for key, urns in made_of.items() if any(_RANDOM in urn for urn in urns)),
        )
