"""What was approved is what is applied: the paper that a plan leaves, and the deployment that holds to it.

The paper names commit, stack, plan file, stack file and state, each with its hash. Its own hash goes to the deploy job
as an output of the plan job, past the artifact: whoever could change the artifact cannot change that.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import StringConstraints

from assurance.basis import git
from assurance.errors import UsageError
from ci.engine import Engine, state_digest
from documents.problems import DocumentError
from documents.reading import read_document
from documents.sections import Section

FILE, PLAN = "approval.yaml", "plan.json"
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Approval(Section):
    """What a reviewer saw. Hashes are SHA-256."""

    commit: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
    stack: str
    plan: Hash
    stack_file: Hash
    state: Hash


def write_approval(root: Path, folder: Path, engine: Engine) -> str:
    """Write the paper beside the plan; return its own hash.

    Raises UsageError where the working tree is not a commit's.
    """
    text = "".join(f"{key}: '{value}'\n" for key, value in _to_approve(root, folder, engine).items())
    (folder / FILE).write_text(text, encoding="utf-8")
    return file_hash(folder / FILE)


def _to_approve(root: Path, folder: Path, engine: Engine) -> dict[str, str]:
    """What is here, by the keys of the paper."""
    return {
        "commit": _commit(root),
        "stack": engine.stack,
        "plan": file_hash(folder / PLAN),
        "stackFile": file_hash(root / f"Pulumi.{engine.stack}.yaml"),
        "state": state_digest(engine.export()),
    }


def refusals(root: Path, folder: Path, engine: Engine, approved: str) -> list[str]:
    """Why what is here is not what was approved; nothing when it is. approved: hash of the paper, from the plan job."""
    paper = folder / FILE
    if not paper.is_file() or not (folder / PLAN).is_file():
        return [f"{folder}: no {FILE} with its {PLAN}: nothing was approved"]
    if file_hash(paper) != approved:
        return [f"{paper}: SHA-256 {file_hash(paper)}, approved was {approved}"]
    try:
        approval: Approval = read_document(paper, Approval)
    except DocumentError as error:
        return [str(problem) for problem in error.problems]
    return list(_differences(root, folder, engine, approval))


def _differences(root: Path, folder: Path, engine: Engine, approval: Approval) -> Iterator[str]:
    here, approved = _to_approve(root, folder, engine), approval.model_dump(by_alias=True)
    wanted = os.environ.get("GITHUB_SHA", approval.commit)
    if not here["commit"] == approval.commit == wanted:
        yield f"commit: {here['commit']} is here and the run is of {wanted}, approved was {approval.commit}"
    if engine.stack != approval.stack:
        yield f"stack: {engine.stack}, approved was {approval.stack}"
    for key, what in {"plan": "plan file", "stackFile": "stack file", "state": "state"}.items():
        if here[key] != approved[key]:
            yield f"{what}: SHA-256 {here[key]}, approved was {approved[key]}: it changed meanwhile, plan again"


def _commit(root: Path) -> str:
    """The commit of a clean working tree. Raises UsageError for another."""
    commit = git(root, "rev-parse", "HEAD")
    if commit is None:
        raise UsageError(f"{root}: no commit of git")
    if changed := git(root, "status", "--porcelain", "--untracked-files=no"):
        raise UsageError(f"{root}: files differ from {commit}: {', '.join(changed.split()[1::2])}")
    return commit


def file_hash(path: Path) -> str:
    """SHA-256 of a file. Raises UsageError when it is not there."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
