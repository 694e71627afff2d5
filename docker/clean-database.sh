#!/usr/bin/env bash
# Deletes runs older than KEEP_DAYS from Airflow's database; the last scheduled run of each DAG stays. Tasks have no access to the database,
# so this is not a DAG. The archive is not in this database.
set -euo pipefail
((KEEP_DAYS > 0)) || { echo "KEEP_DAYS must be at least 1: running tasks are in these tables too" >&2; exit 2; }
before=$(date --utc --date="-${KEEP_DAYS:?days that runs are kept} days" +%Y-%m-%dT%H:%M:%S+00:00)
# The tables that grow with time. DAGs and their versions are few, and their rows can't be deleted while others refer to them.
tables=asset_event,callback,celery_taskmeta,celery_tasksetmeta,dag_run,deadline,import_error,job,log,revoked_token
tables+=,session,task_instance,task_instance_history,task_reschedule,task_state_store,trigger,xcom
airflow db clean --clean-before-timestamp "$before" --tables "$tables" --skip-archive --error-on-cleanup-failure --yes
