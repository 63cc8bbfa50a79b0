"""What a text gives away, line by line and across lines; how a file is written tells how to read it."""

from collections.abc import Iterator
from pathlib import Path

from assurance.scan.across import hits_across
from assurance.scan.lines import LONGEST_LINE, Hit, Manner, kinds
from policies.secrets import worth_a_look

OVERLAP = 400
"""Characters that two parts have in common, so that no secret is cut in two."""
CODE = (".py", ".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".go", ".java", ".cs", ".rb", ".php", ".rs", ".kt", ".vue")
BARE = (".yaml", ".yml", ".env", ".properties", ".ini", ".cfg", ".conf", ".toml", ".tfvars", ".sh", ".envrc", ".http")
PROSE = (".md", ".rst", ".adoc")


def manner_of(file: Path) -> Manner:
    """How a file of this name is written."""
    bare = file.suffix in BARE or file.name.startswith((".env", ".npmrc", "Dockerfile", "Containerfile"))
    return Manner(bare=bare, code=file.suffix in CODE, prose=file.suffix in PROSE)


def hits(text: str, manner: Manner) -> Iterator[Hit]:
    """Every secret in a text, one for each line."""
    among = worth_a_look(text)
    known = set()
    for number, line in enumerate(text.splitlines(), start=1):
        found = next((kind for part in _parts(line) for kind in kinds(part, among, manner)), None)
        if found is not None:
            known.add(number)
            yield Hit(number, found, line.strip())
    for hit in hits_across(text):
        if hit.line not in known:
            known.add(hit.line)
            yield hit


def _parts(line: str) -> list[str]:
    if len(line) <= LONGEST_LINE:
        return [line]
    return [line[start : start + LONGEST_LINE] for start in range(0, len(line), LONGEST_LINE - OVERLAP)]
