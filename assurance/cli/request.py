"""``assurance request``: what the edge does with a request."""

from pathlib import Path
from typing import Annotated

import typer

from assurance.check.findings import Report
from assurance.check.formats import to_json as findings_json
from assurance.cli.options import JsonFile, ModeName, RecordFile, console_beside, write_report
from assurance.cli.recording import one_record
from assurance.errors import UsageError
from assurance.request import formats, terminal
from assurance.request.edge import Edge
from assurance.request.expectations import check, load_examples
from assurance.request.message import RequestError, parse_request

StackName = Annotated[str, typer.Argument(metavar="STACK", help="The stack, for example prod.")]
Method = Annotated[str | None, typer.Argument(help="GET, POST ...")]
Url = Annotated[str | None, typer.Argument(help="https://host/path?query")]
Header = Annotated[
    list[str] | None, typer.Option("--header", metavar="'NAME: VALUE'", help="A header; may be given several times.")
]
Origin = Annotated[
    str | None, typer.Option("--from", metavar="IP|COUNTRY", help="The client's address, or country (two letters).")
]
Rate = Annotated[
    str | None, typer.Option("--rate", metavar="N/MINUTES", help="How many such requests the client sends.")
]
BodyBytes = Annotated[int, typer.Option("--body-bytes", metavar="N", min=0, help="Size of the body.")]
ExamplesFile = Annotated[
    Path | None, typer.Option("--file", metavar="FILE", help="Check the requests of this file, see docs/requests.yaml.")
]


def request(
    stack: StackName,
    method: Method = None,
    url: Url = None,
    header: Header = None,
    origin: Origin = None,
    rate: Rate = None,
    body_bytes: BodyBytes = 0,
    file: ExamplesFile = None,
    mode: ModeName = "deployed",
    record: RecordFile = None,
    json_file: JsonFile = None,
) -> None:
    """Tell what the edge does with METHOD URL: firewall rules, route, redirect, headers, cache, origin.

    With --file, check every request of the file against what it expects; exits with 1 when one differs.
    """
    out = console_beside(json_file)
    if file is not None:
        if method or url:
            raise UsageError("give METHOD and URL, or --file, not both")
        examples = load_examples(file)
        recorded = one_record(stack, mode, record)
        report = Report(recorded.stack, recorded.mode, list(check(recorded, examples, str(file))), basis=recorded.basis)
        terminal.show_examples(out, report)
        write_report(json_file, findings_json, [report])
        if not report.holds:
            raise typer.Exit(1)
        return
    if method is None or url is None:
        raise UsageError("give METHOD and URL, for example GET https://host/path, or --file FILE")
    try:
        asked = parse_request(method, url, headers=header or [], origin=origin, rate=rate, body_bytes=body_bytes)
    except RequestError as error:
        raise UsageError(str(error)) from error
    recorded = one_record(stack, mode, record)
    outcome = Edge(recorded).handle(asked)
    terminal.show(out, recorded.stack, asked, outcome)
    write_report(json_file, formats.to_json, recorded, asked, outcome)
