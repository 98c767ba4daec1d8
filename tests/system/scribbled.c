/*
 * shmbroker-scribbled: a program that uses one of each kind of region through the library, while hostile.c writes over them, for
 * test_hostile.c. scribbled.h says how it is called and what it prints.
 *
 * Whatever the bytes say, each operation returns one of the statuses that its page promises, within its time limit; what it
 * hands out is no larger than declared and lies in the region; and it fills no more of a buffer than it says: each buffer
 * ends where a page begins that nobody may touch.
 */
#include "scribbled.h"

#include "shmb.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#define PAGE_BYTES      ((SIZE_T)4096)
#define ATTACHED_FOR    100000u /* operations */
#define WAITS_ONE_IN    2048u   /* waits are slow, and what they do is seen when they are rare, too */
#define LONGEST_WAIT_MS 2u
#define LONGEST_US      UINT64_C(30000000) /* of an operation, on a machine that does other things, too */
#define MANY            5u

enum region_index { LOCKED, STATE, SMALL, QUEUE, STREAM };

typedef struct program {
    const char *instance;
    char **names;
    shmb_region *regions[SCRIBBLED_REGIONS];
    uint8_t *page_end;
    uint64_t cursor;
    uint32_t seed;
    uint64_t well, damaged, longest_us;
} program;

typedef struct use {
    const char *name;
    shmb_status (*call)(program *me, uint32_t limit);
    uint32_t statuses; /* that it may return: bits */
} use;

#define BIT(status)  (1u << (unsigned)(status))
#define WAITED       (BIT(SHMB_OK) | BIT(SHMB_TIMED_OUT))
#define QUEUED       (WAITED | BIT(SHMB_CORRUPT) | BIT(SHMB_BUSY))
#define READ         (WAITED | BIT(SHMB_CORRUPT) | BIT(SHMB_TOO_SMALL))
#define OWNED        (BIT(SHMB_OK) | BIT(SHMB_NOT_OWNER))
#define HELD_MESSAGE (QUEUED | BIT(SHMB_NOT_OWNER))

static _Noreturn void wrong(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    printf("wrong: ");
    vprintf(format, values);
    printf("\n");
    va_end(values);
    fflush(stdout);
    ExitProcess(3);
}

static void must(bool fact, const char *what)
{
    if (!fact)
        wrong("%s", what);
}

static uint32_t draw(program *me)
{
    me->seed = me->seed * 1664525u + 1013904223u;
    return me->seed >> 8;
}

static uint8_t *buffer_of(const program *me, size_t size)
{
    return me->page_end - size;
}

/* ---- The lock and the signal of a raw region --------------------------------------------------------------------- */

static shmb_status take_lock(program *me, uint32_t limit)
{
    shmb_region *region = me->regions[LOCKED];
    shmb_status status = shmb_lock(region, limit);
    if (status == SHMB_OWNER_DIED && draw(me) % 2 == 0)
        must((OWNED & BIT(shmb_lock_consistent(region))) != 0, "shmb_lock_consistent's status");
    if (status == SHMB_OK || status == SHMB_OWNER_DIED)
        must((OWNED & BIT(shmb_unlock(region))) != 0, "shmb_unlock's status");
    return status;
}

static shmb_status steal_lock(program *me, uint32_t limit)
{
    (void)limit;
    return draw(me) % 2 == 0 ? shmb_unlock(me->regions[LOCKED]) : shmb_lock_consistent(me->regions[LOCKED]);
}

static shmb_status notify(program *me, uint32_t limit)
{
    (void)limit;
    return shmb_notify(me->regions[LOCKED]);
}

static shmb_status wait_for_notice(program *me, uint32_t limit)
{
    return shmb_wait(me->regions[LOCKED], shmb_notified(me->regions[LOCKED]), limit);
}

/* ---- States ------------------------------------------------------------------------------------------------------ */

static shmb_status write_state(program *me, uint32_t limit)
{
    bool small = draw(me) % 2 == 0;
    uint32_t size = draw(me) % ((small ? SCRIBBLED_SMALL : SCRIBBLED_ITEM) + 1);
    (void)limit;
    return shmb_state_write(me->regions[small ? SMALL : STATE], buffer_of(me, size), size);
}

