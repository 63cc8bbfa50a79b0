"""The pack's server: the SDK's own, which decodes each resource once, tells secrets apart and takes the pack's config.

The engine marks secrets on the wire; the SDK's server hands them to policies in plain text. This one masks them, as a
record does, so that rules about secrets judge in the engine too.
"""

import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import grpc
import yaml
from google.protobuf import json_format
from pulumi.runtime import rpc
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc
from pulumi_policy import EnforcementLevel, Policy, ResourceValidationPolicy
from pulumi_policy.policy import _GRPC_CHANNEL_OPTIONS, _PolicyAnalyzerServicer
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from documents.problems import DocumentError, Problem
from facts.types import counted_type
from policies import pack_config
from policies.own import with_ids
from policies.pack import Shown, build_policies, is_custom, stack_of
from policies.pack_config import PackConfig, read_config
from policies.register_files import RegisterFiles
from policies.resource import Resource
from policies.rule import Rule
from policies.rules import RULES
from policies.secrets import MASK

PACK = "medspasync-hipaa"
_LEVELS = {
    "advisory": analyzer_pb2.ADVISORY,
    "mandatory": analyzer_pb2.MANDATORY,
    "disabled": analyzer_pb2.DISABLED,
}


class Analyzer(_PolicyAnalyzerServicer):
    """Judges what the engine shows.

    folder: the pack's own. today: the day on which exceptions must still hold.
    """

    def __init__(self, folder: Path, today: date, rules: Sequence[Rule] = RULES) -> None:
        self._shown = Shown()
        self._folder, self._version = folder, _version(folder)
        self._files = RegisterFiles(PackConfig(), folder)
        self._rules = {rule.id: rule for rule in rules if not rule.offline}
        self._policies = build_policies(rules, lambda project: self._files.of(project), today, self._shown)
        self._levels = analyzer_pb2.ConfigureAnalyzerRequest()
        self._about: dict[str, _PolicyAnalyzerServicer] = {}
        self._lock = threading.Lock()
        super().__init__(PACK, self._version, self._policies, EnforcementLevel.ADVISORY)

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        """Take the pack's config: levels by rule and by severity, and the registers' files."""
        try:
            given = json_format.MessageToDict(request.policyConfig[pack_config.NAME].properties)
            config = read_config(given, self._rules)
        except DocumentError as error:
            return _refuse(context, error)
        levels = analyzer_pb2.ConfigureAnalyzerRequest()
        levels.CopyFrom(request)
        for id_, rule in self._rules.items():
            level, usual = config.level(id_, rule.severity), "mandatory" if rule.blocking else "advisory"
            named = id_ in request.policyConfig and request.policyConfig[id_].enforcementLevel != _LEVELS[usual]
            # The engine sends every rule's level: one that differs from the rule's own was asked for by name.
            if level and (id_ in config.levels or not named):
                levels.policyConfig[id_].enforcementLevel = _LEVELS[level]
        self._levels, self._about = levels, {}
        self._files = RegisterFiles(config, self._folder)
        return super().Configure(levels, context)

    def Analyze(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        """Judge one resource by the rules that are about its type."""
        with self._lock:
            inputs, secrets = plain(json_format.MessageToDict(request.properties))
            self._shown.inputs[request.urn] = unknown_checking_proxy(inputs)
            self._shown.secrets[request.urn] = frozenset(secrets)
            slim = analyzer_pb2.AnalyzeRequest(
                type=request.type, urn=request.urn, name=request.name, options=request.options
            )
            if request.HasField("provider"):
                slim.provider.CopyFrom(_without_properties(request.provider))
            server = self._server_for(counted_type(request.type, inputs))
            return self._answered(lambda: server.Analyze(slim, context), context)

    def AnalyzeStack(self, request: Any, context: Any) -> Any:  # noqa: N802 - the RPC's name
        """Judge the whole stack by the rules that look at several resources."""
        with self._lock:
            self._shown.stack = with_ids(stack_of([self._viewed(each) for each in request.resources]))
            return self._answered(
                lambda: super(Analyzer, self).AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(), context), context
            )

    def _viewed(self, each: Any) -> Resource:
        """A resource as rules on a stack judge it: with the inputs that rules on one resource were shown."""
        outputs = unknown_checking_proxy(plain(json_format.MessageToDict(each.properties))[0])
        inputs = self._shown.inputs.get(each.urn, outputs)
        return Resource(
            type=counted_type(each.type, inputs),
            name=each.name,
            urn=each.urn,
            inputs=inputs,
            outputs=outputs,
            parent=each.parent or None,
            protect=each.options.protect,
            ignored=tuple(each.options.ignoreChanges),
            custom=is_custom(each.type, each.provider if each.HasField("provider") else None),
            dependencies={k: frozenset(found.urns) for k, found in each.propertyDependencies.items()},
            secrets=self._shown.secrets.get(each.urn),
        )

    def _server_for(self, type_: str) -> _PolicyAnalyzerServicer:
        """The SDK's server with the policies on one resource that are about ``type_``."""
        if type_ not in self._about:
            about = [policy for policy in self._policies if self._is_about(policy, type_)]
            server = _PolicyAnalyzerServicer(PACK, self._version, about, EnforcementLevel.ADVISORY)
            server.Configure(self._levels, None)
            self._about[type_] = server
        return self._about[type_]

    def _is_about(self, policy: Policy, type_: str) -> bool:
        rule = self._rules.get(policy.name)
        return isinstance(policy, ResourceValidationPolicy) and (
            rule is None or type_ in rule.types or "*" in rule.types
        )

    def _answered(self, judge: Any, context: Any) -> Any:
        """The SDK's answer, and a line for each resource that could not be judged, with its name."""
        self._shown.unchecked.clear()
        try:
            answer = judge()
        except DocumentError as error:
            return _refuse(context, error)
        for id_, urn, message in self._shown.unchecked:
            answer.diagnostics.append(
                analyzer_pb2.AnalyzeDiagnostic(
                    policyName=id_,
                    policyPackName=PACK,
                    policyPackVersion=self._version,
                    message=f"unchecked: {urn.rsplit('::', 1)[-1]}: {message}",
                    urn=urn,
                    description=self._rules[id_].title,
                    enforcementLevel=analyzer_pb2.ADVISORY,
                )
            )
        return answer


