/* Spares of the machine in memory. See fake_platform.h. */
#include "fake_platform.h"

#include <stdlib.h>
#include <string.h>

struct platform_spare {
    fake_section taken; /* as it was; its bytes are a copy, for whoever still writes has the section itself */
    platform_spare_request request;
};

bool platform_section_rehearse(const platform_section_request *request, const platform_section *replaced,
                               platform_failure *failure)
{
    const fake_section *before = (const fake_section *)(const void *)replaced;
    if (!before->held || request->size == 0 || !request->sddl)
        fake_violated("what is rehearsed takes the place of nothing, or is not declared whole");
    if (fake_refuses("section-rehearse", failure))
        return false;
    if (request->large_pages == CONFIG_LARGE_PAGES_REQUIRE && fake.no_large_pages) {
        snprintf(failure->text, sizeof failure->text, "there are no large pages: the test gives none");
        return false;
    }
    return true;
}

bool platform_spare_make(const platform_spare_request *request, const platform_section *object,
                         platform_spare **spare, platform_failure *failure)
{
    const fake_section *before = (const fake_section *)(const void *)object;
    *spare = NULL;
    if (!before->held || strcmp(before->name, request->object_name) != 0 || before->size < request->size ||
        before->max_size != request->max_size)
        fake_violated("a spare is made of another object than is said");
    if (fake_refuses("spare-make", failure))
        return false;
    platform_spare *made = calloc(1, sizeof *made);
    uint8_t *bytes = malloc((size_t)before->size);
    if (!made || !bytes)
        abort();
    memcpy(bytes, before->bytes, (size_t)before->size);
    made->taken = *before;
    made->taken.bytes = bytes;
    made->request = *request;
    fake.open_spares++;
    *spare = made;
    return true;
}

/* The object that programs have kept, as it was. */
static fake_section *find(const platform_spare *spare)
{
    fake_section *found = fake_find_section(spare->taken.name);
    return found && !found->held && found->serial == spare->taken.serial ? found : NULL;
}

static fake_section *make(const platform_spare *spare, platform_failure *failure)
{
    const platform_section_request request = {.object_name = spare->taken.name,
                                              .sddl = spare->taken.sddl,
                                              .size = spare->taken.size,
                                              .max_size = spare->taken.max_size,
                                              .backing_path =
                                                  *spare->taken.backing ? spare->taken.backing : NULL};
    if (fake_find_section(spare->taken.name) || (fake.taken && strcmp(fake.taken, spare->taken.name) == 0)) {
        failure->code = 183;
        snprintf(failure->text, sizeof failure->text, "%.900s is taken", spare->taken.name);
        return NULL;
    }
    fake_section *made = fake_make_section(&request);
    memcpy(made->bytes, spare->taken.bytes, (size_t)spare->taken.size);
    return made;
}

bool platform_spare_restore(const platform_spare *spare, bool anew, const platform_progress *progress,
                            platform_section **object, bool *same, platform_failure *failure)
{
    *object = NULL;
    *same = false;
    if (!progress)
        fake_violated("restoring may take long, and shows no sign of life");
    if (fake_refuses("spare-restore", failure))
        return false;
    fake_section *found = find(spare);
    if (found && anew)
        fake_violated("the object was there all the time, and another is said to have been made");
    *same = found != NULL;
    if (!found)
        found = make(spare, failure);
    if (!found)
        return false;
    found->held = true;
    fake.open_sections++;
    text_append(&fake.trace, "spare-restore %s\n", spare->taken.name);
    *object = (platform_section *)(void *)found;
    return true;
}

void platform_spare_free(platform_spare *spare)
{
    if (!spare)
        return;
    fake.open_spares--;
    free(spare->taken.bytes);
    free(spare);
}
