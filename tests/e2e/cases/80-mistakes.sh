#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Mistakes on the command line: the documented exit status, one clear line, and libvirt's definitions as they were.
. "$GUEST_LIB/case.sh"

make_guest vp-m server -
make_guest vp-t server sql-db
stored vp-m m0.xml
stored vp-t t0.xml
mkdir -p /etc/virt-profile/profiles
printf '[profile]\nsummary = x\n[disk]\ncahce = none\n' >/etc/virt-profile/profiles/typo.profile
printf '[profile]\nsummary = x\nextends = ring\n' >/etc/virt-profile/profiles/ring.profile

mistake() { # status, pattern in the message, words…
    local status=$1 pattern=$2
    shift 2
    exits "virt-profile $*" "$status" virt-profile "$@"
    has '  its message' "$ERR" "$pattern"
    is '  lines of the message, besides a pointer to the help' "$(grep -vc '^Try .*--help' <<<"$ERR")" 1
    is '  standard output' "$OUT" ''
}

mistake 4 'no-such-domain' assign no-such-domain sql-db
mistake 4 'no-such-domain' clear no-such-domain
mistake 4 'no-such-domain' apply no-such-domain
mistake 4 'no-such-profile' assign vp-m no-such-profile
mistake 4 "sql-db" assign vp-m sql-bd
mistake 3 'passwd' assign vp-m ../../etc/passwd
mistake 3 'typo.profile:4' assign vp-m typo
mistake 3 'ring' assign vp-m ring
mistake 3 'disk.cache' assign vp-m sql-db --set disk.cache=fast
mistake 4 'disk.cache' assign vp-m sql-db --set disk.cahce=none
mistake 2 'set' assign vp-m sql-db --set disk.cache
mistake 2 '' assign vp-m
mistake 2 '' assign
mistake 2 '' clear
mistake 2 'frobnicate' frobnicate
mistake 2 'no-such-option' assign --no-such-option vp-m sql-db
mistake 1 'nowhere' assign --connect nowhere:///x vp-m sql-db
stored vp-m m1.xml
stored vp-t t1.xml
same_file 'the untagged domain' "$SANDBOX/m0.xml" "$SANDBOX/m1.xml"
same_file 'the tagged domain' "$SANDBOX/t0.xml" "$SANDBOX/t1.xml"

# The profile of a tagged domain breaks: apply says so and leaves the definition.
sed 's/^summary.*/&\nfoo = bar/' /usr/share/virt-profile/profiles/sql-db.profile >/etc/virt-profile/profiles/sql-db.profile
exits 'apply with a profile that broke' 3 virt-profile apply vp-t
stored vp-t t1.xml
same_file 'the tagged domain' "$SANDBOX/t0.xml" "$SANDBOX/t1.xml"
rm /etc/virt-profile/profiles/sql-db.profile

# libvirt is away.
libvirtd_stop
mistake 1 'libvirt' assign vp-m sql-db
libvirtd_start
stored vp-m m1.xml
same_file 'the untagged domain' "$SANDBOX/m0.xml" "$SANDBOX/m1.xml"
done_testing
