/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "irq.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "size.h"
#include "strbuf.h"
#include "text.h"

/* Names of all who share one line, or a list of all CPUs. */
#define FILE_MAX (64u * 1024)
#define FIXED_MAX (1024u * 1024)
/* Above what any kernel numbers (Linux IRQ_BITMAP_BITS on sparse interrupts, x86 NR_VECTORS × CPUs). */
#define NUMBER_MAX (1u << 24)

static const char fixed_path[] = "/run/virt-profile/irq-fixed";

static void irq_done(struct vp_irq *irq)
{
    free(irq->action);
    free(irq->target);
    hwloc_bitmap_free(irq->cpus);
    *irq = (struct vp_irq){0};
}

void vp_irqs_done(struct vp_irqs *irqs)
{
    for (size_t i = 0; i < irqs->n; i++)
        irq_done(&irqs->items[i]);
    free(irqs->items);
    *irqs = (struct vp_irqs){0};
}

/* The text of a file without the white space at its end; NULL where it cannot be read. Owned. */
static char *read_text(const struct vp_root *root, const char *path, size_t max)
{
    char *text = NULL;
    size_t len = 0;
    if (vp_root_read(root, path, max, &text, &len, NULL) < 0)
        return NULL;
    while (len > 0 && strchr(" \t\n", text[len - 1]) != NULL)
        text[--len] = '\0';
    return text;
}

/* What stands in /proc/irq/N beside a folder for each action. */
static bool is_own_file(const char *name)
{
    static const char *const own[] = {"affinity_hint", "node", "spurious"};
    for (size_t i = 0; i < VP_ARRAY_SIZE(own); i++)
        if (strcmp(name, own[i]) == 0)
            return true;
    return vp_starts(name, "smp_affinity") || vp_starts(name, "effective_affinity");
}

/* Who asked for the interrupt; NULL where nobody has. Owned. */
static char *read_action(const struct vp_root *root, unsigned number)
{
    vp_autofree char *sys = vp_asprintf("/sys/kernel/irq/%u/actions", number);
    vp_autofree char *proc = vp_asprintf("/proc/irq/%u", number);
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    struct vp_strbuf buf = {0};
    char *text = read_text(root, sys, FILE_MAX);
    if (text == NULL && vp_root_list(root, proc, &names, NULL) == 0) {
        for (size_t i = 0; names[i] != NULL; i++)
            if (!is_own_file(names[i]))
                vp_strbuf_join(&buf, ",", names[i]);
        text = vp_strbuf_take(&buf);
    }
    if (text != NULL && text[0] == '\0') {
        free(text);
        return NULL;
    }
    return text;
}

/* Which incarnation of the number this is; 0 where the kernel does not say. */
static uint64_t read_inode(const struct vp_root *root, unsigned number)
{
    vp_autofree char *path = vp_asprintf("/sys/kernel/irq/%u", number);
    VP_CLEANUP(vp_close_fd) const int fd = vp_root_openat(root, path, O_PATH | O_DIRECTORY);
    struct stat st;
    return fd >= 0 && fstat(fd, &st) == 0 ? st.st_ino : 0;
}

static char *affinity_path(unsigned number)
{
    return vp_asprintf("/proc/irq/%u/smp_affinity_list", number);
}

/* Is "NUMBER ACTION" a line of the note? */
static bool is_noted(const char *note, unsigned number, const char *action)
{
    vp_autofree char *line = vp_asprintf("%u %s", number, action);
    const size_t n = strlen(line);
    for (const char *at = note; at != NULL && *at != '\0'; at += *at == '\n') {
        const size_t len = strcspn(at, "\n");
        if (len == n && strncmp(at, line, n) == 0)
            return true;
        at += len;
    }
    return false;
}

/* Read one into the list; nothing happens where it is gone, or nobody's. */
static void add_irq(const struct vp_root *root, unsigned number, const char *note, struct vp_irqs *irqs)
{
    vp_autofree char *action = read_action(root, number);
    vp_autofree char *path = affinity_path(number);
    vp_autofree char *list = action != NULL ? read_text(root, path, FILE_MAX) : NULL;
    hwloc_bitmap_t cpus = NULL;
    if (list == NULL || vp_bitmap_parse(list, path, &cpus, NULL) < 0)
        return;
    vp_grow(&irqs->items, irqs->n, &irqs->cap, sizeof(*irqs->items));
    const bool fixed = is_noted(note, number, action);
    irqs->items[irqs->n++] = (struct vp_irq){
        .number = number,
        .action = vp_take(&action),
        .target = vp_asprintf("irq/%u@%ju", number, (uintmax_t)read_inode(root, number)),
        .cpus = cpus,
        .fixed = fixed,
    };
}

static int by_number(const void *a, const void *b)
{
    const unsigned x = ((const struct vp_irq *)a)->number;
    const unsigned y = ((const struct vp_irq *)b)->number;
    return x < y ? -1 : x > y;
}

/* Read those whose numbers are the names in a folder. */
static void add_named(const struct vp_root *root, char **names, struct vp_irqs *irqs)
{
    vp_autofree char *note = read_text(root, fixed_path, FIXED_MAX);
    uint64_t number = 0;
    for (size_t i = 0; names[i] != NULL; i++)
        if (vp_u64_parse(names[i], 0, NUMBER_MAX, &number) == 0)
            add_irq(root, (unsigned)number, note, irqs);
    if (irqs->n > 0)
        qsort(irqs->items, irqs->n, sizeof(*irqs->items), by_number);
}

