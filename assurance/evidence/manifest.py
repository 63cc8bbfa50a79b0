"""What a bundle holds, by hash; whether one is intact, and signed by somebody who may."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from assurance.errors import UsageError
from documents.counting import counted

MANIFEST, SIGNATURE = "manifest.json", "manifest.json.sig"
NAMESPACE = "medspasync-evidence"
"""What a signature is for, so that one made for something else is worth nothing here (ssh-keygen -n)."""
VERSION = 1


def manifest(files: Mapping[str, bytes], **facts: Any) -> bytes:
    """The manifest of a bundle: what it rests on, then every file but itself, by path."""
    rows = [{"path": path, "sha256": _hash(content), "size": len(content)} for path, content in sorted(files.items())]
    content = {"bundleVersion": VERSION, **facts, "files": rows}
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a bundle; raises UsageError where there is none, or it is none."""
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}: not a bundle of evidence") from None
    except ValueError:
        raise UsageError(f"{path}: not JSON: not a bundle of evidence") from None
    if not isinstance(content, dict) or content.get("bundleVersion") != VERSION:
        raise UsageError(f"{path}: bundleVersion: {VERSION}; another form, or no manifest")
    return content


def problems(folder: Path) -> Iterator[str]:
    """What is not as the manifest says: files that are changed, missing, added, or no files."""
    listed = set()
    for row in read_manifest(folder).get("files") or ():
        path = str(row.get("path"))
        listed.add(path)
        if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
            yield f"{path}: leads out of the bundle"
            continue
        file = folder / path
        if file.is_symlink() or not file.is_file():
            yield f"{path}: missing"
            continue
        content = file.read_bytes()
        if len(content) != row.get("size"):
            yield f"{path}: {counted(len(content), 'byte')}, {row.get('size')} in the manifest"
        elif _hash(content) != row.get("sha256"):
            yield f"{path}: its sha256 is {_hash(content)}, {row.get('sha256')} in the manifest"
    for file in sorted(folder.rglob("*")):
        path = file.relative_to(folder).as_posix()
        if (file.is_file() or file.is_symlink()) and path not in (*listed, MANIFEST, SIGNATURE):
            yield f"{path}: not in the manifest"


def checked_key(key: Path) -> None:
    """Raises UsageError, before the work, where there is no such key."""
    if not key.is_file():
        raise UsageError(
            f"--sign {key}: no such file; allowed is a private key of SSH, or the public one of an agent's"
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
