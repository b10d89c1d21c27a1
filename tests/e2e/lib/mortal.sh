#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A hook that is killed: runs the real one, which is beside it, and ends it by SIGKILL after a time that is drawn anew in
# each call, alone or with the processes it forked. What it drew is appended to a file, and libvirt gets the status.
set -m
here=${BASH_SOURCE[0]%/*}
exec 3>&2 2>/dev/null
RANDOM=$((($(date +%N | sed 's/^0*//') / 1000 + $$) % 32768))
"$here/virt-profile-real" "$@" <&0 2>&3 3>&- &
pid=$!
delay=$((RANDOM % 15000))
read -r -t "0.$(printf %06d "$delay")" <> <(:)
if kill -0 "$pid"; then
    whole=$((RANDOM % 4))
    if [ "$whole" = 0 ]; then kill -KILL "$pid"; else kill -KILL -- "-$pid"; fi
    killed=1
fi
wait "$pid"
status=$?
[ "$status" != 137 ] || printf '%s %s %s\n' "$2" "$delay" "${whole:-}${killed:+ killed}" >>/run/mortal
exit "$status"
