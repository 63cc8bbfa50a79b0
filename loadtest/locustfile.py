"""Load on the API: virtual people of a synthetic tenant (loadtest/README.md).

Environment: LOCUST_HOST, where to send; LOADTEST_PASSWORD, of the synthetic accounts.
"""

import itertools
import os
from pathlib import Path
from urllib.parse import urlsplit

from locust import HttpUser, between, events, task
from locust.exception import StopUser
from scenario import Person, load

SCENARIO = load(Path(__file__).with_name("scenario.json"))
NUMBERS = itertools.count(1)
CORRELATION_ID = "X-Azure-Ref"


@events.test_start.add_listener
def check(environment, **_):  # type: ignore[no-untyped-def]
    """Refuse a missing password and a host that would send it in plain text over a network."""
    host = urlsplit(environment.host or "")
    if host.scheme != "https" and host.hostname not in ("127.0.0.1", "localhost"):
        raise SystemExit("the host must be https://…, or a loopback address")
    if not os.environ.get("LOADTEST_PASSWORD"):
        raise SystemExit("LOADTEST_PASSWORD is not set")


class Staff(HttpUser):
    """Somebody at the desk of a clinic."""

    wait_time = between(1, 3)

    def on_start(self) -> None:
        """Sign in once; who cannot is a failed request and stops."""
        self.person = Person(SCENARIO, next(NUMBERS))
        path, body, field = self.person.sign_in(os.environ["LOADTEST_PASSWORD"])
        with self.client.post(path, json=body, name="sign in", catch_response=True) as answer:
            token = answer.json().get(field) if answer.ok else None
            if not token:
                answer.failure(f"no token, status {answer.status_code}")
        if not token:
            raise StopUser
        self.client.headers["Authorization"] = f"Bearer {token}"

    @task
    def ask(self) -> None:
        """One request. The name, not the path, is what results are grouped by."""
        kind, path, body = self.person.next_request()
        with self.client.request(kind.method, path, json=body, name=kind.name, catch_response=True) as answer:
            if not answer.ok:
                answer.failure(f"status {answer.status_code}, {CORRELATION_ID} {answer.headers.get(CORRELATION_ID)}")
