#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# run.sh SRCDIR BUILDDIR STAGE DATADIR: the benchmark, over programs and profiles as `make install DESTDIR=STAGE` leaves
# them. The hook looks for profiles where it was configured to: STAGE is laid over that folder in a mount namespace.
set -eu
src=$1 build=$2 stage=$3 data=$4

if [ -z "${VP_BENCH_INSIDE:-}" ]; then
    mkdir -p "$build/tests/bench"
    # A guest that has room on a small machine, so that it is placed; with the number that libvirt gives it.
    sed -e 's|>8</vcpu>|>1</vcpu>|' -e 's|>16777216<|>262144<|' "$src/tests/bench/guest.xml" >"$build/tests/bench/guest.xml"
    "$build/virt-profile" rewrite --profiles "$stage$data/virt-profile/profiles" --profile sql-db \
        "$build/tests/bench/guest.xml" | sed "s|^<domain |&id='7' |" >"$build/tests/bench/tagged.xml"
    user=''
    [ "$(id -u)" = 0 ] || user=--map-root-user
    VP_BENCH_INSIDE=1 exec unshare --mount $user --propagation private sh "$0" "$@"
fi
mount -t tmpfs none /run # the ledger of this benchmark is its own
mount -t overlay -o "ro,lowerdir=$stage$data:$data" overlay "$data"
# A process that stands for the guest's QEMU.
mkdir -p /run/libvirt/qemu
sleep 600 &
qemu=$!
echo "$qemu" >/run/libvirt/qemu/guest.pid
# A machine that does something else at the moment is given two more tries; the last one counts.
for try in 1 2 3; do
    status=0
    "$build/tests/bench/bench" "$build/hooks/qemu" "$src/tests/bench/filter.py" "$build/tests/bench/tagged.xml" \
        "$build/tests/bench/guest.xml" "$data/virt-profile/profiles" >"$build/tests/bench/result" || status=$?
    [ "$status" != 0 ] || break
    echo "try $try: $(grep -c '^not ok' "$build/tests/bench/result") limits were passed"
done
cat "$build/tests/bench/result"
# What the guest asked of this machine is taken back.
kill "$qemu"
"$build/hooks/qemu" guest release end - <"$build/tests/bench/tagged.xml"
exit "$status"
