# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A guest that boots in seconds: a Debian kernel and an initramfs of busybox, the virtio modules and one script.

GUEST_MODULES='virtio_pci virtio_blk virtio_net virtio_scsi virtio_balloon virtio_console virtio-rng sd_mod'

# The newest kernel that has its modules here.
guest_kernel_version() {
    local image version
    for image in $(printf '%s\n' /boot/vmlinuz-* | sort -rV); do
        version=${image#/boot/vmlinuz-}
        [ -r "$image" ] && [ -r "/lib/modules/$version/modules.dep" ] && printf '%s\n' "$version" && return 0
    done
    return 1
}

# Find a kernel, or take one out of Debian's package without installing it. Sets GUEST_KERNEL and GUEST_MODDIR.
guest_kernel() { # work folder
    local dir=$1/kernel version deb
    if version=$(guest_kernel_version); then
        GUEST_KERNEL=/boot/vmlinuz-$version GUEST_MODDIR=/lib/modules/$version
        return 0
    fi
    if ! compgen -G "$dir/boot/vmlinuz-*" >/dev/null; then
        rm -rf "$dir" && mkdir -p "$dir"
        deb=$(apt-cache depends linux-image-amd64 | sed -n 's/^ *Depends: *//p' | head -n 1)
        (cd "$dir" && apt-get -q download "$deb" && dpkg-deb -x ./*.deb . && rm -f ./*.deb) || return 1
        for version in "$dir"/lib/modules/*; do
            depmod -b "$dir" "${version##*/}" || return 1
        done
    fi
    GUEST_KERNEL=$(compgen -G "$dir/boot/vmlinuz-*" | head -n 1)
    GUEST_MODDIR=$dir/lib/modules/${GUEST_KERNEL##*/vmlinuz-}
}

# Modules in the order in which they load, paths below the modules' folder; those built in are left out.
guest_module_order() { # modules folder, names…
    local dir=$1
    shift
    awk -v want="$*" '
        { path = $1; sub(/:$/, "", path); name = path; sub(/.*\//, "", name); sub(/\.ko.*/, "", name)
          gsub(/-/, "_", name); file[name] = path; $1 = ""; deps[path] = $0 }
        function load(path,   n, part, i) {
            if (path in done) return
            done[path] = 1
            n = split(deps[path], part, " ")
            for (i = n; i >= 1; i--) load(part[i])
            print path
        }
        END { n = split(want, names, " ")
              for (i = 1; i <= n; i++) { gsub(/-/, "_", names[i]); if (names[i] in file) load(file[names[i]]) } }
    ' "$dir/modules.dep"
}

# guest_build WORK: $WORK/guest/vmlinuz and $WORK/guest/initramfs; made once for each kernel and init script.
guest_build() {
    local work=$1 dir=$1/guest root module name stamp
    guest_kernel "$work" || { say "no kernel for the guest"; return 1; }
    stamp="$GUEST_KERNEL $(cat "$GUEST_LIB/guest-init.sh" "$GUEST_LIB/work.c" | cksum) $GUEST_MODULES"
    if [ -e "$dir/stamp" ] && [ "$(cat "$dir/stamp")" = "$stamp" ]; then
        return 0
    fi
    rm -rf "$dir" && mkdir -p "$dir/root/bin" "$dir/root/modules"
    root=$dir/root
    cp "$(command -v busybox)" "$root/bin/busybox"
    install -m 755 "$GUEST_LIB/guest-init.sh" "$root/init"
    gcc -O1 -static -o "$root/work" "$GUEST_LIB/work.c" || return 1
    # shellcheck disable=SC2086 # a list of words
    for module in $(guest_module_order "$GUEST_MODDIR" $GUEST_MODULES); do
        name=${module##*/}
        case $name in
        *.ko.xz) name=${name%.xz} && xz -dc "$GUEST_MODDIR/$module" >"$root/modules/$name" ;;
        *.ko.zst) name=${name%.zst} && zstd -qdc "$GUEST_MODDIR/$module" >"$root/modules/$name" ;;
        *) cp "$GUEST_MODDIR/$module" "$root/modules/$name" ;;
        esac
        printf '%s\n' "$name" >>"$root/modules/order"
    done
    (cd "$root" && find . | cpio --quiet -o -H newc | gzip -1 >../initramfs) || return 1
    cp "$GUEST_KERNEL" "$dir/vmlinuz"
    rm -rf "$root"
    printf '%s\n' "$stamp" >"$dir/stamp"
}

# guest_define NAME TEMPLATE: fill in and define. Words of the form @WORD@ in the template are replaced.
# The guest's folder with its disks and its serial log is guests/NAME in the work folder, on a file system that does
# direct I/O, which tmpfs learned late.
guest_xml() { # name, template
    local name=$1 dir
    dir=$(guest_dir "$name")
    sed -e "s|@NAME@|$name|g" -e "s|@DIR@|$dir|g" -e "s|@KERNEL@|$SANDBOX_WORK/guest/vmlinuz|g" \
        -e "s|@INITRAMFS@|$SANDBOX_WORK/guest/initramfs|g" -e "s|@EMULATOR@|$(command -v qemu-system-x86_64)|g" "$2"
}

guest_dir() { printf '%s/guests/%s\n' "$SANDBOX_WORK" "$1"; }

guest_define() { # name, template
    local dir
    dir=$(guest_dir "$1")
    mkdir -p "$dir"
    [ -e "$dir/disk.raw" ] || truncate -s 512M "$dir/disk.raw"
    guest_xml "$1" "$2" >"$dir/domain.xml"
    vsh define "$dir/domain.xml" >/dev/null
}

# When libvirt has done with a start the hook goes on for some milliseconds.
settled() { [ ! -e /run/virt-profile/host.lock ] || flock -w 10 /run/virt-profile/host.lock true; }

vsh() {
    local rc=0
    timeout "${VSH_TIMEOUT:-60}" virsh -q "$@" || rc=$?
    [ "$1" != start ] || settled
    return $rc
}

guest_serial() { printf '%s/serial.log\n' "$(guest_dir "$1")"; }

guest_says() { grep -qs -- "$2" "$(guest_serial "$1")"; } # name, pattern

# guest_wait NAME SECONDS PATTERN
guest_wait() {
    wait_until "$2" guest_says "$1" "$3" || {
        tail -n 15 "$(guest_serial "$1")" >&2
        warn "the guest '$1' did not print '$3' within $2 s"
        return 1
    }
}

# One fact that the guest printed as "VP key=value".
guest_fact() { # name, key
    tr -d '\r' <"$(guest_serial "$1")" | sed -n "s/^.*VP $2=//p" | tail -n 1
}

guest_pid() { cat "/run/libvirt/qemu/$1.pid"; }

guest_cmdline() { tr '\0' '\n' <"/proc/$(guest_pid "$1")/cmdline"; }

# Last heartbeat number; -1 before the first.
guest_tick() {
    local n
    n=$(tr -d '\r' <"$(guest_serial "$1")" | sed -n 's/^.*VP-TICK //p' | tail -n 1)
    printf '%s\n' "${n:--1}"
}