int vp_irqs_read(const struct vp_root *root, struct vp_irqs *ret_irqs, struct vp_error **err)
{
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    struct vp_irqs irqs = {0};
    const int r = vp_root_list(root, "/proc/irq", &names, err);
    if (r < 0)
        return r;
    add_named(root, names, &irqs);
    *ret_irqs = irqs;
    return 0;
}

int vp_irqs_of_pci(const struct vp_root *root, const char *address, struct vp_irqs *ret_irqs,
                   struct vp_error **err)
{
    vp_autofree char *folder = vp_asprintf("/sys/bus/pci/devices/%s/msi_irqs", address);
    vp_autofree char *line = vp_asprintf("/sys/bus/pci/devices/%s/irq", address);
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    vp_autofree char *number = NULL;
    vp_autoerror own = NULL;
    struct vp_irqs irqs = {0};
    const int r = vp_root_list(root, folder, &names, &own);
    if (r < 0 && !vp_means_absent(r))
        return vp_fail(err, -r, "%s", own->message);
    if (r == 0)
        add_named(root, names, &irqs);
    else if ((number = read_text(root, line, FILE_MAX)) != NULL)
        add_named(root, (char *[]){number, NULL}, &irqs);
    *ret_irqs = irqs;
    return 0;
}

const struct vp_irq *vp_irqs_find(const struct vp_irqs *irqs, unsigned number)
{
    const struct vp_irq key = {.number = number};
    return irqs->n > 0 ? bsearch(&key, irqs->items, irqs->n, sizeof(key), by_number) : NULL;
}

bool vp_irq_is_vfio(const struct vp_irq *irq, unsigned *ret_vector)
{
    const char *open = strchr(irq->action, '[');
    uint64_t vector = 0;
    if (vp_starts(irq->action, "vfio-intx")) {
        *ret_vector = 0;
        return true;
    }
    if (!vp_starts(irq->action, "vfio-msi") || open == NULL)
        return false;
    vp_autofree char *digits = vp_strndup(open + 1, strcspn(open + 1, "]"));
    if (vp_u64_parse(digits, 0, NUMBER_MAX, &vector) < 0)
        return false;
    *ret_vector = (unsigned)vector;
    return true;
}

/* The number in a target, where the interrupt still is the one it was made for. */
static int parse_target(const struct vp_root *root, const char *target, unsigned *ret_number,
                        struct vp_error **err)
{
    const char *at = strchr(target, '@');
    uint64_t number = 0;
    uint64_t inode = 0;
    if (!vp_starts(target, "irq/") || at == NULL || vp_u64_parse(at + 1, 0, UINT64_MAX, &inode) < 0)
        return vp_fail(err, EINVAL, "cannot use '%s': it names no interrupt", target);
    vp_autofree char *digits = vp_strndup(target + strlen("irq/"), (size_t)(at - target) - strlen("irq/"));
    if (vp_u64_parse(digits, 0, NUMBER_MAX, &number) < 0)
        return vp_fail(err, EINVAL, "cannot use '%s': it names no interrupt", target);
    if (read_inode(root, (unsigned)number) != inode)
        return vp_fail(err, ENOENT, "interrupt %u is not there any more, or another one has its number",
                       (unsigned)number);
    *ret_number = (unsigned)number;
    return 0;
}

static int read_affinity(const struct vp_root *root, const char *target, char **ret_value,
                         struct vp_error **err)
{
    unsigned number = 0;
    const int r = parse_target(root, target, &number, err);
    vp_autofree char *path = affinity_path(number);
    return r < 0 ? r : vp_means_cpulist.read(root, path, ret_value, err);
}

/* Note that the kernel does not let an interrupt be moved, in place of what was known of its number. */
static void note_fixed(const struct vp_root *root, unsigned number, const char *action)
{
    vp_autofree char *old = read_text(root, fixed_path, FIXED_MAX);
    vp_autofree char *prefix = vp_asprintf("%u ", number);
    struct vp_strbuf buf = {0};
    for (const char *at = old; at != NULL && *at != '\0'; at += *at == '\n') {
        const size_t len = strcspn(at, "\n");
        if (!vp_starts(at, prefix)) {
            vp_strbuf_addn(&buf, at, len);
            vp_strbuf_add(&buf, "\n");
        }
        at += len;
    }
    vp_strbuf_addf(&buf, "%u %s\n", number, action);
    vp_autofree char *text = vp_strbuf_take(&buf);
    /* Without the note the next one who tries is told the same by the kernel. */
    (void)vp_root_replace(root, fixed_path, text, strlen(text), 0644, NULL);
}

static int write_affinity(const struct vp_root *root, const char *target, const char *value,
                          struct vp_error **err)
{
    unsigned number = 0;
    vp_autoerror own = NULL;
    int r = parse_target(root, target, &number, err);
    if (r < 0)
        return r;
    vp_autofree char *path = affinity_path(number);
    vp_autofree char *action = NULL;
    r = vp_host_write(root, path, value, &own);
    if (r == 0)
        return 0;
    if (r != -EIO && r != -EPERM)
        return vp_fail(err, -r, "%s", own->message);
    /* The kernel says EIO too where the file went away between open and write. */
    r = parse_target(root, target, &number, err);
    if (r < 0)
        return r;
    action = read_action(root, number);
    if (action == NULL)
        return vp_fail(err, ENOENT, "interrupt %u is nobody's any more", number);
    note_fixed(root, number, action);
    return vp_fail(
        err, own->code,
        "interrupt %u (%s) stays where it is: the kernel manages where it goes, and takes no orders", number,
        action);
}

static bool same_list(const char *a, const char *b)
{
    return vp_means_cpulist.same(a, b);
}

const struct vp_means vp_means_irq = {
    .name = "irq", .read = read_affinity, .write = write_affinity, .same = same_list};
