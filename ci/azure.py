"""Azure Resource Manager, as far as a workflow asks it by itself."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from assurance.errors import UsageError

GRAPH = "https://management.azure.com/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01"
SECONDS = 60


def azure_token() -> str:
    """A token for Azure Resource Manager, of whoever is signed in."""
    from azure.identity import DefaultAzureCredential

    return DefaultAzureCredential().get_token("https://management.azure.com/.default").token


def ask_graph(question: Mapping[str, Any]) -> dict[str, Any]:
    """Send a question to Resource Graph, as whoever is signed in. Raises UsageError when it is refused."""
    return post(GRAPH, question, azure_token())


def post(address: str, body: Mapping[str, Any], token: str) -> dict[str, Any]:
    """The answer to a question in JSON. Raises UsageError when there is none."""
    request = Request(  # noqa: S310 - an address of this project
        address,
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        method="POST",
    )
    try:
        with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - as above
            found: dict[str, Any] = json.load(answer)
            return found
    except HTTPError as error:
        raise UsageError(f"Azure answers {error.code}: {error.read(2000).decode(errors='replace')}") from None
    except (URLError, ValueError) as error:
        raise UsageError(f"Azure: {error}") from None
