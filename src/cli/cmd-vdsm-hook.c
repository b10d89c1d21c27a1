/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "front.h"
#include "text.h"

/* What a hook of VDSM ends with so that the guest does not start, and no hook behind it is run. */
#define VDSM_STOP 2

/* "sql-db disk.total-iops=500 enforce=refuse" */
static int read_property(const char *property, struct vp_front *front, struct vp_error **err)
{
    static const char blanks[] = " \t";

    for (const char *at = property + strspn(property, blanks); *at != '\0'; at += strspn(at, blanks)) {
        vp_autofree char *word = vp_strndup(at, strcspn(at, blanks));
        char *equals = strchr(word, '=');
        at += strlen(word);
        if (equals == NULL && front->profile != NULL)
            return vp_fail(err, EINVAL, "the property virt_profile says '%s', which is not KNOB=VALUE", word);
        if (equals == NULL) {
            front->profile = vp_take(&word);
            continue;
        }
        *equals = '\0';
        if (vp_same(word, "enforce") && front->enforce == NULL)
            front->enforce = vp_strdup(equals + 1);
        else
            vp_front_add_set(front, word, equals + 1);
    }
    return 0;
}

/* VDSM reads the same file again, whoever it belongs to. */
static int write_back(const char *path, const char *text, size_t len, struct vp_error **err)
{
    VP_CLEANUP(vp_close_fd) int fd = open(path, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return vp_fail(err, errno, "cannot open '%s': %m", path);
    const int r = vp_write_fd(fd, path, text, len, err);
    if (r < 0)
        return r;
    if (ftruncate(fd, (off_t)len) < 0)
        return vp_fail(err, errno, "cannot cut '%s' to its new length: %m", path);
    return 0;
}

static int edit(struct vp_cli *cli, const char *path, const char *property, bool *ret_refuse,
                struct vp_error **err)
{
    VP_CLEANUP(vp_front_done) struct vp_front front = {0};
    vp_autofree char *text = NULL;
    vp_autofree char *new_text = NULL;
    size_t len = 0, new_len = 0;
    int r = read_property(property, &front, err);

    if (r == 0)
        r = vp_cli_read(path, VP_XML_MAX, &text, &len, err);
    if (r == 0)
        r = vp_front_rewrite(cli, &front, text, len, path, NULL, &new_text, &new_len, ret_refuse, err);
    return r < 0 || new_text == NULL ? r : write_back(path, new_text, new_len, err);
}

int vp_cmd_vdsm_hook(struct vp_cli *cli, struct vp_error **err)
{
    const char *path = getenv("_hook_domxml");
    const char *property = getenv("virt_profile");
    vp_autoerror own = NULL;
    bool refuse = false;

    (void)err;
    if (path == NULL)
        return (int)vp_cli_usage(cli, "vdsm-hook is run by VDSM, which names the definition in _hook_domxml");
    if (edit(cli, path, property != NULL ? property : "", &refuse, &own) >= 0)
        return VP_EXIT_OK;
    (void)vp_cli_report(own);
    return refuse ? VDSM_STOP : VP_EXIT_OK;
}
