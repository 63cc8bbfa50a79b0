"""What a run uploads is read within bounds, and refused where it is not what it says."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from ci.artifact import ARCHIVE_LIMIT, ArtifactError, read_artifact
from tests.ci.fake_github import FakeGitHub
from tests.ci.uploaded import HOSTILE, findings, good, record, say


def bomb() -> bytes:
    """Ten kilobytes that become sixty megabytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("head/dev.json", b" " * 60_000_000)
    return content.getvalue()


def packed(compression: int, *, turned: bool = False) -> bytes:
    """A record in an archive of this compression; turned: with a byte of its content changed."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as archive:
        archive.writestr("head/dev.json", record())
    text = bytearray(content.getvalue())
    if turned:
        text[60] ^= 0xFF
    return bytes(text)


ARTIFACTS: dict[str, tuple[Any, str]] = {
    "a number of another pull request": ({**good(), "number.txt": "6"}, "a file 'number.txt'"),
    "a path out of the folder": ({**good(), "../../etc/passwd": "x"}, "allowed are base, head and findings"),
    "an absolute path": ({"/etc/passwd": "x"}, "allowed are base"),
    "a stack that is a path": ({"head/..%2f.json": record()}, "allowed are base"),
    "a record of another mode": ({"head/dev.json": record(mode="preview")}, "a record in mode preview"),
    "a record of another program": (
        {"head/dev.json": record(basis={"project": "other"})},
        "a record of another program, other",
    ),
    "a number of ten thousand digits": (
        {"head/dev.json": record(outputs={}).replace("{}", "9" * 10_000, 1)},
        "no record",
    ),
    "a version without an end": ({"head/dev.json": record(recordVersion="9" * 100_000)}, "no stack has a record"),
    "a dictionary of gigabytes": (packed(zipfile.ZIP_LZMA), "packed in a way that GitHub does not use"),
    "a byte turned": (packed(zipfile.ZIP_DEFLATED, turned=True), "no archive that can be read"),
    "a record of another stack": ({"head/dev.json": record("prod")}, "a record of another stack, prod"),
    "a stack in it that is a path": ({"head/dev.json": record(stack="../x")}, "is no name of a stack"),
    "an option of git as a commit": (
        {"head/dev.json": record(basis={"commit": "--output=/tmp/x"})},
        "is no commit",
    ),
    "ten megabytes": (b"x" * 10_000_000, f"more than {ARCHIVE_LIMIT:,} bytes"),
    "a bomb": (bomb(), "more than 40,000,000 bytes"),
    "no archive": (b"x" * 100, "no archive that can be read"),
    "many files": ({f"head/s{number}.json": "" for number in range(61)}, "it holds 61"),
    "no JSON": ({"head/dev.json": "<html>"}, "no record: not JSON"),
    "too deep": ({"head/dev.json": "[" * 100_000}, "no record"),
    "no text": (b"", "no archive"),
    "Markdown": ({"head/dev.md": HOSTILE}, "allowed are base"),
    "findings of no known status": (
        {**good(), "findings/dev.json": findings({"rule": "A", "status": HOSTILE})},
        "no findings",
    ),
}


@pytest.mark.parametrize("name", ARTIFACTS)
def test_hostile_artifact_is_refused(name: str, github: FakeGitHub) -> None:
    """The comment says why, on the pull request that GitHub names, and nothing of it is a mark of its own."""
    files, why = ARTIFACTS[name]
    github.upload(files)
    assert say(github) == "commented on #5"
    body = github.comments[0]["body"]
    assert body.startswith("## ❌ Nothing was compared")
    assert why in body.replace("\\", "").replace("&#8203;", ""), body
    assert "<img" not in body
    assert "@someone" not in body


def test_size_is_not_believed(github: FakeGitHub) -> None:
    github.upload(b"x" * 10_000_000)
    github.artifacts[-1]["size_in_bytes"] = 10
    say(github)
    assert "more than" in github.comments[0]["body"]


def test_archive_is_text_in_utf_8() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("head/", b"")
        archive.writestr("head/dev.json", b"\xff\xfe")
    with pytest.raises(ArtifactError, match="no text in UTF-8"):
        read_artifact(content.getvalue())


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_file_twice_is_refused() -> None:
    for name in ("head/dev.json", "findings/dev.json"):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            for _ in range(2):
                archive.writestr(name, good()[name])
        with pytest.raises(ArtifactError, match="twice"):
            read_artifact(content.getvalue())
