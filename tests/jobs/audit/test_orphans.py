from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pressmark.archive.s3.store import Store
from pressmark.jobs.audit.orphans import DATA, find_orphans
from pressmark.system.external_sort import SortedLines

KEYS = [f"{prefix}{site}/1/{name}" for prefix in DATA for site in ("news", "news-b") for name in ("a", "a-1", "a/1")]


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(known=st.sets(st.sampled_from([*KEYS, "runs/news/x.json", "articles/news/1/gone"])))
def test_they_are_what_is_there_and_in_no_manifest(store: Store, known: set[str]) -> None:
    # A key in a folder, `a/1`, may be listed before or after `a-1`, depending on the server.
    for key in KEYS:
        store.put(key.replace("/a/1", "/b/1"), b"")
    there = {key.replace("/a/1", "/b/1") for key in KEYS}
    for site in ("", "news"):
        with SortedLines(30) as listed:
            listed.add(f"{key}\n".encode() for key in known)
            wanted = {key for key in there - known if not site or f"/{site}/" in key}
            assert list(find_orphans(store, site, listed)) == sorted(wanted)
