/*
 * shmb_layout.h: the bytes that broker and clients agree on: the catalog's, and how a region of a kind begins.
 *
 * client/LAYOUT.md specifies this in prose for other languages; the two say the same. Everything is little-endian,
 * fixed-width, naturally aligned, and the same for 32- and 64-bit processes. Offsets count from the catalog's first
 * byte. No pointers. Atomic fields are named so; they are read and written whole, with the ordering that LAYOUT.md
 * gives.
 *
 * The catalog is one section, written by the broker alone:
 *
 *   +--------------------+ 0
 *   | header             | SHMB_CATALOG_HEADER_BYTES
 *   +--------------------+
 *   | records            | entries, indexes and texts, in the order they were appended; nothing moves or shrinks
 *   +--------------------+ committed_bytes: grows, never shrinks
 *   | reserved           | not memory yet: touching it is an access violation
 *   +--------------------+ reserved_bytes: the section's size
 *
 * Finding a name: FNV-1a of it, the index at index_offset, linear probing to the entry whose name is equal.
 *
 * An entry has two slots. `version` counts the publications; slot version % 2 is the published one. The broker fills
 * the other slot and then counts version up, so that a reader who finds version unchanged after copying has a whole
 * slot, and a broker killed at any instruction leaves the last whole one.
 */
#ifndef SHMB_LAYOUT_H
#define SHMB_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SHMB_CATALOG_MAGIC        0x31544143424D4853ull /* "SHMBCAT1" in memory */
#define SHMB_CATALOG_VERSION      3u                    /* a reader refuses any other */
#define SHMB_CATALOG_HEADER_BYTES 4096u
#define SHMB_CATALOG_RESERVED     (256ull << 20) /* what the broker reserves; readers go by reserved_bytes */

#define SHMB_NAME_MAX_BYTES 800u  /* a region's name: 200 code points of UTF-8 */
#define SHMB_KEY_MAX_BYTES  811u  /* an entry's name: a region's, or that and a session's, see LAYOUT.md */
#define SHMB_TEXT_MAX_BYTES 1024u /* any other text */

/* What the broker is doing. */
typedef enum shmb_broker_state {
    SHMB_BROKER_STARTING = 1, /* regions are being created: wait */
    SHMB_BROKER_RUNNING = 2,
    SHMB_BROKER_STOPPING = 3,
    SHMB_BROKER_STOPPED = 4 /* ended in order; what still stands here is history */
} shmb_broker_state;

/* What became of one region. */
typedef enum shmb_region_state {
    SHMB_REGION_PENDING = 1, /* declared, not created yet */
    SHMB_REGION_READY = 2,
    SHMB_REGION_BROKEN = 3,  /* declared, and could not be created: `reason` says why */
    SHMB_REGION_RETIRED = 4, /* no longer declared */
    SHMB_REGION_RETIRING =
        5 /* no longer declared: kept for programs that have it open, until they let go or `until` */
} shmb_region_state;

/* A text among the records: bytes at `offset`, UTF-8, followed by a NUL that `length` does not count.
   It never changes once it can be reached. Offset 0: no text. */
typedef struct shmb_text {
    uint32_t offset;
    uint32_t length;
} shmb_text;

#define SHMB_RELOAD_COUNTS     16u
#define SHMB_RELOAD_TEXT_BYTES 944u

/* How one reload ended. */
typedef struct shmb_catalog_reload {
    uint64_t ended;                      /*  0 100 ns units since 1601-01-01 UTC */
    uint32_t code;                       /*  8 an exit code of shmbroker, 0 as declared */
    uint32_t begun;                      /* 12 0: nothing was changed */
    uint32_t counts[SHMB_RELOAD_COUNTS]; /* 16 of regions, by shmb_reload_count */
    char text[SHMB_RELOAD_TEXT_BYTES];   /* 80 in words, lines of UTF-8, NUL-padded */
} shmb_catalog_reload;

