/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "virtnet.h"

#include <errno.h>
#include <string.h>

#define DEFINED "/etc/libvirt/qemu/networks"
#define RUNNING "/run/libvirt/network"
#define STATUS_ROOT "networkstatus"

static int read_file(const struct vp_root *root, const char *folder, const char *name, vp_doc **ret_doc,
                     struct vp_error **err)
{
    vp_autofree char *path = vp_asprintf("%s/%s.xml", folder, name);
    vp_autofree char *text = NULL;
    VP_CLEANUP(vp_doc_free_ptr) vp_doc *doc = NULL;
    size_t len = 0;
    int r = vp_root_read(root, path, VP_XML_MAX, &text, &len, err);
    if (r == 0)
        r = vp_doc_parse(text, len, path, &doc, err);
    if (r < 0)
        return r;
    vp_node *top = vp_doc_root(doc);
    vp_node *network = vp_node_is(top, STATUS_ROOT) ? vp_node_child(top, "network") : top;
    if (!vp_node_is(network, "network"))
        return vp_fail(err, EBADMSG, "cannot use '%s': it has no <network>", path);
    if (network != top)
        vp_doc_narrow(doc, network);
    *ret_doc = vp_take(&doc);
    return 0;
}

int vp_virtnet_read(const struct vp_root *root, const char *name, vp_doc **ret_doc, struct vp_error **err)
{
    if (name == NULL || *name == '\0' || *name == '.' || strchr(name, '/') != NULL)
        return vp_fail(err, EINVAL, "cannot use '%s' as the name of a network", name != NULL ? name : "");
    if (read_file(root, DEFINED, name, ret_doc, NULL) == 0)
        return 0;
    return read_file(root, RUNNING, name, ret_doc, err);
}
