"""Container jobs and their executions."""

from __future__ import annotations

from typing import Any, ClassVar

from tests.deployment.fake.server import Answer, FakeServer, RefusedError, Route


class Jobs(FakeServer):
    """Jobs, what they are made of and how their executions end."""

    ROUTES: ClassVar[list[Route]] = [
        ("GET", r"(?P<job>.+/jobs/[^/]+)", "_job"),
        ("POST", r"(?P<job>.+/jobs/[^/]+)/start", "_start_job"),
        ("GET", r"(?P<job>.+/jobs/[^/]+)/executions", "_executions"),
        ("GET", r"(?P<job>.+/jobs/[^/]+)/executions/(?P<name>[^/]+)", "_execution"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.jobs: dict[str, dict[str, Any]] = {}

    def job(self, job: str, image: str, *outcomes: str, **env: str) -> None:
        """A container job; outcomes: how its next executions end. An existing one gets the new image."""
        template = {
            "containers": [
                {
                    "name": "job",
                    "image": image,
                    "command": ["python"],
                    "args": ["-m", "database"],
                    "env": [{"name": name, "value": value} for name, value in env.items()],
                }
            ]
        }
        known = self.jobs.setdefault(job, {"executions": [], "outcomes": []})
        known["template"] = template
        known["outcomes"] += outcomes

    def _known_job(self, job: str) -> dict[str, Any]:
        if job not in self.jobs:
            raise RefusedError(404, "ResourceNotFound", job)
        return self.jobs[job]

    def _job(self, given: dict[str, Any], *_: Any) -> Answer:
        job = self._known_job(given["job"])
        properties = {"configuration": {"replicaTimeout": 300}, "template": job["template"]}
        return Answer(200, {"id": given["job"], "properties": properties})

    def _start_job(self, given: dict[str, Any], _: Any, body: Any, __: Any) -> Answer:
        job = self._known_job(given["job"])
        name = f"{given['job'].rsplit('/', 1)[-1]}-{len(job['executions']) + 1:04}"
        # A template in the request would run in place of the declared one.
        execution = {
            "name": name,
            "template": (body or {}).get("template") or job["template"],
            "startTime": f"2026-12-01T00:{len(job['executions']):02}:00Z",
            "reads": 2,
            "outcome": job["outcomes"].pop(0) if job["outcomes"] else "Succeeded",
        }
        job["executions"].insert(0, execution)
        return self._accept("location", lambda: None, result={"name": name, "id": f"{given['job']}/executions/{name}"})

    def _shown(self, execution: dict[str, Any]) -> dict[str, Any]:
        running = execution["reads"] > 0
        status = "Running" if running else execution["outcome"]
        shown = {"status": status, "startTime": execution["startTime"], "template": execution["template"]}
        return {"name": execution["name"], "properties": shown}

    def _executions(self, given: dict[str, Any], query: Any, *_: Any) -> Answer:
        items = [self._shown(one) for one in self._known_job(given["job"])["executions"]]
        return self._page(f"{given['job']}/executions", items, query)

    def _execution(self, given: dict[str, Any], *_: Any) -> Answer:
        for one in self._known_job(given["job"])["executions"]:
            if one["name"] == given["name"]:
                one["reads"] -= 1
                return Answer(200, self._shown(one))
        raise RefusedError(404, "JobExecutionNotFound")
