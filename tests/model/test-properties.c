/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake.h"

#include "strbuf.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/*
 * Small random definitions and random settings: what holds for every one of them. A failure prints its seed;
 * VP_TEST_SEED=N runs that one alone, VP_TEST_RUNS=N more of them.
 */

static uint64_t state;

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled". */
static unsigned below(unsigned n)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (unsigned)((state * UINT64_C(2685821657736338717)) >> 33) % n;
}

static const char *one_of(const char *const *list, size_t n)
{
    return list[below((unsigned)n)];
}
#define ONE_OF(...)                                                                                          \
    one_of((const char *const[]){__VA_ARGS__}, VP_ARRAY_SIZE(((const char *const[]){__VA_ARGS__})))

static void maybe(struct vp_strbuf *buf, const char *text)
{
    if (below(2) == 0)
        vp_strbuf_add(buf, text);
}

static void add_disk(struct vp_strbuf *buf, unsigned number)
{
    vp_strbuf_add(buf, "<disk type='file'>");
    if (below(3) > 0) {
        vp_strbuf_add(buf, "<driver");
        maybe(buf, " name='qemu'");
        maybe(buf, " cache='writeback'");
        maybe(buf, " io='threads'");
        vp_strbuf_add(buf, "/>");
    }
    maybe(buf, "<!-- the disk's -->");
    vp_strbuf_addf(buf, "<target dev='vd%c' bus='%s'/>", 'a' + (int)number, ONE_OF("virtio", "sata", "ide"));
    if (below(3) == 0)
        vp_strbuf_addf(buf, "<address type='drive' controller='0' unit='%u'/>", number);
    vp_strbuf_add(buf, "</disk>");
}

static void add_device(struct vp_strbuf *buf, unsigned number)
{
    switch (below(8)) {
    case 0:
    case 1:
        add_disk(buf, number);
        break;
    case 2:
        vp_strbuf_add(buf, "<interface type='network'>");
        if (below(2) == 0)
            vp_strbuf_addf(buf, "<mac address='52:54:00:%s:00:%02x'/>", ONE_OF("aa", "AB"), number);
        maybe(buf, "<driver name='vhost'/>");
        vp_strbuf_add(buf, "</interface>");
        break;
    case 3:
        vp_strbuf_addf(buf, "<sound model='%s'/>", ONE_OF("ich6", "ich9", "ac97"));
        break;
    case 4:
        vp_strbuf_addf(buf, "<input type='%s' bus='usb'/>", ONE_OF("tablet", "mouse", "keyboard"));
        break;
    case 5:
        vp_strbuf_add(buf, "<rng model='virtio'><backend model='random'>/dev/random</backend></rng>");
        break;
    case 6:
        vp_strbuf_addf(buf, "<controller type='%s' index='%u'/>", ONE_OF("usb", "pci", "scsi"), number);
        break;
    default:
        vp_strbuf_add(buf, "<!-- nothing -->");
        break;
    }
}

static char *random_guest(void)
{
    struct vp_strbuf buf = {0};
    maybe(&buf, "<title>a &lt; b</title>");
    maybe(&buf, "<metadata><a:b xmlns:a='urn:a'><a:c d='1'/></a:b></metadata>");
    vp_strbuf_add(&buf, "<memory unit='KiB'>1048576</memory><vcpu>4</vcpu>");
    maybe(&buf, "<cputune><shares>7</shares></cputune>");
    maybe(&buf, "<memoryBacking><nosharepages/></memoryBacking>");
    vp_strbuf_add(&buf, "<os><type arch='x86_64'>hvm</type></os>");
    maybe(&buf, "<features><acpi/></features>");
    maybe(&buf,
          "<clock offset='utc'><timer name='rtc' track='guest'/><timer name='hpet' present='yes'/></clock>");
    maybe(&buf, "<future><thing x='1'/><thing x='2'/></future>");
    vp_strbuf_add(&buf, "<devices>");
    for (unsigned i = below(9); i > 0; i--)
        add_device(&buf, i);
    maybe(&buf, "<memballoon model='virtio'><stats period='5'/></memballoon>");
    vp_strbuf_add(&buf, "</devices>");
    vp_autofree char *inner = vp_strbuf_take(&buf);
    return below(4) == 0 ? vp_asprintf("<domain type='kvm'><name>guest</name>%s</domain>", inner)
                         : fake_guest(inner);
}

