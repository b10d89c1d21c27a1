#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A guest without a profile starts as it always did, also beside a hook of someone else in qemu.d.
. "$GUEST_LIB/case.sh"

mkdir -p "$HOOK.d"
cat >"$HOOK.d/10-other" <<HOOK
#!/bin/sh
printf '%s %s\n' "\$1" "\$2" >>$SANDBOX/other.log
cat >$SANDBOX/other-\$2.xml
HOOK
chmod 755 "$HOOK.d/10-other"
: >"$SANDBOX/other.log"
# libvirt looks for hooks when it starts.
libvirtd_stop
libvirtd_start

make_guest vp-plain server -
stored vp-plain before.xml
syslog_mark
boot_guest vp-plain || not_ok 'the guest boots'
stored vp-plain after.xml
same_file 'the stored definition' "$SANDBOX/before.xml" "$SANDBOX/after.xml"
hasnt 'QEMU is started as libvirt would' "$(guest_cmdline vp-plain)" 'aio":"native"|iothread|"direct":true'
is 'the guest has its two queues' "$(guest_fact vp-plain vda.queues)" 2
hasnt 'the hook says nothing about it' "$(syslog_seen)" 'vp-plain'
has 'the other hook was called before the start' "$(cat "$SANDBOX/other.log")" 'vp-plain prepare'
has 'the other hook was called after it' "$(cat "$SANDBOX/other.log")" 'vp-plain started'
vsh dumpxml vp-plain >"$SANDBOX/live.xml"

vsh managedsave vp-plain
vsh start vp-plain || not_ok 'an untagged guest comes back from managed save'
is 'after a managed save it runs' "$(state vp-plain)" running
has 'the other hook saw the restore' "$(cat "$SANDBOX/other.log")" 'vp-plain restore'
vsh dumpxml vp-plain >"$SANDBOX/restored.xml"
sed -i "s/ id='[0-9]*'//" "$SANDBOX/live.xml" "$SANDBOX/restored.xml"
for what in '/domain/devices/disk/driver/@cache' '/domain/iothreads' '/domain/cputune/shares' '/domain/devices/memballoon/@model'; do
    is "live $what as before" "$(xml "$SANDBOX/restored.xml" "$what")" "$(xml "$SANDBOX/live.xml" "$what")"
done
vsh destroy vp-plain
has 'the other hook was called at the end' "$(cat "$SANDBOX/other.log")" 'vp-plain release'

make_guest vp-both server sql-db
boot_guest vp-both || not_ok 'the tagged guest boots'
vsh dumpxml vp-both >"$SANDBOX/live.xml"
is 'a tagged guest beside the other hook: cache' "$(xml "$SANDBOX/live.xml" '/domain/devices/disk/driver/@cache')" none
has 'the other hook was called for it' "$(cat "$SANDBOX/other.log")" 'vp-both started'
done_testing
