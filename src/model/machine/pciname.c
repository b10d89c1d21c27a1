/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pciname.h"

#include "text.h"

#include <string.h>

static bool digit_value(char c, unsigned base, unsigned *ret_value)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;
    if (at == NULL || (unsigned)(at - digits) >= base)
        return false;
    *ret_value = (unsigned)(at - digits);
    return true;
}

static bool read_number(const vp_node *address, const char *name, unsigned max, unsigned *ret_value)
{
    const char *text = vp_node_attr(address, name);
    unsigned base = 10;
    unsigned value = 0;
    unsigned digit = 0;
    if (text == NULL) {
        *ret_value = 0;
        return true;
    }
    if (vp_starts(text, "0x") || vp_starts(text, "0X")) {
        base = 16;
        text += 2;
    } else if (text[0] == '0') {
        base = 8;
    }
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (!digit_value(*text, base, &digit) || digit > max || value > (max - digit) / base)
            return false;
        value = value * base + digit;
    }
    *ret_value = value;
    return true;
}

char *vp_pci_name(const vp_node *address)
{
    unsigned domain = 0;
    unsigned bus = 0;
    unsigned slot = 0;
    unsigned function = 0;
    /* A PCI domain has 32 bits behind an Intel VMD. */
    if (address == NULL || !read_number(address, "domain", 0xffffffff, &domain) ||
        !read_number(address, "bus", 0xff, &bus) || !read_number(address, "slot", 0x1f, &slot) ||
        !read_number(address, "function", 7, &function))
        return NULL;
    return vp_asprintf("%04x:%02x:%02x.%x", domain, bus, slot, function);
}

char *vp_pci_passed_through(const vp_node *device)
{
    const char *type = vp_node_attr(device, "type");
    const vp_node *address = vp_node_walk(device, "source/address");
    bool passed = false;
    if (vp_node_is(device, "hostdev")) {
        const char *mode = vp_node_attr(device, "mode");
        passed = vp_same(type, "pci") && (mode == NULL || strcmp(mode, "subsystem") == 0);
    } else if (vp_node_is(device, "interface")) {
        passed = vp_same(type, "hostdev") &&
                 (vp_node_attr(address, "type") == NULL || vp_same(vp_node_attr(address, "type"), "pci"));
    } else if (vp_node_is(device, "disk")) {
        passed = vp_same(type, "nvme");
    }
    return passed ? vp_pci_name(address) : NULL;
}
