#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The hook is not linked with libvirt, which would let it call back, nor with what it does not use: the program with the C
# library only. The command line loads libvirt only when it needs it.
set -eu
build=${VP_TOP_BUILDDIR:-.}
failed=0

command -v readelf >/dev/null || { echo "readelf is not installed"; exit 77; }

# links PROGRAM ALLOWED…: what it needs is among the allowed.
links() {
    program=$1
    shift
    needed=$(readelf -d "$build/$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\.so.*/\1/p')
    [ -n "$needed" ] || { echo "$program: needs no library at all, which cannot be"; failed=1; }
    for library in $needed; do
        case " $* libc ld-linux-x86-64 ld-linux-aarch64 libasan libubsan " in
        *" $library "*) ;;
        *)
            echo "$program: linked with $library"
            failed=1
            ;;
        esac
    done
}

links hooks/qemu
links hooks/virt-profile-hook.so libxml2 libhwloc libinih libjson-c libcgroup
links virt-profile libxml2 libhwloc libinih libjson-c libcgroup libsmartcols libdl
exit $failed
