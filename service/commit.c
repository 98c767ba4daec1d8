/* Whether there is memory enough. See commit.h. */
#include "commit.h"

#include "apply.h"
#include "text_builder.h"

#include <stdlib.h>
#include <string.h>

#define PAGE          4096u
#define REGIONS_NAMED 3u

/* What the region takes of the commit limit, at least: large pages that are only preferred may turn out to be ordinary
   ones. Sums cannot overflow: 100,000 regions of 2^47 bytes are less than 2^64. */
static uint64_t bytes_of(const declared_region *region, const platform_memory *machine)
{
    uint64_t page = PAGE;
    if (region->backing_path)
        return 0;
    if (region->large_pages == CONFIG_LARGE_PAGES_REQUIRE && machine->large_page > page)
        page = machine->large_page;
    return (region->size + page - 1) / page * page;
}

static uint64_t sum(const declared_regions *declared, const platform_memory *machine)
{
    uint64_t needed = 0;
    for (size_t i = 0; i < declared->count; i++)
        needed += bytes_of(&declared->items[i], machine);
    return needed;
}

/* Of the memory that all regions take, what is not taken yet: it is asked for only when it matters, since it takes a
   call for each region. */
static uint64_t sum_of_new(const declared_regions *declared, const platform_memory *machine)
{
    uint64_t needed = 0;
    for (size_t i = 0; i < declared->count; i++) {
        uint64_t bytes = bytes_of(&declared->items[i], machine);
        if (bytes == 0)
            continue;
        platform_section_request request = apply_request(&declared->items[i]);
        needed += platform_section_is_left(&request) ? 0 : bytes;
    }
    return needed;
}

/* The region that takes most of those that `named` does not have; declared->count when none takes any. */
static size_t largest_but(const declared_regions *declared, const platform_memory *machine,
                          const size_t *named, size_t count)
{
    size_t largest = declared->count;
    uint64_t most = 0;
    for (size_t i = 0; i < declared->count; i++) {
        bool is_named = false;
        for (size_t j = 0; j < count; j++)
            is_named = is_named || named[j] == i;
        uint64_t bytes = bytes_of(&declared->items[i], machine);
        if (!is_named && bytes > most) {
            largest = i;
            most = bytes;
        }
    }
    return largest;
}

static void append_largest(text *sentence, const declared_regions *declared, const platform_memory *machine)
{
    size_t named[REGIONS_NAMED];
    for (size_t n = 0; n < REGIONS_NAMED; n++) {
        named[n] = largest_but(declared, machine, named, n);
        if (named[n] == declared->count)
            return;
        const declared_region *region = &declared->items[named[n]];
        char size[TEXT_SIZE];
        text_size_about(bytes_of(region, machine), size);
        text_append(sentence, "%s%.100s (%s)", n ? ", " : "", region->name, size);
    }
}

static void explain(const declared_regions *declared, const platform_memory *machine, uint64_t needed,
                    platform_failure *failure)
{
    char wanted[TEXT_SIZE], available[TEXT_SIZE], limit[TEXT_SIZE];
    text sentence = {0};
    text_size_about(needed, wanted);
    text_size_about(machine->commit_available, available);
    text_size_about(machine->commit_limit, limit);
    text_append(
        &sentence,
        "the regions need %s more memory (%llu bytes), and this machine can promise %s (%llu bytes) of its "
        "commit limit of %s; the largest are ",
        wanted, (unsigned long long)needed, available, (unsigned long long)machine->commit_available, limit);
    append_largest(&sentence, declared, machine);
    text_append(&sentence,
                "; make them smaller, back them by files, enlarge the paging file, or end other programs");
    char *whole = text_take(&sentence);
    failure->code = 0;
    snprintf(failure->text, sizeof failure->text, "%s",
             whole ? whole : "the regions need more memory than there is");
    free(whole);
}

bool commit_suffices(const declared_regions *declared, const platform_memory *machine,
                     platform_failure *failure)
{
    if (sum(declared, machine) <= machine->commit_available)
        return true;
    uint64_t needed = sum_of_new(declared, machine);
    if (needed <= machine->commit_available)
        return true;
    explain(declared, machine, needed, failure);
    return false;
}
