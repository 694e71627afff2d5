"""Item pipelines, from a reading to the bucket; one per file, in this order."""

if __name__ == "pipelines":  # A checkout has this folder twice: at the top, and as a link in the package.
    raise ImportError("pipelines is a part of the package: import pressmark.pipelines")

ITEM_PIPELINES = {
    "pressmark.pipelines.normalize.NormalizePipeline": 100,
    "pressmark.pipelines.validate.ValidatePipeline": 200,
    "pressmark.pipelines.deduplicate.DeduplicatePipeline": 300,
    "pressmark.pipelines.stage.StagePipeline": 400,
}
