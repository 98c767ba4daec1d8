/* What the tests of the audit share: regions made of lists, and findings looked for by their names. */
#ifndef SHMBROKER_AUDIT_TESTING_H
#define SHMBROKER_AUDIT_TESTING_H

#include "testing.h"

#include "audit.h"
#include "fake_platform.h"

#define EVERYONE "S-1-1-0"
#define USERS    "S-1-5-32-545"
#define ADMINS   "S-1-5-32-544"
#define SYSTEM   "S-1-5-18"
#define SENSOR   "S-1-5-80-7-7-7-7-7"
#define ANNA     "S-1-5-21-9-9-9-1001"
#define PACKAGE  "S-1-15-2-7-7-7"
#define PACKAGES "S-1-15-2-1"

static const access_identity testing_identity = {FAKE_BROKER, FAKE_BROKER};
static audit_report testing_found;

static inline int testing_begin_audit(void **state)
{
    (void)state;
    fake_reset();
    return 0;
}

static inline int testing_end_audit(void **state)
{
    (void)state;
    audit_free(&testing_found);
    fake_reset();
    return 0;
}

static inline bool testing_is_gone(void *context, const char *sid)
{
    (void)context;
    return platform_account_is_gone(sid);
}

/* A principal as the loader makes it, on line 7 of a fragment. */
#define PRINCIPAL(name)                                                                                      \
    {                                                                                                        \
        .text = (name), .sid = (name), .file = "conf.d/a.yaml", .where = { 7, 9 }                            \
    }

/* A region that has no finding, until a test changes it. */
static inline config_region testing_region(void)
{
    static const config_principal reader = PRINCIPAL(USERS), writer = PRINCIPAL(SENSOR);
    return (config_region){.name = "Telemetry",
                           .description = "",
                           .size = 4096,
                           .access = {.read = {&reader, 1}, .write = {&writer, 1}},
                           .file = "a.yaml",
                           .where = {3, 5},
                           .sddl_where = {4, 11}};
}

static inline const audit_finding *testing_finding(const char *id)
{
    for (size_t i = 0; i < testing_found.count; i++)
        if (strcmp(testing_found.items[i].id, id) == 0)
            return &testing_found.items[i];
    return NULL;
}

/* The one that must be there. */
static inline const audit_finding *testing_the(const char *id)
{
    static const audit_finding none;
    const audit_finding *finding = testing_finding(id);
    if (!finding)
        fail_msg("there is no %s", id);
    return finding ? finding : &none;
}

static inline void testing_audit_with(const config_model *model, audit_facts facts)
{
    facts.identity = &testing_identity;
    facts.account_is_gone = testing_is_gone;
    audit_free(&testing_found);
    audit_run(model, &facts, &testing_found);
    assert_false(testing_found.failed);
}

/* Audits a configuration of this region alone. */
static inline void testing_audit(const config_region *region)
{
    const config_model model = {.file = "a.yaml", .regions = region, .region_count = 1};
    testing_audit_with(&model, (audit_facts){0});
}

/* The one finding of that name among those of the region. */
static inline const audit_finding *testing_only(const config_region *region, const char *id,
                                                audit_severity severity)
{
    testing_audit(region);
    const audit_finding *finding = testing_finding(id);
    if (!finding)
        fail_msg("there is no %s", id);
    else
        assert_int_equal(finding->severity, severity);
    return finding;
}

static inline void testing_silent(const config_region *region, const char *id)
{
    testing_audit(region);
    const audit_finding *finding = testing_finding(id);
    if (finding)
        fail_msg("%s: %s", id, finding->what);
}

#define AUDIT_TEST(function) cmocka_unit_test_setup_teardown(function, testing_begin_audit, testing_end_audit)

#endif