static shmb_status read_state(program *me, uint32_t limit)
{
    bool small = draw(me) % 2 == 0;
    uint32_t largest = small ? SCRIBBLED_SMALL : SCRIBBLED_ITEM;
    uint32_t capacity = draw(me) % 3 == 0 ? draw(me) % (largest + 1) : largest;
    uint64_t size, version;
    (void)limit;
    shmb_status status = shmb_state_read(me->regions[small ? SMALL : STATE], buffer_of(me, capacity),
                                         capacity, &size, &version);
    must(size <= largest && (status != SHMB_OK || size <= capacity), "a value's size");
    return status;
}

static shmb_status wait_for_state(program *me, uint32_t limit)
{
    shmb_region *region = me->regions[draw(me) % 2 == 0 ? SMALL : STATE];
    uint64_t version;
    shmb_status status =
        shmb_state_read(region, buffer_of(me, SCRIBBLED_ITEM), SCRIBBLED_ITEM, NULL, &version);
    return status == SHMB_OK ? shmb_state_wait(region, version, limit) : status;
}

/* ---- The queue --------------------------------------------------------------------------------------------------- */

static shmb_status send(program *me, uint32_t limit)
{
    uint32_t size = draw(me) % (SCRIBBLED_ITEM + 1);
    return shmb_queue_send(me->regions[QUEUE], buffer_of(me, size), size, limit);
}

static shmb_status receive(program *me, uint32_t limit)
{
    uint32_t size, capacity = draw(me) % 3 == 0 ? draw(me) % (SCRIBBLED_ITEM + 1) : SCRIBBLED_ITEM;
    shmb_status status =
        shmb_queue_receive(me->regions[QUEUE], buffer_of(me, capacity), capacity, &size, limit);
    must(size <= SCRIBBLED_ITEM && (status != SHMB_OK || size <= capacity), "a message's size");
    return status;
}

static void check_place(const program *me, const shmb_queue_message *message)
{
    const uint8_t *data = shmb_data(me->regions[QUEUE]), *bytes = message->bytes;
    must(message->size <= SCRIBBLED_ITEM, "the size of a message in its place");
    must(bytes >= data && bytes + message->size <= data + shmb_size(me->regions[QUEUE]), "a message's place");
}

static shmb_status claim(program *me, uint32_t limit)
{
    shmb_queue_message message = {.struct_size = sizeof message};
    shmb_status status =
        shmb_queue_claim(me->regions[QUEUE], draw(me) % (SCRIBBLED_ITEM + 1), limit, &message);
    if (status != SHMB_OK)
        return status;
    check_place(me, &message);
    memset(message.bytes, 0x5A, message.size);
    return draw(me) % 4 == 0 ? shmb_queue_cancel(me->regions[QUEUE], &message)
                             : shmb_queue_commit(me->regions[QUEUE], &message);
}

static shmb_status take(program *me, uint32_t limit)
{
    shmb_queue_message message = {.struct_size = sizeof message};
    shmb_status status = shmb_queue_take(me->regions[QUEUE], limit, &message);
    if (status != SHMB_OK)
        return status;
    check_place(me, &message);
    memcpy(buffer_of(me, message.size), message.bytes, message.size);
    return shmb_queue_release(me->regions[QUEUE], &message);
}

static shmb_status send_many(program *me, uint32_t limit)
{
    uint32_t sizes[MANY], count = 1 + draw(me) % MANY, sum = 0, sent;
    for (uint32_t i = 0; i < count; i++)
        sum += sizes[i] = draw(me) % (SCRIBBLED_ITEM + 1);
    shmb_status status =
        shmb_queue_send_many(me->regions[QUEUE], buffer_of(me, sum), sizes, count, limit, &sent);
    must(sent <= count && (status != SHMB_OK || sent == count), "how many were sent");
    return status;
}

