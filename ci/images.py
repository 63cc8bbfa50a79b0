"""An app's image: built here, pushed by whoever is signed in, known by its digest from then on."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from assurance.errors import UsageError
from ci.azure import azure_token
from ci.programs import Run

NAME = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*")
HOST = re.compile(r"[a-z0-9]{5,50}\.azurecr\.io")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
USER = "00000000-0000-0000-0000-000000000000"
"""Who signs in with a token in place of a password (learn.microsoft.com/azure/container-registry/
container-registry-authentication, az acr login with --expose-token)."""
SECONDS = 60


def local_name(app: str) -> str:
    """What the built image is called on the runner. Raises UsageError for a name that no image can have."""
    if not NAME.fullmatch(app):
        raise UsageError(f"APP = {app!r}: lower-case letters, digits and single hyphens")
    return f"localhost/{app}:built"


def build_image(app: str, context: Path, run: Run, *, file: Path | None = None, base: str = "") -> bool:
    """Build the image of a folder; whether it could be built.

    file: its Dockerfile, that of the folder when not given. base: reference of the image it begins with, by digest.
    Raises UsageError where there is no such file, and for a base that could change.
    """
    file = file or context / "Dockerfile"
    if not file.is_file():
        raise UsageError(f"{file}: no Dockerfile there")
    if base and not re.search(rf"@{DIGEST.pattern}$", base):
        raise UsageError(f"BASE = {base!r}: an image by digest, NAME@sha256:...")
    chosen = ["--build-arg", f"BASE={base}"] if base else []
    command = ["docker", "build", "--pull", *chosen, "--file", str(file), "--tag", local_name(app), str(context)]
    return not run(command).code


def push_image(app: str, registry: str, run: Run, sign_in: Callable[[str], None]) -> str:
    """Push the built image into the app's repository of the registry; its digest. Raises UsageError when that fails."""
    if not HOST.fullmatch(registry):
        raise UsageError(f"REGISTRY = {registry!r}: the host of an Azure container registry")
    sign_in(registry)
    target = f"{registry}/{app}"
    if run(["docker", "tag", local_name(app), f"{target}:built"]).code:
        raise UsageError(f"{local_name(app)}: no such image: build it first")
    if run(["docker", "push", "--quiet", f"{target}:built"]).code:
        raise UsageError(f"{target}: refused; the identity may push its own repository only")
    known = run(["docker", "inspect", "--format", "{{json .RepoDigests}}", f"{target}:built"]).text
    for reference in json.loads(known or "[]"):
        name, _, digest = reference.partition("@")
        if name == target and DIGEST.fullmatch(digest):
            return str(digest)
    raise UsageError(f"{target}: pushed, and Docker does not say under which digest")


def checked_digest(text: str) -> str:
    """A digest that was given. Raises UsageError for what is none."""
    if not DIGEST.fullmatch(text):
        raise UsageError(f"DIGEST = {text!r}: sha256: and 64 hexadecimal digits")
    return text


def sign_in_to_registry(registry: str) -> None:
    """Let Docker push as whoever is signed in to Azure; the token goes through a pipe, never into an argument."""
    refresh = exchange(f"https://{registry}", registry, azure_token())
    command = ["docker", "login", "--username", USER, "--password-stdin", registry]
    if subprocess.run(command, input=refresh, text=True, check=False).returncode:  # noqa: S603 - a list, no shell
        raise UsageError(f"{registry}: Docker cannot sign in")


def exchange(address: str, registry: str, token: str) -> str:
    """A registry's token for one of Azure (Azure/acr docs/AAD-OAuth.md, POST /oauth2/exchange). Raises UsageError."""
    form = urlencode({"grant_type": "access_token", "service": registry, "access_token": token}).encode()
    try:
        with urlopen(Request(f"{address}/oauth2/exchange", data=form), timeout=SECONDS) as answer:  # noqa: S310 - checked
            return str(json.load(answer)["refresh_token"])
    except HTTPError as error:
        raise UsageError(f"{registry} answers {error.code}: may this identity push?") from None
    except (URLError, ValueError, KeyError) as error:
        raise UsageError(f"{registry}: {error}") from None
