/* A broker in the test's own process; see fake_broker_win32.h. */
#include "fake_broker_win32.h"

#include "parts.h"

#include <sddl.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define CATALOG_SDDL "D:P(A;;0x2000f;;;WD)"
#define REGION_SDDL  "D:P(A;;0x2000f;;;WD)"
#define KIND_SDDL    "D:P(A;;0x2000f;;;BA)"
#define OBJECT_SDDL                                                                                          \
    "D:P(A;;0x1f0003;;;BA)" /* of mutexes and events; open to everybody they would not be trusted */

HANDLE fake_section(const char *object_name, const char *sddl, uint64_t size, DWORD attributes)
{
    SECURITY_ATTRIBUTES security = {sizeof security, NULL, FALSE};
    assert_true(ConvertStringSecurityDescriptorToSecurityDescriptorA(sddl, SDDL_REVISION_1,
                                                                     &security.lpSecurityDescriptor, NULL));
    HANDLE section = CreateFileMappingA(INVALID_HANDLE_VALUE, &security, PAGE_READWRITE | attributes,
                                        (DWORD)(size >> 32), (DWORD)size, object_name);
    DWORD error = GetLastError();
    LocalFree(security.lpSecurityDescriptor);
    SetLastError(error);
    return section;
}

static bool commit(void *context, uint64_t bytes, platform_failure *failure)
{
    (void)failure;
    assert_non_null(VirtualAlloc(context, (SIZE_T)bytes, MEM_COMMIT, PAGE_READWRITE));
    return true;
}

static uint64_t interrupt_time(void)
{
    ULONGLONG now;
    QueryUnbiasedInterruptTime(&now);
    return now;
}

shmb_catalog_header *fake_broker_header(fake_broker *broker)
{
    return (shmb_catalog_header *)(void *)broker->writer.memory.base;
}

void fake_broker_start(fake_broker *broker, const char *instance, shmb_broker_state state)
{
    char name[80];
    platform_failure failure;
    memset(broker, 0, sizeof *broker);
    snprintf(broker->instance, sizeof broker->instance, "%s", instance);
    snprintf(name, sizeof name, "Global\\ShmBroker.Catalog%s%s", instance[0] != '\0' ? "." : "", instance);
    SetLastError(0);
    broker->section = fake_section(name, CATALOG_SDDL, 16u << 20, SEC_RESERVE);
    assert_non_null(broker->section);
    bool adopted = GetLastError() == ERROR_ALREADY_EXISTS;

    catalog_memory memory = {.reserved = 16u << 20, .commit = commit};
    memory.base = MapViewOfFile(broker->section, FILE_MAP_ALL_ACCESS, 0, 0, 16u << 20);
    assert_non_null(memory.base);
    memory.context = memory.base;
    catalog_publisher publisher = {
        .version = "0.1.0", .instance = instance, .pid = GetCurrentProcessId(), .heartbeat_period = 500};
    assert_true(catalog_start(&broker->writer, &memory, adopted, &publisher, &failure));
    catalog_beat(&broker->writer, interrupt_time());
    catalog_set_state(&broker->writer, state);
}

void fake_broker_kill(fake_broker *broker)
{
    for (uint32_t i = 0; i < broker->region_count; i++)
        CloseHandle(broker->regions[i]);
    UnmapViewOfFile(broker->writer.memory.base);
    CloseHandle(broker->section);
    memset(broker, 0, sizeof *broker);
}

void fake_broker_beat(fake_broker *broker, double seconds)
{
    catalog_beat(&broker->writer, interrupt_time() - (uint64_t)(int64_t)(seconds * 1e7));
}

void fake_broker_object(const fake_broker *broker, const char *name, char *object, size_t size)
{
    snprintf(object, size, "Global\\%s.%s", broker->instance, name);
}

