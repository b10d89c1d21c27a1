/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ledger_own.h"

#include <string.h>

#include "file.h"

bool vp_ledger_is_entry(const char *name)
{
    const size_t len = strlen(name);
    const size_t end = strlen(VP_LEDGER_SUFFIX);
    return name[0] != '.' && len > end && strcmp(name + len - end, VP_LEDGER_SUFFIX) == 0;
}

bool vp_ledger_is_empty(const struct vp_root *root)
{
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    if (vp_root_list(root, VP_LEDGER_GUESTS, &names, NULL) < 0)
        return true;
    for (size_t i = 0; names[i] != NULL; i++)
        if (vp_ledger_is_entry(names[i]))
            return false;
    return true;
}
