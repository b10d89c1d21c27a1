#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The snapshot of a host that the tests on real hosts compare: a made-up one, changed in every way.
set -u
TOUCHED=$VP_TOP_BUILDDIR/tests/e2e/lib/touched
# shellcheck source=/dev/null
. "$VP_TOP_SRCDIR/tests/e2e/lib/snapshot.sh"
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

fail() {
    printf 'FAIL: %s\n' "$1"
    failed=1
}

put() { # path below the root, value
    mkdir -p "$work/root/$(dirname "$1")" && printf '%s\n' "$2" >"$work/root/$1"
}

put sys/kernel/mm/ksm/run 0
put proc/sys/vm/swappiness 60
put sys/devices/system/cpu/cpu3/power/pm_qos_resume_latency_us n/a
put sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages 4
put sys/block/vda/queue/scheduler '[none] bfq'
put sys/class/net/eth0/queues/tx-0/xps_cpus '00000000,00000003'
put proc/irq/24/smp_affinity_list 0-3
put sys/kernel/mm/ksm/pages_shared 123

# The program takes the folder as its argument.
real=$TOUCHED
printf '#!/bin/sh\nexec "%s" "%s"\n' "$real" "$work/root" >"$work/touched" && chmod +x "$work/touched"
TOUCHED=$work/touched

snapshot "$work/before" || fail 'no snapshot'
printf '%s\t%s\n' /proc/irq/24/smp_affinity_list 0-3 /proc/sys/vm/swappiness 60 \
    /sys/block/vda/queue/scheduler '[none] bfq' /sys/class/net/eth0/queues/tx-0/xps_cpus '00000000,00000003' \
    /sys/devices/system/cpu/cpu3/power/pm_qos_resume_latency_us n/a \
    /sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages 4 \
    /sys/kernel/mm/ksm/run 0 >"$work/expected"
diff "$work/expected" "$work/before" || fail 'the files and their values'

snapshot "$work/after" || fail 'no second snapshot'
snapshot_differs "$work/before" "$work/after" && fail 'nothing changed'

put proc/sys/vm/swappiness 10
rm "$work/root/proc/irq/24/smp_affinity_list"
put proc/irq/25/smp_affinity_list 1
snapshot "$work/after"
snapshot_differs "$work/before" "$work/after" | sort >"$work/said"
diff - "$work/said" <<'END' || fail 'what changed'
/proc/irq/24/smp_affinity_list: is gone
/proc/irq/25/smp_affinity_list: is new
/proc/sys/vm/swappiness: '60' is '10'
END
snapshot_differs "$work/before" "$work/after" >/dev/null || fail 'a difference is true'

put proc/sys/vm/swappiness 60
snapshot "$work/before.some" '^/proc/irq/' || fail 'no snapshot of some'
snapshot "$work/after" '^/proc/irq/' || fail 'no second snapshot of some'
[ "$(grep -c . "$work/after")" = 6 ] || fail 'what is left out'
snapshot_differs "$work/after" "$work/before.some" && fail 'the same without what is left out'

TOUCHED=/bin/false
snapshot "$work/none" && fail 'a program that fails'
exit $failed