static shmb_status receive_many(program *me, uint32_t limit)
{
    uint32_t sizes[MANY], count = 1 + draw(me) % MANY, received;
    uint64_t room = draw(me) % (MANY * SCRIBBLED_ITEM);
    shmb_status status = shmb_queue_receive_many(me->regions[QUEUE], buffer_of(me, (size_t)room), room, sizes,
                                                 count, limit, &received);
    must(received <= count, "how many were received");
    for (uint32_t i = 0; i < received; room -= sizes[i++])
        must(sizes[i] <= room, "the size of one of many messages");
    return status;
}

static shmb_status count_queue(program *me, uint32_t limit)
{
    shmb_queue_counts counts = {.struct_size = sizeof counts};
    (void)limit;
    shmb_status status = shmb_queue_statistics(me->regions[QUEUE], &counts);
    must(counts.waiting <= SCRIBBLED_MESSAGES, "how many messages wait");
    return status;
}

/* ---- The stream -------------------------------------------------------------------------------------------------- */

static shmb_status write_stream(program *me, uint32_t limit)
{
    uint32_t size = draw(me) % (SCRIBBLED_ITEM + 1);
    (void)limit;
    return shmb_stream_write(me->regions[STREAM], buffer_of(me, size), size);
}

static shmb_status claim_stream(program *me, uint32_t limit)
{
    const uint8_t *data = shmb_data(me->regions[STREAM]);
    uint32_t size = draw(me) % (SCRIBBLED_ITEM + 1);
    void *place;
    (void)limit;
    shmb_status status = shmb_stream_claim(me->regions[STREAM], size, &place);
    if (status != SHMB_OK)
        return status;
    must((uint8_t *)place >= data && (uint8_t *)place + size <= data + shmb_size(me->regions[STREAM]),
         "the place of a stream's message");
    memset(place, 0x5A, size);
    return shmb_stream_commit(me->regions[STREAM], size);
}

static shmb_status resign(program *me, uint32_t limit)
{
    (void)limit;
    return shmb_stream_resign(me->regions[STREAM]);
}

static shmb_status join(program *me, uint32_t limit)
{
    (void)limit;
    return shmb_stream_join(me->regions[STREAM], draw(me) % 2 == 0 ? SHMB_NEWEST : SHMB_OLDEST, &me->cursor);
}

static shmb_status read_stream(program *me, uint32_t limit)
{
    uint32_t capacity = draw(me) % 3 == 0 ? draw(me) % (SCRIBBLED_ITEM + 1) : SCRIBBLED_ITEM;
    uint64_t size = 0, missed;
    shmb_status status = shmb_stream_read(me->regions[STREAM], &me->cursor, buffer_of(me, capacity), capacity,
                                          &size, &missed, limit);
    must(size <= SCRIBBLED_ITEM && (status != SHMB_OK || size <= capacity), "the size of a stream's message");
    if (status == SHMB_CORRUPT)
        must(join(me, 0) == SHMB_OK, "shmb_stream_join's status");
    return status;
}

/* ---- All of them ------------------------------------------------------------------------------------------------- */

static const use uses[] = {
    {"shmb_lock", take_lock, WAITED | BIT(SHMB_OWNER_DIED) | BIT(SHMB_DEADLOCK)},
    {"shmb_unlock", steal_lock, OWNED},
    {"shmb_notify", notify, BIT(SHMB_OK)},
    {"shmb_wait", wait_for_notice, WAITED},
    {"shmb_state_write", write_state, WAITED},
    {"shmb_state_read", read_state, READ},
    {"shmb_state_wait", wait_for_state, READ},
    {"shmb_queue_send", send, QUEUED},
    {"shmb_queue_receive", receive, QUEUED | BIT(SHMB_TOO_SMALL)},
    {"shmb_queue_claim", claim, HELD_MESSAGE},
    {"shmb_queue_take", take, HELD_MESSAGE},
    {"shmb_queue_send_many", send_many, QUEUED},
    {"shmb_queue_receive_many", receive_many, QUEUED | BIT(SHMB_TOO_SMALL)},
    {"shmb_queue_statistics", count_queue, BIT(SHMB_OK)},
    {"shmb_stream_write", write_stream, BIT(SHMB_OK) | BIT(SHMB_BUSY)},
    {"shmb_stream_claim", claim_stream, OWNED | BIT(SHMB_BUSY)},
    {"shmb_stream_resign", resign, OWNED},
    {"shmb_stream_join", join, BIT(SHMB_OK)},
    {"shmb_stream_read", read_stream, READ},
};

