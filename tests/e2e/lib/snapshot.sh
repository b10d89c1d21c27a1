# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the host was like before, and whether it is so again. The program itself says which files count: `touched`
# prints each with its value (tests/e2e/lib/touched.c, built by `make tests/e2e/lib/touched`).

TOUCHED=${TOUCHED:-/usr/lib/virt-profile-tests/touched}

# snapshot FILE [PATTERN]: all files and values, but for the paths that an extended regular expression matches: those
# of devices that the test itself makes or takes away.
snapshot() {
    "$TOUCHED" >"$1.all" || return 1
    if [ -n "${2:-}" ]; then
        awk -F '\t' -v leave="$2" '$1 !~ leave' "$1.all"
    else
        cat "$1.all"
    fi | LC_ALL=C sort >"$1" && rm -f "$1.all"
    [ -s "$1" ]
}

# snapshot_differs BEFORE AFTER: prints what is not the same, "PATH: 'before' is 'after'"; false where nothing is.
snapshot_differs() {
    awk -F '\t' '
        FILENAME == ARGV[1] { before[$1] = $2; next }
        { after[$1] = $2 }
        END {
            for (path in before) {
                if (!(path in after)) { print path ": is gone"; n++ }
                else if (after[path] != before[path]) {
                    print path ": \047" before[path] "\047 is \047" after[path] "\047"; n++
                }
            }
            for (path in after) if (!(path in before)) { print path ": is new"; n++ }
            exit n == 0
        }' "$1" "$2"
}

# snapshot_same WHAT BEFORE [PATTERN]: one assertion; hooks that libvirt calls by itself have two seconds to end.
snapshot_same() {
    local differs='' i
    for ((i = 0; i < 20; i++)); do
        snapshot "$2.now" "${3:-}" || break
        differs=$(snapshot_differs "$2" "$2.now") || break
        sleep 0.1
    done
    is "$1" "$(head -n 20 <<<"$differs")" ''
}

# What guests leave behind that are gone: entries, a journal, limits on cgroups with this in their names. Cgroups that
# only libvirt makes are not looked at.
left_behind() { # part of the guests' names
    local cgroups=(/sys/fs/cgroup/cpu /sys/fs/cgroup/cpuset /sys/fs/cgroup/memory /sys/fs/cgroup/blkio)
    [ ! -e /sys/fs/cgroup/cgroup.controllers ] || cgroups=(/sys/fs/cgroup)
    find /run/virt-profile/guests /run/virt-profile/host.json -type f 2>/dev/null
    find -L "${cgroups[@]}" -maxdepth 4 -type d -name "*$1*" 2>/dev/null
    find /run/systemd/system -path "*$1*" 2>/dev/null
    return 0
}

# What an earlier run of the tests left on this machine is not looked at.
left_before() { left_behind "$1" >"$SANDBOX/left"; } # part of the guests' names

nothing_left() { # what, part of the guests' names
    local left='' i
    for ((i = 0; i < 20; i++)); do
        left=$(left_behind "$2" | grep -vxFf "$SANDBOX/left")
        [ -n "$left" ] || break
        sleep 0.1
    done
    is "$1" "$(head -n 20 <<<"$left")" ''
}
