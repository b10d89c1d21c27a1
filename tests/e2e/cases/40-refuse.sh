#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# enforce = refuse: a stale definition is not started, with one sentence that names what is missing and what mends it.
. "$GUEST_LIB/case.sh"

tag() { # enforce
    sed -e "s|<memory |<metadata><vp:profile xmlns:vp='urn:virt-profile:domain:1' name='sql-db'$1/></metadata>\n  <memory |" \
        -e 's|<vcpu>2</vcpu>|<vcpu>1</vcpu>|' "$TEMPLATES/server.xml"
}

tag " enforce='refuse'" >"$SANDBOX/refuse.xml"
guest_define vp-refuse "$SANDBOX/refuse.xml"
syslog_mark
exits 'a stale definition with enforce=refuse' 1 vsh start vp-refuse
sentences=$(grep -c 'virt-profile' <<<"$ERR")
is 'lines of virt-profile in the error' "$sentences" 1
has 'it names the domain' "$ERR" "vp-refuse"
has 'it names the profile' "$ERR" "sql-db"
has 'it names the command that mends it' "$ERR" 'virt-profile apply'
hasnt 'it shows none of the XML' "$ERR" '<domain|<disk'
is 'the guest does not run' "$(state vp-refuse)" 'shut off'
exits 'the command that the message names' 0 virt-profile apply vp-refuse
exits 'then it starts' 0 vsh start vp-refuse
vsh dumpxml vp-refuse >"$SANDBOX/live.xml"
is 'tuned' "$(xml "$SANDBOX/live.xml" '/domain/devices/disk/driver/@cache')" none
vsh destroy vp-refuse

tag '' >"$SANDBOX/start.xml"
guest_define vp-stale "$SANDBOX/start.xml"
syslog_mark
exits 'a stale definition with the default' 0 vsh start vp-stale
has 'the hook says that settings are pending' "$(syslog_seen)" 'pending'
has 'and for which domain' "$(syslog_seen)" 'vp-stale'
vsh destroy vp-stale

# The profile itself can ask for it.
mkdir -p /etc/virt-profile/profiles
printf '[profile]\nsummary = strict\nextends = sql-db\nenforce = refuse\n' >/etc/virt-profile/profiles/strict.profile
sed "s/name='sql-db'/name='strict'/" "$SANDBOX/start.xml" >"$SANDBOX/strict.xml"
guest_define vp-strict "$SANDBOX/strict.xml"
exits 'enforce = refuse in the profile' 1 vsh start vp-strict
has 'the error names the profile' "$ERR" 'strict'
exits 'assign brings the definition up to date' 0 virt-profile assign vp-strict strict
exits 'then it starts' 0 vsh start vp-strict
done_testing
