/* The rights of the access lists in words. See rights.h. */
#include "rights.h"

/* winnt.h's names. Of two that fit, the one with more bits stands first; the last has no bits. */
typedef struct right_name {
    uint32_t mask;
    const char *name;
} right_name;

static const right_name names_of_all[] = {
    {0x20000u, "READ_CONTROL"}, {0x40000u, "WRITE_DAC"},    {0x80000u, "WRITE_OWNER"},
    {0x10000u, "DELETE"},       {0x100000u, "SYNCHRONIZE"}, {0, NULL},
};

static const right_name names_of[ACCESS_OBJECT_COUNT][8] = {
    [ACCESS_SECTION] = {{0xF001Fu, "SECTION_ALL_ACCESS"},
                        {0x1u, "SECTION_QUERY"},
                        {0x4u, "SECTION_MAP_READ"},
                        {0x2u, "SECTION_MAP_WRITE"},
                        {0x8u, "SECTION_MAP_EXECUTE"},
                        {0x10u, "SECTION_EXTEND_SIZE"}},
    [ACCESS_FILE] = {{0x1F01FFu, "FILE_ALL_ACCESS"},
                     {0x120089u, "FILE_GENERIC_READ"},
                     {0x120116u, "FILE_GENERIC_WRITE"},
                     {0x80u, "FILE_READ_ATTRIBUTES"}},
    [ACCESS_EVENT] = {{0x1F0003u, "EVENT_ALL_ACCESS"},
                      {0x1u, "EVENT_QUERY_STATE"},
                      {0x2u, "EVENT_MODIFY_STATE"}},
    [ACCESS_MUTEX] = {{0x1F0001u, "MUTEX_ALL_ACCESS"}, {0x1u, "MUTEX_QUERY_STATE"}},
    [ACCESS_LOCK] = {{0xF001Fu, "SECTION_ALL_ACCESS"},
                     {0x1u, "SECTION_QUERY"},
                     {0x4u, "SECTION_MAP_READ"},
                     {0x2u, "SECTION_MAP_WRITE"}},
    [ACCESS_WAKE] = {{0x1F0003u, "EVENT_ALL_ACCESS"},
                     {0x1u, "EVENT_QUERY_STATE"},
                     {0x2u, "EVENT_MODIFY_STATE"}},
    [ACCESS_WAITERS] = {{0xF001Fu, "SECTION_ALL_ACCESS"},
                        {0x1u, "SECTION_QUERY"},
                        {0x4u, "SECTION_MAP_READ"},
                        {0x2u, "SECTION_MAP_WRITE"}},
};

static const char *const objects[ACCESS_OBJECT_COUNT] = {
    [ACCESS_SECTION] = "section", [ACCESS_FILE] = "file", [ACCESS_EVENT] = "event",
    [ACCESS_MUTEX] = "mutex",     [ACCESS_LOCK] = "lock", [ACCESS_WAKE] = "wake",
    [ACCESS_WAITERS] = "waiters",
};

static const char *const rights[ACCESS_RIGHT_COUNT] = {
    [ACCESS_READ] = "read",
    [ACCESS_WRITE] = "write",
    [ACCESS_MANAGE] = "manage",
    [ACCESS_BROKER] = "the broker",
};

/* Words as they come, ` | ` between them. */
typedef struct word_list {
    char *buffer;
    size_t used;
    uint32_t left; /* the bits that no word stands for yet */
} word_list;

static void put(word_list *list, const char *word)
{
    if (list->used >= RIGHTS_TEXT)
        return;
    int length =
        snprintf(list->buffer + list->used, RIGHTS_TEXT - list->used, "%s%s", list->used ? ", " : "", word);
    list->used += length > 0 ? (size_t)length : 0;
}

static void put_names(word_list *list, uint32_t mask, const right_name *names)
{
    for (; names->mask; names++)
        if ((mask & names->mask) == names->mask && (list->left & names->mask)) {
            put(list, names->name);
            list->left &= ~names->mask;
        }
}

const char *rights_words(access_object object, uint32_t mask, char buffer[RIGHTS_TEXT])
{
    word_list list = {buffer, 0, mask};
    char rest[16];
    buffer[0] = 0;
    put_names(&list, mask, names_of[object]);
    put_names(&list, mask, names_of_all);
    snprintf(rest, sizeof rest, "0x%x", (unsigned)list.left);
    if (list.left)
        put(&list, rest);
    return buffer;
}

void rights_write_reference(FILE *stream)
{
    char words[RIGHTS_TEXT];
    fputs("## What the lists of `access` allow\n\n"
          "Each list gives exactly these rights on the region's section, on the file behind it, and on every "
          "event and\n"
          "mutex beside it, and nobody has any other. An account in several lists has the rights of all of "
          "them. Whoever\n"
          "is in `deny` has none, whatever the others say. The names are those of `winnt.h`.\n\n"
          "The objects beside a region are those of client/LAYOUT.md: `event` stands for wake-even and "
          "wake-odd, "
          "`mutex` for\nlock-gate, room-gate and ready-gate, `wake` for lock-wake, room-wake and ready-wake; "
          "signal "
          "is a section like the\nregion's own. Who stands in `lock` has on lock, lock-gate and lock-wake "
          "what `write` "
          "gives there.\n\n"
          "| list | object | rights | |\n|---|---|---|---|\n",
          stream);
    for (unsigned right = 0; right < ACCESS_RIGHT_COUNT; right++)
        for (unsigned object = 0; object < ACCESS_OBJECT_COUNT; object++) {
            uint32_t mask = access_mask((access_object)object, (access_right)right);
            fprintf(stream, "| %s | %s | `0x%x` | %s |\n", object ? "" : rights[right], objects[object],
                    (unsigned)mask, rights_words((access_object)object, mask, words));
        }
    fputc('\n', stream);
}

void rights_write_help(FILE *stream)
{
    char words[RIGHTS_TEXT];
    fputs("What the lists of access allow\n\n", stream);
    for (unsigned right = 0; right < ACCESS_RIGHT_COUNT; right++)
        for (unsigned object = 0; object < ACCESS_OBJECT_COUNT; object++) {
            uint32_t mask = access_mask((access_object)object, (access_right)right);
            fprintf(stream, "  %-12s%-9s0x%-8x%s\n", object ? "" : rights[right], objects[object],
                    (unsigned)mask, rights_words((access_object)object, mask, words));
        }
}
