/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A libvirt.so.0 for tests, found through LD_LIBRARY_PATH. Its domains are files in $FAKE_LIBVIRT:
 *   NAME.xml    the stored definition; without it the domain is transient
 *   NAME.live   the live one of a running guest
 *   NAME.saved  the one in a saved image
 *   NAME.next   becomes NAME.xml once that was read: somebody else's change; then NAME.next2 and so on
 *   NAME.refuse defining fails with this text
 *   NAME.nostart starting fails with this text
 *   NAME.busy   another job holds the domain: nothing can be set
 *   NAME.stubborn disks' limits cannot be set
 *   hangup      domains cannot be listed
 * Each call of interest adds a line to the file `log`.
 */
#include <dirent.h>
#include <fcntl.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct _virConnect {
    int unused;
};
struct _virDomain {
    char name[64];
};

static struct _virConnect connection;
static virError error;
static char message[4096];

static virError *fail(int code, const char *text)
{
    (void)snprintf(message, sizeof(message), "%s", text);
    error.code = code;
    error.message = message;
    return NULL;
}

static const char *path_of(const char *name, const char *suffix)
{
    static char path[4096];

    (void)snprintf(path, sizeof(path), "%s/%s%s", getenv("FAKE_LIBVIRT"), name, suffix);
    return path;
}

static bool exists(const char *name, const char *suffix)
{
    return access(path_of(name, suffix), F_OK) == 0;
}

