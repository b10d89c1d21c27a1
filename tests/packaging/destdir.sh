# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by run: `make install DESTDIR=` puts everything where configure was told, whatever that was, and nothing elsewhere;
# `make uninstall` takes all of it away.
# shellcheck disable=SC2154 # the caller's variables

odd=$scratch/odd
options=(--prefix=/o/prefix --exec-prefix=/o/exec --bindir=/o/bin --sbindir=/o/sbin --libexecdir=/o/libexec
    --sysconfdir=/o/etc --localstatedir=/o/var --runstatedir=/o/run --libdir=/o/lib --includedir=/o/include
    --datarootdir=/o/dataroot --datadir=/o/data --mandir=/o/man --docdir=/o/doc --infodir=/o/info --localedir=/o/locale
    --with-zshcompletiondir=/o/zsh)

# The objects of the build are as good, but for those that know a folder by name.
odd_build() { # options…
    (cd "$odd" && "$WORK/src/configure" "${options[@]}" "$@" CC=gcc) >"$scratch/odd.log" 2>&1 || return 1
    grep -rlE 'VP_(SYSCONF|DATA|LIBEXEC|SBIN|PKGLIB)DIR' "$WORK/src/src" "$WORK/src/hooks" | sed "s|^$WORK/src/||; s|\.c$||" |
        while read -r name; do rm -f "$odd/$name".o; done
    make -C "$odd" -j2 all >>"$scratch/odd.log" 2>&1
}
installed() { # what, expected
    rm -rf "$scratch/dest"
    passes "make install, $1" make -C "$odd" install DESTDIR="$scratch/dest"
    files_of "$scratch/dest" >"$scratch/seen"
    LC_ALL=C sort >"$scratch/wanted" <<<"$2"
    is "files that are not where they should be, $1" "$(diff "$scratch/wanted" "$scratch/seen")" ''
    passes "make uninstall, $1" make -C "$odd" uninstall DESTDIR="$scratch/dest"
    is "files left, $1" "$(files_of "$scratch/dest")" ''
}

common() { # unit of systemd
    echo "$1
/o/bin/virt-profile
/o/data/bash-completion/completions/virt-profile.bash
/o/data/fish/vendor_completions.d/virt-profile.fish
/o/data/virt-profile/profiles/desktop-vdi.profile
/o/data/virt-profile/profiles/nfv.profile
/o/data/virt-profile/profiles/sql-db.profile
/o/etc/virt-profile/virt-profile.conf
/o/lib/virt-profile/virt-profile-hook.so
/o/man/man1/virt-profile.1
/o/man/man5/virt-profile-profile.5
/o/man/man5/virt-profile.conf.5
/o/man/man7/virt-profile-knobs.7
/o/man/man8/virt-profile-hook.8
/o/man/man8/virt-profiled.8
/o/sbin/virt-profiled
/o/zsh/_virt-profile"
}

cp -a "$build" "$odd"
if odd_build; then ok "configure with other folders, make"; else not_ok "it does not build: $(tail -n 5 "$scratch/odd.log")"; fi
is "folders of the system that the program knows" \
    "$(strings -a "$odd/virt-profile" "$odd/hooks/qemu" "$odd/hooks/virt-profile-hook.so" | grep -E '^/(usr|etc)/.*virt-profile' | sort -u | xargs)" ''
has "where it looks for profiles" "$(strings -a "$odd/virt-profile" | grep '^/o/')" '^/o/data/virt-profile/profiles$'
installed "the hook as a copy" "$(common /o/prefix/lib/systemd/system/virt-profiled.service)
/o/etc/libvirt/hooks/qemu"
has "the program of the unit" "$(cat "$odd/packaging/systemd/virt-profiled.service")" '^ExecStart=/o/sbin/virt-profiled$'
odd_build --with-hook=link --with-hooksdir=/o/hooks --with-systemdsystemunitdir=/o/units || not_ok "it does not build: $(tail -n 5 "$scratch/odd.log")"
installed "the hook as a link" "$(common /o/units/virt-profiled.service)
/o/hooks/qemu.d/50-virt-profile
/o/libexec/virt-profile/hook
/o/libexec/virt-profile/leave-host
/o/sbin/virt-profile-hook"
