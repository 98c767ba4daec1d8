/* The service's writer publishes while readers read: nobody sees half of an update. Run it under
   ThreadSanitizer. */
#include "catalog.h"
#include "catalog_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CATALOG_BYTES (32u << 20)
#define REGIONS       700 /* the index is replaced twice */
#define ROUNDS        100
#define READERS       3

static catalog writer;
static catalog_memory memory;
static atomic_uint published; /* regions that readers must find */
static atomic_bool done;

static bool commit(void *context, uint64_t bytes, platform_failure *failure)
{
    (void)context;
    (void)failure;
    return bytes <= CATALOG_BYTES;
}

static void region_name(uint32_t number, char name[32])
{
    snprintf(name, 32, "Region %u", number);
}

/* Every fact of a publication tells its number, so that one of another publication shows. */
static void publish(uint32_t number, uint64_t fact)
{
    char name[32], text[64];
    catalog_place place;
    uint64_t generation;
    platform_failure failure;
    region_name(number, name);
    snprintf(text, sizeof text, "%" PRIu64, fact);
    catalog_publication publication = {.state = SHMB_REGION_READY,
                                       .size = fact,
                                       .generation = fact,
                                       .now = fact,
                                       .flags = (uint32_t)fact | SHMB_FLAG_PRIVATE,
                                       .object_name = text,
                                       .reason = text,
                                       .description = text,
                                       .note = text,
                                       .boundary = text};
    assert_true(catalog_place_of(&writer, name, &place, &generation, &failure));
    assert_true(catalog_publish(&writer, place, &publication, &failure));
}

static bool is_whole(const catalog_region *region)
{
    char text[64];
    snprintf(text, sizeof text, "%" PRIu64, region->size);
    if (region->state == SHMB_REGION_PENDING) /* appended, not published yet */
        return region->version == 1;
    return region->state == SHMB_REGION_READY && region->generation == region->size &&
           region->changed == region->size && region->flags == ((uint32_t)region->size | SHMB_FLAG_PRIVATE) &&
           strcmp(region->object_name, text) == 0 && strcmp(region->reason, text) == 0 &&
           strcmp(region->description, text) == 0 && strcmp(region->note, text) == 0 &&
           strcmp(region->boundary, text) == 0;
}

typedef struct reader_report {
    uint64_t reads;
    uint64_t wrong;
    catalog_result last_failure;
} reader_report;

static void look_up(const catalog_view *view, uint32_t number, uint64_t seen[REGIONS], reader_report *report)
{
    char name[32];
    catalog_region region;
    region_name(number, name);
    catalog_result result = catalog_find(view, name, strlen(name), &region);
    report->reads++;
    if (result != CATALOG_OK || !is_whole(&region) || region.size < seen[number]) {
        report->wrong++;
        report->last_failure = result;
    }
    seen[number] = region.size;
}

static void walk(const catalog_view *view, reader_report *report)
{
    catalog_region region;
    uint64_t cursor = 0;
    catalog_result result = CATALOG_OK;
    for (uint32_t i = 0; i <= REGIONS && (result = catalog_next(view, &cursor, &region)) == CATALOG_OK; i++) {
        report->reads++;
        report->wrong += !is_whole(&region);
    }
    if (result != CATALOG_NOT_FOUND) {
        report->wrong++;
        report->last_failure = result;
    }
}

static void *read_all_the_time(void *argument)
{
    reader_report *report = argument;
    catalog_view view = {memory.base, CATALOG_BYTES};
    uint64_t *seen = calloc(REGIONS, sizeof *seen);
    catalog_info info;
    for (uint32_t i = 0; seen != NULL && !atomic_load(&done); i++) {
        uint32_t known = atomic_load(&published);
        for (uint32_t j = 0; j < 50 && known > 0; j++)
            look_up(&view, (i * 31 + j) % known, seen, report);
        if (i % 16 == 0)
            walk(&view, report);
        report->wrong += catalog_read_info(&view, &info) != CATALOG_OK || info.entry_count < known;
    }
    free(seen);
    return NULL;
}

static void publish_everything(void)
{
    for (uint32_t number = 0; number < REGIONS; number++) {
        publish(number, number + 1);
        atomic_store(&published, number + 1);
        catalog_beat(&writer, number);
    }
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        for (uint32_t number = 0; number < REGIONS; number++)
            publish(number, (uint64_t)round * 1000000 + number);
        sched_yield();
    }
}

static void readers_see_whole_publications_only(void **state)
{
    pthread_t readers[READERS];
    reader_report reports[READERS] = {{0, 0, CATALOG_OK}};
    platform_failure failure;
    (void)state;
    memory = (catalog_memory){.base = calloc(1, CATALOG_BYTES), .reserved = CATALOG_BYTES, .commit = commit};
    assert_non_null(memory.base);
    catalog_publisher publisher = {.version = "0.1.0", .instance = "", .pid = 1, .heartbeat_period = 500};
    assert_true(catalog_start(&writer, &memory, false, &publisher, &failure));
    catalog_set_state(&writer, SHMB_BROKER_RUNNING);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_all_the_time, &reports[i]), 0);
    publish_everything();
    atomic_store(&done, true);
    for (int i = 0; i < READERS; i++) {
        pthread_join(readers[i], NULL);
        print_message("reader %d: %" PRIu64 " reads\n", i, reports[i].reads);
        assert_int_equal(reports[i].last_failure, CATALOG_OK);
        assert_int_equal(reports[i].wrong, 0);
        assert_true(reports[i].reads > 0);
    }
    free(memory.base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(readers_see_whole_publications_only)};
    return cmocka_run_group_tests_name("client.publish", tests, NULL, NULL);
}
