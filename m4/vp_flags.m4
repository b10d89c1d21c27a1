# SPDX-License-Identifier: LGPL-2.1-or-later

# VP_TRY_FLAGS(VARIABLE, FLAGS)
# Append each flag that the compiler takes without a warning.
AC_DEFUN([VP_TRY_FLAGS], [
for vp_flag in $2; do
    AC_MSG_CHECKING([whether $CC takes $vp_flag])
    vp_save_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS -Werror $vp_flag"
    AC_COMPILE_IFELSE([AC_LANG_SOURCE([int vp_probe(void); int vp_probe(void) { return 0; }])],
        [AC_MSG_RESULT([yes])
         $1="$$1 $vp_flag"],
        [AC_MSG_RESULT([no])])
    CFLAGS=$vp_save_CFLAGS
done
])

# VP_TRY_LINK_FLAGS(VARIABLE, FLAGS)
# The same for flags of the linker, which may depend on what is in VP_CFLAGS.
AC_DEFUN([VP_TRY_LINK_FLAGS], [
for vp_flag in $2; do
    AC_MSG_CHECKING([whether the linker takes $vp_flag])
    vp_save_CFLAGS=$CFLAGS
    vp_save_LDFLAGS=$LDFLAGS
    CFLAGS="$CFLAGS $VP_CFLAGS"
    LDFLAGS="$LDFLAGS -Werror $VP_LDFLAGS $vp_flag"
    AC_LINK_IFELSE([AC_LANG_SOURCE([int main(void) { return 0; }])],
        [AC_MSG_RESULT([yes])
         $1="$$1 $vp_flag"],
        [AC_MSG_RESULT([no])])
    CFLAGS=$vp_save_CFLAGS
    LDFLAGS=$vp_save_LDFLAGS
done
])

# VP_NEED_FLAGS(VARIABLE, FLAGS)
# Append all of them, or stop: a program must compile and link with them.
AC_DEFUN([VP_NEED_FLAGS], [
AC_MSG_CHECKING([whether $CC takes $2])
vp_save_CFLAGS=$CFLAGS
CFLAGS="$CFLAGS $2"
AC_LINK_IFELSE([AC_LANG_SOURCE([int main(void) { return 0; }])],
    [AC_MSG_RESULT([yes])
     $1="$$1 $2"],
    [AC_MSG_RESULT([no])
     AC_MSG_ERROR([$CC does not take $2: use gcc 9 or clang 11, or newer])])
CFLAGS=$vp_save_CFLAGS
])

# VP_FORTIFY(VARIABLE)
# glibc checks buffer sizes only in optimised code; a level that the builder chose stays.
AC_DEFUN([VP_FORTIFY], [
AC_MSG_CHECKING([whether to add _FORTIFY_SOURCE])
AC_COMPILE_IFELSE([AC_LANG_SOURCE([
#if !defined __OPTIMIZE__ || defined _FORTIFY_SOURCE
#error not optimised, or chosen already
#endif
int vp_probe;])],
    [AC_MSG_RESULT([yes])
     $1="$$1 -D_FORTIFY_SOURCE=2"],
    [AC_MSG_RESULT([no])])
])
