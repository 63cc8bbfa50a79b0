"""The review page of one environment: every setting of its stack file, what it does, and how it differs elsewhere."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from assurance.check.findings import Finding
from assurance.check.stack_files import read_stack_file
from assurance.evidence.stack import StackEvidence
from assurance.evidence.tables import Columns, Table, table_of
from assurance.pages.builder import build_page, running_head
from assurance.stacks import stack_names
from documents.lines import file_lines, line_of
from documents.schemas import member_schema

SCHEMA = Path("docs") / "stack-config.schema.json"
EXCEPTION = re.compile(r"\bEXC-[A-Z0-9-]+")
UNSET = "not set"
SECURE = "encrypted"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting. key: as a finding's origin names it; given: whether the file has it; else its default holds.

    does: what it is for, from the schema. controls, rules: of the findings on what it made. relaxes: exceptions with
    their reasons. elsewhere: the value in the stack that it is compared with, None where it is the same.
    """

    key: str
    line: int | None
    value: str
    given: bool
    default: str
    does: str
    note: str
    controls: tuple[str, ...]
    rules: tuple[str, ...]
    relaxes: tuple[str, ...]
    elsewhere: str | None


@dataclass(frozen=True)
class StackReview:
    """The settings of one stack. other: the stack that it is compared with."""

    evidence: StackEvidence
    file: str
    other: str
    settings: Sequence[Setting]

    def table(self) -> Table:
        """The settings as a table."""
        columns: Columns = {
            "key": lambda each: each.key,
            "value": lambda each: each.value,
            "given": lambda each: "yes" if each.given else "no",
            "default": lambda each: each.default,
            "what it does": lambda each: each.does,
            "comment": lambda each: each.note,
            "controls": lambda each: ", ".join(each.controls),
            "rules": lambda each: ", ".join(each.rules),
            "relaxation": lambda each: "; ".join(each.relaxes),
            f"in {self.other}": lambda each: "the same" if each.elsewhere is None else each.elsewhere,
            "file": lambda _: self.file,
            "line": lambda each: each.line,
        }
        about = "Every setting, its default and what it does"
        return table_of(self.evidence, "settings", about, self.settings, columns)

    def page(self) -> str:
        """The page."""
        basis = self.evidence.report.basis
        sections: dict[str, list[Setting]] = {}
        for each in self.settings:
            sections.setdefault(each.key.split(".")[0], []).append(each)
        return build_page(
            "assurance.evidence",
            "review.html.j2",
            review=self,
            e=self.evidence,
            basis=basis,
            head=running_head(basis, [self.evidence.stack]),
            sections=sections,
        )


def reference_stack(root: Path) -> str:
    """The stack that the others are compared with: the first that patients' data may be in, else the last one."""
    names = stack_names(root)
    return next((name for name in names if _may_hold_phi(root / f"Pulumi.{name}.yaml")), names[-1])


def _may_hold_phi(path: Path) -> bool:
    file = read_stack_file(path)
    return file is not None and file.get("platform.dataClassification") != "test-data"


def review(evidence: StackEvidence, root: Path, other: str) -> StackReview:
    """The settings of a stack's file at ``root``, compared with those of the stack ``other``."""
    path = root / f"Pulumi.{evidence.stack}.yaml"
    file, there = read_stack_file(path), read_stack_file(root / f"Pulumi.{other}.yaml")
    if file is None:
        return StackReview(evidence, path.name, other, [])
    lines, text = file_lines(path), path.read_text(encoding="utf-8").splitlines()
    judged = _by_key(evidence.report.findings, path.name)
    settings = []
    for key, value, given, schema in _walk(file.config, _schema(root)):
        line = line_of(lines, f"config.{key}") if given else None
        found = _about(key, judged)
        known = {f.exception for f in found if f.status == "excepted"} | _named(text, lines, key if given else "")
        exceptions = evidence.register.exceptions
        other_value = _at(there.config if there else {}, key, schema)
        settings.append(
            Setting(
                key=key,
                line=line,
                value=_shown(value),
                given=given,
                default=_shown(schema.get("default")) if "default" in schema else "none: required",
                does=str(schema.get("description", "")),
                note=_comment(text, line),
                controls=tuple(sorted({control for f in found for control in f.controls})),
                rules=tuple(sorted({f.rule for f in found})),
                relaxes=tuple(f"{id_}: {exceptions[id_].reason}" for id_ in sorted(known) if id_ in exceptions),
                elsewhere=None if value == other_value else _shown(other_value),
            )
        )
    return StackReview(evidence, path.name, other, settings)