/* What shmb_catalog_reload.counts has. */
enum shmb_reload_count {
    SHMB_RELOAD_CREATED,
    SHMB_RELOAD_ADOPTED, /* of the created: an earlier broker's, with their data */
    SHMB_RELOAD_SECURED,
    SHMB_RELOAD_UPDATED,
    SHMB_RELOAD_REPLACED,
    SHMB_RELOAD_RETIRED,
    SHMB_RELOAD_RETIRING,
    SHMB_RELOAD_KEPT, /* left as they were */
    SHMB_RELOAD_AWAITED,
    SHMB_RELOAD_REFUSED,
    SHMB_RELOAD_FAILED
};

/* The first bytes of the catalog. */
typedef struct shmb_catalog_header {
    uint64_t magic;            /*   0 atomic: written last when the catalog is made */
    uint32_t layout_version;   /*   8 */
    uint32_t header_bytes;     /*  12 SHMB_CATALOG_HEADER_BYTES */
    uint64_t reserved_bytes;   /*  16 the section's size */
    uint64_t committed_bytes;  /*  24 atomic: what may be read; multiple of 4096 */
    uint64_t index_offset;     /*  32 atomic: the current index */
    uint64_t generation;       /*  40 atomic: counts every change that a reader could see */
    uint64_t heartbeat;        /*  48 atomic: unbiased interrupt time, 100 ns units, at the last beat */
    uint32_t heartbeat_period; /*  56 milliseconds between signs of life */
    uint32_t broker_state;     /*  60 atomic: shmb_broker_state */
    uint32_t broker_pid;       /*  64 atomic */
    uint32_t entry_count;      /*  68 atomic: entries in the index, retired ones too */
    uint64_t broker_started;   /*  72 atomic: 100 ns units since 1601-01-01 UTC */
    uint64_t first_entry;      /*  80 atomic: offset of the entry appended first, 0 when there is none */
    uint64_t epoch;            /*  88 atomic: counts the brokers that have used this catalog, from 1 */
    char broker_version[32];   /*  96 UTF-8, NUL-padded */
    char instance[64];         /* 128 UTF-8, NUL-padded; "" is the default instance */
    uint32_t
        reloads;   /* 192 atomic: counts this broker's reloads; reload[reloads % 2] is the last one, if any */
    uint32_t zero; /* 196 */
    shmb_catalog_reload reload[2]; /* 200 */
} shmb_catalog_header;

/* The index: a power of two of buckets, at most half of them used. Each holds an entry's offset, or 0. Entries are
   never taken out. A broker that needs more buckets appends a larger index and then stores index_offset. */
typedef struct shmb_catalog_index {
    uint32_t bucket_count;
    uint32_t zero;
    /* uint64_t buckets[bucket_count], atomic, follow */
} shmb_catalog_index;

/* One half of an entry: all that may change. */
typedef struct shmb_catalog_slot {
    uint32_t state; /*  0 shmb_region_state */
    uint32_t kind;  /*  4 SHMB_KIND_… */
    uint64_t
        size; /*  8 the region's bytes, as declared or as its kind needs them; only one with max_size grows, and none shrinks */
    uint64_t generation;   /* 16 of the object: another number, another object. From 1 */
    uint64_t changed;      /* 24 when this was published, 100 ns units since 1601-01-01 UTC */
    shmb_text object_name; /* 32 what OpenFileMapping takes: "Global\Telemetry" */
    shmb_text reason; /* 40 why it is broken, what it waits for, or why it is ready and not as declared */
    shmb_text description; /* 48 from the configuration */
    uint32_t flags;        /* 56 SHMB_FLAG_… */
    uint32_t
        restored; /* 60 with SHMB_FLAG_RESTORED: when the snapshot was taken, seconds since 1970-01-01 UTC */
    shmb_text note;     /* 64 what was asked for and could not be had, when it is ready all the same */
    shmb_text boundary; /* 72 of a private namespace: its SIDs, ascending by bytes, a space between two */
    uint64_t item_size; /* 80 bytes of the largest value (state) or message (queue, stream); raw: 0 */
    uint32_t messages;  /* 88 queue and stream: how many there is room for, a power of two; otherwise 0 */
    uint32_t form;      /* 92 for the broker: what the object was made as; 0: not known */
    uint64_t max_size;  /* 96 of a region that grows: the bytes that its section reserves; otherwise 0 */
    uint64_t until;     /*104 retiring: when the broker lets go at the latest, as `changed`; otherwise 0 */
    shmb_text holders;  /*112 which programs have the object open that is to go, as far as they are seen:
                           "4712 peer.exe", a line end between two */
} shmb_catalog_slot;

