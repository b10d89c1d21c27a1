# SPDX-License-Identifier: LGPL-2.1-or-later
#
# In `make check` the fuzz targets run over tests/fuzz/corpus and variants of it. `make fuzz` lets clang's libFuzzer make up
# inputs, FUZZ_SECONDS for each target, without configuring anew; what it finds stays in tests/fuzz/found of the build folder.

unit_tests += tests/fuzz/fuzz-domain tests/fuzz/fuzz-entry tests/fuzz/fuzz-place tests/fuzz/fuzz-profile
tests_fuzz_fuzz_domain_SOURCES = tests/fuzz/fuzz-domain.c $(fuzz_driver)
tests_fuzz_fuzz_entry_SOURCES = tests/fuzz/fuzz-entry.c $(fuzz_driver)
tests_fuzz_fuzz_place_SOURCES = tests/fuzz/fuzz-place.c $(fuzz_driver)
tests_fuzz_fuzz_profile_SOURCES = tests/fuzz/fuzz-profile.c $(fuzz_driver)
fuzz_driver = tests/fuzz/driver.c tests/fuzz/fuzz.h

EXTRA_DIST += tests/fuzz/corpus

FUZZ_CC = clang
FUZZ_SECONDS = 300
FUZZ_FLAGS = -std=gnu17 -g -O1 -fno-omit-frame-pointer -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all
FUZZ_TARGETS = domain entry place profile

.PHONY: fuzz clean-fuzz
fuzz:
	@mkdir -p tests/fuzz/found
	@set -e; for target in $(FUZZ_TARGETS); do \
	    sources=; \
	    for file in $(libvirt_profile_a_SOURCES); do \
	        case $$file in *.c) sources="$$sources $(srcdir)/$$file" ;; esac; \
	    done; \
	    echo "  FUZZ     $$target, $(FUZZ_SECONDS) s"; \
	    $(FUZZ_CC) $(FUZZ_FLAGS) $(AM_CPPFLAGS) -o tests/fuzz/run-$$target \
	        $(srcdir)/tests/fuzz/fuzz-$$target.c $$sources \
	        $(LIBXML_LIBS) $(HWLOC_LIBS) $(INIH_LIBS) $(JSON_LIBS); \
	    mkdir -p tests/fuzz/inputs-$$target; \
	    tests/fuzz/run-$$target -max_total_time=$(FUZZ_SECONDS) -max_len=16384 -timeout=10 -print_final_stats=1 \
	        -artifact_prefix=tests/fuzz/found/$$target- tests/fuzz/inputs-$$target $(srcdir)/tests/fuzz/corpus/$$target; \
	done

clean-local: clean-fuzz
clean-fuzz:
	rm -rf tests/fuzz/run-domain tests/fuzz/run-entry tests/fuzz/run-place tests/fuzz/run-profile
	rm -rf tests/fuzz/inputs-domain tests/fuzz/inputs-entry tests/fuzz/inputs-place tests/fuzz/inputs-profile
