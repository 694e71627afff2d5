"""The steps between a reading and the bucket, in order; each file is one step."""

STEPS = {
    "pipelines.clean.Clean": 100,
    "pipelines.validate.Validate": 200,
    "pipelines.drop_known_version.DropKnownVersion": 300,
    "pipelines.publish.Publish": 400,
}
