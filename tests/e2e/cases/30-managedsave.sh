#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Managed save and restore through the filter: the guest goes on, its hardware stays, what may change does.
. "$GUEST_LIB/case.sh"

# Saved untuned, tagged while it is saved: only launch and live settings may reach it.
make_guest vp-save server -
boot_guest vp-save || not_ok 'the guest boots'
vsh dumpxml vp-save >"$SANDBOX/live.xml"
wait_until 20 ticks_past vp-save 0
tick=$(guest_tick vp-save)
boots=$(grep -c VP-READY "$(guest_serial vp-save)")
vsh managedsave vp-save
is 'saved' "$(state vp-save)" 'shut off'
vsh managedsave-dumpxml vp-save --security-info >"$SANDBOX/saved.xml"
# The tag as a person would put it there: name and override, no record.
sed "s|<memory |<metadata><vp:profile xmlns:vp='urn:virt-profile:domain:1' name='sql-db'><vp:set knob='disk.total-iops'>300</vp:set></vp:profile></metadata>\n  <memory |" \
    "$SANDBOX/saved.xml" >"$SANDBOX/tagged.xml"
vsh managedsave-define vp-save "$SANDBOX/tagged.xml" --running
syslog_mark
if vsh start vp-save; then ok 'restored through the filter'; else not_ok 'restored through the filter'; fi
is 'it runs' "$(state vp-save)" running
wait_until 20 ticks_past vp-save "$tick"
after=$(guest_tick vp-save)
if [ "$after" -gt "$tick" ]; then ok "the guest went on: heartbeat $tick, then $after"; else not_ok "the guest went on: heartbeat $tick, then $after"; fi
is 'without booting again' "$(grep -c VP-READY "$(guest_serial vp-save)")" "$boots"
vsh dumpxml vp-save >"$SANDBOX/restored.xml"
is 'launch: disk cache' "$(xml "$SANDBOX/restored.xml" '/domain/devices/disk/driver/@cache')" none
is 'launch: disk io' "$(xml "$SANDBOX/restored.xml" '/domain/devices/disk/driver/@io')" native
is 'live: limit' "$(xml "$SANDBOX/restored.xml" '/domain/devices/disk/iotune/total_iops_sec')" 300
has 'the limit is in force in QEMU' "$(vsh blkdeviotune vp-save vda)" 'total_iops_sec *: *300'
has 'QEMU opens the disk past the page cache' "$(qemu_object vp-save disk.raw)" '"cache":\{"direct":true'
is 'guest: balloon as before' "$(xml "$SANDBOX/restored.xml" '/domain/devices/memballoon/@model')" "$(xml "$SANDBOX/live.xml" '/domain/devices/memballoon/@model')"
is 'guest: queues as before' "$(xml "$SANDBOX/restored.xml" '/domain/devices/disk/driver/@queues')" "$(xml "$SANDBOX/live.xml" '/domain/devices/disk/driver/@queues')"
is 'guest: CPU as before' "$(xmllint --xpath '/domain/cpu' "$SANDBOX/restored.xml")" "$(xmllint --xpath '/domain/cpu' "$SANDBOX/live.xml")"
is 'guest: clock as before' "$(xmllint --xpath '/domain/clock' "$SANDBOX/restored.xml")" "$(xmllint --xpath '/domain/clock' "$SANDBOX/live.xml")"
vsh destroy vp-save

# Saved and restored tuned: nothing to do.
make_guest vp-again server sql-db
boot_guest vp-again || not_ok 'the tuned guest boots'
vsh dumpxml vp-again | sed "s/ id='[0-9]*'//" >"$SANDBOX/live.xml"
tick=$(guest_tick vp-again)
vsh managedsave vp-again
if vsh start vp-again; then ok 'a tuned guest is restored'; else not_ok 'a tuned guest is restored'; fi
wait_until 20 ticks_past vp-again "$tick" || not_ok 'the tuned guest went on'
vsh dumpxml vp-again | sed "s/ id='[0-9]*'//" >"$SANDBOX/restored.xml"
for what in '/domain/devices/disk/driver/@cache' '/domain/devices/disk/driver/@io' '/domain/devices/disk/driver/@queues' '/domain/devices/memballoon/@model' '/domain/devices/interface/driver/@queues'; do
    is "tuned and restored, $what" "$(xml "$SANDBOX/restored.xml" "$what")" "$(xml "$SANDBOX/live.xml" "$what")"
done

# A profile that is gone does not keep a saved guest from coming back.
vsh managedsave vp-again
mkdir -p "$SANDBOX/away"
mv /usr/share/virt-profile/profiles/sql-db.profile "$SANDBOX/away/"
syslog_mark
if vsh start vp-again; then ok 'restored without its profile'; else not_ok 'restored without its profile'; fi
is 'it runs' "$(state vp-again)" running
has 'the hook says so' "$(syslog_seen)" 'sql-db'
mv "$SANDBOX/away/sql-db.profile" /usr/share/virt-profile/profiles/
done_testing
