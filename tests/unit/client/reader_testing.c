/* What the reader's tests share; see reader_testing.h. */
#include "reader_testing.h"

#include <string.h>

catalog_region region;

catalog_result find(const catalog_view *view, const char *name)
{
    return catalog_find(view, name, strlen(name), &region);
}

catalog_view small_catalog(catalog_builder *builder)
{
    builder_start(builder, 16384, 8);
    builder_add(builder, "Telemetry", 65536);
    builder_add(builder, "$rFactor2SMMP_Scoring$", 75000);
    builder_add(builder, "\303\234bersicht", 1);
    return builder_finish(builder);
}

/* Nothing that a reader returns may be out of bounds, whatever it was given. */
static void assert_region_is_sound(void)
{
    assert_true(strlen(region.name) <= SHMB_KEY_MAX_BYTES);
    assert_true(strlen(region.object_name) <= SHMB_TEXT_MAX_BYTES);
    assert_true(strlen(region.reason) <= SHMB_TEXT_MAX_BYTES);
    assert_true(strlen(region.description) <= SHMB_TEXT_MAX_BYTES);
    assert_true(strlen(region.note) <= SHMB_TEXT_MAX_BYTES);
    assert_true(strlen(region.boundary) <= SHMB_TEXT_MAX_BYTES);
}

bool exercise(const catalog_view *view)
{
    static const char *const names[] = {"Telemetry", "$rFactor2SMMP_Scoring$", "\303\234bersicht", "Absent"};
    catalog_info info;
    bool right = catalog_read_info(view, &info) == CATALOG_OK;
    for (int i = 0; i < 4; i++) {
        right &= find(view, names[i]) == (i < 3 ? CATALOG_OK : CATALOG_NOT_FOUND);
        assert_region_is_sound();
    }
    uint64_t cursor = 0, before = 0;
    uint32_t walked = 0;
    while (catalog_next(view, &cursor, &region) == CATALOG_OK) {
        assert_true(cursor > before); /* so the walk ends */
        assert_region_is_sound();
        before = cursor;
        walked++;
    }
    return right && walked == 3;
}
