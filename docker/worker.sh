#!/usr/bin/env bash
# A Celery worker that can be stopped. Celery itself waits for its tasks until it is killed, and crawls with it. Here SIGTERM ends the
# crawls in order: each seals and uploads what it has, and its task is tried again on another worker.
set -euo pipefail
export PRESSMARK_SPOOL=${PRESSMARK_SPOOL:-/spools/$HOSTNAME}
mkdir -p "$PRESSMARK_SPOOL"

airflow celery worker "$@" &
worker=$!
stopping=
trap 'stopping=1; kill -TERM "$worker" 2>/dev/null || true' TERM INT

declare -A told
end_crawls() {
    local process pid
    for process in /proc/[0-9]*; do
        pid=${process#/proc/}
        if [[ -z ${told[$pid]:-} ]] && grep --quiet --null-data --line-regexp apps.crawl_runner "$process/cmdline" 2>/dev/null &&
            grep --quiet --null-data --line-regexp --fixed-strings "PRESSMARK_SPOOL=$PRESSMARK_SPOOL" "$process/environ" 2>/dev/null; then
            told[$pid]=1  # Once: a second signal would not be as patient.
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
