/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "expr.h"
#include "place.h"
#include "planner_xml.h"
#include "size.h"

#include <stdlib.h>
#include <string.h>

static const char definition[] =
    "<domain type='kvm'><name>g</name><cputune><vcpupin vcpu='0'/><vcpupin vcpu='1'/><shares>1</shares></cputune><cpu><numa>"
    "<cell id='0'/><cell id='1'/></numa><feature name='vmx'/></cpu><clock><timer name='hpet'/></clock><a><b/><b><c/></b></a>"
    "<devices><disk><target dev='vda'/><driver cache='none'/></disk><disk><target dev='vdb'/></disk><disk/><interface>"
    "<mac address='52:54:00:00:00:01'/></interface><interface/><controller type='usb' index='0'/><sound/><sound/></devices></domain>";

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void check_place(vp_node *root, const char *path)
{
    struct vp_place place;
    if (vp_place_resolve(root, path, &place) < 0)
        return;
    /* The canonical name of where a path leads leads there, too. */
    vp_autofree char *there = vp_place_format(place.node, *place.rest == '\0' ? place.attr : NULL);
    struct vp_place again;
    must(vp_place_resolve(root, there, &again) == 0);
    must(again.node == place.node && *again.rest == '\0');
    must(place.attr == NULL || strlen(place.attr) > 0);
    struct vp_step step;
    for (const char *at = path; at != NULL && *at != '\0' && *at != '@';)
        at = vp_place_step(at, &step);
}

/* Paths, expressions and amounts: what people write in a line of a profile. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct vp_domain *domain;
    if (domain == NULL)
        must(vp_domain_parse(definition, strlen(definition), "definition", &domain, NULL) == 0);
    vp_autofree char *text = vp_strndup((const char *)data, size);
    check_place(domain->root, text);
    vp_autoerror err = NULL;
    (void)vp_xml_path_check(text, &err);
    uint64_t value = 0;
    const struct vp_expr_vars vars = {.vcpus = 4, .disks = 1, .nics = 1};
    must((vp_expr_check(text) == 0) == (vp_expr_eval(text, &vars, &value) == 0));
    if (vp_size_parse(text, &value) == 0) {
        vp_autofree char *shown = vp_size_format(value);
        uint64_t back = 0;
        must(vp_size_parse(shown, &back) == 0 && back == value);
    }
    return 0;
}
