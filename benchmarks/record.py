"""How long it takes to record the platform, against a bare ``set_mocks`` run of the same program in the same run.

Absolute times depend on the machine; the ratios, taken within one run, are what is quoted.
"""

import json
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import yaml
from rich.console import Console

from assurance.recorder.processes import Job, record_stacks
from assurance.stacks import stack_names
from benchmarks.commands import ROOT, make_table, run_module
from documents.arguments import read_arguments
from documents.yaml_text import load_yaml

RUNS = 3
APPS = (4, 10, 20, 40)


def main() -> None:
    """Print the tables."""
    console = Console()
    stacks = stack_names(ROOT)
    bare = {stack: [_process("benchmarks.bare", stack) for _ in range(RUNS)] for stack in stacks}
    recorded = [_process("benchmarks.record_once", *stacks) for _ in range(RUNS)]
    command = [run_module("assurance", "preview", "--mode", "deployed").seconds for _ in range(RUNS)]
    _per_stack(console, stacks, bare, recorded)
    _whole(console, stacks, bare, recorded, command)
    _growth(console)


def _process(module: str, *arguments: str) -> dict[str, Any]:
    """Run a module in a process of its own; its JSON, with the whole process's wall time."""
    took = run_module(module, *arguments)
    result: dict[str, Any] = json.loads(took.text.splitlines()[-1])
    return result | {"process": took.seconds}


def _per_stack(console: Console, stacks: list[str], bare: dict[str, Any], recorded: list[Any]) -> None:
    columns = ("stack", "resources", "bare s", "bare ms each", "recorded s", "recorded ms each", "times faster")
    table = make_table(f"One stack, without imports (median of {RUNS})", *columns)
    for stack in stacks:
        count = bare[stack][0]["resources"]
        slow = median(run["seconds"] for run in bare[stack])
        fast = median(run["alone"][stack] for run in recorded)
        table.add_row(
            stack,
            str(int(count)),
            f"{slow:.2f}",
            f"{1000 * slow / count:.1f}",
            f"{fast:.2f}",
            f"{1000 * fast / count:.1f}",
            f"{slow / fast:.1f}",
        )
    console.print(table)


def _whole(
    console: Console, stacks: list[str], bare: dict[str, Any], recorded: list[Any], command: list[float]
) -> None:
    one_by_one = sum(median(run["process"] for run in bare[stack]) for stack in stacks)
    imports, recording = (median(run[part] for run in recorded) for part in ("imports", "together"))
    console.print(
        f"All {len(stacks)} stacks as whole processes: bare, one after the other {one_by_one:.1f} s; `assurance "
        f"preview` {median(command):.1f} s: {one_by_one / median(command):.1f} times faster. Of it the SDK import "
        f"takes {imports:.1f} s, recording all stacks side by side {recording:.1f} s.",
        highlight=False,
    )


def _growth(console: Console) -> None:
    """Seconds for more and more apps; linear growth keeps the cost of a resource the same."""
    title = "Growth with the number of apps (prod, one recording each)"
    table = make_table(title, "apps", "resources", "seconds", "ms each")
    for apps in APPS:
        with tempfile.TemporaryDirectory() as folder:
            root = project_with_apps(Path(folder), apps)
            record = record_stacks(root, [Job("prod", "deployed")])[0]
        count = len(record.resources)
        table.add_row(str(apps), str(count), f"{record.seconds:.2f}", f"{1000 * record.seconds / count:.1f}")
    console.print(table)


def project_with_apps(folder: Path, apps: int) -> Path:
    """The project with ``apps`` apps in prod; code by symbolic link."""
    for name in ("__main__.py", "Pulumi.yaml", "stacks", "components", "database"):
        (folder / name).symlink_to(ROOT / name)
    document = load_yaml((ROOT / "Pulumi.prod.yaml").read_text(encoding="utf-8"))
    config = document["config"]
    # A marketing site: no role in the database, and no API that others' content policies would have to name.
    template = config["medspasync:apps"]["marketing"]
    for index in range(len(config["medspasync:apps"]), apps):
        hosts = [f"a{index}.{host}" for host in template["hostNames"]]
        config["medspasync:apps"][f"app{index}"] = {**template, "hostNames": hosts}
    (folder / "Pulumi.prod.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return folder


if __name__ == "__main__":
    read_arguments("benchmarks.record", __doc__)
    main()
