# SPDX-License-Identifier: LGPL-2.1-or-later
fake = tests/model/fake.c tests/model/fake.h tests/model/fake_knobs.c tests/model/fake_store.c
machine = tests/model/machine.c tests/model/machine.h
sysfs = tests/model/sysfs.c tests/model/sysfs.h

unit_tests += \
	tests/model/test-blockdev \
	tests/model/test-conf \
	tests/model/test-confinement \
	tests/model/test-domain \
	tests/model/test-engine \
	tests/model/test-expr \
	tests/model/test-host \
	tests/model/test-hostsetting \
	tests/model/test-ini-file \
	tests/model/test-knob \
	tests/model/test-locality \
	tests/model/test-mountpoint \
	tests/model/test-pciname \
	tests/model/test-occupied \
	tests/model/test-place \
	tests/model/test-placement \
	tests/model/test-placement-cells \
	tests/model/test-placement-life \
	tests/model/test-placement-traps \
	tests/model/test-placer \
	tests/model/test-planner \
	tests/model/test-planner-xml \
	tests/model/test-profile \
	tests/model/test-properties \
	tests/model/test-record \
	tests/model/test-record-life \
	tests/model/test-record-phases \
	tests/model/test-resctrl \
	tests/model/test-schema \
	tests/model/test-tag \
	tests/model/test-topology \
	tests/model/test-virtnet \
	tests/model/test-xml \
	tests/model/test-xml-compare \
	tests/model/test-xml-edit

tests_model_test_blockdev_SOURCES = tests/model/test-blockdev.c $(sysfs) $(fake)
tests_model_test_conf_SOURCES = tests/model/test-conf.c $(fake)
tests_model_test_confinement_SOURCES = tests/model/test-confinement.c $(fake)
tests_model_test_domain_SOURCES = tests/model/test-domain.c $(fake)
tests_model_test_engine_SOURCES = tests/model/test-engine.c $(fake)
tests_model_test_host_SOURCES = tests/model/test-host.c $(fake)
tests_model_test_knob_SOURCES = tests/model/test-knob.c $(fake)
tests_model_test_locality_SOURCES = tests/model/test-locality.c $(sysfs) $(fake)
tests_model_test_mountpoint_SOURCES = tests/model/test-mountpoint.c $(fake)
tests_model_test_occupied_SOURCES = tests/model/test-occupied.c $(machine) $(fake)
tests_model_test_place_SOURCES = tests/model/test-place.c $(fake)
tests_model_test_placement_SOURCES = tests/model/test-placement.c $(machine) $(fake)
tests_model_test_placement_cells_SOURCES = tests/model/test-placement-cells.c $(machine) $(fake)
tests_model_test_placement_life_SOURCES = tests/model/test-placement-life.c $(machine) $(fake)
tests_model_test_placement_traps_SOURCES = tests/model/test-placement-traps.c $(machine) $(fake)
tests_model_test_placer_SOURCES = tests/model/test-placer.c $(fake)
tests_model_test_planner_SOURCES = tests/model/test-planner.c $(fake)
tests_model_test_planner_xml_SOURCES = tests/model/test-planner-xml.c $(fake)
tests_model_test_profile_SOURCES = tests/model/test-profile.c $(fake)
tests_model_test_properties_SOURCES = tests/model/test-properties.c $(fake)
tests_model_test_virtnet_SOURCES = tests/model/test-virtnet.c $(fake)
tests_model_test_resctrl_SOURCES = tests/model/test-resctrl.c $(fake)
tests_model_test_record_SOURCES = tests/model/test-record.c $(fake)
tests_model_test_record_life_SOURCES = tests/model/test-record-life.c $(fake)
tests_model_test_record_phases_SOURCES = tests/model/test-record-phases.c $(fake)
tests_model_test_schema_SOURCES = tests/model/test-schema.c $(fake)
tests_model_test_tag_SOURCES = tests/model/test-tag.c $(fake)
tests_model_test_topology_SOURCES = tests/model/test-topology.c $(fake)
