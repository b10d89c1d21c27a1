#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# libvirtd restarts with guests running: none of them dies, whatever state virt-profile is in.
. "$GUEST_LIB/case.sh"

PROFILES=/usr/share/virt-profile/profiles
make_guest vp-run-a server sql-db
make_guest vp-run-b server nfv "${UNLOCKED[@]}"
make_guest vp-run-c server -
for dom in vp-run-a vp-run-b vp-run-c; do vsh start "$dom" || not_ok "$dom starts"; done
declare -A pid
for dom in vp-run-a vp-run-b vp-run-c; do pid[$dom]=$(guest_pid "$dom"); done

restart() { # what is broken
    local dom
    libvirtd_stop
    libvirtd_start
    for dom in vp-run-a vp-run-b vp-run-c; do
        wait_until 10 is_running "$dom"
        is "$1: $dom" "$(state "$dom") as process $(guest_pid "$dom")" "running as process ${pid[$dom]}"
        kill -0 "${pid[$dom]}" 2>/dev/null || not_ok "$1: the process of $dom is gone"
    done
}

restart 'libvirtd restarts'

mkdir -p "$SANDBOX/away"
mv "$PROFILES/sql-db.profile" "$SANDBOX/away/"
restart 'the profile is gone'

head -c 4096 /dev/urandom >"$PROFILES/sql-db.profile"
restart 'garbage for a profile'

: >"$PROFILES/sql-db.profile"
restart 'an empty profile'

rm "$PROFILES/sql-db.profile"
ln -s sql-db.profile "$PROFILES/sql-db.profile"
restart 'a profile that links to itself'
rm "$PROFILES/sql-db.profile"

mount -t tmpfs -o mode=000,size=4k none "$PROFILES"
restart 'an empty folder nobody may read'
umount "$PROFILES"

mkdir -p /etc/virt-profile
: >/etc/virt-profile/profiles
restart 'a file where the folder of profiles should be'
rm /etc/virt-profile/profiles

rm -rf /run/virt-profile
: >/run/virt-profile
restart 'a file where the state should be'
rm -f /run/virt-profile

mv "$SANDBOX/away/sql-db.profile" "$PROFILES/"
for dom in vp-run-a vp-run-b vp-run-c; do
    exits "$dom can be stopped" 0 vsh destroy "$dom"
    exits "$dom can be started again" 0 vsh start "$dom"
done
done_testing
