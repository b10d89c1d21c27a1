/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * What libFuzzer calls with every input it makes up; driver.c does so with the files of a corpus. Any
 * broken promise aborts.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
