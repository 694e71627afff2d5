#!/usr/bin/env bash
# A Celery worker that stops in order and takes over the spools of lost workers. Celery alone would wait for its tasks until it is killed,
# and its crawls with it. Here SIGTERM ends the crawls: each seals and uploads its segments, and another worker retries its task.
set -euo pipefail

# Workers of one host share the volume PRESSMARK_SPOOLS and have a folder each. Elsewhere each worker has a spool of its own.
spools=${PRESSMARK_SPOOLS:-}
export PRESSMARK_SPOOL=${PRESSMARK_SPOOL:-${spools:-/spool}/$HOSTNAME}
mkdir -p "$PRESSMARK_SPOOL"

stopping= worker=
trap 'stopping=1; [[ -z $worker ]] || kill -TERM "$worker" 2>/dev/null || true' TERM INT

if [[ -n $spools ]]; then
    exec 9>"$PRESSMARK_SPOOL/worker.lock"
    if ! flock --nonblock 9 || [[ ! $PRESSMARK_SPOOL/worker.lock -ef /proc/self/fd/9 ]]; then
        echo "another worker uses $PRESSMARK_SPOOL, or just deleted it: start again" >&2
        exit 3
    fi
    for other in "$spools"/*/; do
        [[ ${other%/} -ef $PRESSMARK_SPOOL || -n $stopping ]] && continue
        (
            flock --nonblock 8 || exit 0  # Its worker is alive; or the folder was removed and made again.
            [[ ${other}worker.lock -ef /proc/self/fd/8 ]] || exit 0
            pressmark recover --of "${other%/}" || exit 1
            # Files that are left may belong to a site that has no site file any more.
            [[ -n $(find "$other" -type f ! -name '*.lock' ! -path '*/.tmp/*' -print -quit) ]] || rm -rf "${other:?}"
        ) 8>>"${other}worker.lock" || echo "the files in $other stay until another worker starts" >&2
    done
fi
[[ -z $stopping ]] || exit 0

# Packages and audits make temporary copies: on the disk, since /tmp may be in memory.
export TMPDIR=$PRESSMARK_SPOOL/.tmp
rm -rf "$TMPDIR"
mkdir -p "$TMPDIR"
airflow celery worker "$@" &
worker=$!

declare -A signalled
end_crawls() {
    local process pid
    for process in /proc/[0-9]*; do
        pid=${process#/proc/}
        if [[ -z ${signalled[$pid]:-} ]] && grep --quiet --null-data --line-regexp pressmark.crawl.process "$process/cmdline" 2>/dev/null &&
            grep --quiet --null-data --line-regexp --fixed-strings "PRESSMARK_SPOOL=$PRESSMARK_SPOOL" "$process/environ" 2>/dev/null; then
            signalled[$pid]=1  # Once: a second signal would not be as patient.
            kill -TERM "$pid" 2>/dev/null || true
        fi
    done
}

while kill -0 "$worker" 2>/dev/null; do
    if [[ -n $stopping ]]; then end_crawls; fi
    sleep 1 &
    wait $! || true  # Bash handles a signal during `wait`, not during `sleep`.
done
wait "$worker"
