/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trim.h"

#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * Starting libvirt's library and the fifty that it needs touches most of their symbols and relocations once.
 * Segments that are not writable are as their files have them, so that nothing is lost with their pages.
 */
static int drop_segments(struct dl_phdr_info *info, size_t size, void *data)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

    (void)size;
    (void)data;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W) != 0)
            continue;
        const uintptr_t start = (info->dlpi_addr + segment->p_vaddr) & ~(page - 1);
        const uintptr_t end = (info->dlpi_addr + segment->p_vaddr + segment->p_memsz) & ~(page - 1);
        if (info->dlpi_addr != 0 && end > start)
            (void)madvise((void *)start, end - start, MADV_DONTNEED); /* the pages stay where it fails */
    }
    return 0;
}

void vp_trim(void)
{
    (void)malloc_trim(0);
    (void)dl_iterate_phdr(drop_segments, NULL);
}
