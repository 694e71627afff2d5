"""What to do when a run failed, by the name of the error that failed it; beside the table in dags/archive.py."""

import attrs


@attrs.frozen
class Advice:
    """What a failure means and what to do."""

    meaning: str
    action: str


BY_FAILURE = {
    "LayoutChanged": Advice(
        "A listing held fewer entries than its site file promises, or no article could be read.",
        "Open the listing in a browser. If its layout is new, its page class has to be adapted, or `expect` in the "
        "site file; until then each run fails. What was captured is kept and can be read again.",
    ),
    "CrawlRefused": Advice(
        "The site said no: robots.txt forbids the crawl, or the listing answers 401 or 403.",
        "Do not insist: pause the DAG and ask the site.",
    ),
    "BucketUnreachable": Advice(
        "Nobody answered at the S3 endpoint.",
        "See that the S3 server is up. What was captured waits in the spool, and the next run publishes it.",
    ),
    "BucketRefused": Advice(
        "The S3 server answered and said no: wrong keys, no such bucket, or a right is missing.",
        "Mend the keys or their policy. What was captured waits in the spool, and the next run publishes it.",
    ),
    "HostBusy": Advice(
        "Another crawl of this site went on.", "Nothing, if it happens once: it is tried again by itself."
    ),
    "SpoolError": Advice(
        "The worker's disk could not be written or read: it may be full.",
        "Make room below PRESSMARK_SPOOL on the worker. The next run publishes what was whole.",
    ),
    "RunFailed": Advice(
        "The crawl went through, and its result can't be trusted to hold all.",
        "Read the reason, then the log of the task. The next run reads on where this one stopped; if that fails too, "
        "call whoever keeps the site files.",
    ),
}
INTERRUPTED = Advice(
    "The run was told to stop, by a person, a time limit or a shutdown.",
    "Nothing: what it captured is in the bucket, and the next run goes on where it ended.",
)


def on(ended: str, failure: str | None) -> Advice | None:
    """Return the advice on a run that ended like this; None for a complete one."""
    if ended == "complete":
        return None
    if ended == "interrupted":
        return INTERRUPTED
    return BY_FAILURE.get(failure or "RunFailed", BY_FAILURE["RunFailed"])