/* What a region's bytes mean; shmb.h has the same. */
#define SHMB_KIND_RAW    1u /* bytes, nothing else */
#define SHMB_KIND_STATE  2u /* the latest value of something */
#define SHMB_KIND_QUEUE  3u /* messages, each received once */
#define SHMB_KIND_STREAM 4u /* messages of one producer, seen by every reader, the oldest written over */

/* How the region was made; shmb.h has the same. */
#define SHMB_FLAG_FILE_BACKED 1u
#define SHMB_FLAG_LARGE_PAGES 2u /* its section has large pages, and its bytes are rounded up to whole ones */
#define SHMB_FLAG_NUMA        4u /* its memory is preferably on the node that was asked for */
#define SHMB_FLAG_PREFETCHED  8u /* its pages were made present when it was created */
#define SHMB_FLAG_PRIVATE     16u /* object_name is in a private namespace, whose boundary is `boundary` */

#define SHMB_FLAG_LAST_CLEAN 32u  /* its last life ended in order */
#define SHMB_FLAG_LAST_DIRTY 64u  /* its last life ended in a crash, or nobody knows how */
#define SHMB_FLAG_RESTORED   128u /* it began with the bytes of a snapshot */
#define SHMB_FLAG_CONTINUED  256u /* its life goes on: this broker took its memory over from an earlier one */
#define SHMB_FLAG_SESSION    512u /* it is one session's instance */

#define SHMB_FLAG_LOCK   1024u /* a raw region with a lock beside it */
#define SHMB_FLAG_NOTIFY 2048u /* a raw region with a signal beside it, that its bytes have changed */

#define SHMB_BOUNDARY_MAX_SIDS 16u

typedef struct shmb_catalog_entry {
    uint64_t hash;       /*   0 FNV-1a, 64 bit, of the name's bytes */
    shmb_text name;      /*   8 as declared; of a session's instance "NAME\SESSION" */
    uint64_t next_entry; /*  16 atomic: offset of the entry appended after this one, or 0 */
    uint32_t version;    /*  24 atomic: counts publications, from 1; slot version % 2 is the published one */
    uint32_t zero;       /*  28 */
    shmb_catalog_slot slots[2]; /* 32 */
} shmb_catalog_entry;

#define SHMB_FNV_OFFSET 0xCBF29CE484222325ull
#define SHMB_FNV_PRIME  0x00000100000001B3ull

/* The hash of a name, as the index uses it. */
static inline uint64_t shmb_name_hash(const char *name, size_t length)
{
    uint64_t hash = SHMB_FNV_OFFSET;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)name[i]) * SHMB_FNV_PRIME;
    return hash;
}

/* ---- Regions of a kind ------------------------------------------------------------------------- */

/* Bounds of the geometry. */
#define SHMB_MESSAGES_LEAST 2u
#define SHMB_MESSAGES_MOST  (1u << 20)
#define SHMB_MESSAGE_MOST   (64ull << 20) /* bytes */
#define SHMB_VALUE_MOST     (1ull << 30)  /* bytes of a state's value */

#define SHMB_KIND_MAGIC        0x31444E4B424D4853ull /* "SHMBKND1" in memory */
#define SHMB_KIND_VERSION      1u
#define SHMB_KIND_HEADER_BYTES 64u

/* How a region of kind state, queue or stream begins. The broker writes this when it makes the region anew, and looks at
   it when it takes bytes from a file or a snapshot. A client never goes by it: the catalog says the same. What follows
   is the kind's own, zero at first. */
