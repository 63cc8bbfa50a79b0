"""``assurance verify``: whether a bundle of evidence is intact."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from assurance.evidence.manifest import SIGNATURE, problems, read_manifest, signer
from assurance.terminal import console
from documents.counting import counted

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The bundle's folder.")]
Signers = Annotated[
    Path | None,
    typer.Option("--signers", metavar="FILE", help="Who may have signed it: a file of ssh-keygen's ALLOWED SIGNERS."),
]


def verify(folder: Folder, signers: Signers = None) -> None:
    """Compare every file of a bundle with its manifest; with --signers, who signed the manifest.

    Exits with 1 when a byte differs, a file is missing or was added, or nobody who may has signed it.
    """
    content = read_manifest(folder)
    wrong = list(problems(folder))
    out = console()
    for each in wrong:
        out.print(f"[red]FAIL[/red] {escape(each)}", highlight=False, soft_wrap=True)
    if signers is not None:
        name = signer(folder, signers)
        if name is None:
            wrong.append("the signature")
            out.print(f"[red]FAIL[/red] nobody of {escape(str(signers))} has signed its manifest", highlight=False)
        else:
            out.print(f"signed by {escape(name)}", highlight=False)
    elif (folder / SIGNATURE).is_file():
        out.print("it bears a signature: --signers FILE says whose", highlight=False)
    else:
        out.print("it bears no signature: nothing here says who made it", highlight=False)
    message = "is not intact" if wrong else "is intact"
    files = counted(len(content.files), "file")
    message = f"{folder} {message}: {files}, commit {content.basis.get('commit') or 'none'}, of {content.time}"
    out.print(escape(message), highlight=False, soft_wrap=True)
    if wrong:
        raise typer.Exit(1)
