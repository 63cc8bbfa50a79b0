"""What runs: images, commands, and where code comes from. What it checks is in verified.py."""

import re
from collections.abc import Iterator

from policies.kept import finds, kept
from policies.own import own
from policies.resource import Resource
from policies.rule import rule
from policies.rules.trust import unregistered
from policies.view import Stack

IMAGES = frozenset({"image", "imageName", "containerImageName", "DOCKER_CUSTOM_IMAGE_NAME"})
STACKS = frozenset({"linuxFxVersion", "windowsFxVersion"})
"""Inputs that name an image; those that name a stack name one behind DOCKER|."""
NAMES_OF_IMAGES = frozenset(name.lower() for name in IMAGES | STACKS)
DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$", re.IGNORECASE)

DUMP = re.compile(
    r"(?i)\b(pg_dump(all)?|pg_basebackup|pg_receivewal|mongodump|mysqldump|azcopy|rclone|rsync|scp|sftp|netcat|ncat)\b"
    r"|\bto\s+program\b|/dev/tcp/|\b(nc|socat)\s+-"
    r"|\bcurl\b[^|;&]*\s(-T|--upload-file|(-d|--data(-binary|-raw)?)[ =]?['\"]?@)"
)
REPOSITORIES = frozenset({"repoUrl", "repositoryUrl", "gitRepository"})
PRELOADED = frozenset({"LD_PRELOAD", "DYLD_INSERT_LIBRARIES", "BASH_ENV", "PYTHONSTARTUP"})
"""Variables by which code runs before the program's own."""
FETCHED = re.compile(
    r"(?i)git\+https?://(?![^\s@]*@[0-9a-f]{40}\b)|\bgit\s+(clone|pull)\b|\|\s*(sudo\s+)?(ba|z|da|k)?sh\b"
    r"|(--require|--import|--loader|--experimental-loader)[ =]['\"]?(/home/|/tmp/|https?:|data:)"
    r"|\bnpx\s+-y\b|\bpip3?\s+install\s+(?!.*(--require-hashes|-r\s))"
)
_dumps, _fetches = finds(DUMP), finds(FETCHED)


@rule(
    "RUN-IMAGE",
    "An image is named by its digest, and comes from a registry that is ours or registered",
    on="*",
    severity="high",
    controls=["164.312(c)(1)", "164.308(a)(1)(ii)(B)"],
    remediation="Name the image as registry/name@sha256:..., from a registry of the stack or an entry `host` of "
    "policies/trusted.yaml.",
    source="docs.docker.com/reference/cli/docker/image/pull: a tag can be moved to another image, a digest cannot",
    where=lambda resource: any(True for _ in _images(resource)),
)
def images(resource: Resource, stack: Stack) -> Iterator[str]:
    for path, image in _images(resource):
        if not DIGEST.search(image):
            yield f"{path} names {image}, which can be another image tomorrow"
        first = image.split("/")[0].lower()
        host = first if "/" in image and ("." in first or ":" in first) else "docker.io"
        if not own(stack).has_host(host) and not stack.trust.host(host):
            yield from unregistered(stack, f"{path} comes from {host}")


def _images(resource: Resource) -> Iterator[tuple[str, str]]:
    if NAMES_OF_IMAGES.isdisjoint(resource.names):
        return
    for path, text in resource.texts:
        last = _last(path)
        if last in IMAGES or last in STACKS:
            kind, _, image = text.partition("|")
            if image and kind.upper() in ("DOCKER", "COMPOSE", "KUBE"):
                yield path, image
            elif text and last in STACKS and "container" in str(resource.named("kind")):
                yield path, text  # an app of images whose image stands elsewhere, or is Azure's
            elif text and last in IMAGES:
                yield path, text


@kept
def _last(path: str) -> str:
    return path.rpartition(".")[2]


@rule(
    "RUN-NO-DUMP",
    "No command copies a database or a disk elsewhere",
    on="*",
    severity="high",
    controls=["164.312(a)(1)", "164.312(e)(1)"],
    remediation="Leave copies to Azure's own backups and the platform's archive: encrypted, kept and watched.",
    source="policy choice: a dump is all patients in one file, past row-level security and audit",
    where=lambda resource: resource.custom,
)
def no_dump(resource: Resource) -> Iterator[str]:
    for path, text in resource.free_texts:
        if _dumps(text):
            yield f"{path} copies data out: {text[:60]}"


@rule(
    "RUN-CODE-FIXED",
    "Code is not fetched by a name that can be moved",
    on="*",
    severity="high",
    controls=["164.312(c)(1)", "164.308(a)(1)(ii)(B)"],
    remediation="Deploy what the pipeline built, by its digest; leave repositories and package addresses out.",
    source="learn.microsoft.com/azure/app-service/deploy-run-package: an address gives what is there at the time",
    where=lambda resource: resource.custom,
)
def code_fixed(resource: Resource) -> Iterator[str]:
    for path in REPOSITORIES & set(resource.inputs):
        yield f"{path} is set: what is there at the time is deployed"
    for path, text in resource.free_texts:
        if path.endswith("WEBSITE_RUN_FROM_PACKAGE") and "://" in text:
            yield f"{path} fetches code from an address"
        elif _fetches(text):
            yield f"{path} fetches code that can change: {text[:60]}"
    for name, value in resource.variables if resource.free_texts else ():
        if name in PRELOADED and value:
            yield f"{name} loads {value} into every program"