def plain(value: Any) -> tuple[Any, list[str]]:
    """(value with secrets masked, paths of the secrets); an asset or archive counts as not known."""
    secrets: list[str] = []

    def walk(item: Any, path: str) -> Any:
        if isinstance(item, dict):
            mark = item.get(rpc._special_sig_key)
            if mark == rpc._special_secret_sig:
                secrets.append(path)
                return MASK
            if mark is not None:
                return UNKNOWN_STRING_VALUE
            return {key: walk(entry, f"{path}.{key}" if path else key) for key, entry in item.items()}
        if isinstance(item, list):
            return [walk(entry, f"{path}[{index}]") for index, entry in enumerate(item)]
        return int(item) if isinstance(item, float) and item.is_integer() else item

    return walk(value, ""), secrets


def serve(folder: Path, today: date) -> None:
    """Answer the engine until it ends the process; the port goes to standard output, as it expects."""
    server = grpc.server(ThreadPoolExecutor(max_workers=4), options=_GRPC_CHANNEL_OPTIONS)
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(Analyzer(folder, today), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    server.wait_for_termination()


def _without_properties(provider: Any) -> Any:
    return analyzer_pb2.AnalyzerProviderResource(type=provider.type, urn=provider.urn, name=provider.name)


def _version(folder: Path) -> str:
    document: Mapping[str, Any] = yaml.safe_load((folder / "PulumiPolicy.yaml").read_text(encoding="utf-8"))
    return str(document["version"])


def _refuse(context: Any, error: DocumentError) -> Any:
    """Stop the engine with every mistake in a document, and no traceback."""
    if context is None:
        raise error
    problems: list[Problem] = error.problems
    return context.abort(grpc.StatusCode.INVALID_ARGUMENT, "\n".join(str(problem) for problem in problems))
