"""Built-in roles have one owner for their ids; whoever means one names it."""

from __future__ import annotations

import re

from assurance.project import own_projects
from facts.roles import roles
from policies.projects import OUR_PROJECTS
from policies.rules.identity import TOO_POWERFUL
from tests.harness import ROOT

ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ROOMS = ("components", "stacks", "policies", "assurance", "deployment", "bootstrap")
ELSEWHERE = {"policies/cases.yaml", "policies/attacks.yaml", "stacks/catalogues/queries/azure-powerful-role.kql"}
"""What breaks a rule on purpose, and a query, which Azure runs as it stands."""


def test_id_of_a_role_stands_in_facts_alone() -> None:
    files = [path for room in ROOMS for path in (ROOT / room).rglob("*") if path.suffix in (".py", ".yaml", ".kql")]
    found = {
        path.relative_to(ROOT).as_posix()
        for path in files
        if roles().keys() & set(ID.findall(path.read_text(encoding="utf-8")))
    }
    assert found <= ELSEWHERE


def test_query_knows_every_role_too_powerful() -> None:
    query = (ROOT / "stacks/catalogues/queries/azure-powerful-role.kql").read_text(encoding="utf-8")
    assert roles().keys() >= set(ID.findall(query)) >= TOO_POWERFUL.keys()


def test_projects_of_ours_are_those_with_a_file() -> None:
    assert set(OUR_PROJECTS) == own_projects().keys()
