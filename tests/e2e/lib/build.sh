# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Builds outside the checkout: a copy of the sources in the work folder, one build folder for each configuration.

# The sources without what a build leaves behind. A copy with the same contents is kept.
build_source() {
    local src=$WORK/src sum
    sum=$(cd "$TOP" && source_files | xargs -0 sha256sum | sha256sum)
    if [ -e "$src/configure" ] && [ "$(cat "$WORK/src.sum" 2>/dev/null)" = "$sum" ]; then
        printf 'the sources have not changed\n'
        return 0
    fi
    rm -rf "$src" "$WORK/src.sum" "$WORK"/build-* "$WORK/packages"
    mkdir -p "$src"
    (cd "$TOP" && source_files | tar --null -T - -cf -) | tar -xf - -C "$src" || return 1
    (cd "$src" && ./autogen.sh) || return 1
    printf '%s\n' "$sum" >"$WORK/src.sum"
}

source_files() {
    find . \( -name .git -o -name autom4te.cache -o -name .deps -o -name __pycache__ \) -prune \
        -o \( -type f -o -type l \) ! -name '*.o' ! -name '*.a' ! -name '*.so' ! -name Makefile ! -name Makefile.in \
        ! -path './config.*' ! -path ./configure ! -path ./aclocal.m4 ! -path './stamp-h*' ! -path './build-aux/*' \
        -print0 | LC_ALL=C sort -z
}

# build_configure NAME [OPTION…]: configured as a distribution would, in its own folder.
build_configure() {
    local dir=$WORK/build-$1
    shift
    if [ -e "$dir/config.status" ] && [ "$(cat "$dir/options" 2>/dev/null)" = "$*" ]; then
        return 0
    fi
    rm -rf "$dir" && mkdir -p "$dir"
    (cd "$dir" && "$WORK/src/configure" --prefix=/usr --sysconfdir=/etc --localstatedir=/var \
        --runstatedir=/run "$@") || return 1
    printf '%s\n' "$*" >"$dir/options"
}

# build_make NAME TARGET…
build_make() {
    local dir=$WORK/build-$1
    shift
    make -C "$dir" -j"$(nproc)" "$@"
}

build_all() { # name, options…
    build_source && build_configure "$@" && build_make "$1" all
}

# build_stage NAME: what `make install` puts on a host, in $WORK/stage; and what snapshot.sh needs there.
build_stage() {
    rm -rf "$WORK/stage"
    build_make "$1" install DESTDIR="$WORK/stage" || return 1
    build_make "$1" tests/e2e/lib/touched || return 1
    install -D -m 755 "$WORK/build-$1/tests/e2e/lib/touched" "$WORK/stage/usr/lib/virt-profile-tests/touched"
}
