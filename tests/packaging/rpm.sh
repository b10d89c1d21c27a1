# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by run: the RPM packages, installed into a root of their own, over stand-ins for what Fedora's packages would bring.
# shellcheck disable=SC2154 # the caller's variables

rpms=$packages/rpm
main=$(compgen -G "$rpms/virt-profile-[0-9]*.$(uname -m).rpm")
policy=$(compgen -G "$rpms/virt-profile-selinux-*.noarch.rpm")
root=$scratch/rpm

has "what rpmlint says" "$(rpmlint -c "$top/packaging/rpmlint.toml" "$rpms"/*.rpm "$top/packaging/virt-profile.spec" 2>&1)" \
    ' 3 packages and 1 specfiles checked; 0 errors, 0 warnings,'

rpm -qlp "$main" >"$scratch/files"
sed -n 's|^/usr/s\{0,1\}bin/||p' "$scratch/files" >"$scratch/programs"
while read -r program; do
    has "its manual page" "$(cat "$scratch/files")" "^/usr/share/man/man[18]/$program\\.[18]\\.gz\$"
done <"$scratch/programs"

# Which package of Fedora brings what ours needs. What no row names stays unmet, and then nothing can be installed.
owner_of() { # requirement
    case $1 in
    libc.so* | ld-linux* | rtld*) echo glibc ;;
    libcgroup.so*) echo libcgroup ;;
    libhwloc.so*) echo hwloc-libs ;;
    libinih.so*) echo inih ;;
    libjson-c.so*) echo json-c ;;
    libsmartcols.so*) echo libsmartcols ;;
    libsystemd.so*) echo systemd-libs ;;
    libvirt.so* | libvirt-libs) echo libvirt-libs ;;
    libxml2.so*) echo libxml2 ;;
    /bin/sh) echo bash ;;
    selinux-policy-targeted) echo selinux-policy-targeted ;;
    esac
}
requirements() { rpm -qp --requires "$main" "$policy" | sed 's/ .*//' | grep -vE '^(rpmlib|config)\(' | sort -u; }
stand_ins() {
    local name need
    printf 'Name: stand-ins\nVersion: 1\nRelease: 1\nSummary: Stand-ins\nLicense: none\nBuildArch: noarch\n%%description\nNone.\n'
    for name in glibc libcgroup hwloc-libs inih json-c libsmartcols systemd-libs libvirt-libs libxml2 bash \
        selinux-policy-targeted policycoreutils; do
        printf '%%package -n %s\nSummary: Stand-in\n' "$name"
        requirements | while read -r need; do
            [ "$(owner_of "$need")" != "$name" ] || [ "$need" = "$name" ] || printf 'Provides: %s\n' "$need"
        done
        printf '%%description -n %s\nNone.\n%%files -n %s\n' "$name" "$name"
    done
}
stand_ins >"$scratch/stand-ins.spec"
passes "stand-ins for Fedora's packages" rpmbuild -bb --define "_topdir $scratch/stand-ins" "$scratch/stand-ins.spec"

make_root "$root"
for name in semodule load_policy restorecon; do
    printf '#!/bin/sh\necho "%s $*" >>/tmp/policy\n' "$name" >"$root/usr/sbin/$name"
    chmod 755 "$root/usr/sbin/$name"
done
printf '#!/bin/sh\nexit 0\n' >"$root/usr/sbin/selinuxenabled"
chmod 755 "$root/usr/sbin/selinuxenabled"
# A systemd that runs, with libvirt's daemon under it.
mkdir -p "$root/run/systemd/system"
cat >"$root/usr/bin/systemctl" <<'SH'
#!/bin/sh
echo "systemctl $*" >>/tmp/systemd
[ "$1 $2 $3" != '--quiet is-active virtqemud.service' ]
SH
chmod 755 "$root/usr/bin/systemctl"
files_of "$root" >"$scratch/bare"
apart() { rpm --root "$root" --dbpath /var/lib/rpm "$@" </dev/null; }
# rpm says on standard error what a scriptlet could not do; Debian's says that it is no package manager of Debian.
installs() { # what, arguments…
    local what=$1
    shift
    passes "$what" apart "$@"
    is "complaints" "$(grep -vE 'RPM should not be used|assuming you know' "$scratch/said")" ''
}
left() { files_of "$root" | grep -vE '^/var/lib/rpm/|^/tmp/' | comm -23 - <(LC_ALL=C sort "$scratch/bare"); }

mapfile -t stands < <(find "$scratch/stand-ins/RPMS" -name '*.rpm')
if apart --test -U "$main" >/dev/null 2>&1; then not_ok "it needs nothing"; else ok "not without what it needs"; fi
installs "Fedora's packages" -U "${stands[@]}"
if apart --test -U "$main" >/dev/null 2>&1; then
    not_ok "with SELinux's policy there, it needs no module"
else
    ok "not without its policy module where there is SELinux"
fi
installs "installed" -U "$main" "$policy"
is "what rpm -V says" "$(apart -V --nomtime virt-profile virt-profile-selinux)" ''
is "the hook" "$(readlink "$root/etc/libvirt/hooks/qemu.d/50-virt-profile")" /usr/sbin/virt-profile-hook
is "configuration files" "$(apart -qc virt-profile)" /etc/virt-profile/virt-profile.conf
has "the policy module" "$(cat "$root/tmp/policy")" '^semodule -n -s targeted -X 200 -i .*/virt-profile.pp.bz2$'
has "labels" "$(cat "$root/tmp/policy")" '^restorecon /usr/sbin/virt-profile-hook'
is "what systemd is told" "$(grep -v is- "$root/tmp/systemd" | xargs)" "systemctl reload libvirtd.service systemctl daemon-reload \
systemctl preset virt-profiled.service systemctl start virt-profiled.service"
has "what it recommends" "$(rpm -qp --recommends "$main")" '^libvirt-daemon-driver-qemu$'

echo '# mine' >>"$root/etc/virt-profile/virt-profile.conf"
printf '#!/bin/sh\n' >"$root/etc/libvirt/hooks/qemu"
: >"$root/tmp/systemd"
installs "over itself, as an upgrade" -U --replacepkgs "$main" "$policy"
has "an edited configuration" "$(cat "$root/etc/virt-profile/virt-profile.conf")" '^# mine$'
is "the hook, still" "$(readlink "$root/etc/libvirt/hooks/qemu.d/50-virt-profile")" /usr/sbin/virt-profile-hook
hasnt "and no module taken out" "$(cat "$root/tmp/policy")" ' -r '
is "what systemd is told then" "$(xargs <"$root/tmp/systemd")" \
    'systemctl daemon-reload systemctl try-restart virt-profiled.service'
: >"$root/tmp/systemd"
passes "removed" apart -e virt-profile virt-profile-selinux
is "files left" "$(left | xargs)" '/etc/libvirt/hooks/qemu /etc/virt-profile/virt-profile.conf.rpmsave'
is "what systemd is told at last" "$(xargs <"$root/tmp/systemd")" \
    'systemctl disable --now virt-profiled.service systemctl daemon-reload'
has "the module, taken out" "$(cat "$root/tmp/policy")" '^semodule -n -s targeted -X 200 -r virt-profile$'