static void add_command(struct vp_strbuf *buf)
{
    vp_autofree char *made = NULL;
    const char *value = ONE_OF("none", "native", "4", "-");
    switch (below(12)) {
    case 0:
        made = vp_asprintf("attr devices/disk[*]/driver/@%s %s", ONE_OF("cache", "io", "queues"), value);
        break;
    case 1:
        made = vp_asprintf("attr devices/interface[*]/driver/@queues %s", value);
        break;
    case 2:
        made = vp_asprintf("text cputune/%s %s", ONE_OF("shares", "period", "quota"), value);
        break;
    case 3:
        made = vp_strdup("attr memtune/hard_limit/@unit KiB|text memtune/hard_limit 99");
        break;
    case 4:
        made = vp_asprintf("element devices/memballoon %s", ONE_OF("-", "<memballoon model='none'/>"));
        break;
    case 5:
        made = vp_asprintf("element devices/%s[*] -", ONE_OF("sound", "input"));
        break;
    case 6:
        made = vp_strdup("element devices/rng[+] <rng model='virtio'><rate bytes='1'/></rng>");
        break;
    case 7:
        made = vp_asprintf("element features/hyperv <hyperv><%s state='on'/></hyperv>",
                           ONE_OF("relaxed", "vapic"));
        break;
    case 8:
        made = vp_asprintf("element clock/timer[hpet] %s", ONE_OF("-", "<timer name='hpet' present='no'/>"));
        break;
    case 9:
        made = vp_asprintf("attr clock/timer[rtc]/@tickpolicy %s", ONE_OF("catchup", "delay"));
        break;
    case 10:
        made = vp_asprintf("element memoryBacking/%s %s", ONE_OF("locked", "nosharepages"),
                           ONE_OF("-", "<locked/>"));
        if (strstr(made, "nosharepages <") != NULL) {
            free(made);
            made = vp_strdup("element memoryBacking/nosharepages -");
        }
        break;
    default:
        made = vp_strdup(
            "attr devices/disk[*]/target/@bus virtio|readdress devices/disk[#1]|readdress devices/disk[#2]");
        break;
    }
    vp_strbuf_join(buf, "|", made);
}

/* Settings joined by '\n'; at most one script a knob, and one kind of place only once. */
static char *random_sets(void)
{
    static const char *const knobs[] = {"guest.do",    "guest.more", "launch.do",
                                        "launch.more", "live.do",    "live.more"};
    struct vp_strbuf buf = {0};
    for (size_t i = 0; i < VP_ARRAY_SIZE(knobs); i++) {
        if (below(3) > 0)
            continue;
        struct vp_strbuf script = {0};
        for (unsigned n = 1 + below(3); n > 0; n--)
            add_command(&script);
        vp_autofree char *text = vp_strbuf_take(&script);
        vp_autofree char *set = vp_asprintf("%s=%s", knobs[i], text);
        vp_strbuf_join(&buf, "\n", set);
    }
    return vp_strbuf_take(&buf);
}

