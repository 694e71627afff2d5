#!/usr/bin/env bash
# Once before everything else, and again after each upgrade: Airflow's tables and users, the bucket and what protects it.
set -euo pipefail
airflow db migrate
for role in operator viewer; do
    case $role in operator) grants=Op ;; viewer) grants=Viewer ;; esac
    airflow users create --username "$role" --role "$grants" --firstname "$role" --lastname pressmark --email "$role@localhost" \
        --password "$(cat "/run/secrets/airflow_${role}_password")" || echo "$role is there already"
done
for attempt in {1..60}; do  # The S3 server may still be coming up; it may as well be anybody's, which nothing here starts.
    pressmark init-bucket && break
    ((attempt < 60)) || exit 3
    sleep 5
done
PRESSMARK_BUCKET=$LOG_BUCKET python - <<'END'
import os

import boto3

s3, name = boto3.client("s3"), os.environ["PRESSMARK_BUCKET"]
if name not in {each["Name"] for each in s3.list_buckets()["Buckets"]}:
    s3.create_bucket(Bucket=name)
END
