#!/usr/bin/env bash
# A Celery worker that can be stopped, and that takes over what a lost one held. Celery itself waits for its tasks until it is killed, and
# crawls with it. Here SIGTERM ends the crawls in order: each seals and uploads what it has, and its task is tried again elsewhere.
set -euo pipefail

# Workers of one host share a volume, PRESSMARK_SPOOLS, with a folder each; elsewhere a worker has a spool to itself.
spools=${PRESSMARK_SPOOLS:-}
export PRESSMARK_SPOOL=${PRESSMARK_SPOOL:-${spools:-/spool}/$HOSTNAME}
mkdir -p "$PRESSMARK_SPOOL"

stopping= worker=
trap 'stopping=1; [[ -z $worker ]] || kill -TERM "$worker" 2>/dev/null || true' TERM INT

if [[ -n $spools ]]; then
    exec 9>"$PRESSMARK_SPOOL/worker.lock"
    if ! flock --nonblock 9 || [[ ! $PRESSMARK_SPOOL/worker.lock -ef /proc/self/fd/9 ]]; then
        echo "another worker has $PRESSMARK_SPOOL, or just cleared it: start again" >&2
        exit 3
    fi
    for other in "$spools"/*/; do
        [[ ${other%/} -ef $PRESSMARK_SPOOL || -n $stopping ]] && continue
        (
            flock --nonblock 8 || exit 0  # Its worker is alive; or the folder was removed and made again.
            [[ ${other}worker.lock -ef /proc/self/fd/8 ]] || exit 0
            pressmark recover --of "${other%/}" || exit 1
            # What is left may be of a site that has no site file any more.
            [[ -n $(find "$other" -type f ! -name '*.lock' ! -path '*/.tmp/*' -print -quit) ]] || rm -rf "${other:?}"
        ) 8>>"${other}worker.lock" || echo "what $other holds waits for another worker that starts" >&2
    done
fi
[[ -z $stopping ]] || exit 0

# Packages and audits copy what they read: onto the disk, and not into memory, which /tmp may be.
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
    wait $! || true  # A signal is heard while it waits, not while it sleeps.
done
wait "$worker"
