#!/usr/bin/env bash
# A container without an engine: `unshare --mount --uts --pid --fork` runs this as its first process.
#
#   container.sh ROOT NAME USER GROUP FOLDER ro|rw [tmpfs:TARGET | ro:SOURCE:TARGET | rw:SOURCE:TARGET]... -- COMMAND...
#
# Its writes to the root file system stay in memory, in a layer over ROOT. It has no capabilities and gets none.
set -euo pipefail
umask 022
source=$1 name=$2 user=$3 group=$4 folder=$5 mode=$6
shift 6
hostname "$name"
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay overlay -o "lowerdir=$source,upperdir=/mnt/upper,workdir=/mnt/work" /mnt/root
mount -t proc proc /mnt/root/proc
mount --rbind /dev /mnt/root/dev
while [[ $1 != -- ]]; do
    target=/mnt/root${1##*:}
    if [[ $1 == tmpfs:* ]]; then
        mkdir -p "$target"
        mount -t tmpfs -o mode=1777 tmpfs "$target"
    else
        origin=${1#*:}
        origin=${origin%:*}
        if [[ -d $origin ]]; then mkdir -p "$target"; else mkdir -p "${target%/*}" && touch "$target"; fi
        mount --bind "$origin" "$target"
        [[ $1 == rw:* ]] || mount -o remount,bind,ro "$target"
    fi
    shift
done
[[ $mode == rw ]] || mount -o remount,ro /mnt/root
shift
exec chroot /mnt/root setpriv --reuid="$user" --regid="$group" --clear-groups --bounding-set=-all --inh-caps=-all \
    --no-new-privs env --chdir="$folder" "$@"
