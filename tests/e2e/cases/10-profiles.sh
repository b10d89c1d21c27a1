#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each profile on a real guest: what libvirt runs, what QEMU was started with, what the guest sees.
. "$GUEST_LIB/case.sh"

note 'sql-db'
make_guest vp-sql server sql-db --set disk.total-iops=300
boot_guest vp-sql || not_ok 'the guest boots'
vsh dumpxml vp-sql >"$SANDBOX/live.xml"
is 'sql-db: disk cache' "$(xml "$SANDBOX/live.xml" '/domain/devices/disk/driver/@cache')" none
is 'sql-db: disk io' "$(xml "$SANDBOX/live.xml" '/domain/devices/disk/driver/@io')" native
isnt 'sql-db: number of iothreads' "$(xml "$SANDBOX/live.xml" '/domain/iothreads')" ''
is 'sql-db: the disk is on an iothread that exists' \
    "$(xmllint --xpath 'boolean(/domain/iothreadids/iothread[@id=/domain/devices/disk/driver/@iothread] or /domain/devices/disk/driver/@iothread <= /domain/iothreads)' "$SANDBOX/live.xml")" true
is 'sql-db: balloon' "$(xml "$SANDBOX/live.xml" '/domain/devices/memballoon/@model')" none
is 'sql-db: memory is not merged' "$(xmllint --xpath 'boolean(/domain/memoryBacking/nosharepages)' "$SANDBOX/live.xml")" true
is 'sql-db: limit of the override' "$(xml "$SANDBOX/live.xml" '/domain/devices/disk/iotune/total_iops_sec')" 300
has 'QEMU opens the disk past the page cache' "$(qemu_object vp-sql disk.raw)" '"cache":\{"direct":true'
has 'QEMU uses native I/O' "$(qemu_object vp-sql disk.raw)" '"aio":"native"'
has 'QEMU has an iothread' "$(guest_cmdline vp-sql)" '"qom-type":"iothread"'
has 'the disk uses it' "$(qemu_object vp-sql virtio-blk-pci)" '"iothread":"iothread[0-9]+"'
has 'QEMU does not merge memory' "$(guest_cmdline vp-sql)" 'mem-merge=off'
has 'the limit is in force in QEMU' "$(vsh blkdeviotune vp-sql vda)" 'total_iops_sec *: *300'
has 'a thread of the process is the iothread' "$(cat "/proc/$(guest_pid vp-sql)"/task/*/comm)" '^IO iothread'
queues=$(xml "$SANDBOX/live.xml" '/domain/devices/disk/driver/@queues')
is 'the guest sees the queues' "$(guest_fact vp-sql vda.queues)" "${queues:-2}"
hasnt 'the guest sees no balloon' "$(guest_fact vp-sql virtio)" 'balloon'
rate=$(guest_fact vp-sql reads-per-second)
if [ "${rate:-0}" -ge 270 ] && [ "$rate" -le 330 ]; then
    ok "the guest reads at the limit of 300 per second: $rate"
else
    not_ok "the guest reads at the limit of 300 per second: ${rate:-nothing}"
fi
vsh destroy vp-sql

note 'desktop-vdi'
make_guest vp-vdi desktop desktop-vdi
boot_guest vp-vdi || not_ok 'the guest boots'
vsh dumpxml vp-vdi >"$SANDBOX/live.xml"
isnt 'desktop-vdi: steady limit of the disk' "$(xml "$SANDBOX/live.xml" '/domain/devices/disk/iotune/total_iops_sec')" ''
isnt 'desktop-vdi: boot allowance' "$(xml "$SANDBOX/live.xml" '/domain/devices/disk/iotune/total_iops_sec_max')" ''
is 'desktop-vdi: the limit in QEMU is that of the definition' \
    "$(vsh blkdeviotune vp-vdi vda | awk '$1 == "total_iops_sec" { print $3 } $1 == "total_iops_sec:" { print $2 }')" \
    "$(xml "$SANDBOX/live.xml" '/domain/devices/disk/iotune/total_iops_sec')"
is 'desktop-vdi: no high precision timer' "$(xml "$SANDBOX/live.xml" "/domain/clock/timer[@name='hpet']/@present")" no
hasnt 'desktop-vdi: memory may be merged' "$(cat "$SANDBOX/live.xml")" 'nosharepages'
hasnt 'desktop-vdi: memory is not locked' "$(cat "$SANDBOX/live.xml")" '<locked'
has 'desktop-vdi: the guest has its balloon' "$(guest_fact vp-vdi virtio)" 'balloon'
isnt 'desktop-vdi: the guest uses another clock than the hpet' "$(guest_fact vp-vdi clocksource)" hpet
vsh destroy vp-vdi

note 'nfv'
make_guest vp-nfv server nfv
stored vp-nfv stored.xml
is 'nfv: stored as locked in memory' "$(xmllint --xpath 'boolean(/domain/memoryBacking/locked)' "$SANDBOX/stored.xml")" true
virt-profile assign vp-nfv nfv "${UNLOCKED[@]}" >/dev/null
boot_guest vp-nfv || not_ok 'the guest boots'
vsh dumpxml vp-nfv >"$SANDBOX/live.xml"
is 'nfv: receive ring' "$(xml "$SANDBOX/live.xml" '/domain/devices/interface/driver/@rx_queue_size')" 1024
has 'nfv: QEMU has the ring' "$(qemu_object vp-nfv virtio-net-pci)" '"rx_queue_size":1024'
is 'nfv: queues of the interface' "$(xml "$SANDBOX/live.xml" '/domain/devices/interface/driver/@queues')" 2
is 'nfv: the guest sees them' "$(guest_fact vp-nfv eth0.queues)" 2
is 'nfv: memory is not merged' "$(xmllint --xpath 'boolean(/domain/memoryBacking/nosharepages)' "$SANDBOX/live.xml")" true
is 'nfv: balloon' "$(xml "$SANDBOX/live.xml" '/domain/devices/memballoon/@model')" none
if [ "$LOCKS" = 1 ]; then
    has 'nfv: QEMU locks its memory' "$(guest_cmdline vp-nfv)" 'mem-lock=on'
    isnt 'nfv: locked memory of the process' "$(awk '/^VmLck/ { print $2 }' "/proc/$(guest_pid vp-nfv)/status")" 0
fi
vsh destroy vp-nfv

hasnt 'the hook found every definition up to date' "$(cat "$SYSLOG_FILE")" '(vp-sql|vp-vdi|vp-nfv).*(pending|refused|ended|left)'
done_testing
