"""Reads what a run of the change's own code uploaded. It is hostile until it is proven to be records and findings.

Nothing of it is written to disk or run, and no number, path or text of it says where an answer goes.
"""

import io
import re
import zipfile
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from assurance.record import VERSION, Mode, Record
from ci.github import GitHub, GitHubError
from ci.pulls import Run

NAME = "assurance"
"""Of the artifact, as pull-request.yml uploads it."""
ARCHIVE_LIMIT = 8_000_000
"""Bytes: three stacks take about 1,200,000 (measured 2026-11-29)."""
FILE_LIMIT = 40_000_000
TOTAL_LIMIT = 200_000_000
"""Bytes after unpacking, counted while unpacking: what an archive says of itself is not believed."""
FILES_LIMIT = 60
MODE: Mode = "deployed"
"""In which pull-request.yml records: in the other one, most of what is compared is unknown."""
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""As GitHub packs; the others may take gigabytes of memory for a dictionary of their own."""
_FILE = re.compile(r"(base|head|findings)/([A-Za-z0-9][A-Za-z0-9-]{0,31})\.json")


class Claimed(BaseModel):
    """A finding as the change's own run reports it."""

    model_config = ConfigDict(strict=True)

    rule: str = Field(max_length=60)
    status: Literal["pass", "fail", "warn", "excepted", "not-applicable", "unchecked"]
    name: str = Field(default="", max_length=500)
    urn: str = Field(default="", max_length=2000)


class _Report(BaseModel):
    findings: list[Claimed]


class ArtifactError(Exception):
    """It is not what pull-request.yml uploads; the message says what is wrong with it."""


@dataclass
class Uploaded:
    """Records and findings by stack. unreadable: by file, a record of a version that this `assurance` cannot read."""

    base: dict[str, Record] = field(default_factory=dict)
    head: dict[str, Record] = field(default_factory=dict)
    findings: dict[str, list[Claimed]] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)

    @property
    def stacks(self) -> list[str]:
        """Every stack that either side has a record of."""
        return list(dict.fromkeys((*self.base, *self.head)))


def download_artifact(github: GitHub, run: Run) -> bytes:
    """The archive of a run's newest upload. Raises ArtifactError where there is none, or it is too large."""
    found = [each for each in github.pages(f"actions/runs/{run.id}/artifacts", "artifacts") if each["name"] == NAME]
    kept = sorted((each for each in found if not each.get("expired")), key=lambda each: int(each["id"]))
    if not kept:
        raise ArtifactError("the run uploaded no records")
    if int(kept[-1]["size_in_bytes"]) > ARCHIVE_LIMIT:
        raise ArtifactError(f"the run uploaded more than {ARCHIVE_LIMIT:,} bytes")
    try:
        return github.download(f"actions/artifacts/{int(kept[-1]['id'])}/zip", ARCHIVE_LIMIT)
    except GitHubError as error:
        raise ArtifactError(f"what the run uploaded cannot be read: {error}") from error


def read_artifact(archive: bytes) -> Uploaded:
    """The records and findings in an archive. Raises ArtifactError for anything else in it."""
    uploaded = Uploaded()
    left = TOTAL_LIMIT
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as files:
            members = files.infolist()
            if len(members) > FILES_LIMIT:
                raise ArtifactError(f"it holds {len(members)}: allowed are {FILES_LIMIT} files")
            for member in (each for each in members if not each.is_dir()):
                text = _text(files, member, left)
                left -= len(text)
                _add(uploaded, member.filename, text)
    except ArtifactError:
        raise
    except Exception as error:  # an archive made to break what reads it
        raise ArtifactError(f"no archive that can be read: {type(error).__name__}: {error}"[:300]) from error
    return uploaded


def _text(files: zipfile.ZipFile, member: zipfile.ZipInfo, left: int) -> str:
    if not _FILE.fullmatch(member.filename):
        raise ArtifactError(f"a file {member.filename[:100]!r}: allowed are base, head and findings of a stack")
    if member.compress_type not in COMPRESSIONS:
        raise ArtifactError(f"{member.filename}: packed in a way that GitHub does not use")
    limit = min(FILE_LIMIT, left)
    with files.open(member) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise ArtifactError(f"{member.filename}: more than {limit:,} bytes")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ArtifactError(f"{member.filename}: no text in UTF-8") from error


def _add(uploaded: Uploaded, name: str, text: str) -> None:
    match = _FILE.fullmatch(name)
    assert match is not None
    kind, stack = match.groups()
    if kind == "findings":
        if stack in uploaded.findings:
            raise ArtifactError(f"{name}: twice")
        try:
            uploaded.findings[stack] = TypeAdapter(_Report).validate_json(text).findings
        except ValidationError as error:
            raise ArtifactError(f"{name}: no findings: {error.errors()[0]['msg']}") from error
        return
    side = uploaded.base if kind == "base" else uploaded.head
    if stack in side:
        raise ArtifactError(f"{name}: twice")
    try:
        record = Record.from_json(text)
    except ValueError as error:
        if f"reads 1 to {VERSION}" not in str(error):
            raise ArtifactError(f"{name}: no record: {error}"[:300]) from error
        uploaded.unreadable[name] = str(error)[:300]
        return
    if record.stack != stack:
        raise ArtifactError(f"{name}: a record of another stack, {record.stack}")
    if record.mode != MODE:
        raise ArtifactError(f"{name}: a record in mode {record.mode}: allowed is {MODE}")
    if not record.platform:  # of another program, the floor and our registers would not be asked for
        raise ArtifactError(f"{name}: a record of another program, {record.project[:60]}")
    side[stack] = record
