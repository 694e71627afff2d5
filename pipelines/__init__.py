"""The steps between a reading and the bucket, in order; each file is one step."""

if __name__ == "pipelines":  # A checkout has this folder twice: at its top, and in the package by a link.
    raise ImportError("pipelines is a part of the package: import pressmark.pipelines")

STEPS = {
    "pressmark.pipelines.clean.Clean": 100,
    "pressmark.pipelines.validate.Validate": 200,
    "pressmark.pipelines.drop_known_version.DropKnownVersion": 300,
    "pressmark.pipelines.publish.Publish": 400,
}
