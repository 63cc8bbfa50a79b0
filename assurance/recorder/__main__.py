"""Records stacks of the project in this folder into files: how a comparison asks a revision for its own records.

python -m assurance.recorder MODE FOLDER STACK...     writes FOLDER/<stack>.json, and the ids of its rules to rules.json

Exit codes are those of the command: 2 with a line for each mistake, 3 with the program's own frames.
"""

import json
import sys
from pathlib import Path
from typing import Any

from assurance.errors import ProgramError, UsageError
from assurance.recorder.processes import Job, record_stacks
from documents.arguments import read_arguments


def main(mode: Any, folder: Path, stacks: list[str]) -> int:
    """Record ``stacks`` of the project in the current folder."""
    from policies.rules import RULES

    try:
        records = record_stacks(Path.cwd(), [Job(stack, mode) for stack in stacks])
    except UsageError as error:
        print("\n".join(error.messages), file=sys.stderr)
        return 2
    except ProgramError as error:
        print(f"{error}\n{error.detail}", file=sys.stderr)
        return 3
    for record in records:
        (folder / f"{record.stack}.json").write_text(record.to_json(), encoding="utf-8")
    (folder / "rules.json").write_text(json.dumps([rule.id for rule in RULES]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    mode, folder, *stacks = read_arguments("assurance.recorder", __doc__, {"MODE": "1", "FOLDER": "1", "STACK": "+"})
    sys.exit(main(mode, Path(folder), stacks))
