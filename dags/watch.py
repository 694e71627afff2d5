"""Checks the site files every ten minutes, and reports wrong ones once: their sites are left out and not archived.

**What it does.** *site_files* reads each site file. While one is wrong it fails, and the recipients of alarms (`PRESSMARK_ALARMS`) get one message, and
another when all files are valid again. All other sites go on.

**When it fails**

| message | what it means | what to do |
|---|---|---|
| `FILE: line N: field: ...` | this site file is wrong; its site has no DAGs until it is fixed | fix that line: docs/sites.md explains each field |
| `no such folder` | `PRESSMARK_SITES` names no folder | correct the variable, or mount the folder |
| `could not notify` | a recipient could not be notified | fix the SMTP or Slack connection; the next run notifies only those |
"""  # noqa: E501  # A row of a table has to be a line.

from datetime import timedelta

from airflow.sdk import DAG, dag, get_current_context, task

from pressmark.airflow.dag_defaults import OWNER, START
from pressmark.airflow.retries import RETRIES


def watch() -> DAG:
    """Return the DAG; there is one, whatever the site files say."""

    @dag(
        dag_id="watch_site_files",
        dag_display_name="Watch site files",
        description="Reports site files that are wrong",
        doc_md=__doc__,
        schedule="*/10 * * * *",
        start_date=START,
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=False,  # It changes nothing, and nobody would think of unpausing it.
        dagrun_timeout=timedelta(minutes=5),
        default_args={"owner": OWNER},
        tags=["watch"],
    )
    def of_all() -> None:
        @task(retry_policy=RETRIES, retries=1, retry_delay=timedelta(minutes=1))
        def site_files() -> None:
            """Read each site file, and report those that are wrong."""
            from pressmark.airflow.alerts.section import watch_site_files  # noqa: PLC0415  # It imports the notifiers.

            watch_site_files(get_current_context())

        site_files()

    return of_all()


watch()
