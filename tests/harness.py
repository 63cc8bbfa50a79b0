"""Runs a piece of a program under the recorder: the one way in which tests build resources."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from assurance.record import Mode, Record, Resource
from assurance.recorder.program import record_program
from stacks.recording import follow_entries

ROOT = Path(__file__).parents[1]
MODES: tuple[Mode, Mode] = ("preview", "deployed")


def record(build: Callable[[], Any], mode: Mode = "deployed") -> Record:
    """What ``build`` declares, and from which entries; fails on anything that a mock would hide (dropped inputs,
    duplicates, leaks)."""
    with follow_entries(ROOT) as entries:
        result = record_program(build, stack="test", mode=mode, root=ROOT, origins=entries.origins)
    result.notMade = entries.not_made()
    assert result.problems == []
    return result


def only(result: Record, type_: str) -> Resource:
    """The one resource of ``type_`` (``keyvault:Vault``); fails when there are none or several."""
    found = result.of_type(type_)
    assert len(found) == 1, f"{len(found)} resources of {type_}"
    return found[0]


def entry_of(resource: Resource) -> tuple[str, str]:
    """File and key of the entry that a resource was made from; fails when it names none."""
    assert resource.origin is not None, f"{resource.name} names no entry"
    return resource.origin["file"], resource.origin["key"]
