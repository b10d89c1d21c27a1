#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A start with a profile that is missing or broken: the guest starts untuned and syslog says why.
. "$GUEST_LIB/case.sh"

tag() { # profile, inner XML
    sed "s|<memory |<metadata><vp:profile xmlns:vp='urn:virt-profile:domain:1' name='$1'>$2</vp:profile></metadata>\n  <memory |" \
        "$TEMPLATES/server.xml" >"$SANDBOX/tagged.xml"
}

starts() { # domain, what, pattern in syslog
    guest_define "$1" "$SANDBOX/tagged.xml"
    syslog_mark
    exits "$2: it starts" 0 vsh start "$1"
    is "$2: it runs" "$(state "$1")" running
    has "$2: syslog" "$(syslog_seen)" "$3"
    is "$2: lines in syslog at its start" "$(syslog_seen | grep -c "$1")" 1
    vsh destroy "$1"
}

tag nothing-of-the-kind ''
starts vp-missing 'a profile that does not exist' "nothing-of-the-kind"

tag '../../etc/passwd' ''
starts vp-path 'a name with a path in it' 'vp-path'

tag sql-db '<vp:set knob="disk.cahce">none</vp:set>'
starts vp-knob 'an override for a knob that does not exist' 'disk.cahce'

tag sql-db '<vp:set knob="disk.cache">fast</vp:set>'
starts vp-value 'an override with a bad value' 'disk.cache'

mkdir -p /etc/virt-profile/profiles
printf '[profile]\nsummary = x\nextends = ring-b\n' >/etc/virt-profile/profiles/ring-a.profile
printf '[profile]\nsummary = x\nextends = ring-a\n' >/etc/virt-profile/profiles/ring-b.profile
tag ring-a ''
starts vp-ring 'a cycle of profiles' 'ring-a'

printf '[profile]\nsummary = x\n[disk]\ncahce = none\n' >/etc/virt-profile/profiles/typo.profile
tag typo ''
starts vp-typo 'a profile with an unknown key' 'typo.profile:4'

head -c 8192 /dev/urandom >/etc/virt-profile/profiles/junk.profile
tag junk ''
starts vp-junk 'a profile of garbage' 'junk'

head -c 400000 /dev/zero | tr '\0' ';' >/etc/virt-profile/profiles/big.profile
tag big ''
starts vp-big 'a profile that is too large' 'big'
done_testing
