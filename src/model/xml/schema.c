/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "schema.h"

#define SCHEMA_FOLDER "/usr/share/libvirt/schemas"
#define SCHEMA_MAX (4u * 1024 * 1024)

static const char *const files[] = {SCHEMA_FOLDER "/domaincommon.rng", SCHEMA_FOLDER "/cputypes.rng"};

struct vp_schema {
    const struct vp_root *root;
    bool read;
    char *text[VP_ARRAY_SIZE(files)];
};

/* Names newer than libvirt 7.0 that 9.0 knew; what it did not know is left out on purpose. */
static const struct {
    enum vp_schema_kind kind;
    const char *name;
} known_9_0[] = {
    {VP_SCHEMA_VALUE, "io_uring"},
    {VP_SCHEMA_VALUE, "maximum"},
    {VP_SCHEMA_VALUE, "restrictive"},
    {VP_SCHEMA_ATTRIBUTE, "freePageReporting"},
    {VP_SCHEMA_ATTRIBUTE, "migratable"},
    {VP_SCHEMA_ATTRIBUTE, "defaultiothread"},
    {VP_SCHEMA_ELEMENT, "defaultiothread"},
    {VP_SCHEMA_ATTRIBUTE, "thread_pool_min"},
    {VP_SCHEMA_ATTRIBUTE, "thread_pool_max"},
    {VP_SCHEMA_ELEMENT, "avic"},
    {VP_SCHEMA_ELEMENT, "evmcs"},
    {VP_SCHEMA_ELEMENT, "poll-control"},
    {VP_SCHEMA_ELEMENT, "pv-ipi"},
    {VP_SCHEMA_ELEMENT, "dirty-ring"},
};

struct vp_schema *vp_schema_new(const struct vp_root *root)
{
    struct vp_schema *schema = vp_alloc(1, sizeof(*schema));
    schema->root = root;
    return schema;
}

void vp_schema_free(struct vp_schema *schema)
{
    if (schema == NULL)
        return;
    for (size_t i = 0; i < VP_ARRAY_SIZE(files); i++)
        free(schema->text[i]);
    free(schema);
}

static void read_files(struct vp_schema *schema)
{
    schema->read = true;
    for (size_t i = 0; i < VP_ARRAY_SIZE(files); i++) {
        size_t len = 0;
        (void)vp_root_read(schema->root, files[i], SCHEMA_MAX, &schema->text[i], &len,
                           NULL); /* then the table */
    }
}

static bool in_table(enum vp_schema_kind kind, const char *name)
{
    for (size_t i = 0; i < VP_ARRAY_SIZE(known_9_0); i++)
        if (known_9_0[i].kind == kind && strcmp(known_9_0[i].name, name) == 0)
            return true;
    return false;
}

bool vp_schema_knows(struct vp_schema *schema, enum vp_schema_kind kind, const char *name)
{
    /* RELAX NG in either style of quotes. */
    static const char *const forms[VP_SCHEMA_N_][2] = {
        [VP_SCHEMA_ELEMENT] = {"<element name=\"%s\"", "<element name='%s'"},
        [VP_SCHEMA_ATTRIBUTE] = {"<attribute name=\"%s\"", "<attribute name='%s'"},
        [VP_SCHEMA_VALUE] = {"<value>%s</value>", NULL},
    };
    if (!schema->read)
        read_files(schema);
    if (schema->text[0] == NULL)
        return in_table(kind, name);
    for (size_t f = 0; f < VP_ARRAY_SIZE(forms[kind]) && forms[kind][f] != NULL; f++) {
        const char *form = forms[kind][f];
        const char *percent = strchr(form, '%');
        vp_autofree char *wanted =
            vp_asprintf("%.*s%s%s", (int)(percent - form), form, name, percent + strlen("%s"));
        for (size_t i = 0; i < VP_ARRAY_SIZE(files); i++)
            if (schema->text[i] != NULL && strstr(schema->text[i], wanted) != NULL)
                return true;
    }
    return false;
}
