/* What needs Windows but no broker: arguments, the absence of a broker, service SIDs, 64-bit loads. */
#include "atomics.h"
#include "service_sid_win32.h"
#include "shmb.h"
#include "text_win32.h"

#include <windows.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static char message[512];

static shmb_attach_options absent_broker(void)
{
    static char instance[41];
    snprintf(instance, sizeof instance, "absent-%lu", GetCurrentProcessId());
    shmb_attach_options options = {.struct_size = sizeof options,
                                   .instance = instance,
                                   .message = message,
                                   .message_size = sizeof message};
    return options;
}

static void without_a_broker_there_is_no_region(void **state)
{
    shmb_region *region = (shmb_region *)(uintptr_t)1;
    shmb_attach_options options = absent_broker();
    (void)state;
    assert_int_equal(shmb_attach("Telemetry", &options, &region), SHMB_NO_BROKER);
    assert_null(region);
    assert_non_null(strstr(message, "cannot attach to \"Telemetry\": no broker of the instance absent-"));
    assert_non_null(strstr(message, "shmbroker start --instance absent-"));
}

static void waiting_for_a_broker_ends(void **state)
{
    shmb_region *region = NULL;
    shmb_attach_options options = absent_broker();
    (void)state;
    options.timeout_ms = 120;
    ULONGLONG begin = GetTickCount64();
    assert_int_equal(shmb_attach("Telemetry", &options, &region), SHMB_TIMED_OUT);
    assert_in_range(GetTickCount64() - begin, 110, 5000);
}

static void bad_arguments_are_refused(void **state)
{
    shmb_region *region = (shmb_region *)(uintptr_t)1;
    shmb_attach_options options = absent_broker();
    (void)state;
    assert_int_equal(shmb_attach(NULL, &options, &region), SHMB_INVALID_ARGUMENT);
    assert_null(region);
    assert_int_equal(shmb_attach("", &options, &region), SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_attach("Global\\A", &options, &region), SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_attach("A", &options, NULL), SHMB_INVALID_ARGUMENT);
    assert_int_equal(shmb_attach("A", NULL, NULL), SHMB_INVALID_ARGUMENT);
    options.instance = "not valid";
    assert_int_equal(shmb_attach("A", &options, &region), SHMB_INVALID_ARGUMENT);
    assert_non_null(strstr(message, "instance name"));
    options.struct_size = 4;
    assert_int_equal(shmb_attach("A", &options, &region), SHMB_INVALID_ARGUMENT);
}

static void no_region_has_no_facts(void **state)
{
    (void)state;
    shmb_detach(NULL);
    assert_null(shmb_data(NULL));
    assert_null(shmb_handle(NULL));
    assert_int_equal(shmb_size(NULL), 0);
    assert_int_equal(shmb_region_size(NULL), 0);
}

/* `sc.exe showsid` prints these. */
static void service_sids_are_those_of_windows(void **state)
{
    char sid[SERVICE_SID_TEXT_BYTES], same[SERVICE_SID_TEXT_BYTES];
    (void)state;
    assert_true(service_sid_text("TrustedInstaller", sid, sizeof sid));
    assert_string_equal(sid, "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464");
    assert_true(service_sid_text("ShmBroker$a", sid, sizeof sid));
    assert_true(service_sid_text("SHMBROKER$A", same, sizeof same));
    assert_string_equal(sid, same);
}

static void names_that_no_service_has_get_no_sid(void **state)
{
    char sid[SERVICE_SID_TEXT_BYTES] = "x", small[20] = "x", name[300];
    (void)state;
    memset(name, 'n', sizeof name);
    name[257] = '\0';
    assert_false(service_sid_text("", sid, sizeof sid));
    assert_string_equal(sid, "");
    assert_false(service_sid_text("\xFF", sid, sizeof sid));
    assert_false(service_sid_text(name, sid, sizeof sid));
    name[256] = '\0';
    assert_true(service_sid_text(name, sid, sizeof sid));
    assert_false(service_sid_text("TrustedInstaller", small, sizeof small));
    assert_string_equal(small, "");
    assert_false(service_sid_text("TrustedInstaller", small, 0));
}

static void errors_have_texts(void **state)
{
    char text[SHMB_ERROR_TEXT_BYTES];
    (void)state;
    assert_non_null(strstr(shmb_error_text(2, text), "error 2: "));
    assert_int_not_equal(text[strlen(text) - 1], '.');
    assert_string_equal(shmb_error_text(0xDEAD1234, text), "error 3735884340: Windows has no text for it");
}

/* In a 32-bit process a load by cmpxchg8b would fault here: readers may not write. */
static void loads_do_not_write(void **state)
{
    DWORD before;
    volatile uint64_t *page = VirtualAlloc(NULL, 4096, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    (void)state;
    assert_non_null((void *)(uintptr_t)page);
    shmb_store_release_u64(page, UINT64_C(0xFEDCBA9876543210));
    shmb_store_relaxed_u64(page + 1, UINT64_MAX);
    shmb_store_release_u32((volatile uint32_t *)(page + 2), 77);
    assert_true(VirtualProtect((void *)(uintptr_t)page, 4096, PAGE_READONLY, &before));
    assert_true(shmb_load_acquire_u64(page) == UINT64_C(0xFEDCBA9876543210));
    assert_true(shmb_load_relaxed_u64(page + 1) == UINT64_MAX);
    assert_int_equal(shmb_load_acquire_u32((volatile uint32_t *)(page + 2)), 77);
    VirtualFree((void *)(uintptr_t)page, 0, MEM_RELEASE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_broker_there_is_no_region),
        cmocka_unit_test(waiting_for_a_broker_ends),
        cmocka_unit_test(bad_arguments_are_refused),
        cmocka_unit_test(no_region_has_no_facts),
        cmocka_unit_test(service_sids_are_those_of_windows),
        cmocka_unit_test(names_that_no_service_has_get_no_sid),
        cmocka_unit_test(errors_have_texts),
        cmocka_unit_test(loads_do_not_write),
    };
    return cmocka_run_group_tests_name("client.arguments", tests, NULL, NULL);
}
