"""Whether a saved record is what the program declares: rule RECORD-DECLARED.

An altered record can try a check; taken for evidence, every alteration must be named. So the program of the record's
own commit is run again, in the record's mode, and every field that a rule or a reader could rely on is compared.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from assurance.basis import REGISTERS, commit_of, git, shallow_hint
from assurance.check.findings import Finding
from assurance.compare.properties import differences
from assurance.compare.revision import checked_out, record_revision
from assurance.project import own_projects, read_project
from assurance.record import Record, Resource
from assurance.stacks import records_for
from documents.counting import counted
from policies.rule import RuleInfo

RECORD_DECLARED = RuleInfo(
    id="RECORD-DECLARED",
    title="A record is what the program declares at the record's own commit",
    severity="critical",
    controls=("164.312(c)(1)", "164.316(b)(1)"),
    remediation="Record the stack again from its commit; judge an altered record with --no-comparison.",
    source="docs/architecture.md, The record",
)
PATHS_NAMED = 20
"""Values named in one message; how many more there are is said."""

_FIELDS = (
    *("type", "name", "parent", "id", "inputs", "outputs", "secrets", "options", "dependencies"),
    *("propertyDependencies", "custom", "token", "apiVersion", "origins"),
)
_PARTS = ("outputs", "supplied", "problems", "notMade", "unknownTypes", "typeAliases")
_NOT_IN_FIRST = ("token", "apiVersion", "origins", "notMade", "unknownTypes", "typeAliases")
"""What records of version 1 do not say: compared where one says it all the same."""
_BASIS = ("date", "stackFile", *REGISTERS)
"""What a clean commit decides of a record's basis; versions of packages are those of where it was recorded."""
_NEW_OPTIONS = ("aliases", "existing")


def record_findings(record: Record, root: Path) -> list[Finding]:
    """The judgement of a saved record. root: the project at hand.

    A commit that is not there, and a tree that was dirty at another commit, leave the record unchecked.
    """
    folder = root if record.project == read_project(root).name else own_projects().get(record.project)
    if folder is None:
        return [_unchecked(record, f"the program of {record.project} is not here")]
    commit, here = record.basis.get("commit"), commit_of(folder)
    if commit is None or (commit == here["commit"] and (record.basis.get("dirty") or not here["dirty"])):
        (declared,) = records_for([record.stack], record.mode, project=folder)
        return judge_record(record, declared)
    if git(folder, "cat-file", "-e", f"{commit}^{{commit}}") is None:
        return [_unchecked(record, f"the commit {commit} is not in this repository{shallow_hint(folder)}")]
    if record.basis.get("dirty"):
        return [_unchecked(record, f"it was recorded from files that differed from the commit {commit}")]
    with checked_out(folder, commit) as revision:
        (declared,), _ = record_revision(revision, [record.stack], record.mode)
    return judge_record(record, declared)


def judge_record(record: Record, declared: Record) -> list[Finding]:
    """Every resource and every part of ``record`` that is not as in ``declared``; one that passes where all is."""
    findings = [*_resource_findings(record, declared), *_stack_findings(record, declared)]
    if findings:
        return findings
    commit = record.basis.get("commit")
    where = f" at commit {commit[:12]}" if commit else ""
    message = f"{counted(len(record.resources), 'resource is', 'resources are')} as the program declares them{where}"
    return [Finding.of(RECORD_DECLARED, "pass", message, stack=record.stack)]


def _resource_findings(record: Record, declared: Record) -> Iterator[Finding]:
    for urn in sorted({*record.by_urn, *declared.by_urn}):
        altered, original = record.by_urn.get(urn), declared.by_urn.get(urn)
        if altered is None:
            yield _fail(record, "the program declares it, and the record has it not", original)
        elif original is None:
            yield _fail(record, "the program does not declare it", altered)
        else:
            names = _said(_FIELDS, altered, record)
            message = _difference(_content(altered, names, record), _content(original, names, record))
            if message:
                yield _fail(record, message, altered)


def _stack_findings(record: Record, declared: Record) -> Iterator[Finding]:
    pairs = [(part, getattr(record, part), getattr(declared, part)) for part in _said(_PARTS, record, record)]
    if record.basis.get("commit") and not record.basis.get("dirty"):
        shared = [key for key in _BASIS if key in declared.basis]
        pairs += [(f"basis.{key}", record.basis.get(key), declared.basis[key]) for key in shared]
    for part, altered, original in pairs:
        message = _difference({part: _plain(altered)}, {part: _plain(original)})
        if message:
            yield _fail(record, message, None)


def _said(names: Sequence[str], holder: Record | Resource, record: Record) -> list[str]:
    """Those of ``names`` that are compared: all, but what a record of version 1 does not say."""
    return [name for name in names if record.recordVersion > 1 or name not in _NOT_IN_FIRST or getattr(holder, name)]


def _content(resource: Resource, names: Sequence[str], record: Record) -> dict[str, Any]:
    """The fields of a resource that are compared, lines of the program left out."""
    content = {name: getattr(resource, name) for name in names}
    if "origins" in content:
        content["origins"] = _plain(content["origins"])
    if record.recordVersion == 1:
        content["options"] = {key: value for key, value in resource.options.items() if key not in _NEW_OPTIONS}
    return content


def _plain(value: Any) -> Any:
    """Without lines of the program and of files, which are no part of what is declared."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if key not in ("source", "line")}
    return value


def _difference(altered: dict[str, Any], original: dict[str, Any]) -> str:
    """What is declared otherwise, in words; empty where nothing is. 1 is neither true nor 1.0, as in JSON."""
    if _text(altered) == _text(original):
        return ""
    pairs = differences(altered, original)
    named = [f"{each.path} = {_short(each.before)}, not {_short(each.after)}" for each in pairs]
    if not named:  # nothing but a null more, or less
        named = [f"{key} has a null more or less" for key in altered if _text(altered[key]) != _text(original[key])]
    more = f"; and {len(named) - PATHS_NAMED} more" if len(named) > PATHS_NAMED else ""
    return f"the program declares otherwise: {'; '.join(named[:PATHS_NAMED])}{more}"


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _fail(record: Record, message: str, resource: Resource | None) -> Finding:
    return Finding.of(RECORD_DECLARED, "fail", message, resource, stack=record.stack)


def _unchecked(record: Record, why: str) -> Finding:
    return Finding.of(RECORD_DECLARED, "unchecked", f"not compared with the program: {why}", stack=record.stack)
