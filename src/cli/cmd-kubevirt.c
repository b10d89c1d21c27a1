/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli.h"

#include <errno.h>
#include <json_object.h>
#include <json_tokener.h>
#include <linkhash.h>
#include <string.h>

#include "front.h"
#include "json.h"
#include "text.h"

#define ANNOTATION "virt-profile/"

/*
 * Decided by the pod: its CPUs, its huge pages, its limits; and what libvirt cannot set inside of one, which
 * has neither control groups nor traffic control.
 */
static const char *const decided[] = {
    "cpu.placement",
    "cpu.vcpu-scheduler",
    "cpu.shares",
    "cpu.period",
    "cpu.quota",
    "cpu.global-period",
    "cpu.global-quota",
    "cpu.emulator-period",
    "cpu.emulator-quota",
    "cpu.iothread-period",
    "cpu.iothread-quota",
    "memory.numa",
    "memory.cells",
    "memory.hugepages",
    "memory.locked",
    "memory.hard-limit",
    "memory.soft-limit",
    "memory.swap-hard-limit",
    "memory.min-guarantee",
    "network.inbound-average",
    "network.inbound-peak",
    "network.inbound-burst",
    "network.inbound-floor",
    "network.outbound-average",
    "network.outbound-peak",
    "network.outbound-burst",
    NULL,
};

static void free_tokener(json_tokener **tokener)
{
    if (*tokener != NULL)
        json_tokener_free(*tokener);
}

static json_object *parse(const char *text)
{
    VP_CLEANUP(free_tokener) json_tokener *tokener = json_tokener_new();
    const size_t len = strlen(text);

    if (tokener == NULL)
        vp_oom();
    return len <= VP_XML_MAX ? json_tokener_parse_ex(tokener, text, (int)len) : NULL;
}

static void take_annotation(struct vp_front *front, const char *key, const char *value)
{
    static const char set[] = "set.";

    if (value == NULL || !vp_starts(key, ANNOTATION))
        return;
    key += strlen(ANNOTATION);
    if (vp_same(key, "profile") && front->profile == NULL)
        front->profile = vp_strdup(value);
    else if (vp_same(key, "enforce") && front->enforce == NULL)
        front->enforce = vp_strdup(value);
    else if (vp_starts(key, set))
        vp_front_add_set(front, key + strlen(set), value);
}

static int read_annotations(const char *text, struct vp_front *front, struct vp_error **err)
{
    vp_autojson vmi = parse(text);
    json_object *metadata = NULL, *annotations = NULL;

    if (!json_object_is_type(vmi, json_type_object))
        return vp_fail(err, EBADMSG, "what --vmi says is not a JSON object");
    if (!json_object_object_get_ex(vmi, "metadata", &metadata) ||
        !json_object_object_get_ex(metadata, "annotations", &annotations) ||
        !json_object_is_type(annotations, json_type_object))
        return 0;
    json_object_object_foreach(annotations, key, value)
    {
        if (json_object_is_type(value, json_type_string))
            take_annotation(front, key, json_object_get_string(value));
    }
    return 0;
}

int vp_cmd_kubevirt(struct vp_cli *cli, struct vp_error **err)
{
    VP_CLEANUP(vp_front_done) struct vp_front front = {0};
    vp_autoerror own = NULL;
    vp_autofree char *text = NULL;
    size_t len = 0;
    bool refuse = false;

    if (cli->vmi == NULL || cli->domain_xml == NULL)
        return (int)vp_cli_usage(cli, "kubevirt wants --vmi and --domain");
    const size_t xml_len = strlen(cli->domain_xml);
    int r = read_annotations(cli->vmi, &front, &own);
    if (r == 0)
        r = vp_front_rewrite(cli, &front, cli->domain_xml, xml_len, "the definition from KubeVirt", decided,
                             &text, &len, &refuse, &own);
    if (r < 0) {
        (void)vp_cli_report(own);
        if (refuse)
            return VP_EXIT_FAILED;
    }
    return text != NULL ? vp_cli_output(text, len, err) : vp_cli_output(cli->domain_xml, xml_len, err);
}
