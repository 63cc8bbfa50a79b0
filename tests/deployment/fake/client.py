"""A client of the fake, and the time that it waits by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy

from deployment.arm import Arm


class Token(SansIOHTTPPolicy[Any, Any]):
    def on_request(self, request: PipelineRequest[Any]) -> None:
        request.http_request.headers["Authorization"] = "Bearer test"


@dataclass
class Clock:
    """Time passes only while somebody waits."""

    time: float = 0.0
    waits: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += seconds

    def now(self) -> float:
        return self.time

    def client(self, endpoint: str) -> Arm:
        """A client that waits by this clock."""
        return Arm(endpoint=endpoint, authentication=Token(), sleep=self.sleep, now=self.now)
