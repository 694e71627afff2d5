"""`pressmark audit`: checks a site's whole archive and re-derives a sample; the result is written to the bucket."""

import click

from pressmark.cli.echo import echo
from pressmark.errors import FindingsFound
from pressmark.text import counted


@click.command(
    epilog="""\b
Examples:
  pressmark audit newsroom
  pressmark audit newsroom --sample 500 --json | jq .findings
"""
)
@click.argument("site")
@click.option("--sample", type=click.IntRange(min=0), default=50, show_default=True, help="Documents to re-derive.")
@click.option("--json", "as_json", is_flag=True, help="Print the audit as JSON.")
def audit(site: str, sample: int, as_json: bool) -> None:
    """Check every object of SITE's runs, re-derive some documents from their captures, and write the result.

    The day decides which documents are chosen: the same archive and day give the same documents.
    """
    from rich.console import Console

    from pressmark.cli.output import console, print_json, progress, table
    from pressmark.config import Config
    from pressmark.jobs.audit.auditor import audit as audit_once

    with progress(Console(stderr=True)) as bar:
        task = bar.add_task("", total=None)
        result = audit_once(
            Config.read(),
            site,
            sample=sample,
            progress=lambda what, done, total: bar.update(task, description=what, completed=done, total=total),
        )
    findings, checked = result["findings"], result["checked"]
    if as_json:
        print_json(result)
    elif findings["listed"]:
        rows = table("", "object", "problem")
        for each in findings["listed"]:
            rows.add_row("wrong" if each["grave"] else "note", each["key"], each["problem"])
        console().print(rows)
    if findings["grave"]:
        raise FindingsFound(f"{counted(findings['grave'], 'finding')}; the audit is {result['key']}")
    same = sum(each["result"] == "identical" for each in result["sample"])
    echo(
        f"{counted(checked['runs'], 'run')}, {counted(checked['objects'], 'object')} and "
        f"{counted(checked['records'], 'record')} are whole; {same} of "
        f"{counted(len(result['sample']), 'document')} re-derived are the same to the byte. Audit: {result['key']}",
        err=as_json,
    )
