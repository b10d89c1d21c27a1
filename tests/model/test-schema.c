/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "schema.h"

#include "fake.h"

#define FILE_1 "/usr/share/libvirt/schemas/domaincommon.rng"
#define FILE_2 "/usr/share/libvirt/schemas/cputypes.rng"

#define SCHEMA VP_CLEANUP(schema_done) struct vp_schema

static void schema_done(struct vp_schema **schema)
{
    vp_schema_free(*schema);
}

struct question {
    enum vp_schema_kind kind;
    const char *name;
    bool yes;
};

static void ask(const struct fake *fake, const struct question *questions, size_t n)
{
    SCHEMA *schema = vp_schema_new(fake->root);
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < n; i++)
            ck_assert_msg(vp_schema_knows(schema, questions[i].kind, questions[i].name) == questions[i].yes,
                          "%d %s", questions[i].kind, questions[i].name);
}

static const struct question with_files[] = {
    {VP_SCHEMA_ELEMENT, "disk", true},    {VP_SCHEMA_ELEMENT, "rng", true},
    {VP_SCHEMA_ELEMENT, "dis", false},    {VP_SCHEMA_ELEMENT, "disks", false},
    {VP_SCHEMA_ATTRIBUTE, "cache", true}, {VP_SCHEMA_ATTRIBUTE, "io", true},
    {VP_SCHEMA_ATTRIBUTE, "disk", false}, {VP_SCHEMA_ELEMENT, "cache", false},
    {VP_SCHEMA_VALUE, "native", true},    {VP_SCHEMA_VALUE, "nativ", false},
    {VP_SCHEMA_VALUE, "io_uring", false}, {VP_SCHEMA_ELEMENT, "mode", true},
    {VP_SCHEMA_ATTRIBUTE, "check", true}, {VP_SCHEMA_VALUE, "partial", true},
    {VP_SCHEMA_ELEMENT, "", false},       {VP_SCHEMA_ELEMENT, "poll-control", false},
    {VP_SCHEMA_VALUE, "%s", false},
};

START_TEST(reads_files)
{
    FAKE fake;
    fake_open(&fake);
    fake_file(
        &fake, FILE_1,
        "<grammar><element name=\"disk\"><attribute name=\"cache\"/><attribute name='io'><choice>"
        "<value>native</value><value>threads</value></choice></attribute></element><element name='rng'/></grammar>");
    fake_file(&fake, FILE_2,
              "<grammar><element name=\"mode\"><attribute name='check'><value>partial</value></attribute>"
              "</element></grammar>");
    ask(&fake, with_files, VP_ARRAY_SIZE(with_files));
}
END_TEST

static const struct question without_files[] = {
    {VP_SCHEMA_VALUE, "io_uring", true},       {VP_SCHEMA_VALUE, "restrictive", true},
    {VP_SCHEMA_ELEMENT, "poll-control", true}, {VP_SCHEMA_ATTRIBUTE, "freePageReporting", true},
    {VP_SCHEMA_ELEMENT, "io_uring", false},    {VP_SCHEMA_VALUE, "never-heard-of", false},
};

START_TEST(falls_back_to_the_table)
{
    FAKE fake;
    fake_open(&fake);
    ask(&fake, without_files, VP_ARRAY_SIZE(without_files));
}
END_TEST

START_TEST(one_file_only)
{
    static const struct question rows[] = {{VP_SCHEMA_ELEMENT, "disk", true},
                                           {VP_SCHEMA_VALUE, "io_uring", false}};
    FAKE fake;
    fake_open(&fake);
    fake_file(&fake, FILE_1, "<element name='disk'/>");
    ask(&fake, rows, VP_ARRAY_SIZE(rows));
}
END_TEST

/* A folder in place of the file, and one that is far too large, count as none. */
START_TEST(unusable_files)
{
    FAKE fake;
    fake_open(&fake);
    fake_file(&fake, FILE_1 "/folder", "");
    ask(&fake, without_files, VP_ARRAY_SIZE(without_files));
    vp_schema_free(NULL);
}
END_TEST

/* The questions go through the host as well, whatever kind it is. */
START_TEST(through_the_host)
{
    FAKE fake;
    fake_open(&fake);
    fake_file(&fake, FILE_1,
              "<element name='disk'><attribute name='io'><value>native</value></attribute></element>");
    ck_assert(vp_host_libvirt_knows_element(fake.host, "disk"));
    ck_assert(!vp_host_libvirt_knows_element(fake.host, "io"));
    ck_assert(vp_host_libvirt_knows_attribute(fake.host, "io"));
    ck_assert(vp_host_libvirt_knows_value(fake.host, "native"));
    ck_assert(!vp_host_libvirt_knows_value(fake.host, "io_uring"));
}
END_TEST

VP_TEST_MAIN("schema", VP_TEST(reads_files), VP_TEST(falls_back_to_the_table), VP_TEST(one_file_only),
             VP_TEST(unusable_files), VP_TEST(through_the_host))