@cache
def _schema(root: Path) -> dict[str, Any]:
    file = root / SCHEMA
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return content


def _walk(config: Mapping[str, Any], schema: dict[str, Any]) -> Iterator[tuple[str, Any, bool, dict[str, Any]]]:
    """(key, value, whether it is given, its schema) of every setting; what a section leaves out comes with its
    default."""
    yield from _inside("", config, schema.get("properties", {}).get("config", {}), schema.get("$defs", {}))


def _inside(
    key: str, value: Any, node: dict[str, Any], definitions: dict[str, Any]
) -> Iterator[tuple[str, Any, bool, dict[str, Any]]]:
    resolved = _resolved(node, definitions)
    if key and (not isinstance(value, Mapping) or not value or set(value) == {"secure"}):
        yield key, value, True, {**resolved, **node}
        return
    known = resolved.get("properties", {})
    others = member_schema(resolved) or {}
    for name, inner in value.items():
        child = known.get(name, others)
        yield from _inside(f"{key}.{name}" if key else name, inner, child, definitions)
    for name, child in known.items():
        if name not in value and "default" in child:
            yield f"{key}.{name}" if key else name, child["default"], False, {**_resolved(child, definitions), **child}


def _resolved(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """What a node of the schema refers to; of several kinds the one that has members."""
    if "$ref" in node:
        return _resolved(definitions.get(str(node["$ref"]).rsplit("/", 1)[-1], {}), definitions)
    choices = [_resolved(each, definitions) for each in node.get("anyOf", ())]
    return next((each for each in choices if "properties" in each or member_schema(each) is not None), node)


def _by_key(findings: Sequence[Finding], file: str) -> dict[str, list[Finding]]:
    """Findings by the setting of ``file`` that their subject was made from."""
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        origin = finding.origin or {}
        if origin.get("file") == file and finding.status != "not-applicable":
            found.setdefault(str(origin.get("key", "")), []).append(finding)
    return found


def _about(key: str, judged: Mapping[str, list[Finding]]) -> list[Finding]:
    """Findings on what a setting made; of what an outer one made, those that looked at an input of its name."""
    found = list(judged.get(key, ()))
    outer, _, name = key.rpartition(".")
    word = re.compile(rf"\b{re.escape(name)}\b", re.IGNORECASE)
    while outer:
        found += [each for each in judged.get(outer, ()) if word.search(each.seen)]
        outer = outer.rpartition(".")[0]
    return found


def _at(config: Mapping[str, Any], key: str, schema: dict[str, Any]) -> Any:
    value: Any = config
    for part in key.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return schema.get("default", UNSET)
        value = value[part]
    return value


def _shown(value: Any) -> str:
    if isinstance(value, Mapping) and set(value) == {"secure"}:
        return SECURE
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _named(text: Sequence[str], lines: dict[str, int], key: str) -> set[str]:
    """Exceptions that the comments of a setting, and of what it is part of, name."""
    found: set[str] = set()
    while key:
        if f"config.{key}" in lines:
            found |= set(EXCEPTION.findall(_comment(text, lines[f"config.{key}"])))
        key = key.rpartition(".")[0]
    return found


def _comment(text: Sequence[str], line: int | None) -> str:
    """The comment behind a setting, else the lines of comment right above it."""
    if line is None or line > len(text):
        return ""
    behind = re.search(r"(?:^|\s)#\s*(.+)$", re.sub(r"\"[^\"]*\"|'[^']*'", "", text[line - 1]))
    if behind:
        return behind[1].strip()
    above: list[str] = []
    for number in range(line - 2, -1, -1):
        stripped = text[number].strip()
        if not stripped.startswith("#"):
            break
        above.insert(0, stripped.lstrip("# ").rstrip())
    return " ".join(part for part in above if not part.startswith("──")).strip()
