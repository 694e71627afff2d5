#!/usr/bin/env bash
# Makes Airflow's tables and users, and the buckets. It runs before everything else, and after each upgrade or change of passwords.
set -euo pipefail
airflow db migrate
for role in operator viewer; do
    case $role in operator) grants=Op ;; viewer) grants=Viewer ;; esac
    password=$(cat "/run/secrets/airflow_${role}_password")
    # An existing user is left as it is, with the old password.
    airflow users create --username "$role" --role "$grants" --firstname "$role" --lastname pressmark --email "$role@localhost" --password "$password"
    airflow users reset-password --username "$role" --password "$password"
done
airflow roles add-perms Viewer --resource Plugins --action can_read  # The console is one.
for attempt in {1..60}; do  # The S3 server may still be starting. It may be external, so compose can't wait for it.
    pressmark init-bucket && break || code=$?
    ((code != 2 && attempt < 60)) || exit "$code"  # 2: a setting is wrong, and stays so.
    sleep 5
done
PRESSMARK_BUCKET=$LOG_BUCKET python - <<'END_OF_PYTHON'
import os
import sys

import boto3
from botocore.exceptions import ClientError

s3, name = boto3.client("s3"), os.environ["PRESSMARK_BUCKET"]
region = s3.meta.region_name
where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
try:
    s3.head_bucket(Bucket=name)
except ClientError as error:
    if error.response["Error"]["Code"] == "404":
        try:
            s3.create_bucket(Bucket=name, **where)
        except ClientError as refused:
            sys.exit(f"make the bucket {name!r} for Airflow's logs, as the role `setup` may not ({refused}); see docs/deployment.md")
END_OF_PYTHON
