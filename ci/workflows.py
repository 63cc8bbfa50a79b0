"""Whether the workflows do what `workflows.yaml` says that they may do, and nothing else."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field

from documents.lines import key_lines, line_of
from documents.problems import Problem
from documents.reading import data_reader
from documents.sections import Section
from documents.words import Text
from documents.yaml_text import compose_yaml, node_data, repeated_keys, yaml_problem

ROOT = Path(__file__).parents[1]
FOLDER = ".github/workflows"

_USES = re.compile(r"^\s*(?:- )?uses:\s*(?P<action>[^@\s]+)@(?P<commit>\S+)(?:\s+#\s*(?P<tag>\S+))?\s*$", re.M)
_SECRET = re.compile(r"secrets\s*(?:\.\s*(\w+)|\[\s*['\"]([^'\"]+)['\"]\s*\])")
_IGNORE = re.compile(r"zizmor:\s*ignore\[([^\]]*)\]")
_RUNNER = re.compile(r"ubuntu-\d+\.\d+")
_TOKEN = re.compile(r"github\s*(?:\.|\[\s*['\"])\s*token|GITHUB_TOKEN|toJSON\(\s*github\s*\)", re.I)
_KEYS = {
    "a workflow": ("name", "on", "permissions", "concurrency", "jobs"),
    "a job": (
        *("name", "if", "needs", "runs-on", "timeout-minutes", "permissions", "environment", "concurrency"),
        *("strategy", "outputs", "env", "steps"),
    ),
    "a step": ("id", "name", "if", "uses", "with", "env", "run", "working-directory"),
}
"""Whatever else a file could say (containers, shells, default values, what fails without being told) it may not."""


class Action(Section):
    """An action of somebody else."""

    commit: Annotated[str, Text(r"^[0-9a-f]{40}$", "a full commit id, of 40 hexadecimal characters")]
    tag: str
    """What the commit is called, as the comment behind it says."""
    read: date
    """When the tag was read in the action's own repository."""


class Ignored(Section):
    """A finding of zizmor that is not to be mended."""

    file: str
    audit: str
    reason: Annotated[str, Field(min_length=40)]


class Job(Section):
    """What a job may have."""

    permissions: dict[str, str] = {}
    actions: list[str] = []
    secrets: list[str] = []
    """Names of the repository's or environment's secrets; ``GITHUB_TOKEN`` is no such secret."""
    token: bool = False
    """Whether a step is given the job's own token."""
    environment: str | None = None
    checkouts: list[dict[str, str]] = []
    """Repositories, with the commit, that it checks out beside the one that the run is of."""


class Workflow(Section):
    """What a workflow may have."""

    triggers: dict[str, Any]
    """``on`` of the file, as a mapping."""
    jobs: dict[str, Job]


class Registry(Section):
    """The whole of `workflows.yaml`."""

    actions: dict[str, Action]
    commands: list[str]
    ignored: list[Ignored]
    workflows: dict[str, Workflow]


read_registry = data_reader(__file__, "workflows.yaml", Registry)
"""What workflows may do."""


def workflow_problems(root: Path = ROOT) -> list[Problem]:
    """Everything that a workflow under ``root`` does and may not, or should and does not."""
    registry = read_registry()
    found = {path.name: path for path in sorted((root / FOLDER).glob("*.y*ml"))}
    problems = [
        Problem(name, None, "a workflow with an entry in ci/workflows.yaml", f"{FOLDER}/{name}")
        for name in found.keys() - registry.workflows.keys()
    ]
    problems += [
        Problem(f"workflows.{name}", None, f"a file {FOLDER}/{name}", "ci/workflows.yaml")
        for name in registry.workflows.keys() - found.keys()
    ]
    problems += [
        Problem("", path.name, "no configuration of zizmor: what it ignores stands in ci/workflows.yaml", path.name)
        for path in (root / ".github").rglob("zizmor.y*ml")
    ]
    for name, path in found.items():
        if name in registry.workflows:
            problems += _file_problems(path, registry.workflows[name], registry)
    return problems


def _file_problems(path: Path, allowed: Workflow, registry: Registry) -> Iterator[Problem]:
    text = path.read_text(encoding="utf-8")
    file = f"{FOLDER}/{path.name}"
    try:
        node = compose_yaml(text)
    except yaml.YAMLError as error:
        yield yaml_problem(error, file)
        return
    data = node_data(node)
    lines = key_lines(node)
    for each in (*repeated_keys(node), *_form_problems(data, allowed), *_job_problems(data, allowed, registry)):
        yield replace(each, file=file, line=line_of(lines, each.key))
    for each in (*_action_problems(text, registry), *_ignore_problems(text, path.name, registry)):
        yield replace(each, file=file)


