#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# hooks/install.sh puts the hook beside what is there, runs twice without harm and takes away only what is ours.
set -eu
install_sh=${VP_TOP_SRCDIR:-$(cd "$(dirname "$0")/../.." && pwd)}/hooks/install.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

check() {
    what=$1
    shift
    if "$@"; then
        echo "ok: $what"
    else
        echo "not ok: $what"
        failed=1
    fi
}

# Stand-ins for two versions of the program: ELF files that know the tag's namespace.
printf '\177ELF one urn:virt-profile:domain:1\n' >"$work/one"
printf '\177ELF two urn:virt-profile:domain:1\n' >"$work/two"

fresh() {
    rm -rf "$work/hooks"
    mkdir "$work/hooks"
}
put() { sh "$install_sh" install "$work/$1" "$work/hooks" >/dev/null; }
take() { sh "$install_sh" uninstall "$work/hooks" >/dev/null; }
is() { cmp -s "$work/$1" "$work/hooks/$2"; }
files() { (cd "$work/hooks" && find . ! -type d | sort | tr '\n' ' '); }
has_only() { [ "$(files)" = "$1" ] || { echo "files: $(files)"; return 1; }; }
nothing_left() { [ -z "$(find "$work/hooks" -mindepth 1)" ]; }

fresh
rmdir "$work/hooks"
put one
check 'no folder yet: made, installed as qemu' is one qemu
check 'executable' test -x "$work/hooks/qemu"
check 'a real file' test ! -L "$work/hooks/qemu"
put two
check 'an older version is replaced' is two qemu
check 'nothing else is left in the folder' has_only './qemu '
take
check 'uninstalled' nothing_left

fresh
printf '#!/bin/sh\n# calls urn:virt-profile:domain:1\n' >"$work/theirs"
cp "$work/theirs" "$work/hooks/qemu"
put one
check 'another hook stays, even one that names us' is theirs qemu
check 'installed beside it' is one qemu.d/50-virt-profile
put two
check 'replaced beside it' is two qemu.d/50-virt-profile
check 'no third file' has_only './qemu ./qemu.d/50-virt-profile '
take
check 'only ours is taken away' has_only './qemu '
check 'the empty folder is gone' test ! -d "$work/hooks/qemu.d"

fresh
printf '\177ELF another program\n' >"$work/foreign"
cp "$work/foreign" "$work/hooks/qemu"
put one
check 'another program stays' is foreign qemu

fresh
ln -s /nonexistent "$work/hooks/qemu"
put one
check 'a dangling link of the admin stays' test -L "$work/hooks/qemu"
check 'installed beside the link' is one qemu.d/50-virt-profile

fresh
cp "$work/theirs" "$work/hooks/qemu"
mkdir "$work/hooks/qemu.d"
cp "$work/theirs" "$work/hooks/qemu.d/10-other"
put one
rm "$work/hooks/qemu"
put two
check 'the other hook gone: installed as qemu' is two qemu
check 'and not run twice' has_only './qemu ./qemu.d/10-other '
take
check 'the others in qemu.d stay' has_only './qemu.d/10-other '

# As a package does it.
link() { sh "$install_sh" link "$work/sbin/virt-profile-hook" "$work/hooks" >/dev/null; }
points() { [ "$(readlink "$work/hooks/$1")" = "$work/sbin/virt-profile-hook" ]; }
mkdir "$work/sbin"
cp "$work/one" "$work/sbin/virt-profile-hook"

fresh
put one
link
check 'linked' points qemu.d/50-virt-profile
check 'and what was installed before is gone' has_only './qemu.d/50-virt-profile '
link
check 'linked again' has_only './qemu.d/50-virt-profile '
printf 'echo mine\n' >"$work/hooks/qemu"
check 'a hook that comes later does not write through the link' is one ../sbin/virt-profile-hook
put two
check 'the program instead of the link' is two qemu.d/50-virt-profile
check 'the program behind the link is left alone' is one ../sbin/virt-profile-hook
link
rm "$work/sbin/virt-profile-hook"
take
check 'a link that has lost its program is taken away' has_only './qemu '

fresh
cp "$work/theirs" "$work/hooks/qemu"
link
check 'linked beside another hook' points qemu.d/50-virt-profile
check 'which stays' is theirs qemu

fresh
take
check 'uninstalling what is not there' nothing_left
status=0
sh "$install_sh" install only-one 2>/dev/null || status=$?
check 'bad usage exits 2' [ $status -eq 2 ]

exit $failed
