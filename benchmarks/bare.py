"""The yardstick: the same program under the SDK's own ``set_mocks``, as any Pulumi project would run it in a test.

    python -m benchmarks.bare STACK      prints {"resources", "seconds", "imports"} as JSON

The mocks answer with the same simulated outputs as the recorder, so that the program does the same work.
"""

import asyncio
import importlib
import json
import runpy
import time
from typing import Any

import pulumi
from pulumi.runtime import mocks
from pulumi.runtime import settings as runtime_settings
from pulumi.runtime.stack import run_pulumi_func

from assurance.recorder import simulate
from assurance.recorder.sdk_import import sdk_modules
from assurance.recorder.stack import PLACEHOLDER
from benchmarks.commands import ROOT
from documents.arguments import read_arguments


class SimulatedMocks(mocks.Mocks):
    """Mocks with the simulation's answers, and a count."""

    def __init__(self) -> None:
        self.resources = 0

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:  # type: ignore[override]  # a dict alone is fine too
        """Answer a provider function."""
        return simulate.invoked(args.token) or {}

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Answer a registration."""
        self.resources += 1
        if not args.custom:
            return None, {}
        return simulate.deployed(simulate.Registration(token=args.typ, name=args.name, inputs=args.inputs))


def run(stack: str) -> dict[str, float]:
    """Run the program of ``stack`` once; seconds without imports."""
    from stacks.recording import stack_config

    started = time.perf_counter()
    for name in sorted(set(sdk_modules(ROOT))):  # as any project would: no cache of compiled files, no frozen collector
        hasattr(importlib.import_module(name), "_inputs")
    imported = time.perf_counter() - started
    with stack_config(ROOT, stack, PLACEHOLDER) as known:
        config, secret_keys = known.values, known.secret_keys
    counted = SimulatedMocks()
    started = time.perf_counter()

    def program() -> None:
        runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")

    async def main() -> None:
        runtime_settings.set_root_resource(None)  # type: ignore[arg-type]
        mocks.set_mocks(counted, project="medspasync", stack=stack, preview=False)
        pulumi.runtime.set_all_config(config, secret_keys)
        await run_pulumi_func(program)

    asyncio.run(main())
    return {"resources": counted.resources, "seconds": time.perf_counter() - started, "imports": imported}


if __name__ == "__main__":
    print(json.dumps(run(*read_arguments("benchmarks.bare", __doc__, {"STACK": "1"}))))
