"""Users of the S3 server that may do what a policy of ours says, and no more."""

import time
from collections.abc import Callable
from typing import Any

import boto3
from botocore.client import Config
from botocore.exceptions import ClientError

from pressmark.archive.bucket.provision import policy
from pressmark.local.s3server import RunningS3

READY_SECONDS = 20


def keys_of(role: str, s3: RunningS3, bucket: str, *more: str) -> dict[str, str]:
    """Make a user of this role for a bucket; return the variables of its keys once the server knows them.

    `more` are policies (JSON) that it has besides.
    """
    settings: dict[str, Any] = {
        "region_name": "us-east-1",
        "endpoint_url": s3.endpoint,
        "config": Config(retries={"mode": "standard"}),
    }
    iam = boto3.Session(s3.environment["AWS_ACCESS_KEY_ID"], s3.environment["AWS_SECRET_ACCESS_KEY"]).client(
        "iam", **settings
    )
    name = f"{role}-{bucket}"
    iam.create_user(UserName=name)
    # SeaweedFS 4.48 takes our policies as managed ones only: inline ones may not deny.
    for number, document in enumerate((policy(role, bucket), *more)):
        made = iam.create_policy(PolicyName=f"{name}-{number}", PolicyDocument=document)
        iam.attach_user_policy(UserName=name, PolicyArn=made["Policy"]["Arn"])
    key = iam.create_access_key(UserName=name)["AccessKey"]
    client = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"]).client("s3", **settings)
    until = time.monotonic() + READY_SECONDS
    # Users and policies reach the parts of the server one by one. Every role may list; with `more`, wait until
    # the server also denies a deletion.
    while not _may(client.list_objects_v2, Bucket=bucket) or (
        more and _may(client.delete_object, Bucket=bucket, Key="articles/none")
    ):
        assert time.monotonic() < until
        time.sleep(0.05)
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def _may(call: Callable[..., Any], **of: str) -> bool:
    try:
        call(**of)
    except ClientError:
        return False
    return True
