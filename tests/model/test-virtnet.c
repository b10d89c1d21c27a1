/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "fake.h"
#include "virtnet.h"

static const struct {
    const char *name;
    int r;
    const char *mode; /* of its <forward> */
} rows[] = {
    {"defined", 0, "hostdev"},
    {"runs", 0, "bridge"},
    {"both", 0, "nat"}, /* as it is defined: that is what the next start has */
    {"broken", -ENOENT, NULL},
    {"other", -EBADMSG, NULL},
    {"none", -ENOENT, NULL},
    {"", -EINVAL, NULL},
    {"../networks/defined", -EINVAL, NULL},
    {".", -EINVAL, NULL},
    {NULL, -EINVAL, NULL},
};

START_TEST(reads)
{
    FAKE fake;
    fake_open(&fake);
    fake_file(&fake, "/etc/libvirt/qemu/networks/defined.xml",
              "<!--\nWARNING\n-->\n<network><name>defined</name><forward mode='hostdev'/></network>\n");
    fake_file(&fake, "/etc/libvirt/qemu/networks/both.xml", "<network><forward mode='nat'/></network>");
    fake_file(&fake, "/etc/libvirt/qemu/networks/broken.xml", "<network>");
    fake_file(&fake, "/run/libvirt/network/both.xml",
              "<networkstatus><network><forward mode='route'/></network></networkstatus>");
    fake_file(
        &fake, "/run/libvirt/network/runs.xml",
        "<networkstatus><class_id bitmap='0'/><network><forward mode='bridge'/></network></networkstatus>");
    fake_file(&fake, "/run/libvirt/network/other.xml", "<networkport/>");
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        VP_CLEANUP(vp_doc_free_ptr) vp_doc *doc = NULL;
        vp_autoerror err = NULL;
        const int r = vp_virtnet_read(fake.root, rows[i].name, &doc, &err);
        ck_assert_msg(r == rows[i].r, "row %zu: %d", i, r);
        ck_assert((r < 0) == (err != NULL) && (r < 0) == (doc == NULL));
        if (r == 0)
            ck_assert_str_eq(vp_node_walk_attr(vp_doc_root(doc), "forward", "mode"), rows[i].mode);
    }
}
END_TEST

VP_TEST_MAIN("virtnet", VP_TEST(reads))
