"""`pressmark init-bucket`: creates the bucket and sets its protection."""

import json

import click

from pressmark.archive.bucket.provision import LIFETIME_OF_REJECTED, ROLES
from pressmark.cli.echo import echo


@click.command(
    "init-bucket",
    epilog="""\b
Examples:
  pressmark init-bucket --dry-run
  pressmark init-bucket --lifetime-of-rejected 90 --replay-origin https://replayweb.page
  pressmark init-bucket --policy crawler > crawler.json
  pressmark init-bucket --json | jq .steps
""",
)
@click.option(
    "--lifetime-of-rejected",
    type=click.IntRange(min=1),
    metavar="DAYS",
    help=f"Days until rejected pages expire. [default: as set before, or {LIFETIME_OF_REJECTED}]",
)
@click.option(
    "--replay-origin",
    "replay_origins",
    multiple=True,
    callback=lambda ctx, param, value: tuple(map(_origin, value)),
    metavar="ORIGIN",
    help="A site that may replay captures in a browser; repeatable. [default: as set before, or *]",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was set as JSON.")
@click.option("--dry-run", is_flag=True, help="Change nothing; print what would be set as JSON, by S3 operation.")
@click.option(
    "--policy", "role", type=click.Choice(ROLES), help="Print the IAM policy of this role and the bucket; set nothing."
)
def init_bucket(
    lifetime_of_rejected: int | None,
    replay_origins: tuple[str, ...],
    as_json: bool,
    dry_run: bool,
    role: str | None,
) -> None:
    """Create the bucket if missing; set versioning, Object Lock, CORS for replay and the lifetime of rejected/.

    Run again, it sets only what is missing. Other rules of the bucket stay as they are.
    """
    from pressmark.archive.bucket.provision import State, Terms, planned, policy, protect
    from pressmark.archive.s3.store import Store
    from pressmark.config import Config

    config = Config.read()
    if role:
        echo(policy(role, config.bucket), nl=False)
        return
    store = Store.connect(config)
    terms = Terms(lifetime_of_rejected=lifetime_of_rejected, replay_origins=replay_origins or None)
    if dry_run:
        echo(json.dumps(planned(store, terms), indent=1, default=str))
        return
    steps = []
    for step in protect(store, terms):
        steps.append(step)
        if not as_json:
            echo(f"{step.name}: {step.state}{step.note and ' ' + step.note}")
    changed = any(step.state is State.SET for step in steps)
    days = config.retention.total_seconds() / 86_400 if config.retention else None
    if as_json:
        listed = [{"name": step.name, "state": step.state, "note": step.note} for step in steps]
        echo(
            json.dumps({"bucket": config.bucket, "changed": changed, "retention_days": days, "steps": listed}, indent=1)
        )
        return
    locked = f"{days:g} days from their upload" if days else "no lock"
    echo(f"segments of this environment: {locked} (PRESSMARK_RETENTION)")
    echo(f"bucket {config.bucket!r} {'is set up' if changed else 'was set up before: nothing has changed'}")


def _origin(text: str) -> str:
    """Check that an origin is spelled as browsers send it (RFC 6454, 6.1); another spelling would never match."""
    from pressmark.sites.hosts import server_of

    try:
        if text == "*" or text == str(server_of(text)):
            return text
    except ValueError as error:
        raise click.BadParameter(f"{text!r}: {error}") from None
    raise click.BadParameter(f"{text!r}: browsers send {str(server_of(text))!r}")
