"""Record stacks once, as the command does, and once more one by one; print the times as JSON.

python -m benchmarks.record_once STACK...
"""

import json
import time

from assurance.recorder.processes import Job, record_stacks
from assurance.recorder.sdk_import import import_sdk
from benchmarks.commands import ROOT
from documents.arguments import read_arguments


def run(stacks: list[str]) -> dict[str, object]:
    """imports: seconds to import the SDK; together: all stacks side by side; alone: seconds of each stack by itself."""
    started = time.perf_counter()
    import_sdk(ROOT)
    imports = time.perf_counter() - started
    started = time.perf_counter()
    record_stacks(ROOT, [Job(stack, "deployed") for stack in stacks])
    together = time.perf_counter() - started
    alone = {stack: record_stacks(ROOT, [Job(stack, "deployed")])[0].seconds for stack in stacks}
    return {"imports": imports, "together": together, "alone": alone}


if __name__ == "__main__":
    print(json.dumps(run(read_arguments("benchmarks.record_once", __doc__, {"STACK": "*"}))))
