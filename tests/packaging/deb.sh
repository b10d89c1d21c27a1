# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by run: the Debian package, and its scripts on a root that has no libvirt and no systemd.
# shellcheck disable=SC2154 # the caller's variables

deb=$(compgen -G "$packages/deb/virt-profile_*.deb")
root=$scratch/deb

field() { dpkg-deb -f "$deb" "$1"; }
is "what lintian finds" "$(lintian --allow-root --tag-display-limit 0 "$packages"/deb/*.changes 2>&1)" ''
hasnt "hard dependencies" "$(field Depends)" 'libvirt-daemon'
has "what is recommended" "$(field Recommends)" 'libvirt-daemon-system'
for library in libcgroup libhwloc libinih libjson-c libsmartcols libxml2; do
    has "dependency" "$(field Depends)" "\\<$library"
done
dpkg-deb -x "$deb" "$root.files"
is "configuration files" "$(dpkg-deb -I "$deb" conffiles | xargs)" \
    '/etc/apparmor.d/usr.sbin.virt-profiled /etc/virt-profile/virt-profile.conf'
is "the hook" "$(readlink "$root.files/etc/libvirt/hooks/qemu.d/50-virt-profile")" /usr/sbin/virt-profile-hook
is "its program" "$(head -c 4 "$root.files/usr/sbin/virt-profile-hook" | tail -c 3)" ELF
is "who else has a say in libvirt's folder" "$(files_of "$root.files/etc/libvirt")" /hooks/qemu.d/50-virt-profile

make_root "$root"
files_of "$root" >"$scratch/bare"
mkdir -p "$root/var/lib/dpkg/"{info,updates}
touch "$root/var/lib/dpkg/"{status,available}
apart() { dpkg --root="$root" --force-depends --force-unsafe-io --log=/dev/null --force-confold "$@" </dev/null; }
left() { files_of "$root" | grep -v '^/var/lib/dpkg/' | comm -23 - <(LC_ALL=C sort "$scratch/bare"); }

passes "installed where libvirt is not" apart -i "$deb"
is "the hook that a libvirt of tomorrow finds" "$(readlink "$root/etc/libvirt/hooks/qemu.d/50-virt-profile")" \
    /usr/sbin/virt-profile-hook
echo '# mine' >>"$root/etc/virt-profile/virt-profile.conf"
printf '#!/bin/sh\n' >"$root/etc/libvirt/hooks/qemu"
passes "installed again" apart -i "$deb"
has "an edited configuration" "$(cat "$root/etc/virt-profile/virt-profile.conf")" '^# mine$'
passes "removed" apart -r virt-profile
is "files left for another time" "$(left | grep -v ^/etc/apparmor.d | xargs)" \
    '/etc/libvirt/hooks/qemu /etc/virt-profile/virt-profile.conf'
passes "installed once more" apart -i "$deb"
cp "$root/usr/sbin/virt-profile-hook" "$root/etc/libvirt/hooks/qemu"
passes "over what 'make install' left" apart -i "$deb"
is "hooks then" "$(files_of "$root/etc/libvirt/hooks")" /qemu.d/50-virt-profile
mkdir -p "$root/etc/virt-profile/profiles"
touch "$root/etc/virt-profile/profiles/own.profile"
passes "purged" apart -P virt-profile
is "files left" "$(left)" ''
is "folders left" "$(find "$root" -path "$root/var/lib/dpkg" -prune -o -name '*virt*' -print)" ''
