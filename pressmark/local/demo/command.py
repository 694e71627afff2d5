"""The command `pressmark demo`."""

import click


@click.command(
    epilog="""\b
Examples:
  pressmark demo              until Ctrl-C
  ONCE=1 pressmark demo       ends after its runs
""",
)
def demo() -> None:
    """Start an S3 server, a synthetic news site, Airflow, reading room and pywb, and archive the site three times.

    Everything listens on this machine only and keeps its files in ./.demo; each start empties it. Ports are set by
    PRESSMARK_S3_PORT, PRESSMARK_NEWSROOM_PORT, PRESSMARK_AIRFLOW_PORT, PRESSMARK_READING_ROOM_PORT,
    PRESSMARK_READING_ROOM_REPLAY_PORT and PRESSMARK_REPLAY_PORT.
    """
    from pressmark.local.demo.__main__ import main

    main()
