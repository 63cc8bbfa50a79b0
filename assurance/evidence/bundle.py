"""The bundle: every file of it, as bytes, and how it comes to a folder whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from assurance.basis import REGISTERS, own_version
from assurance.check import formats
from assurance.check.findings import shared_basis
from assurance.errors import UsageError
from assurance.evidence import drawing
from assurance.evidence.controls import STATUSES
from assurance.evidence.manifest import MANIFEST, SIGNATURE, manifest, sign
from assurance.evidence.period import Period
from assurance.evidence.questions import requests
from assurance.evidence.report import anchor, report_page
from assurance.evidence.review import StackReview
from assurance.evidence.stack import StackEvidence
from assurance.evidence.summary import control_counts, summary
from assurance.evidence.tables import tables
from assurance.evidence.workbook import workbook
from assurance.json_text import json_text
from assurance.pages.builder import build_page, running_head
from assurance.record import Record


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """What a bundle is made of. previews: the records with unknown outputs, by stack; time: the one it bears."""

    stacks: Sequence[StackEvidence]
    previews: Mapping[str, Record]
    reviews: Mapping[str, StackReview]
    time: datetime
    root: Path
    period: Period | None = None

    @property
    def basis(self) -> dict[str, Any]:
        """What all stacks rest on."""
        return shared_basis([each.report for each in self.stacks])


def steady(record: Record) -> Record:
    """A record that two runs write alike: in order of URN, and without how long it took."""
    resources = [replace(each, dependencies=sorted(each.dependencies)) for each in record.resources]
    for each in resources:
        each.propertyDependencies = {key: sorted(urns) for key, urns in sorted(each.propertyDependencies.items())}
    return replace(record, resources=sorted(resources, key=lambda each: each.urn), seconds=0.0)


def files_of(bundle: Bundle) -> dict[str, bytes]:
    """Every file but the manifest, by path."""
    files: dict[str, str | bytes] = {}
    made = {each.stack: tables(each) for each in bundle.stacks}
    for each in bundle.stacks:
        folder = each.stack
        files[f"{folder}/report.html"] = report_page(each)
        files[f"{folder}/review.html"] = bundle.reviews[folder].page()
        files[f"{folder}/record-preview.json"] = bundle.previews[folder].to_json()
        files[f"{folder}/record-deployed.json"] = each.record.to_json()
        files[f"{folder}/findings.json"] = formats.to_json([each.report])
        files[f"{folder}/findings.sarif"] = formats.to_sarif([each.report])
        files[f"{folder}/map.md"] = drawing.markdown(each.data_map)
        files |= {f"{folder}/{name}.csv": table.csv() for name, table in made[folder].items()}
        files |= {f"{folder}/settings.csv": bundle.reviews[folder].table().csv()}
        files |= _copied(bundle.root, f"Pulumi.{folder}.yaml", f"Pulumi.{folder}.yaml")
    for name in REGISTERS.values():
        files |= _copied(bundle.root, f"policies/{name}", f"registers/{name}")
    files |= _copied(bundle.root, "policies/attestation_kinds.yaml", "registers/attestation_kinds.yaml")
    files["controls.json"] = _controls(bundle)
    title = f"Evidence of {', '.join(made)}"
    files["workbook.xlsx"] = workbook(list(made.values()), title, bundle.time)
    files["index.html"] = _index(bundle)
    files["SUMMARY.md"] = summary(bundle.stacks, bundle.basis)
    if bundle.period is not None:
        files["period.json"] = bundle.period.to_json()
        files["period.md"] = bundle.period.to_markdown()
    return {path: _bytes(content) for path, content in files.items()}


def write(bundle: Bundle, folder: Path, key: Path | None = None) -> None:
    """Write a bundle, and sign it where a key is named: into a folder beside, which then takes the name.

    Raises UsageError where the folder is not new or empty, or cannot be written; nothing is left then.
    """
    checked_folder(folder)
    files = files_of(bundle)
    facts = {
        "time": bundle.time.isoformat(),
        "judged": bundle.stacks[0].today.isoformat(),
        "version": own_version(),
        "stacks": [each.stack for each in bundle.stacks],
        "basis": bundle.basis,
    }
    files[MANIFEST] = manifest(files, **facts)
    beside: Path | None = None
    try:
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        for path, content in files.items():
            file = beside / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        if key is not None:
            sign(beside, key)
        beside.chmod(0o755)
        if folder.is_dir():
            folder.rmdir()
        beside.rename(folder)
    except OSError as error:
        raise UsageError(f"--out {folder}: cannot be written: {error.strerror or error}") from error
    finally:
        if beside is not None and beside.is_dir():
            shutil.rmtree(beside)


def checked_folder(folder: Path) -> None:
    """Raises UsageError, before the work, for a folder that a bundle cannot become."""
    if folder.is_dir() and not any(folder.iterdir()):
        return
    if folder.exists() or folder.is_symlink():
        raise UsageError(f"--out {folder}: is there already: a bundle is written whole, into a new or an empty folder")
    if not folder.parent.is_dir():
        raise UsageError(f"--out {folder}: there is no folder {folder.parent}")
    if not os.access(folder.parent, os.W_OK):
        raise UsageError(f"--out {folder}: cannot be written: not permitted")


def _controls(bundle: Bundle) -> str:
    proposed = {
        each.stack: [{**row.model_dump(), "status": status, "law": False} for row, status in each.proposals]
        for each in bundle.stacks
    }
    content = {
        "basis": bundle.basis,
        "statuses": STATUSES,
        "stacks": {each.stack: [row.as_dict() for row in each.controls] for each in bundle.stacks},
        "proposed": proposed,
        "requests": [row.model_dump() for row in requests()],
    }
    return json_text(content)


def _index(bundle: Bundle) -> str:
    names = [each.stack for each in bundle.stacks]
    return build_page(
        "assurance.evidence",
        "index.html.j2",
        bundle=bundle,
        basis=bundle.basis,
        names=names,
        head=running_head(bundle.basis, names),
        rows=list(zip(*(each.controls for each in bundle.stacks), strict=True)),
        counts={each.stack: control_counts(each) for each in bundle.stacks},
        requests=requests(),
        anchor=anchor,
        registers=list(REGISTERS.values()),
        signature=SIGNATURE,
    )


def _copied(root: Path, path: str, name: str) -> dict[str, bytes]:
    file = root / path
    return {name: file.read_bytes()} if file.is_file() else {}


def _bytes(content: str | bytes) -> bytes:
    if isinstance(content, bytes):
        return content
    return (content if content.endswith("\n") else content + "\n").encode()