typedef struct shmb_kind_header {
    uint64_t magic;        /*  0 SHMB_KIND_MAGIC */
    uint32_t version;      /*  8 SHMB_KIND_VERSION */
    uint32_t kind;         /* 12 SHMB_KIND_… */
    uint64_t region_bytes; /* 16 */
    uint64_t item_size;    /* 24 as in the catalog */
    uint32_t messages;     /* 32 as in the catalog */
    uint32_t zero[7];      /* 36 */
} shmb_kind_header;

/* What each kind has before its first slot, how many slots a state has, and what a slot has before its bytes. */
#define SHMB_STATE_HEADER_BYTES       4096u
#define SHMB_STATE_SLOTS              4u
#define SHMB_STATE_SLOT_HEADER_BYTES  0u
#define SHMB_QUEUE_HEADER_BYTES       12288u /* with 1024 participants of 8 bytes from 4096 on */
#define SHMB_QUEUE_SLOT_HEADER_BYTES  16u
#define SHMB_STREAM_HEADER_BYTES      4096u
#define SHMB_STREAM_SLOT_HEADER_BYTES 16u

/* ---- The lock ------------------------------------------------------------------------------------ */

/* The part `lock` of a region begins with this, zero at first. LAYOUT.md says how it is taken and given back. */
typedef struct shmb_lock_words {
    uint64_t word;    /* 0 atomic: SHMB_LOCK_FREE, SHMB_LOCK_HANDED_OVER, or the holder's life */
    uint32_t damaged; /* 8 atomic: not 0 since a holder died, until another says that the data is whole */
    uint32_t mark; /* 12 atomic: bits of who waits inside the gate, and from bit 2 on a count of markings */
} shmb_lock_words;

#define SHMB_LOCK_FREE        0ull
#define SHMB_LOCK_HANDED_OVER 2ull /* nobody holds it, and only who is inside the gate may take it */

#define SHMB_LOCK_WAITED_FOR 1u /* a bit of the mark: who gives the lock back wakes the place */
#define SHMB_LOCK_HAND_OVER  2u /* a bit of it: and leaves SHMB_LOCK_HANDED_OVER */
#define SHMB_LOCK_MARK_COUNT 4u

/* ---- state and stream: what of their header changes ------------------------------------------------ */

/* Both: how often a bell was rung for those who wait. A line of its own, that is written only while somebody waits. */
#define SHMB_EPOCH_OFFSET 64u /* u32 atomic */

/* The part `waiters` begins with a u32, atomic: not 0 while somebody waits. The part `signal` of a raw region has: */
typedef struct shmb_signal_words {
    uint64_t sequence; /*  0 atomic: counts notifications */
    uint32_t zero[14]; /*  8 */
    uint32_t epoch;    /* 64 atomic: as at SHMB_EPOCH_OFFSET */
} shmb_signal_words;

/* A state's: the value of version v is in slot v % slots. Version 0: no value was written yet. */
#define SHMB_STATE_WORDS_OFFSET 128u
typedef struct shmb_state_words {
    uint64_t version;    /* 0 atomic: of the latest value */
    uint32_t lengths[4]; /* 8 atomic: of the value in each slot, bytes */
} shmb_state_words;

/* A state of small values has two slots, in the line of their version and lengths[0] and [1]. */
#define SHMB_STATE_SMALL_BYTES  24u
#define SHMB_STATE_SMALL_SLOTS  2u
#define SHMB_STATE_SMALL_OFFSET (SHMB_STATE_WORDS_OFFSET + 16u)

/* A stream's. A message's position is 0 for the first and 2 more for each that follows. */
#define SHMB_STREAM_WORDS_OFFSET 128u
typedef struct shmb_stream_words {
    uint64_t next; /* 0 atomic: the position of the next message */
} shmb_stream_words;

typedef struct shmb_stream_slot {
    uint64_t word;   /*  0 atomic: position + 1 while a message is written, + 2 when it is there */
    uint32_t length; /*  8 atomic: its bytes, which begin at 16; or SHMB_STREAM_LOST */
    uint32_t zero;   /* 12 */
} shmb_stream_slot;

