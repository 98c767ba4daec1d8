/* Attaching to a test broker's regions. See region.h. */
#include "region.h"

shmb_attach_options region_options(const test_broker *b, uint32_t access)
{
    static char message[1200];
    message[0] = 0;
    return (shmb_attach_options){.struct_size = sizeof(shmb_attach_options),
                                 .access = access,
                                 .instance = b->instance,
                                 .message = message,
                                 .message_size = sizeof message};
}

shmb_region *region_attach(const test_broker *b, const char *name, uint32_t access)
{
    shmb_region *region;
    shmb_attach_options options = region_options(b, access);
    shmb_status status = shmb_attach(name, &options, &region);
    if (status != SHMB_OK)
        support_fail("cannot attach to %s: %s\n%s", name, shmb_status_text(status), options.message);
    return region;
}

shmb_status region_try(const char *name, const shmb_attach_options *options)
{
    shmb_region *region;
    shmb_status status = shmb_attach(name, options, &region);
    shmb_detach(region);
    return status;
}

HANDLE region_open_bare(const char *name, DWORD access)
{
    wchar_t *object = support_wide(support_text("Global\\%s", name));
    SetLastError(0);
    return OpenFileMappingW(access, FALSE, object);
}