/* Can these settings be carried out at all? Two knobs may want to change what one of them removes. */
static bool possible(const struct fake *fake, const char *sets, const char *text)
{
    vp_autofree char *copy = vp_strdup(sets);
    const char *list[16] = {NULL};
    size_t n = 0;
    for (char *at = copy; *at != '\0';) {
        const size_t len = strcspn(at, "\n");
        const bool last = at[len] == '\0';
        at[len] = '\0';
        list[n++] = at;
        at += len + !last;
    }
    const struct vp_request request = {.profile = "empty", .sets = list, .drop_sets = true};
    char *out = NULL;
    size_t len = 0;
    vp_autoerror err = NULL;
    const int r = vp_engine_rewrite(&fake->engine, &request, text, strlen(text), "x", &out, &len, &err);
    free(out);
    ck_assert_msg(r == 0 || (r == -EINVAL && strstr(err->message, "which another knob") != NULL), "%s",
                  err != NULL ? err->message : "");
    return r == 0;
}

/* The definition without our tag, and without the metadata that holds nothing else. */
static char *bare(const char *text, const char *why)
{
    vp_autodomain domain = fake_domain(text, why);
    vp_tag_remove(domain);
    return vp_doc_format(domain->doc, &(size_t){0});
}

static void check_settled(const struct fake *fake, enum vp_phase phase, const char *text, const char *why)
{
    const struct vp_request request = {.phase = phase};
    bool changed = true;
    vp_autofree char *again = fake_rewrite(fake, &request, text, &changed, why);
    ck_assert_msg(!changed, "%s: rewritten from\n%s\nto\n%s", why, text, again);
    vp_autofree char *pending = fake_pending(fake, phase, text, why);
    ck_assert_msg(*pending == '\0', "%s: pending: %s in\n%s", why, pending, text);
}

static void check_one(const struct fake *fake, uint64_t seed)
{
    state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    vp_autofree char *original = random_guest();
    vp_autofree char *sets_a = random_sets();
    vp_autofree char *sets_b = random_sets();
    vp_autofree char *why = vp_asprintf("seed %" PRIu64 ", A\n%s\nB\n%s\n", seed, sets_a, sets_b);
    if (!possible(fake, sets_a, original) || !possible(fake, sets_b, original))
        return;
    vp_autofree char *a = fake_assign(fake, sets_a, original, why);
    check_settled(fake, VP_PHASE_COLD, a, why);
    vp_autofree char *back = fake_revert(fake, a, why);
    fake_same(back, original, why);

    vp_autofree char *stored = fake_store(a);
    check_settled(fake, VP_PHASE_COLD, stored, why);

    vp_autofree char *direct = fake_assign(fake, sets_b, original, why);
    vp_autofree char *b = fake_assign(fake, sets_b, a, why);
    check_settled(fake, VP_PHASE_COLD, b, why);
    vp_autofree char *b_bare = bare(b, why);
    vp_autofree char *direct_bare = bare(direct, why);
    fake_same(b_bare, direct_bare, why);
    vp_autofree char *b_back = fake_revert(fake, b, why);
    fake_same(b_back, original, why);

    const struct vp_request move = {.phase = VP_PHASE_MIGRATE};
    vp_autofree char *moved = fake_rewrite(fake, &move, a, NULL, why);
    ck_assert_msg(strcmp(moved, a) == 0, "%s: a migration changes\n%s\nto\n%s", why, a, moved);
}

START_TEST(holds)
{
    const char *seed_text = getenv("VP_TEST_SEED");
    const char *runs_text = getenv("VP_TEST_RUNS");
    const uint64_t seed = seed_text != NULL ? strtoull(seed_text, NULL, 10) : 1;
    const uint64_t runs = seed_text != NULL ? 1 : runs_text != NULL ? strtoull(runs_text, NULL, 10) : 300;
    FAKE fake;
    fake_open(&fake);
    (void)printf("seeds %" PRIu64 " to %" PRIu64 "\n", seed, seed + runs - 1);
    for (uint64_t i = 0; i < runs; i++)
        check_one(&fake, seed + i);
}
END_TEST

/* Two definitions and a message are more than Check's 8 KiB. */
__attribute__((constructor)) static void allow_long_messages(void)
{
    (void)setenv("CK_MAX_MSG_SIZE", "1000000", 1);
}

VP_TEST_MAIN("properties", VP_TEST(holds))
