#!/bin/busybox sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=dash disable=SC2016,SC2046
# First process of the test guest: prints what it sees as "VP key=value", then a heartbeat each second.

b=/bin/busybox
$b mkdir -p /proc /sys /dev
$b mount -t proc proc /proc
$b mount -t sysfs sysfs /sys
$b mount -t devtmpfs dev /dev 2>/dev/null
exec </dev/console >/dev/console 2>&1

while read -r module; do
    $b insmod "/modules/$module" 2>/dev/null
done </modules/order

# Disks appear a moment after their driver.
n=0
while [ ! -e /sys/block/vda ] && [ ! -e /sys/block/sda ] && [ $n -lt 20 ]; do
    $b usleep 100000
    n=$((n + 1))
done

fact() { echo "VP $1=$2"; }
one() { $b cat "$1" 2>/dev/null; }
count() {
    n=0
    for entry in "$@"; do [ -e "$entry" ] && n=$((n + 1)); done
    echo $n
}

fact cpus "$($b grep -c '^processor' /proc/cpuinfo)"
fact cpu-model "$($b sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | $b head -n 1)"
fact memory-kib "$($b awk '/^MemTotal/ { print $2 }' /proc/meminfo)"
fact nodes "$(count /sys/devices/system/node/node*)"
fact clocksource "$(one /sys/devices/system/clocksource/clocksource0/current_clocksource)"
for path in /sys/block/vd* /sys/block/sd*; do
    [ -e "$path" ] || continue
    disk=${path##*/}
    fact "$disk.queues" "$(count "$path"/mq/*)"
    fact "$disk.rotational" "$(one "$path/queue/rotational")"
    fact "$disk.write-cache" "$(one "$path/queue/write_cache")"
    fact "$disk.discard-max" "$(one "$path/queue/discard_max_bytes")"
done
for path in /sys/class/net/*; do
    nic=${path##*/}
    [ "$nic" = lo ] && continue
    [ -e "$path/device" ] || continue
    driver=$($b readlink "$path/device/driver")
    fact "$nic.driver" "${driver##*/}"
    fact "$nic.queues" "$(count "$path"/queues/rx-*)"
done
kinds=''
for path in /sys/bus/virtio/devices/*; do
    [ -e "$path" ] || continue
    case $(one "$path/device") in
    0x0001) kinds="$kinds net" ;;
    0x0002) kinds="$kinds block" ;;
    0x0003) kinds="$kinds console" ;;
    0x0004) kinds="$kinds rng" ;;
    0x0005) kinds="$kinds balloon" ;;
    0x0008) kinds="$kinds scsi" ;;
    *) kinds="$kinds $(one "$path/device")" ;;
    esac
done
fact virtio "${kinds# }"

# Reads of 4 KiB past the page cache for two seconds: an I/O limit shows as a rate.
case " $(one /proc/cmdline) " in
*' vp.io '*)
    set -- $(one /sys/block/vda/stat)
    before=$1
    $b timeout 2 $b dd if=/dev/vda of=/dev/null bs=4096 iflag=direct >/dev/null 2>&1
    set -- $(one /sys/block/vda/stat)
    fact reads-per-second $((($1 - before) / 2))
    ;;
esac

# The same without end, for who looks from outside.
case " $(one /proc/cmdline) " in
*' vp.read '*) while :; do $b dd if=/dev/vda of=/dev/null bs=4096 iflag=direct >/dev/null 2>&1; done & ;;
esac

# Work for a CPU: without end, or measured again and again.
case " $(one /proc/cmdline) " in
*' vp.spin '*) /work & ;;
*' vp.work '*) while :; do /work 8; done & ;;
esac

echo VP-READY
n=0
while :; do
    echo "VP-TICK $n"
    n=$((n + 1))
    $b sleep 1
done
