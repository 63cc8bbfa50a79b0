"""Whether a saved record is what the program declares: rule RECORD-DECLARED.

An altered record can try a check; taken for evidence, every alteration must be named. So the program of the record's
own commit is run again, in the record's mode, and every field that a rule or a reader could rely on is compared.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assurance.basis import commit_of, git
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

_FIRST_FIELDS = ("type", "name", "parent", "id", "inputs", "outputs", "secrets", "options", "dependencies")
_FIELDS = (*_FIRST_FIELDS, "propertyDependencies", "token", "custom", "apiVersion")
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
        return [_unchecked(record, f"the commit {commit} is not in this repository")]
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
    message = f"{counted(len(record.resources), 'resource is', 'resources are')} as the program declares them"
    return [Finding.of(RECORD_DECLARED, "pass", message, stack=record.stack)]


def _resource_findings(record: Record, declared: Record) -> Iterator[Finding]:
    for urn in sorted({*record.by_urn, *declared.by_urn}):
        altered, original = record.by_urn.get(urn), declared.by_urn.get(urn)
        if altered is None:
            yield _fail(record, "the program declares it, and the record has it not", original)
        elif original is None:
            yield _fail(record, "the program does not declare it", altered)
        else:
            paths = _differing(_content(altered, record), _content(original, record))
            if paths:
                yield _fail(record, f"the program declares otherwise: {paths}", altered)


def _stack_findings(record: Record, declared: Record) -> Iterator[Finding]:
    parts: tuple[str, ...] = ("outputs", "supplied", "problems")
    if record.recordVersion > 1:
        parts = (*parts, "notMade", "unknownTypes", "typeAliases")
    for part in parts:
        paths = _differing({part: _plain(getattr(record, part))}, {part: _plain(getattr(declared, part))})
        if paths:
            yield _fail(record, f"the program declares otherwise: {paths}", None)


def _content(resource: Resource, record: Record) -> dict[str, Any]:
    """What is compared of a resource: what a record of this version holds, lines of the program left out."""
    fields = _FIELDS if record.recordVersion > 1 else (*_FIRST_FIELDS, "propertyDependencies")
    content = {name: getattr(resource, name) for name in fields}
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


def _differing(altered: dict[str, Any], original: dict[str, Any]) -> str:
    if altered == original:
        return ""
    pairs = differences(altered, original)
    found = [f"{each.path} = {_short(each.before)}, not {_short(each.after)}" for each in pairs]
    more = f"; and {len(found) - PATHS_NAMED} more" if len(found) > PATHS_NAMED else ""
    return "; ".join(found[:PATHS_NAMED]) + more


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _fail(record: Record, message: str, resource: Resource | None) -> Finding:
    return Finding.of(RECORD_DECLARED, "fail", message, resource, stack=record.stack)


def _unchecked(record: Record, why: str) -> Finding:
    return Finding.of(RECORD_DECLARED, "unchecked", f"not compared with the program: {why}", stack=record.stack)