static char *read_file(const char *name, const char *suffix)
{
    char *text = calloc(1, 1 << 20);
    int fd = open(path_of(name, suffix), O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 && text != NULL ? read(fd, text, (1 << 20) - 1) : -1;

    if (fd >= 0)
        (void)close(fd);
    if (n >= 0)
        return text;
    free(text);
    (void)fail(VIR_ERR_INTERNAL_ERROR, "no such file");
    return NULL;
}

static void write_log(const char *what, const char *name, unsigned flags)
{
    FILE *log = fopen(path_of("log", ""), "ae");

    if (log == NULL)
        return;
    (void)fprintf(log, "%s %s %u\n", what, name, flags);
    (void)fclose(log);
}

virConnectAuthPtr virConnectAuthPtrDefault = NULL;

virConnectPtr virConnectOpenAuth(const char *name, virConnectAuthPtr auth, unsigned int flags)
{
    (void)auth;
    if (name != NULL)
        write_log("open", name, flags);
    return &connection;
}

int virConnectClose(virConnectPtr conn)
{
    (void)conn;
    return 0;
}

virErrorPtr virGetLastError(void)
{
    return error.code != 0 ? &error : NULL;
}

void virSetErrorFunc(void *data, virErrorFunc handler)
{
    (void)data;
    (void)handler;
}

virDomainPtr virDomainLookupByName(virConnectPtr conn, const char *name)
{
    virDomainPtr domain;

    (void)conn;
    if (!exists(name, ".xml") && !exists(name, ".live"))
        return (virDomainPtr)(void *)fail(VIR_ERR_NO_DOMAIN, "Domain not found");
    domain = calloc(1, sizeof(*domain));
    if (domain != NULL)
        (void)snprintf(domain->name, sizeof(domain->name), "%s", name);
    return domain;
}

virDomainPtr virDomainLookupByID(virConnectPtr conn, int id)
{
    (void)conn;
    (void)id;
    return (virDomainPtr)(void *)fail(VIR_ERR_NO_DOMAIN, "Domain not found");
}

static int is_definition(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return dot != NULL && strcmp(dot, ".xml") == 0;
}

virDomainPtr virDomainLookupByUUIDString(virConnectPtr conn, const char *uuid)
{
    struct dirent **names = NULL;
    int n = scandir(getenv("FAKE_LIBVIRT"), &names, is_definition, alphasort);
    virDomainPtr found = NULL;

    for (int i = 0; i < n; i++) {
        char *text = NULL;
        *strrchr(names[i]->d_name, '.') = '\0';
        text = read_file(names[i]->d_name, ".xml");
        if (found == NULL && text != NULL && strstr(text, uuid) != NULL)
            found = virDomainLookupByName(conn, names[i]->d_name);
        free(text);
        free(names[i]);
    }
    free(names);
    return found != NULL ? found : virDomainLookupByID(conn, 0);
}

static bool is_wanted(const char *name, unsigned flags)
{
    const bool active = exists(name, ".live");

    return (flags & VIR_CONNECT_LIST_DOMAINS_ACTIVE) != 0     ? active
           : (flags & VIR_CONNECT_LIST_DOMAINS_INACTIVE) != 0 ? !active
                                                              : true;
}

int virConnectListAllDomains(virConnectPtr conn, virDomainPtr **domains, unsigned int flags)
{
    struct dirent **names = NULL;
    int n, found = 0;

    if (exists("hangup", "")) {
        (void)fail(VIR_ERR_RPC, "the daemon\nhung up");
        return -1;
    }
    n = scandir(getenv("FAKE_LIBVIRT"), &names, is_definition, alphasort);
    if (n < 0)
        return -1;
    *domains = calloc((size_t)n + 1, sizeof(**domains));
    for (int i = 0; i < n; i++) {
        *strrchr(names[i]->d_name, '.') = '\0';
        if (*domains != NULL && is_wanted(names[i]->d_name, flags))
            (*domains)[found++] = virDomainLookupByName(conn, names[i]->d_name);
        free(names[i]);
    }
    free(names);
    return *domains != NULL ? found : -1;
}

int virDomainFree(virDomainPtr domain)
{
    free(domain);
    return 0;
}

const char *virDomainGetName(virDomainPtr domain)
{
    return domain->name;
}

int virDomainGetUUIDString(virDomainPtr domain, char *buf)
{
    char *text = read_file(domain->name, exists(domain->name, ".xml") ? ".xml" : ".live");
    const char *uuid = text != NULL ? strstr(text, "<uuid>") : NULL;

    if (uuid == NULL) {
        free(text);
        return -1;
    }
    (void)snprintf(buf, VIR_UUID_STRING_BUFLEN, "%s", uuid + strlen("<uuid>"));
    free(text);
    return 0;
}

int virDomainIsPersistent(virDomainPtr domain)
{
    return exists(domain->name, ".xml");
}
int virDomainIsActive(virDomainPtr domain)
{
    return exists(domain->name, ".live");
}

int virDomainGetControlInfo(virDomainPtr d, virDomainControlInfoPtr info, unsigned f)
{
    return d == NULL || info == NULL || f != 0 ? -1 : 0;
}
int virDomainHasManagedSaveImage(virDomainPtr domain, unsigned int flags)
{
    (void)flags;
    return exists(domain->name, ".saved");
}

/* What somebody else does between two reads. */
static void change_stored(const char *name)
{
    static unsigned reads;
    char from[4096], suffix[16] = ".next";

    if (++reads > 1)
        (void)snprintf(suffix, sizeof(suffix), ".next%u", reads);
    if (!exists(name, suffix))
        return;
    (void)snprintf(from, sizeof(from), "%s", path_of(name, suffix));
    (void)rename(from, path_of(name, ".xml"));
}

char *virDomainGetXMLDesc(virDomainPtr domain, unsigned int flags)
{
    char *text;

    write_log("read", domain->name, flags);
    if ((flags & VIR_DOMAIN_XML_INACTIVE) == 0)
        return read_file(domain->name, ".live");
    text = read_file(domain->name, ".xml");
    change_stored(domain->name);
    return text;
}

char *virDomainManagedSaveGetXMLDesc(virDomainPtr domain, unsigned int flags)
{
    write_log("read-saved", domain->name, flags);
    return read_file(domain->name, ".saved");
}

virDomainPtr virDomainDefineXMLFlags(virConnectPtr conn, const char *xml, unsigned int flags)
{
    char name[64] = "";
    char *refusal;
    FILE *file;

    if (sscanf(strstr(xml, "<name>"), "<name>%63[^<]", name) != 1)
        return NULL;
    write_log("define", name, flags);
    refusal = exists(name, ".refuse") ? read_file(name, ".refuse") : NULL;
    if (refusal != NULL) {
        (void)fail(VIR_ERR_XML_ERROR, refusal);
        free(refusal);
        return NULL;
    }
    file = fopen(path_of(name, ".xml"), "we");
    if (file == NULL)
        return NULL;
    (void)fputs(xml, file);
    (void)fclose(file);
    return virDomainLookupByName(conn, name);
}

static void copy_file(const char *name, const char *from, const char *to)
{
    char *text = read_file(name, from);
    FILE *file = text != NULL ? fopen(path_of(name, to), "we") : NULL;

    if (file != NULL) {
        (void)fputs(text, file);
        (void)fclose(file);
    }
    free(text);
}

int virDomainCreateWithFlags(virDomainPtr domain, unsigned int flags)
{
    char *refusal = exists(domain->name, ".nostart") ? read_file(domain->name, ".nostart") : NULL;

    write_log("start", domain->name, flags);
    if (refusal != NULL) {
        (void)fail(VIR_ERR_OPERATION_FAILED, refusal);
        free(refusal);
        return -1;
    }
    copy_file(domain->name, ".xml", ".live");
    return 0;
}

int virDomainResume(virDomainPtr domain)
{
    write_log("resume", domain->name, 0);
    return 0;
}

int virDomainDestroy(virDomainPtr domain)
{
    write_log("destroy", domain->name, 0);
    return unlink(path_of(domain->name, ".live"));
}

/* "WHAT NAME", then what was set: only what is not zero. */
static int note_params(const char *what, const char *name, const char *on, virTypedParameterPtr params, int n)
{
    FILE *log;

    if (exists(name, ".busy")) {
        (void)fail(VIR_ERR_OPERATION_TIMEOUT, "cannot acquire state change lock");
        return -1;
    }
    if (exists(name, ".stubborn") && strcmp(what, "iotune") == 0) {
        (void)fail(VIR_ERR_OPERATION_FAILED, "no way");
        return -1;
    }
    log = fopen(path_of("log", ""), "ae");
    if (log == NULL)
        return -1;
    (void)fprintf(log, "%s %s %s", what, name, on);
    for (int i = 0; i < n; i++) {
        if (params[i].type == VIR_TYPED_PARAM_STRING)
            (void)fprintf(log, " %s=%s", params[i].field, params[i].value.s);
        else if (params[i].type == VIR_TYPED_PARAM_UINT)
            (void)fprintf(log, " %s=%u", params[i].field, params[i].value.ui);
        else if (params[i].value.ul != 0)
            (void)fprintf(log, " %s=%lld", params[i].field, params[i].value.l);
    }
    (void)fputc('\n', log);
    (void)fclose(log);
    return 0;
}

int virDomainSetBlockIoTune(virDomainPtr domain, const char *disk, virTypedParameterPtr params, int n,
                            unsigned int flags)
{
    (void)flags;
    return note_params("iotune", domain->name, disk, params, n);
}

int virDomainSetInterfaceParameters(virDomainPtr domain, const char *device, virTypedParameterPtr params,
                                    int n, unsigned int flags)
{
    (void)flags;
    return note_params("bandwidth", domain->name, device, params, n);
}

int virDomainSetSchedulerParametersFlags(virDomainPtr domain, virTypedParameterPtr params, int n,
                                         unsigned int flags)
{
    (void)flags;
    return note_params("scheduler", domain->name, "-", params, n);
}

int virDomainSetMemoryParameters(virDomainPtr domain, virTypedParameterPtr params, int n, unsigned int flags)
{
    (void)flags;
    return note_params("memory", domain->name, "-", params, n);
}

static int note_pin(const char *what, virDomainPtr domain, unsigned number, const unsigned char *map)
{
    char on[64];

    (void)snprintf(on, sizeof(on), "%u 0x%02x", number, map[0]);
    return note_params(what, domain->name, on, NULL, 0);
}

int virDomainPinVcpuFlags(virDomainPtr domain, unsigned int vcpu, unsigned char *map, int maplen,
                          unsigned int flags)
{
    (void)maplen;
    (void)flags;
    return note_pin("vcpupin", domain, vcpu, map);
}

int virDomainPinEmulator(virDomainPtr domain, unsigned char *map, int maplen, unsigned int flags)
{
    (void)maplen;
    (void)flags;
    return note_pin("emulatorpin", domain, 0, map);
}

int virDomainPinIOThread(virDomainPtr domain, unsigned int iothread_id, unsigned char *map, int maplen,
                         unsigned int flags)
{
    (void)maplen;
    (void)flags;
    return note_pin("iothreadpin", domain, iothread_id, map);
}

/* What was set is in NAME.metadata. */
int virDomainSetMetadata(virDomainPtr domain, int type, const char *metadata, const char *key,
                         const char *uri, unsigned int flags)
{
    const int r = note_params("metadata", domain->name, key, NULL, 0);
    FILE *file = r == 0 ? fopen(path_of(domain->name, ".metadata"), "we") : NULL;

    (void)type;
    (void)uri;
    (void)flags;
    if (file == NULL)
        return -1;
    (void)fputs(metadata, file);
    (void)fclose(file);
    return 0;
}

int virDomainSetIOThreadParams(virDomainPtr domain, unsigned int id, virTypedParameterPtr params, int n,
                               unsigned int flags)
{
    char on[16];

    (void)flags;
    (void)snprintf(on, sizeof(on), "%u", id);
    return note_params("polling", domain->name, on, params, n);
}

/* One I/O thread that polls as QEMU does by itself, or as NAME.poll says. */
int virDomainListGetStats(virDomainPtr *doms, unsigned int stats, virDomainStatsRecordPtr **retStats,
                          unsigned int flags)
{
    static virTypedParameter params[3];
    static virDomainStatsRecord record = {.params = params};
    static virDomainStatsRecordPtr list[] = {&record, NULL};
    char *text = exists(doms[0]->name, ".poll") ? read_file(doms[0]->name, ".poll") : NULL;

    (void)stats;
    (void)flags;
    (void)snprintf(params[0].field, sizeof(params[0].field), "iothread.count");
    (void)snprintf(params[1].field, sizeof(params[1].field), "iothread.1.poll-max-ns");
    params[1].type = VIR_TYPED_PARAM_ULLONG;
    params[1].value.ul = text != NULL && strncmp(text, "50000", 5) == 0 ? 50000 : 32768;
    (void)snprintf(params[2].field, sizeof(params[2].field), "iothread.1.poll-grow");
    params[2].type = VIR_TYPED_PARAM_UINT;
    record.nparams = 3;
    free(text);
    *retStats = list;
    return 1;
}

void virDomainStatsRecordListFree(virDomainStatsRecordPtr *stats)
{
    (void)stats;
}

/* It knows nothing beside the definition. */
static int unknown(virDomainPtr domain, const void *params, const int *n, unsigned int flags)
{
    (void)domain;
    (void)params;
    (void)n;
    (void)flags;
    (void)fail(VIR_ERR_OPERATION_UNSUPPORTED, "not known here");
    return -1;
}

int virDomainGetBlockIoTune(virDomainPtr domain, const char *disk, virTypedParameterPtr params, int *n,
                            unsigned int flags)
{
    (void)disk;
    return unknown(domain, params, n, flags);
}

int virDomainGetSchedulerParametersFlags(virDomainPtr domain, virTypedParameterPtr params, int *n,
                                         unsigned int flags)
{
    return unknown(domain, params, n, flags);
}

int virDomainGetMemoryParameters(virDomainPtr domain, virTypedParameterPtr params, int *n, unsigned int flags)
{
    return unknown(domain, params, n, flags);
}

void virTypedParamsClear(virTypedParameterPtr params, int n)
{
    (void)params;
    (void)n;
}
