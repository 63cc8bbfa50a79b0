"""Records of the project's own stacks, made once for all tests of a process."""

from __future__ import annotations

import copy
from functools import cache

from assurance.record import Mode, Record
from assurance.recorder.processes import Job, record_stacks
from assurance.stacks import stack_names
from tests.harness import MODES, ROOT

STACKS = stack_names(ROOT)


@cache
def _records() -> dict[Job, Record]:
    jobs = [Job(stack, mode) for stack in STACKS for mode in MODES]
    return dict(zip(jobs, record_stacks(ROOT, jobs), strict=True))


def stack_record(stack: str, mode: Mode = "deployed") -> Record:
    """The record of a stack in a mode; a copy, which a test may alter."""
    return copy.deepcopy(_records()[Job(stack, mode)])
