#!/usr/bin/env bash
# Delete what Airflow's database holds of runs that are older than KEEP_DAYS; the last scheduled run of each DAG stays. Tasks may not touch the
# database, so this is no DAG. Nothing of the archive is in there.
set -euo pipefail
((KEEP_DAYS > 0)) || { echo "KEEP_DAYS has to be a day at least: what runs now is in these tables, too" >&2; exit 2; }
before=$(date --utc --date="-${KEEP_DAYS:?days that runs are kept} days" +%Y-%m-%dT%H:%M:%S+00:00)
# Those that grow with time. DAGs and their versions are few, and rows of them that others point to can't be deleted.
tables=asset_event,callback,celery_taskmeta,celery_tasksetmeta,dag_run,deadline,import_error,job,log,revoked_token
tables+=,session,task_instance,task_instance_history,task_reschedule,task_state_store,trigger,xcom
airflow db clean --clean-before-timestamp "$before" --tables "$tables" --skip-archive --error-on-cleanup-failure --yes