static void publish(fake_broker *broker, const char *name, shmb_region_state state, uint64_t size,
                    const char *reason, bool same_object)
{
    catalog_place place;
    uint64_t generation;
    platform_failure failure;
    char object[128];
    fake_broker_object(broker, name, object, sizeof object);
    assert_true(catalog_place_of(&broker->writer, name, &place, &generation, &failure));
    catalog_publication publication = {.state = state,
                                       .size = size,
                                       .generation = same_object ? generation : generation + 1,
                                       .now = 1,
                                       .object_name = object,
                                       .reason = reason,
                                       .description = "made by a test"};
    assert_true(catalog_publish(&broker->writer, place, &publication, &failure));
}

void fake_broker_publish(fake_broker *broker, const char *name, shmb_region_state state, uint64_t size,
                         const char *reason)
{
    publish(broker, name, state, size, reason, false);
}

void fake_broker_republish(fake_broker *broker, const char *name, uint64_t size)
{
    publish(broker, name, SHMB_REGION_READY, size, NULL, true);
}

void fake_broker_create(fake_broker *broker, const char *name, uint64_t size, const char *sddl)
{
    char object[128];
    fake_broker_object(broker, name, object, sizeof object);
    assert_true(broker->region_count < FAKE_REGIONS);
    HANDLE section = fake_section(object, sddl != NULL ? sddl : REGION_SDDL, size, 0);
    assert_non_null(section);
    broker->regions[broker->region_count++] = section;
    fake_broker_publish(broker, name, SHMB_REGION_READY, size, NULL);
}

static HANDLE make_part(shmb_part part, const char *name)
{
    if (shmb_part_object_of(part) == SHMB_PART_SECTION)
        return fake_section(name, KIND_SDDL, SHMB_PART_BYTES, 0);
    SECURITY_ATTRIBUTES security = {sizeof security, NULL, FALSE};
    assert_true(ConvertStringSecurityDescriptorToSecurityDescriptorA(OBJECT_SDDL, SDDL_REVISION_1,
                                                                     &security.lpSecurityDescriptor, NULL));
    HANDLE object = shmb_part_object_of(part) == SHMB_PART_MUTEX
                        ? CreateMutexA(&security, FALSE, name)
                        : CreateEventA(&security, shmb_part_object_of(part) == SHMB_PART_BELL, FALSE, name);
    LocalFree(security.lpSecurityDescriptor);
    return object;
}

static void make_parts(fake_broker *broker, const char *object, shmb_part_set parts)
{
    for (unsigned part = 0; part < SHMB_PART_COUNT; part++) {
        char name[SHMB_PART_NAME_BYTES];
        if ((parts & 1u << part) == 0)
            continue;
        assert_true(shmb_part_name(object, (shmb_part)part, name));
        assert_true(broker->region_count < FAKE_REGIONS);
        HANDLE made = make_part((shmb_part)part, name);
        assert_non_null(made);
        broker->regions[broker->region_count++] = made;
    }
}

void fake_broker_create_kind(fake_broker *broker, const char *name, const shmb_geometry *geometry,
                             uint32_t flags)
{
    char object[128];
    catalog_place place;
    uint64_t generation, size = shmb_geometry_bytes(geometry);
    platform_failure failure;
    fake_broker_object(broker, name, object, sizeof object);
    assert_true(broker->region_count < FAKE_REGIONS);
    HANDLE section = fake_section(object, KIND_SDDL, size, 0);
    assert_non_null(section);
    broker->regions[broker->region_count++] = section;
    uint8_t *bytes = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
    assert_non_null(bytes);
    shmb_geometry_format(bytes, geometry);
    UnmapViewOfFile(bytes);
    make_parts(broker, object, shmb_parts_of(geometry->kind, flags));

    assert_true(catalog_place_of(&broker->writer, name, &place, &generation, &failure));
    catalog_publication publication = {.state = SHMB_REGION_READY,
                                       .size = size,
                                       .generation = generation + 1,
                                       .now = 1,
                                       .flags = flags,
                                       .geometry = *geometry,
                                       .object_name = object,
                                       .description = "made by a test"};
    assert_true(catalog_publish(&broker->writer, place, &publication, &failure));
}
