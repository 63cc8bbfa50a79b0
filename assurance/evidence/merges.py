"""What a merge did to each stack: both sides recorded by their own revisions, and compared."""

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

from assurance.basis import sdk_versions
from assurance.compare.choice import Choice, compare_chosen
from assurance.compare.revision import checked_out, record_revision
from assurance.project import user_cache
from assurance.stacks import stack_names


class MergeComparer:
    """Compares two commits of one repository. Records are kept in the user's cache: a commit does not change."""

    def __init__(self, root: Path, today: date) -> None:
        self._root = root
        self._today = today
        packages = hashlib.sha256(json.dumps(sdk_versions()).encode()).hexdigest()[:12]
        self._kept = user_cache() / "records" / packages

    def __call__(self, base: str, head: str) -> list[dict[str, Any]]:
        """A row for each stack of the head. Raises ProgramError or UsageError where a side does not run."""
        before, after = self._records(base), self._records(head)
        return [self._row(stack, before.get(stack), file) for stack, file in after.items()]

    def _row(self, stack: str, base: Path | None, head: Path) -> dict[str, Any]:
        if base is None:
            return {"stack": stack, "changes": 0, "weaker": 0, "stronger": 0, "worse": 0, "what": ["a new stack"]}
        found = compare_chosen(Choice(record=head, base_record=base), self._today).stacks[0]
        weaker = [each.what for each in found.posture if each.weaker]
        return {
            "stack": stack,
            "changes": len(found.changes),
            "weaker": len(weaker),
            "stronger": len(found.posture) - len(weaker),
            "worse": sum(each.worse for each in found.rules),
            "what": weaker,
        }

    def _records(self, commit: str) -> dict[str, Path]:
        """A record of each stack at a commit, as deployed, by this interpreter."""
        folder = self._kept / commit
        if not (folder / "done").is_file():
            with checked_out(self._root, commit) as revision:
                names = stack_names(revision.root)
                records, _ = record_revision(revision, names, "deployed", same_environment=True)
            folder.mkdir(parents=True, exist_ok=True)
            for record in records:
                (folder / f"{record.stack}.json").write_text(record.to_json(), encoding="utf-8")
            (folder / "done").write_text("\n".join(record.stack for record in records), encoding="utf-8")
        listed = (folder / "done").read_text(encoding="utf-8").split()
        return {stack: folder / f"{stack}.json" for stack in listed}