def _form_problems(data: Mapping[str, Any], allowed: Workflow) -> Iterator[Problem]:
    triggers = data.get("on")
    written = {triggers: None} if isinstance(triggers, str) else triggers
    written = dict.fromkeys(triggers) if isinstance(triggers, list) else written
    yield from _unlike("on", written, "the triggers", allowed.triggers)
    if data.get("permissions") != {}:
        yield Problem("permissions", data.get("permissions"), "{}: each job has its own")
    concurrency = data.get("concurrency")
    if not isinstance(concurrency, dict) or not concurrency.get("group"):
        yield Problem("concurrency", concurrency, "a group: one run at a time for each subject")
    yield from _key_problems("", data, "a workflow")
    if (jobs := set(data.get("jobs") or {})) != allowed.jobs.keys():
        yield Problem("jobs", sorted(jobs), f"the jobs of ci/workflows.yaml: {', '.join(allowed.jobs)}")


def _job_problems(data: Mapping[str, Any], allowed: Workflow, registry: Registry) -> Iterator[Problem]:
    for name, job in (data.get("jobs") or {}).items():
        may = allowed.jobs.get(name)
        if may is None:  # told already
            continue
        key = f"jobs.{name}"
        text = yaml.safe_dump(job)
        yield from _key_problems(key, job, "a job")
        yield from _unlike(f"{key}.permissions", job.get("permissions"), "those", may.permissions)
        yield from _unlike(f"{key}.environment", job.get("environment"), "that", may.environment)
        if not isinstance(job.get("timeout-minutes"), int):
            yield Problem(f"{key}.timeout-minutes", job.get("timeout-minutes"), "a number of minutes")
        if not _RUNNER.fullmatch(str(job.get("runs-on"))):
            yield Problem(f"{key}.runs-on", job.get("runs-on"), "a fixed image, like ubuntu-24.04")
        used = {a or b for a, b in _SECRET.findall(text)}
        if used != set(may.secrets) or re.search(r"secrets:\s*inherit|toJSON\(\s*secrets", text, re.I):
            yield Problem(f"{key}", sorted(used), f"the secrets of ci/workflows.yaml: {may.secrets}")
        if bool(_TOKEN.search(text)) != may.token:
            yield Problem(f"{key}", "github.token", f"token: {str(may.token).lower()} in ci/workflows.yaml")
        actions = {str(step["uses"]).split("@")[0] for step in job.get("steps") or () if "uses" in step}
        if actions != set(may.actions) or "uses" in job:
            yield Problem(f"{key}.steps", sorted(actions), f"the actions of ci/workflows.yaml: {may.actions}")
        for number, step in enumerate(job.get("steps") or ()):
            yield from _step_problems(f"{key}.steps[{number}]", step, registry, may.checkouts)


def _unlike(key: str, written: Any, what: str, allowed: Any) -> Iterator[Problem]:
    """What a file says otherwise than the registry."""
    if written != allowed:
        yield Problem(key, written, f"{what} of ci/workflows.yaml: {allowed}")


def _step_problems(
    key: str, step: Mapping[str, Any], registry: Registry, checkouts: list[dict[str, str]]
) -> Iterator[Problem]:
    command = step.get("run")
    if command is not None:
        begins = any(command == each or command.startswith(f"{each} ") for each in registry.commands)
        if not begins or re.search(r"\$\{\{|[\n;&|`]|\$\(", command.strip()):
            allowed = f"one call without expressions, beginning with {' or '.join(registry.commands)}"
            yield Problem(f"{key}.run", command, allowed)
    if str(step.get("uses", "")).startswith("actions/checkout@"):
        options = step.get("with") or {}
        if options.get("persist-credentials") is not False:
            yield Problem(f"{key}.with", options, "persist-credentials: false")
        of = {name: options[name] for name in ("repository", "ref") if name in options}
        if of and of not in checkouts:
            yield Problem(f"{key}.with", options, "no ref and no repository: the commit that the run is of")
    yield from _key_problems(key, step, "a step")


def _key_problems(key: str, part: Mapping[str, Any], kind: str) -> Iterator[Problem]:
    for name in part.keys() - set(_KEYS[kind]):
        yield Problem(
            f"{key}.{name}".lstrip("."), part[name], f"a key that {kind} here may have: {', '.join(_KEYS[kind])}"
        )


def _action_problems(text: str, registry: Registry) -> Iterator[Problem]:
    pinned = 0
    for match in _USES.finditer(text):
        pinned += 1
        known = registry.actions.get(match["action"])
        if known is None:
            yield Problem("uses", match["action"], "an action of ci/workflows.yaml", line=_line(text, match))
        elif (match["commit"], match["tag"]) != (known.commit, known.tag):
            allowed = f"{match['action']}@{known.commit} # {known.tag}"
            yield Problem("uses", match[0].strip(), allowed, line=_line(text, match))
    if (all_of_them := len(re.findall(r"^\s*(?:- )?['\"]?uses['\"]?\s*:", text, re.M))) != pinned:
        yield Problem("uses", all_of_them - pinned, "every action as NAME@COMMIT # TAG")


def _ignore_problems(text: str, name: str, registry: Registry) -> Iterator[Problem]:
    found = [audit.strip() for match in _IGNORE.finditer(text) for audit in match[1].split(",")]
    allowed = [each.audit for each in registry.ignored if each.file == name]
    if sorted(found) != sorted(allowed):
        yield Problem("zizmor: ignore", found, f"what ci/workflows.yaml says: {allowed}")


def _line(text: str, match: re.Match[str]) -> int:
    return text.count("\n", 0, match.start()) + 1
