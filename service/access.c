/* Access lists compiled to SDDL. See access.h. */
#include "access.h"

#include "text_builder.h"

#include <string.h>

/* Rights on a section (winnt.h's names): */
#define SECTION_RIGHT_QUERY     0x1u
#define SECTION_RIGHT_MAP_WRITE 0x2u
#define SECTION_RIGHT_MAP_READ  0x4u
#define SECTION_RIGHT_ALL       0xF001Fu
#define RIGHT_READ_CONTROL      0x20000u
#define MUTEX_RIGHT_ALL         0x1F0001u
#define STANDARD_RIGHTS         0x1F0000u /* DELETE, READ_CONTROL, WRITE_DAC, WRITE_OWNER, SYNCHRONIZE */

/* And on a file: what FILE_GENERIC_READ, FILE_GENERIC_WRITE and FILE_ALL_ACCESS stand for. */
#define FILE_RIGHTS_READ  0x120089u
#define FILE_RIGHTS_WRITE 0x120116u
#define FILE_RIGHTS_ALL   0x1F01FFu

#define EVERYONE "S-1-1-0"

/* The one table: what each right means on each object. READ_CONTROL is in every row, so that whoever is let
   in can also see by which rule. */
static const uint32_t masks[][3] = {
    /*                  ACCESS_READ                                       ACCESS_WRITE and ACCESS_BROKER */
    [ACCESS_SECTION] = {RIGHT_READ_CONTROL | SECTION_RIGHT_QUERY | SECTION_RIGHT_MAP_READ,
                        RIGHT_READ_CONTROL | SECTION_RIGHT_QUERY | SECTION_RIGHT_MAP_READ |
                            SECTION_RIGHT_MAP_WRITE,
                        SECTION_RIGHT_ALL},
    [ACCESS_FILE] = {FILE_RIGHTS_READ, FILE_RIGHTS_READ | FILE_RIGHTS_WRITE, FILE_RIGHTS_ALL},
};

uint32_t access_mask(access_object object, access_right right)
{
    return masks[object][right];
}

uint32_t access_file_mask(uint32_t section_mask)
{
    uint32_t mask = section_mask & STANDARD_RIGHTS;
    if (section_mask & SECTION_RIGHT_MAP_READ)
        mask |= FILE_RIGHTS_READ;
    if (section_mask & SECTION_RIGHT_MAP_WRITE)
        mask |= FILE_RIGHTS_WRITE;
    return mask;
}

/* Whether `sid` stands in the first `count` entries of `list`. */
static bool listed(const config_principal_list *list, size_t count, const char *sid)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list->items[i].sid, sid) == 0)
            return true;
    return false;
}

static void append_entry(text *sddl, uint32_t mask, const char *sid)
{
    text_append(sddl, "(A;;0x%x;;;%s)", (unsigned)mask, sid);
}

static void append_head(text *sddl, const access_identity *identity)
{
    text_append(sddl, "O:%sG:%sD:P", identity->owner_sid, identity->owner_sid);
}

char *access_compile(const config_access *access, access_object object, const access_identity *identity)
{
    text sddl = {0};
    append_head(&sddl, identity);
    append_entry(&sddl, access_mask(object, ACCESS_BROKER), identity->broker_sid);
    for (size_t i = 0; i < access->write.count; i++) {
        const char *sid = access->write.items[i].sid;
        if (!listed(&access->write, i, sid) && strcmp(sid, identity->broker_sid) != 0)
            append_entry(&sddl, access_mask(object, ACCESS_WRITE), sid);
    }
    for (size_t i = 0; i < access->read.count; i++) {
        const char *sid = access->read.items[i].sid;
        if (!listed(&access->read, i, sid) && !listed(&access->write, access->write.count, sid) &&
            strcmp(sid, identity->broker_sid) != 0)
            append_entry(&sddl, access_mask(object, ACCESS_READ), sid);
    }
    return text_take(&sddl);
}

char *access_compile_catalog(const access_identity *identity)
{
    text sddl = {0};
    append_head(&sddl, identity);
    append_entry(&sddl, access_mask(ACCESS_SECTION, ACCESS_BROKER), identity->broker_sid);
    append_entry(&sddl, access_mask(ACCESS_SECTION, ACCESS_READ), EVERYONE);
    return text_take(&sddl);
}

char *access_compile_claim(const access_identity *identity)
{
    text sddl = {0};
    append_head(&sddl, identity);
    append_entry(&sddl, MUTEX_RIGHT_ALL, identity->broker_sid);
    append_entry(&sddl, RIGHT_READ_CONTROL, EVERYONE);
    return text_take(&sddl);
}
