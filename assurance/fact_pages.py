"""Writes the parts of pages that facts decide: ``python -m assurance.fact_pages``."""

from collections.abc import Callable, Iterator
from pathlib import Path

from documents.arguments import read_arguments
from documents.generated import write_part
from facts.decisions import Unknown
from facts.lifecycle import lifecycle
from facts.policy_initiatives import policy_definitions
from facts.soft_delete import remains
from facts.types import resource_types

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- from facts: begin (python -m assurance.fact_pages) -->", "<!-- from facts: end -->"
NAMES = {
    "taken": "**taken**",
    "free": "free at once",
    "returns": "making it again under its name brings it back",
    "none": "–",
}


def deleted_table() -> Iterator[str]:
    """What a destroy leaves: a row of facts/soft_delete.yaml each."""
    yield "| what | stays how long | its name meanwhile | how to use the name again, or be rid of it | source |"
    yield "|---|---|---|---|---|"
    for row in remains():
        kept = f"`{row.setting}`: {row.kept}" if row.setting else row.kept
        name = NAMES[row.name] + (f", {row.scope}" if row.scope and row.name != "none" else "")
        yield f"| {row.what} | {kept} | {name} | {row.again} | {row.source} |"


def unknown_table() -> Iterator[str]:
    """What nobody could look up: unknown cells of facts/types.yaml, and ends without a day."""
    yield "| what | unknown | where one looked |"
    yield "|---|---|---|"
    cells: dict[tuple[str, str], list[str]] = {}
    for key, row in resource_types().items():
        for cell in row.unknown().items():
            cells.setdefault(cell, []).append(key.removeprefix("azure-native:"))
    for (column, looked), types in cells.items():
        yield f"| {', '.join(sorted(types))} | {column} | {looked} |"
    for end in lifecycle().ends.values():
        if isinstance(end.ends, Unknown):
            yield f"| {end.subject} | the day it ends | {end.ends.unknown} |"


def initiative_table() -> Iterator[str]:
    """How the platform meets the definitions of the compliance initiatives: a row of facts/policy_initiatives.yaml
    each."""
    yield "| definition | initiative | met by |"
    yield "|---|---|---|"
    for row in policy_definitions().values():
        value = getattr(row, row.answer)
        listed = ", ".join(f"`{each}`" for each in value) if isinstance(value, list) else str(value)
        met = {
            "settings": f"setting {listed} under `security`, where it is on",
            "preflight": f"`deployment preflight`, check `{value}`",
            "exemption": "an exemption: `stacks/catalogues/policy_exemptions.yaml`",
            "absent": f"nothing to judge: {value}",
            "outside": f"outside the program: {value}",
        }.get(row.answer, f"{row.answer[:-1]} {listed}")
        yield f"| {row.title} | {', '.join(row.references)} | {met} |"


PAGES: dict[str, Callable[[], Iterator[str]]] = {
    "docs/what-a-destroy-leaves.md": deleted_table,
    "docs/azure-unproven.md": unknown_table,
    "docs/policy-initiatives.md": initiative_table,
}


def main() -> None:
    """Write every page."""
    for name, table in PAGES.items():
        write_part(ROOT / name, BEGIN, END, "\n".join(table()))


if __name__ == "__main__":
    read_arguments("assurance.fact_pages", __doc__)
    main()
