"""Which pull request a run was for, and what it touches: asked of GitHub, never read from what the run uploaded."""

import base64
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import AliasPath, BaseModel, Field, ValidationError

from assurance.errors import UsageError
from ci.github import GitHub


class Run(BaseModel):
    """A finished run of pull-request.yml, as the event of the second workflow describes it."""

    id: int
    run_attempt: int = 1
    head_sha: str
    head_branch: str | None = None
    head_owner: Annotated[str | None, Field(validation_alias=AliasPath("head_repository", "owner", "login"))] = None
    """None where the fork is gone."""
    conclusion: str | None = None
    html_url: str = ""

    @classmethod
    def from_environment(cls) -> "Run":
        """As GITHUB_EVENT_PATH describes it. Raises UsageError."""
        file = os.environ.get("GITHUB_EVENT_PATH", "")
        try:
            event = json.loads(Path(file).read_text(encoding="utf-8"))
            return cls.model_validate(event.get("workflow_run"))
        except (OSError, ValueError, AttributeError, ValidationError) as error:
            raise UsageError(f"GITHUB_EVENT_PATH {file}: not the event of a workflow_run: {error}") from error


@dataclass(frozen=True)
class Pull:
    """An open pull request."""

    number: int
    head_sha: str


def find_pull(github: GitHub, run: Run) -> tuple[Pull | None, str]:
    """(the open pull request whose head is the run's commit, why there is none)."""
    if run.head_owner is None or run.head_branch is None:
        return None, "the fork or the branch that the run was of is gone"
    head = f"{run.head_owner}:{run.head_branch}"
    of_branch = list(github.pages("pulls", state="open", head=head))
    found = [Pull(int(each["number"]), str(each["head"]["sha"])) for each in of_branch]
    matches = [each for each in found if each.head_sha == run.head_sha]
    if len(matches) == 1:
        return matches[0], ""
    if matches:
        numbers = ", ".join(f"#{each.number}" for each in matches)
        return None, f"several pull requests have the head {run.head_sha}: {numbers}"
    if found:
        return None, f"the pull request has moved on from {run.head_sha}: a later run speaks for it"
    return None, f"no open pull request has the head {run.head_sha}"


def is_current(github: GitHub, pull: Pull) -> bool:
    """Whether the pull request still is open and has no newer commit."""
    now: Any = github.get(f"pulls/{pull.number}")
    return bool(now["state"] == "open" and now["head"]["sha"] == pull.head_sha)


def changed_files(github: GitHub, pull: Pull) -> list[str]:
    """Every file that the pull request changes, under its new and its former name."""
    files = [
        str(each[key])
        for each in github.pages(f"pulls/{pull.number}/files")
        for key in ("filename", "previous_filename")
        if each.get(key)
    ]
    return list(dict.fromkeys(files))


def fork_point(github: GitHub, pull: Pull, of: str) -> str:
    """The commit at which the pull request forks off from the commit ``of``."""
    compared: Any = github.get(f"compare/{of}...{pull.head_sha}", per_page="1")
    return str(compared["merge_base_commit"]["sha"])


def head_files(github: GitHub, pull: Pull, paths: Iterable[str]) -> dict[str, str | None]:
    """The text of these files as the pull request has them; None for one that is not there, or is no text."""
    return {path: _text_at(github, path, pull.head_sha) for path in paths}


def _text_at(github: GitHub, path: str, sha: str) -> str | None:
    answer: Any = github.find(f"contents/{path}", ref=sha)
    if not isinstance(answer, dict) or answer.get("encoding") != "base64":  # a folder, or more than a megabyte
        return None
    try:
        return base64.b64decode(answer["content"]).decode("utf-8")
    except ValueError:
        return None
