/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dlfcn.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "hook.h"
#include "log.h"

/* The plugin beside this program, as in a folder where it was built; else where it is installed. Owned. */
static char *find_plugin(void)
{
    char self[PATH_MAX] = "";
    const ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    const char *slash = n > 0 ? strrchr(self, '/') : NULL;
    vp_autofree char *beside =
        slash != NULL ? vp_asprintf("%.*s/" VP_HOOK_PLUGIN, (int)(slash - self), self) : NULL;
    if (beside != NULL && access(beside, F_OK) == 0)
        return vp_take(&beside);
    return vp_strdup(VP_PKGLIBDIR "/" VP_HOOK_PLUGIN);
}

/* One of another version or build may think otherwise of what is in a call. */
static bool fits(const struct vp_hook_plugin *plugin)
{
    return strcmp(plugin->version, VP_VERSION) == 0 && plugin->call_size == sizeof(struct vp_hook_call) &&
           plugin->op_size == sizeof(struct vp_hook_op);
}

enum vp_hook_outcome vp_hook_load(const struct vp_hook_call *call, const struct vp_hook_op *op)
{
    vp_autofree char *path = find_plugin();
    /* For as long as the process lives. Lazy: of thousands of functions of its libraries it calls some. */
    void *library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
    const struct vp_hook_plugin *plugin = library != NULL ? dlsym(library, "vp_hook_plugin") : NULL;
    if (plugin != NULL && fits(plugin))
        return plugin->run(call, op);
    vp_autofree char *why =
        plugin != NULL ? vp_asprintf("%s is of version %s, not %s", path, plugin->version, VP_VERSION)
                       : vp_strdup(dlerror());
    vp_log(VP_LOG_ERROR,
           "domain '%s': %s: cannot load the hook's plugin: %s; nothing was done for the guest, install "
           "virt-profile again",
           call->domain, op->name, why);
    return VP_HOOK_FAILED;
}
