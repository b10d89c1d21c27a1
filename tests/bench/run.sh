#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# run.sh SRCDIR BUILDDIR STAGE DATADIR: the benchmark, over programs and profiles as `make install DESTDIR=STAGE` leaves
# them. The hook looks for profiles where it was configured to: STAGE is laid over that folder in a mount namespace.
set -eu
src=$1 build=$2 stage=$3 data=$4

if [ -z "${VP_BENCH_INSIDE:-}" ]; then
    mkdir -p "$build/tests/bench"
    "$build/virt-profile" rewrite --profiles "$stage$data/virt-profile/profiles" --host synthetic:'numa:1 core:8 pu:1' --profile sql-db \
        "$src/tests/bench/guest.xml" >"$build/tests/bench/tagged.xml"
    user=''
    [ "$(id -u)" = 0 ] || user=--map-root-user
    VP_BENCH_INSIDE=1 exec unshare --mount $user --propagation private sh "$0" "$@"
fi
mount -t overlay -o "ro,lowerdir=$stage$data:$data" overlay "$data"
exec "$build/tests/bench/bench" "$build/hooks/qemu" "$src/tests/bench/filter.py" "$build/tests/bench/tagged.xml" \
    "$src/tests/bench/guest.xml" "$data/virt-profile/profiles"
