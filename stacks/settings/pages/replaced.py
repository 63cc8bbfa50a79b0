"""Writes README's list of what another company replaces: ``python -m stacks.settings.pages.replaced``."""

import re
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from documents.arguments import read_arguments
from documents.generated import write_part
from documents.sections import Section
from documents.yaml_text import load_yaml
from stacks.settings.between.domains import below
from stacks.settings.model import Settings
from stacks.settings.reading.parse import NAMESPACE

ROOT = Path(__file__).parents[3]
README = ROOT / "README.md"
BEGIN, END = "<!-- replace -->", "<!-- end of replace -->"

KINDS = {
    "Names": "of the workload, and those that are taken once in all of Azure",
    "Domains and hosts": "what is not of `platform.domains` is refused, or named in `platform.external`",
    "Mailboxes": "of alerts, budget and mail",
    "Object ids": "of Entra groups, people and applications",
    "Digests": "of the images that the pipeline pushed",
}
_NAMES = ("platform.short", "platform.suffix", "platform.owner", "registry.name", "registry.resourceGroup")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MAILBOX = re.compile(r"[^@\s]+@([a-z0-9.-]+)")
_HOST = re.compile(r"(?:https?://)?((?:[a-z0-9-]+\.)+[a-z]{2,})(?:/.*)?")


def replaced_keys(config: Mapping[str, Any]) -> dict[str, list[str]]:
    """Keys by kind, ``*`` for names that a file chooses. config: of a stack file, by full key."""
    domains = config[f"{NAMESPACE}:platform"]["domains"]
    found: dict[str, dict[str, None]] = {kind: {} for kind in KINDS}
    for full, section in config.items():
        name = full.removeprefix(f"{NAMESPACE}:")
        for steps, value in _leaves(section, (name,)):
            key = _pattern(steps)
            if kind := _kind(key, str(value), domains):
                found[kind][key] = None
    return {kind: list(keys) for kind, keys in found.items() if keys}


def _kind(key: str, value: str, domains: Sequence[str]) -> str | None:
    mailbox, host = _MAILBOX.fullmatch(value), _HOST.fullmatch(value)
    if mailbox and below(mailbox[1], domains):
        return "Mailboxes"
    if host and (below(host[1], domains) or key.startswith("platform.")):
        return "Domains and hosts"
    if value.startswith("sha256:"):
        return "Digests"
    if _GUID.fullmatch(value):
        return "Object ids"
    return "Names" if key in _NAMES or NAMESPACE in value.lower() else None


def _leaves(value: Any, steps: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _leaves(item, (*steps, name))
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, steps)
    else:
        yield steps, value


def _pattern(steps: Sequence[str]) -> str:
    """The key with ``*`` for each step that is a name of the file's own and no setting's."""
    written = []
    annotation: Any = Settings
    for step in steps:
        section = _member(annotation, Section)
        if section is not None:
            info = next(each for each in section.model_fields.values() if each.alias == step)
            annotation = info.annotation
            written.append(step)
        else:
            mapping = next(each for each in _members(annotation) if typing.get_origin(each) is dict)
            annotation = typing.get_args(mapping)[1]
            written.append(step if annotation is str else "*")
    return ".".join(written)


def _member(annotation: Any, wanted: type) -> Any:
    return next((each for each in _members(annotation) if isinstance(each, type) and issubclass(each, wanted)), None)


def _members(annotation: Any) -> Iterator[Any]:
    """The types that an annotation joins, items of lists too."""
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType, list, tuple):
        for each in typing.get_args(annotation):
            yield from _members(each)
    elif origin is typing.Annotated:
        yield from _members(typing.get_args(annotation)[0])
    else:
        yield annotation


def replaced_list() -> str:
    """README's list, from prod's stack file."""
    config = load_yaml((ROOT / "Pulumi.prod.yaml").read_text(encoding="utf-8"))["config"]
    lines = [
        f"- **{kind}**, {KINDS[kind]}: {', '.join(f'`{key}`' for key in keys)}"
        for kind, keys in replaced_keys(config).items()
    ]
    return "\n".join(lines)


def main() -> None:
    """Write the list into README.md."""
    write_part(README, BEGIN, END, replaced_list())


if __name__ == "__main__":
    read_arguments("stacks.settings.pages.replaced", __doc__)
    main()
