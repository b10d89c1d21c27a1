# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the checks share. LINT_TOP is the tree to look at (default: this one); each check prints one line per finding and
# exits 0 (clean), 1 (findings) or 77 (its tool is not installed; a failure where VP_MUST_RUN=1).

lint_dir=$(cd "$(dirname "$0")" && pwd)
LINT_TOP=${LINT_TOP:-$(cd "$lint_dir/../.." && pwd)}
cd "$LINT_TOP" || exit 2

# Every file of the project, one a line: what git knows, or all of a folder that is no work tree of its own.
lint_files() {
    if [ -e .git ]; then
        git ls-files --cached --others --exclude-standard
    else
        find . -type f | sed 's|^\./||'
    fi | sort | while IFS= read -r file; do
        [ ! -f "$file" ] || printf '%s\n' "$file"
    done
}

lint_c_files() {
    lint_files | grep -E '\.[ch]$' || :
}

# Files that a shell reads: by name or by first line.
lint_shell_files() {
    lint_files | while IFS= read -r file; do
        case $file in
        *.sh) printf '%s\n' "$file" ;;
        *.*) ;;
        *)
            if head -n 1 "$file" | grep -aqE '^#! ?(/usr)?/bin/(env )?(ba|da)?sh( |$)'; then
                printf '%s\n' "$file"
            fi
            ;;
        esac
    done
}

# Flags for a compiler that only looks: those of AM_CPPFLAGS, without a configured build.
lint_cppflags() {
    printf '%s\n' -std=gnu17 -D_GNU_SOURCE -DVP_SYSCONFDIR='"/etc/virt-profile"' \
        -DVP_DATADIR='"/usr/share/virt-profile"' -DVP_PKGLIBDIR='"/usr/lib/virt-profile"' -DVP_HOOKSDIR='"/etc/libvirt/hooks"' -DVP_VERSION='"0"' \
        -iquote include/virt-profile -iquote tests
    pkg-config --cflags libxml-2.0 hwloc inih json-c smartcols libcgroup libvirt check 2>/dev/null |
        sed 's/-I */-isystem /g'
}

lint_need() {
    for tool in "$@"; do
        command -v "$tool" >/dev/null && continue
        echo "$(basename "$0"): '$tool' is not installed" >&2
        [ "${VP_MUST_RUN-0}" = 1 ] && exit 1
        exit 77
    done
}
