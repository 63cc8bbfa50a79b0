"""Signs a job in to Azure by its own token, for as long as its work takes.

GitHub's token ends after minutes, Azure's after an hour or so; whoever needs a new one of Azure shows a fresh one of
GitHub's. So the file that Azure's libraries read it from is written anew every few minutes
(`AZURE_FEDERATED_TOKEN_FILE`: azure-identity in Python, the engine's state and secrets provider in Go). The engine's
provider asks GitHub itself (`ARM_USE_OIDC`). Nothing is stored: the file is the job's own and goes with it.
"""

import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import URLError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

from assurance.errors import UsageError

AUDIENCE = "api://AzureADTokenExchange"
EVERY = 120.0
"""Seconds between two tokens; one lives five minutes (docs.github.com, OpenID Connect reference, exp)."""
SECONDS = 30
NEEDED = (
    "ACTIONS_ID_TOKEN_REQUEST_URL",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "AZURE_CLIENT_ID",
    "AZURE_TENANT_ID",
    "AZURE_SUBSCRIPTION_ID",
)


def github_token(environment: Mapping[str, str]) -> str:
    """The job's token for Azure. Raises UsageError when GitHub does not give one."""
    url = f"{environment['ACTIONS_ID_TOKEN_REQUEST_URL']}&audience={quote(AUDIENCE, safe='')}"
    if urlsplit(url).scheme not in ("http", "https"):
        raise UsageError("ACTIONS_ID_TOKEN_REQUEST_URL: no address")
    headers = {"Authorization": f"Bearer {environment['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"}
    try:
        with urlopen(Request(url, headers=headers), timeout=SECONDS) as answer:  # noqa: S310 - its scheme is looked at
            return str(json.load(answer)["value"])
    except (URLError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"GitHub gives the job no token ({error}): `permissions: id-token: write`") from None


@contextmanager
def signed_in(every: float = EVERY) -> Iterator[None]:
    """The environment of a job that is signed in to Azure, and stays so while the block runs.

    Raises UsageError for what the job lacks.
    """
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        raise UsageError(f"{', '.join(missing)}: missing; variables of the GitHub environment, and id-token: write")
    before = dict(os.environ)
    over = threading.Event()
    with TemporaryDirectory(dir=os.environ.get("RUNNER_TEMP")) as folder:
        file = Path(folder, "token")
        _write(file, github_token(os.environ))
        os.environ.update(_variables(file))
        refresher = threading.Thread(target=_refresh, args=(file, over, every), daemon=True)
        refresher.start()
        try:
            yield
        finally:
            over.set()
            refresher.join()
            os.environ.clear()
            os.environ.update(before)


def _variables(file: Path) -> dict[str, str]:
    """What the libraries of Azure and of the engine read."""
    return {
        "AZURE_FEDERATED_TOKEN_FILE": str(file),
        "ARM_USE_OIDC": "true",
        "ARM_CLIENT_ID": os.environ["AZURE_CLIENT_ID"],
        "ARM_TENANT_ID": os.environ["AZURE_TENANT_ID"],
        "ARM_SUBSCRIPTION_ID": os.environ["AZURE_SUBSCRIPTION_ID"],
    }


def _refresh(file: Path, over: threading.Event, every: float) -> None:
    """Write a new token again and again; one that GitHub refuses leaves the last, which may still hold."""
    while not over.wait(every):
        try:
            _write(file, github_token(os.environ))
        except UsageError as error:
            print(f"warning: {error.messages[0]}", flush=True)


def _write(file: Path, token: str) -> None:
    """At once, so that no reader meets half a token, and for the job's own user only."""
    new = file.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_text(token, encoding="utf-8")
    new.replace(file)
