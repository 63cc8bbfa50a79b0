"""Whether GitHub holds a deployment of a stack until somebody approves it.

Environments have required reviewers in public repositories, and in private ones of GitHub Enterprise only
(docs.github.com, Managing environments for deployment). Where they have none, a job that names an environment runs at
once: it looks approved and is not. REST: GET /repos/{owner}/{repo}/environments/{name}, version 2022-11-28.
"""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from deployment.step import Result
from deployment.tools import Tools

BY_HAND = "start the deploy workflow by hand, for a commit on the protected branch: nobody else approves it"


def github_results(tools: Tools, stack: str) -> Iterator[Result]:
    """What holds a deployment: required reviewers, and the branches that may deploy."""
    repository = _repository(tools)
    if repository is None:
        yield Result("repository", "failed", "no GITHUB_REPOSITORY, and no origin of git at GitHub")
        return
    status, text = tools.github(f"/repos/{repository}/environments/{quote(stack, safe='')}")
    if status != 200:
        why = {401: "sign in: GITHUB_TOKEN", 403: "the token may not read environments", 404: "there is none"}
        yield Result(stack, "missing", f"environment of {repository}: {why.get(status, f'GitHub answers {status}')}")
        return
    environment = json.loads(text)
    rules = [rule for rule in environment.get("protection_rules") or [] if rule.get("type") == "required_reviewers"]
    reviewers = [who for rule in rules for who in rule["reviewers"]]
    if not reviewers:
        yield Result(stack, "missing", f"environment of {repository} without required reviewers: {BY_HAND}")
    else:
        alone = any(rule.get("prevent_self_review") is False for rule in rules)
        message = f"{len(reviewers)} reviewers" + (", who may approve their own run" if alone else "")
        yield Result(stack, "holds", f"a deployment waits for one of {message}")
    yield _branches(stack, environment.get("deployment_branch_policy"))


def _branches(stack: str, policy: dict[str, Any] | None) -> Result:
    if not policy:
        return Result(stack, "missing", "every branch may deploy: choose protected branches only")
    if policy.get("protected_branches"):
        return Result(stack, "holds", "only protected branches deploy")
    return Result(stack, "holds", "only the branches and tags that the environment names deploy")


def _repository(tools: Tools) -> str | None:
    """``owner/name``: in a workflow from its environment, else from git's origin."""
    if given := tools.environment.get("GITHUB_REPOSITORY"):
        return given
    origin = tools.ask(["git", "remote", "get-url", "origin"]) or ""
    found = re.search(r"github\.com[:/]([^/\s]+/[^/\s]+?)(?:\.git)?\s*$", origin)
    return found[1] if found else None