/* Instead of the length of a message that is not there any more, though its word says so: the region was restored without it. */
#define SHMB_STREAM_LOST 0xFFFFFFFFu

#ifdef __cplusplus
#define SHMB_LAYOUT_ASSERT(fact) static_assert(fact, #fact)
#else
#define SHMB_LAYOUT_ASSERT(fact) _Static_assert(fact, #fact)
#endif
SHMB_LAYOUT_ASSERT(offsetof(shmb_catalog_header, committed_bytes) == 24);
SHMB_LAYOUT_ASSERT(offsetof(shmb_catalog_header, heartbeat) == 48);
SHMB_LAYOUT_ASSERT(offsetof(shmb_catalog_header, broker_state) == 60);
SHMB_LAYOUT_ASSERT(offsetof(shmb_catalog_header, epoch) == 88);
SHMB_LAYOUT_ASSERT(offsetof(shmb_catalog_header, instance) == 128);
SHMB_LAYOUT_ASSERT(offsetof(shmb_catalog_header, reloads) == 192);
SHMB_LAYOUT_ASSERT(offsetof(shmb_catalog_header, reload) == 200);
SHMB_LAYOUT_ASSERT(sizeof(shmb_catalog_reload) == 1024);
SHMB_LAYOUT_ASSERT(sizeof(shmb_catalog_header) == 2248);
SHMB_LAYOUT_ASSERT(sizeof(shmb_catalog_index) == 8);
SHMB_LAYOUT_ASSERT(offsetof(shmb_catalog_slot, object_name) == 32);
SHMB_LAYOUT_ASSERT(offsetof(shmb_catalog_slot, flags) == 56);
SHMB_LAYOUT_ASSERT(offsetof(shmb_catalog_slot, note) == 64);
SHMB_LAYOUT_ASSERT(offsetof(shmb_catalog_slot, boundary) == 72);
SHMB_LAYOUT_ASSERT(offsetof(shmb_catalog_slot, item_size) == 80);
SHMB_LAYOUT_ASSERT(offsetof(shmb_catalog_slot, max_size) == 96);
SHMB_LAYOUT_ASSERT(offsetof(shmb_catalog_slot, holders) == 112);
SHMB_LAYOUT_ASSERT(sizeof(shmb_catalog_slot) == 120);
SHMB_LAYOUT_ASSERT(offsetof(shmb_catalog_entry, version) == 24);
SHMB_LAYOUT_ASSERT(sizeof(shmb_catalog_entry) == 272);

SHMB_LAYOUT_ASSERT(offsetof(shmb_kind_header, item_size) == 24);
SHMB_LAYOUT_ASSERT(sizeof(shmb_kind_header) == SHMB_KIND_HEADER_BYTES);

SHMB_LAYOUT_ASSERT(offsetof(shmb_lock_words, damaged) == 8);
SHMB_LAYOUT_ASSERT(offsetof(shmb_lock_words, mark) == 12);
SHMB_LAYOUT_ASSERT(sizeof(shmb_lock_words) == 16);

SHMB_LAYOUT_ASSERT(offsetof(shmb_signal_words, epoch) == SHMB_EPOCH_OFFSET);
SHMB_LAYOUT_ASSERT(offsetof(shmb_state_words, lengths) == 8);
SHMB_LAYOUT_ASSERT(sizeof(shmb_state_words) == 24);
SHMB_LAYOUT_ASSERT(SHMB_STATE_SMALL_OFFSET + SHMB_STATE_SMALL_SLOTS * SHMB_STATE_SMALL_BYTES == 192);
SHMB_LAYOUT_ASSERT(offsetof(shmb_stream_slot, length) == 8);
SHMB_LAYOUT_ASSERT(sizeof(shmb_stream_slot) == SHMB_STREAM_SLOT_HEADER_BYTES);

#ifdef __cplusplus
}
#endif

#endif
