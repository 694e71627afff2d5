"""The steps between a reading and the bucket, in order; each file is one step."""

if __name__ == "pipelines":  # A checkout has this folder twice: at its top, and in the package by a link.
    raise ImportError("pipelines is a part of the package: import pressmark.pipelines")

ITEM_PIPELINES = {
    "pressmark.pipelines.normalize.NormalizePipeline": 100,
    "pressmark.pipelines.validate.ValidatePipeline": 200,
    "pressmark.pipelines.deduplicate.DeduplicatePipeline": 300,
    "pressmark.pipelines.stage.StagePipeline": 400,
}
