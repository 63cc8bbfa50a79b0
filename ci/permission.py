"""Whether somebody said yes to a deployment: an environment without required reviewers looks approved and is not."""

import os
from typing import Literal
from urllib.parse import quote

from assurance.errors import UsageError
from ci.github import GitHub
from documents.reading import data_reader
from documents.sections import Section


class StackRules(Section):
    """Who must say yes before a stack is deployed."""

    approval: Literal["reviewers", "nobody"]


stack_rules = data_reader(__file__, "stacks.yaml", dict[str, StackRules])
"""Rules by stack."""


def refused_permission(stack: str, github: GitHub) -> str | None:
    """Why this run may not deploy a stack; None where it may.

    Raises UsageError for a stack that the rules do not know.
    """
    rules = stack_rules().get(stack)
    if rules is None:
        raise UsageError(f"{stack}: no such stack in ci/stacks.yaml ({', '.join(stack_rules())})")
    if os.environ.get("GITHUB_REF_PROTECTED") != "true":
        return f"{os.environ.get('GITHUB_REF', 'this ref')} is no protected branch: only what was reviewed is deployed"
    if rules.approval == "nobody":
        return None
    if has_reviewers(stack, github) or os.environ.get("GITHUB_EVENT_NAME") == "workflow_dispatch":
        return None
    return (
        f"the environment {stack} has no required reviewers, so that nobody approved this: start the workflow by hand "
        "(Actions, deploy, Run workflow), or give the environment reviewers"
    )


def has_reviewers(stack: str, github: GitHub) -> bool:
    """Whether a job that names the environment waits for somebody. Raises GitHubError when GitHub does not say."""
    environment = github.find(f"environments/{quote(stack, safe='')}") or {}
    rules = environment.get("protection_rules") or []
    return any(rule.get("type") == "required_reviewers" and rule.get("reviewers") for rule in rules)
