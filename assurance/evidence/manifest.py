"""What a bundle holds, by hash; whether one is intact, and signed by somebody who may."""

import hashlib
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, cast

from pydantic import Field, StringConstraints

from assurance.errors import UsageError
from assurance.json_text import json_text
from documents.counting import counted
from documents.json_reading import parse_json
from documents.sections import Section, validate

MANIFEST, SIGNATURE = "manifest.json", "manifest.json.sig"
NAMESPACE = "medspasync-evidence"
"""What a signature is for, so that one made for something else is worth nothing here (ssh-keygen -n)."""
VERSION = 1


class ManifestRow(Section):
    """One file of a bundle. path: from the bundle's folder, with strokes as in an address."""

    path: Annotated[str, Field(min_length=1)]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    size: Annotated[int, Field(ge=0)]

    @property
    def outside(self) -> bool:
        """Whether it leads out of the bundle, or is written otherwise than a bundle writes it."""
        path = PurePosixPath(self.path)
        return path.is_absolute() or ".." in path.parts or "\0" in self.path or str(path) != self.path


class Manifest(Section):
    """What a bundle says of itself. time: that it bears; judged: day on which; version: of the assurance that wrote it;
    basis: what all its stacks rest on."""

    bundle_version: Literal[1]
    time: str = ""
    judged: str = ""
    version: str | None = None
    stacks: list[str] = []
    basis: dict[str, Any]
    files: list[ManifestRow]


def manifest(files: Mapping[str, bytes], **facts: Any) -> bytes:
    """The manifest of a bundle: what it rests on, then every file but itself, by path."""
    rows = [{"path": path, "sha256": _hash(content), "size": len(content)} for path, content in sorted(files.items())]
    content = {"bundleVersion": VERSION, **facts, "files": rows}
    return (json_text(content) + "\n").encode()


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a bundle; raises UsageError where there is none, or it is none, with every mistake in it."""
    path = folder / MANIFEST
    try:
        content = parse_json(path.read_text(encoding="utf-8"))
        found, mistakes = validate(content, Manifest)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}: not a bundle of evidence") from None
    except ValueError:
        raise UsageError(f"{path}: not JSON: not a bundle of evidence") from None
    if mistakes:
        raise UsageError(*(str(replace(mistake, file=str(path))) for mistake in mistakes))
    return cast(Manifest, found)


def problems(folder: Path) -> Iterator[str]:
    """What is not as the manifest says: files that are changed, missing, added, or no files."""
    rows = read_manifest(folder).files
    listed = Counter(row.path for row in rows)
    yield from (f"{path}: {count} times in the manifest" for path, count in listed.items() if count > 1)
    for row in rows:
        if row.outside:
            yield f"{row.path}: leads out of the bundle"
            continue
        file = folder / row.path
        if file.is_symlink() or not file.is_file():
            yield f"{row.path}: missing"
            continue
        try:
            content = file.read_bytes()
        except OSError as error:
            yield f"{row.path}: cannot be read: {error.strerror}"
            continue
        if len(content) != row.size:
            yield f"{row.path}: {counted(len(content), 'byte')}, {row.size} in the manifest"
        elif _hash(content) != row.sha256:
            yield f"{row.path}: its sha256 is {_hash(content)}, {row.sha256} in the manifest"
    for file in sorted(folder.rglob("*")):
        path = file.relative_to(folder).as_posix()
        if (file.is_symlink() or not file.is_dir()) and path not in (*listed, MANIFEST, SIGNATURE):
            yield f"{path}: not in the manifest"


def checked_key(key: Path) -> None:
    """Raises UsageError, before the work, where there is no such key."""
    if not key.is_file() or _ssh_keygen("-l", "-f", str(key)).returncode != 0:
        raise UsageError(
            f"--sign {key}: no such file, or no key; allowed is a private key of SSH, or the public one of an agent's"
        )


def sign(folder: Path, key: Path) -> None:
    """Sign the manifest with a private key of SSH, or one whose agent is asked (`ssh-keygen -Y sign`).

    Raises UsageError where that fails.
    """
    checked_key(key)
    done = _ssh_keygen("-Y", "sign", "-q", "-f", str(key), "-n", NAMESPACE, str(folder / MANIFEST))
    if done.returncode != 0:
        raise UsageError(f"--sign {key}: {done.stderr.decode().strip() or 'ssh-keygen refused it'}")


def signer(folder: Path, signers: Path) -> str | None:
    """Who signed a bundle, by name in ``signers`` (ALLOWED SIGNERS of ssh-keygen); None: nobody who stands there.

    Raises UsageError where there is no such file.
    """
    if not signers.is_file():
        raise UsageError(
            f"--signers {signers}: no such file; allowed is one as `man ssh-keygen`, ALLOWED SIGNERS, says"
        )
    signature = folder / SIGNATURE
    if not signature.is_file():
        return None
    found = _ssh_keygen("-Y", "find-principals", "-s", str(signature), "-f", str(signers))
    for name in found.stdout.decode().splitlines():
        content = (folder / MANIFEST).read_bytes()
        options = ("-f", str(signers), "-I", name, "-n", NAMESPACE, "-s", str(signature))
        if _ssh_keygen("-Y", "verify", *options, content=content).returncode == 0:
            return name
    return None


def _ssh_keygen(*arguments: str, content: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603
            ["ssh-keygen", *arguments],  # noqa: S607 - whichever the user's path has
            input=content,
            stdin=None if content is not None else subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError:
        raise UsageError("ssh-keygen is not installed: it signs bundles and checks signatures") from None


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