static uint64_t now_us(void)
{
    LARGE_INTEGER count, frequency;
    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&count);
    return (uint64_t)count.QuadPart / (uint64_t)frequency.QuadPart * 1000000 +
           (uint64_t)count.QuadPart % (uint64_t)frequency.QuadPart * 1000000 / (uint64_t)frequency.QuadPart;
}

/* Returns when it was done. */
static uint64_t operate(program *me, uint64_t begun)
{
    const use *of = &uses[draw(me) % (sizeof uses / sizeof *uses)];
    uint32_t limit = draw(me) % WAITS_ONE_IN == 0 ? 1 + draw(me) % LONGEST_WAIT_MS : SHMB_NO_WAIT;
    shmb_status status = of->call(me, limit);
    uint64_t done = now_us(), took = done - begun;
    if ((unsigned)status >= 32 || (of->statuses & BIT(status)) == 0)
        wrong("%s returned %d, %s; the last error is %lu", of->name, (int)status, shmb_status_text(status),
              GetLastError());
    if (took > LONGEST_US)
        wrong("%s took %llu microseconds with a time limit of %lu ms", of->name, (unsigned long long)took,
              (unsigned long)limit);
    me->well += status == SHMB_OK;
    me->damaged += status == SHMB_CORRUPT || status == SHMB_OWNER_DIED;
    me->longest_us = took > me->longest_us ? took : me->longest_us;
    return done;
}

static void attach_all(program *me)
{
    char words[600] = "";
    const shmb_attach_options options = {.struct_size = sizeof options,
                                         .access = SHMB_ACCESS_WRITE,
                                         .instance = me->instance,
                                         .message = words,
                                         .message_size = sizeof words};
    for (unsigned i = 0; i < SCRIBBLED_REGIONS; i++) {
        if (shmb_attach(me->names[i], &options, &me->regions[i]) != SHMB_OK)
            wrong("%s", words);
    }
    must(join(me, 0) == SHMB_OK, "shmb_stream_join's status");
}

static void detach_all(program *me)
{
    for (unsigned i = 0; i < SCRIBBLED_REGIONS; i++)
        shmb_detach(me->regions[i]);
}

static void operate_often(program *me, uint64_t wanted)
{
    uint32_t part = 0;
    uint64_t now = 0;
    for (uint64_t i = 0; i < wanted; i++) {
        if (i % ATTACHED_FOR == 0) {
            if (i > 0)
                detach_all(me);
            attach_all(me);
            now = now_us();
        }
        now = operate(me, now);
        for (; part < SCRIBBLED_PARTS && (i + 1) * SCRIBBLED_PARTS >= (part + 1) * wanted; part++) {
            printf("at %u\n", (unsigned)part + 1);
            fflush(stdout);
            now = now_us();
        }
    }
    detach_all(me);
}

static uint8_t *make_guarded_page(void)
{
    DWORD before;
    uint8_t *pages = VirtualAlloc(NULL, 2 * PAGE_BYTES, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    uint8_t *guard = pages ? pages + PAGE_BYTES : NULL;
    if (guard == NULL || !VirtualProtect(guard, PAGE_BYTES, PAGE_NOACCESS, &before))
        wrong("no memory: error %lu", GetLastError());
    return guard;
}

int main(int argc, char **argv)
{
    if (argc != 4 + (int)SCRIBBLED_REGIONS) {
        puts("wrong: this needs INSTANCE OPERATIONS SEED and five regions");
        return 2;
    }
    program me = {.instance = argv[1], .names = argv + 4, .page_end = make_guarded_page()};
    uint64_t wanted = strtoull(argv[2], NULL, 10);
    me.seed = (uint32_t)strtoul(argv[3], NULL, 10);
    operate_often(&me, wanted);
    printf("done %llu well %llu damage %llu longest %llu\n", (unsigned long long)wanted,
           (unsigned long long)me.well, (unsigned long long)me.damaged, (unsigned long long)me.longest_us);
    return 0;
}
