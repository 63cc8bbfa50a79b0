"""Writes the pack for other projects: `make pack`, or `python -m policies.packing DIR`.

DIR then holds the pack with the rooms that it needs and its pinned requirements, and works under any name: without this
repository, and without its registers, which are about our own stacks.
"""

import ast
import re
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

from documents.arguments import read_arguments

ROOT = Path(__file__).parents[1]
OUT = ROOT / "out" / "pack"
ROOMS = ("policies", "facts", "documents")
PRIVATE = "rooms"
"""The folder of the rooms in the pack; first on its path."""
LEFT_OUT = {f"policies/{name}.py" for name in ("__main__", "packing", "catalogue", "accepted_changes")}
"""What only this repository uses."""
_REGISTERS = re.compile(r"policies/[a-z_]+\.yaml")

_MAIN = f'''\
"""The pack's entry point: the policy host runs this file."""

import datetime
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER / "{PRIVATE}"))

from policies.server import serve

serve(FOLDER, datetime.datetime.now(datetime.UTC).date())
'''
_README = """\
# medspasync-hipaa: rules for Azure under HIPAA, for any Pulumi program of azure-native resources

    python3 -m venv venv && venv/bin/pip install --require-hashes -r requirements.txt
    pulumi preview --policy-pack FOLDER_OF_THIS_PACK

Levels and registers: `--policy-pack-config FILE`, where FILE is JSON such as

    {"pack": {"levels": {"medium": "advisory", "KV-PRIVATE": "mandatory"}, "exceptions": "policies/exceptions.yaml"}}

Without it, exceptions and trusted strangers are read from `policies/exceptions.yaml` and `policies/trusted.yaml` of the
project that is previewed, where they are there.
"""


def write_pack(target: Path = OUT) -> Path:
    """Write the pack into ``target``, in place of an older one; returns it.

    Raises FileExistsError for a folder with something else in it.
    """
    if target.exists():
        if any(target.iterdir()) and not (target / PRIVATE / "policies" / "server.py").is_file():
            raise FileExistsError(f"{target}: it holds something else than a pack")
        shutil.rmtree(target)
    for file in sorted(_files()):
        copy = target / PRIVATE / file
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / file, copy)
    (target / "__main__.py").write_text(_MAIN, encoding="utf-8")
    (target / "README.md").write_text(_README, encoding="utf-8")
    project = (ROOT / "policies/PulumiPolicy.yaml").read_text(encoding="utf-8")
    (target / "PulumiPolicy.yaml").write_text(project.replace("../.venv", "venv"), encoding="utf-8")
    pinned = requirements((ROOT / "requirements-dev.txt").read_text(encoding="utf-8"), needed(target / PRIVATE))
    (target / "requirements.txt").write_text(pinned, encoding="utf-8")
    return target


def _files() -> Iterator[str]:
    for room in ROOMS:
        for path in (ROOT / room).rglob("*"):
            file = path.relative_to(ROOT).as_posix()
            ours = path.suffix in (".py", ".yaml") and not _REGISTERS.fullmatch(file)
            if path.is_file() and ours and file not in LEFT_OUT and path.name != "PulumiPolicy.yaml":
                yield file


def needed(folder: Path) -> set[str]:
    """Distributions that the modules in ``folder`` import."""
    by_module = packages_distributions()
    modules = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.split(".")[0])
    outside = modules - set(ROOMS) - sys.stdlib_module_names
    return {_name(each) for module in outside for each in by_module.get(module, [module])} & {
        _name(each) for each in _blocks((ROOT / "requirements-dev.txt").read_text(encoding="utf-8"))
    }


def requirements(pinned: str, roots: set[str]) -> str:
    """The part of compiled requirements that ``roots`` need: theirs, and what came in by way of them."""
    blocks = _blocks(pinned)
    wanted = set(roots)
    while more := {name for name, block in blocks.items() if name not in wanted and _via(block) & wanted}:
        wanted |= more
    return "".join(re.sub(r"(?m)^ +#.*\n", "", block) for name, block in blocks.items() if name in wanted)


def _blocks(pinned: str) -> dict[str, str]:
    """Each requirement's text by its name: the line, its hashes, and who asks for it."""
    found = re.split(r"(?m)^(?=[A-Za-z0-9])", pinned)
    return {_name(re.split(r"[=\[ ]", block, maxsplit=1)[0]): block for block in found if "==" in block}


def _via(block: str) -> set[str]:
    """Who asks for a requirement, by uv's comment below it."""
    comments = re.findall(r"^ +# (?:via)? *(\S+)", block, re.MULTILINE)
    return {_name(each) for each in comments if each != "via"}


def _name(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


if __name__ == "__main__":
    written = write_pack(Path(*read_arguments("policies.packing", __doc__, {"FOLDER": "?"}) or [str(OUT)]))
    print(f"pack written to {written}: pulumi preview --policy-pack {written}")
