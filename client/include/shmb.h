/*
 * shmb.h: attach to the shared memory regions of a broker, by name.
 *
 * 1. What this is
 *
 *   A Windows service, the broker (shmbroker.exe), owns regions of shared memory that an administrator has
 *   declared: a name, a size, who may read and who may write. It creates them before any program needs them,
 *   and keeps them whatever its clients do. With this library a program in any session and under any account
 *   attaches to one:
 *
 *       #include <shmb.h>
 *       #include <stdio.h>
 *
 *       int main(void)
 *       {
 *           char why[512];
 *           shmb_attach_options options = {0};
 *           options.struct_size = sizeof options;
 *           options.message = why;
 *           options.message_size = sizeof why;
 *           shmb_region *region;
 *           if (shmb_attach("Telemetry", &options, &region) != SHMB_OK) {
 *               fprintf(stderr, "%s\n", why);
 *               return 1;
 *           }
 *           const unsigned char *bytes = shmb_data(region);
 *           printf("%llu bytes, the first is %d\n", (unsigned long long)shmb_size(region), bytes[0]);
 *           shmb_detach(region);
 *           return 0;
 *       }
 *
 *   Without options it is shorter: shmb_attach("Telemetry", NULL, &region). That means reading, all of it,
 *   now or not at all.
 *
 * 2. Shapes
 *
 *   A region is bytes, zero until somebody writes. What they mean and how programs keep them whole is theirs
 *   to decide, unless its declaration says that it is a state, a queue or a stream; client/examples/readings.h shows
 *   one way. Offsets and lengths are in bytes, from the region's
 *   first; any byte may begin a view. Times are in milliseconds. Texts are UTF-8, NUL-terminated.
 *
 *   A raw region needs no library. It is a section, and OpenFileMapping(FILE_MAP_READ, FALSE,
 *   L"Global\\Telemetry") and MapViewOfFile see the same bytes from offset 0. What this library adds: it
 *   says why something is not there, waits for it, knows the size, takes any offset, and makes sure that the
 *   broker is one.
 *
 * 3. Ownership
 *
 *   shmb_attach makes a shmb_region; shmb_detach ends it, and with it the pointer that shmb_data gave and
 *   the handle that shmb_handle gave. A program may have as many as it likes, of one region or of several.
 *   Process exit detaches. The bytes stay where they are: they belong to the broker. When the broker stops
 *   or is killed, they stay readable and writable for whoever is attached; a broker that starts afterwards
 *   serves the same bytes again as long as anybody held them. A killed broker's keeper process holds them, too.
 *
 *   Everything passed in is copied or used during the call only.
 *
 * 4. Threads
 *
 *   Every function may be called from any thread at any time. A shmb_region may be used by many threads; only
 *   shmb_detach must come after all other use of it. options.message is written during the call: one buffer
 *   per call. Nothing depends on the calling thread; there is no thread-local state and no work in DllMain.
 *   Do not call shmb_attach from your own DllMain.
 *
 * 5. What is kept open
 *
 *   The first attach opens the broker's catalog, a section named `Global\ShmBroker.Catalog` (`.INSTANCE`
 *   appended for other instances than the default one; `Local\` when there is no global one), and keeps it
 *   mapped until the process ends: at most 16 of them. From then on attaching costs what OpenFileMapping and
 *   MapViewOfFile cost.
 *
 * 6. Compatibility
 *
 *   Status numbers, names and signatures stay. Structures begin with their size and grow at the end only;
 *   new members mean nothing when they are zero. A program compiled against this version runs with every
 *   later library of the same major version. `since` says which version brought what.
 *
 * Linking: shmb.dll with its import library, or the static library with SHMB_STATIC defined; that one also needs
 * advapi32, and with mingw-w64 its -l:libssp.a. CMake's shmbroker::client and shmbroker::client_static
 * bring what they need. C99, C11, C++11
 * or later. For C++17 there is shmb.hpp beside this file.
 */
#ifndef SHMB_H
#define SHMB_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(SHMB_STATIC) || defined(SHMB_BUILDING_DLL) || !defined(_WIN32)
#define SHMB_API /* the DLL's own exports are listed in shmb.def */
#else
#define SHMB_API __declspec(dllimport)
#endif

/*
 * How a call went. 0 is success. The numbers are for ever; later versions may add some, so treat an unknown
 * one as a failure. With each: what causes it, and what helps. options.message has the particulars. Since
 * 0.1.
 */
typedef enum shmb_status {
    SHMB_OK = 0,

    /* A NULL pointer where none may be, an empty name or one with a backslash (pass the name as declared,
       without `Global\`), an instance name of other characters than A-Z a-z 0-9 _ -, a structure of unknown
       size, a handle that is none. Remedy: correct the program, or the variable SHMBROKER_INSTANCE. */
    SHMB_INVALID_ARGUMENT = 1,

    /* No broker of that instance runs: there is no catalog, or its broker has stopped, is stopping, or has
       shown no sign of life for ten heartbeats and at least 5 seconds. Remedy: `shmbroker start`, a timeout, or
       SHMB_ATTACH_WITHOUT_BROKER. */
    SHMB_NO_BROKER = 2,

    /* The broker runs and knows no region of that name, or no longer; or the region is one for each session, and this
       one has none (yet: a program that starts with its session gives a timeout). Names are case-sensitive. Remedy: look
       at `shmbroker status`, declare the region, or give a timeout when it will be declared later. */
    SHMB_NOT_DECLARED = 3,

    /* Declared, but the broker could not create it; the message repeats its reason, such as a name that
       another program has taken. Remedy: what the reason says, then restart the broker. */
    SHMB_REGION_FAILED = 4,

    /* The region's access list does not give this account what was asked for, or the region is in a private namespace
       and this account not in its boundary. Remedy: add the account to `read` or `write` of the region's `access`, or to
       the groups of the boundary, or ask for reading only. */
    SHMB_ACCESS_DENIED = 5,

    /* The broker is starting, or the region is about to be created, and timeout_ms was 0 or has passed; or
       timeout_ms has passed without a broker or such a region. The message names what was missing last.
       Remedy: wait longer. */
    SHMB_TIMED_OUT = 6,

    /* options.offset and options.length do not lie inside the region, or the view does not fit the address
       space of a 32-bit process. Remedy: ask for less, or declare more. */
    SHMB_BAD_RANGE = 7,

    /* The broker's catalog has a layout, or the region a kind, that this library does not know. Remedy: use
       the library of the broker's release. */
    SHMB_INCOMPATIBLE = 8,

    /* The catalog belongs to none of SYSTEM, Administrators, the broker's service account and this process's
       own user: somebody else holds the broker's name. The message has the owner's SID. Remedy: find and stop
       him. */
    SHMB_UNTRUSTED = 9,

    /* The catalog contradicts itself: restart the broker. Or what a state, queue or stream has written down about itself
       cannot be: a program that may write the region has written over it. Remedy: find that program; a region that is
       to be as new again is declared under another name, or its file removed. */
    SHMB_CORRUPT = 10,

    /* No memory, or no room in the address space for the view. */
    SHMB_NO_MEMORY = 11,

    /* Windows refused something for another reason; the message has the call, its error number and its text.
       A region of `namespace: local` attached to from another session is reported so, too. */
    SHMB_SYSTEM_ERROR = 12,

    /* You have the lock now, and whoever had it before died with it: what it guards may be half written. That is not a
       failure. Look at the data, repair them, call shmb_lock_consistent, and unlock as always. As long as nobody has
       called shmb_lock_consistent, each next holder gets this status. */
    SHMB_OWNER_DIED = 13,

    /* This thread has the lock already: waiting for it would never end. Remedy: unlock once for each lock. */
    SHMB_DEADLOCK = 14,

    /* options.kind asks for another kind than the region has, or the function is for regions of another kind, or for
       regions with a lock or a signal, which this one has not. Remedy: the function for its kind (shmb_region_kind), or
       another `kind`, `lock: true` or `notify: true` in its declaration. */
    SHMB_WRONG_KIND = 15,

    /* The buffer is smaller than the value or message. Nothing was taken: the size that is needed was told, come again
       with as much. shmb_region_item_size bytes are always enough. */
    SHMB_TOO_SMALL = 16,

    /* The value or message is larger than the region's declaration allows. Remedy: send less, or declare a larger `size`
       or `message_size`. */
    SHMB_TOO_LARGE = 17,

    /* This thread does not have the lock, or not this message. Remedy: unlock in the thread that locked. */
    SHMB_NOT_OWNER = 18,

    /* Another program is what only one can be at a time, such as a stream's producer. Remedy: wait until it has ended; a
       dead one is in nobody's way. */
    SHMB_BUSY = 19,

    /* The region has no max_size, or less than what is asked for; or it was attached through a handle. Remedy: ask for less,
       or declare `max_size`. */
    SHMB_CANNOT_GROW = 20,

    /* With so many bytes the regions in memory would take more than the configuration's commit_budget. Nothing has changed.
       Remedy: ask for less, or raise the budget. */
    SHMB_OVER_BUDGET = 21,

    /* Windows cannot promise so much memory (its commit limit). Nothing has changed. Remedy: ask for less, end other
       programs, or enlarge the paging file. */
    SHMB_COMMIT_LIMIT = 22,

    /* The broker serves another object by now, or none: shmb_current. Remedy: detach, and attach again. */
    SHMB_STALE = 23
} shmb_status;

/* A view of a region in this process. Since 0.1. */
typedef struct shmb_region shmb_region;

/* shmb_attach_options.access. Since 0.1. */
#define SHMB_ACCESS_READ  1u
#define SHMB_ACCESS_WRITE 2u /* includes reading */

/*
 * shmb_attach_options.flags. Since 0.1.
 *
 * SHMB_ATTACH_WITHOUT_BROKER: goes on when the broker does not run, was killed, or is being replaced, as long as its
 * catalog still names the region as ready and the region's section is there. Both live on with a program that has
 * them open, and with the broker's keeper process; after an orderly stop the region is gone. Without the flag such an
 * attach is SHMB_NO_BROKER, or waits for a broker. A broker that is just starting is waited for either way. The view is
 * as good as any, and the next broker serves the same bytes, unless its configuration declares the region
 * otherwise by then: it makes another one, and this view stays with the old bytes.
 */
#define SHMB_ATTACH_WITHOUT_BROKER 1u

/*
 * Kinds of region, `kind` in its declaration; shmb_attach_options.kind, and what shmb_region_kind gives. Since 0.1.
 *
 * SHMB_KIND_RAW: bytes, which mean what programs want; shmb_data is for these. SHMB_KIND_STATE: the latest value of
 * something, never half of one. SHMB_KIND_QUEUE: messages, each of which one program receives. SHMB_KIND_STREAM: messages
 * of one program that all others see, the oldest written over by the newest. The bytes of the last three are the library's:
 * they are attached to as a whole, and used by their functions.
 */
#define SHMB_KIND_RAW    1u
#define SHMB_KIND_STATE  2u
#define SHMB_KIND_QUEUE  3u
#define SHMB_KIND_STREAM 4u

/* shmb_attach_options.timeout_ms. Since 0.1. */
#define SHMB_NO_WAIT  0u
#define SHMB_INFINITE 0xFFFFFFFFu

/*
 * What to attach, and how. Clear it, set struct_size, and set what you need; zero is the default everywhere:
 *
 *     shmb_attach_options options = {0};
 *     options.struct_size = sizeof options;
 *     options.access = SHMB_ACCESS_WRITE;
 *
 * Since 0.1.
 */
typedef struct shmb_attach_options {
    uint32_t struct_size; /* sizeof(shmb_attach_options) */

    /* SHMB_ACCESS_READ or SHMB_ACCESS_WRITE; 0 is reading. No more is asked of Windows than this, and writing
       to a view that was attached for reading is an access violation. */
    uint32_t access;

    /* How long to wait, in milliseconds, for the broker to run and the region to be ready; 0 does not wait,
       SHMB_INFINITE does not give up. What waiting cannot help, such as SHMB_ACCESS_DENIED, is reported at
       once. */
    uint32_t timeout_ms;

    uint32_t flags;  /* 0, or SHMB_ATTACH_WITHOUT_BROKER */
    uint64_t offset; /* the view's first byte; any */
    uint64_t length; /* the view's bytes; 0: to the end of the region */

    /* Which broker, when a machine runs several: 1 to 40 of A-Z a-z 0-9 _ -, or "" for the default one. NULL:
       the one that the environment variable SHMBROKER_INSTANCE names, else the default one. */
    const char *instance;

    /* NULL, or where a failure is explained in one sentence of UTF-8: what was tried, on what, why it failed,
       and what to do. Cut between characters when it does not fit; 512 bytes are plenty. Success makes it "".
       Untouched when struct_size is wrong. */
    char *message;
    uint64_t message_size; /* bytes at `message` */

    /* Of a region with `namespace: session`, of which each session has its own: the number of the session whose
       instance it is to be, as ProcessIdToSessionId and WTSEnumerateSessions give it. 0: this process's own. A service
       runs in session 0, which has no instances, so it names one. Means nothing to other regions. */
    uint32_t session;

    /* What the region must be: SHMB_KIND_RAW, SHMB_KIND_STATE, SHMB_KIND_QUEUE or SHMB_KIND_STREAM; one of another kind
       is SHMB_WRONG_KIND. 0: any. */
    uint32_t kind;
} shmb_attach_options;

/*
 * Attaches to the region `name`. On success *region is a view of it, otherwise NULL.
 *
 * `name` is the declared one, 1 to 800 bytes. `options` may be NULL. `region` must not be.
 *
 * Finds the name in the broker's catalog, opens the region's section with FILE_MAP_READ, or FILE_MAP_READ and
 * FILE_MAP_WRITE, maps the part that the view needs, and checks that the region was not replaced meanwhile.
 * While it waits it looks again after 1 to 50 ms. Needs no privilege.
 *
 * Errors: every status. Any thread, at any time. Since 0.1.
 *
 * Windows behaviour relied on, with the documentation page that promises it:
 *   - "OpenFileMappingW": opens by name with the access asked for, checked against the object's descriptor.
 *   - "MapViewOfFile": dwFileOffsetLow must be a multiple of the allocation granularity (64 KiB): a view
 *     from another byte is mapped from the multiple below, so up to 65535 bytes before it are mapped, too. A
 *     view may not be larger than its section: so a section smaller than the catalog says is refused, not half
 *     mapped.
 *   - "Kernel object namespaces": Global\ names are the same in every session, Local\ names are not. The prefix
 *     Session\ is the system's own: an instance of a region for each session has a global name, with the session's
 *     number in it.
 *   - "ProcessIdToSessionId": a process belongs to one session, for as long as it lives.
 *   - "QueryUnbiasedInterruptTime": one clock for all processes, that stands still while the machine sleeps:
 *     a broker does not look dead after a night.
 *   - "Creating a File Mapping Using Large Pages": views of a section with large pages have small ones unless
 *     FILE_MAP_LARGE_PAGES is asked for, since Windows 10 1703.
 *   - "OpenPrivateNamespaceW": only for tokens that have all SIDs of the boundary. The prefix belongs to the process; it
 *     is closed again when the section has been opened.
 *   - "GetKernelObjectSecurity": the catalog's owner is read from the handle, not by name.
 */
SHMB_API shmb_status shmb_attach(const char *name, const shmb_attach_options *options, shmb_region **region);

/*
 * Attaches through a handle of a section that this process was given: inherited from its parent, or put into
 * it with DuplicateHandle. Neither the broker nor a right of this account is needed: the handle is the right.
 *
 * `section` is a HANDLE with SECTION_MAP_READ, and SECTION_MAP_WRITE to attach for writing. It stays the
 * caller's to close, when he likes: the region has a duplicate of its own. `region_size` is the region's
 * bytes as declared (shmb_region_size of whoever passed the handle); a smaller number hides the rest, a
 * larger one fails. Of `options`, timeout_ms, flags and instance mean nothing here. On failure *region is NULL.
 *
 * Errors: SHMB_INVALID_ARGUMENT, SHMB_BAD_RANGE, SHMB_ACCESS_DENIED (the handle lacks the right, or its
 * section is smaller than `region_size`), SHMB_NO_MEMORY, SHMB_SYSTEM_ERROR. Any thread. Since 0.1.
 *
 * Windows: "Handle inheritance" (an inherited handle has the same value in the child), "DuplicateHandle" (the
 * least rights are asked for). Examples: client/examples/inherit.c and duplicate.c.
 */
SHMB_API shmb_status shmb_attach_handle(void *section, uint64_t region_size,
                                        const shmb_attach_options *options, shmb_region **region);

/* Ends a region: unmaps the view and closes the handle. NULL is fine. No thread may use the region, or a
   pointer into it, during or after the call. Since 0.1. */
SHMB_API void shmb_detach(shmb_region *region);

/* The view's first byte: the region's byte at options.offset. The pointer is aligned as that offset is. It
   does not move, and is good until shmb_detach. Writing to it needs SHMB_ACCESS_WRITE. NULL for NULL. Since
   0.1. */
SHMB_API void *shmb_data(const shmb_region *region);

/* The view's bytes, as many as may be touched now. When the region grows and options.length was 0, they become more, as with
   shmb_region_size; the pointer stays. 0 for NULL. Since 0.1. */
SHMB_API uint64_t shmb_size(const shmb_region *region);

/* The region's bytes as they are now: those that were declared, or more when it has grown. Never fewer than before. A few
   loads from the broker's catalog, and no kernel call. Through a handle: what was passed. 0 for NULL. Since 0.1. */
SHMB_API uint64_t shmb_region_size(const shmb_region *region);

/* How many bytes it can grow to: its declared max_size, or its size when it has none. Since 0.1. */
SHMB_API uint64_t shmb_region_max_size(const shmb_region *region);

/*
 * Has the region grow to at least `size` bytes, for everybody who has it open. The bytes that are new are zero.
 *
 * A region that is declared with `max_size` reserves addresses for so many bytes, and has memory for the first ones. A view
 * to the region's end (options.length 0) is mapped over all of max_size, so that its pointer stays good, and shmb_size
 * rises for every program when one of them has it grown. Touching a byte beyond shmb_size is an access violation, as beyond
 * any view; in a 32-bit process max_size must fit the address space, or be attached to in parts, which do not grow.
 *
 * The broker is asked, through a pipe, and needs to run. Who may write the region may let it grow, whatever access this
 * view was attached with. A size that it has already is SHMB_OK without asking. Waits at most about `timeout_ms`
 * (SHMB_INFINITE: as long as it takes). `message` is NULL, or where a failure is explained, `message_size` bytes.
 *
 * Errors: SHMB_INVALID_ARGUMENT, SHMB_CANNOT_GROW, SHMB_OVER_BUDGET, SHMB_COMMIT_LIMIT, SHMB_STALE, SHMB_ACCESS_DENIED,
 * SHMB_NO_BROKER, SHMB_TIMED_OUT (it may still happen), SHMB_UNTRUSTED (another program has the pipe), SHMB_INCOMPATIBLE,
 * SHMB_SYSTEM_ERROR. After any of them but SHMB_TIMED_OUT the size is what it was. Any thread. Since 0.1.
 *
 * Windows: "CreateFileMappingW" (SEC_RESERVE: pages are committed by VirtualAlloc, which all views see),
 * "GetNamedPipeServerProcessId" (that it is the broker), "Impersonation Levels" (SecurityIdentification: the broker sees
 * who asks, and cannot act as him).
 */
SHMB_API shmb_status shmb_grow(shmb_region *region, uint64_t size, uint32_t timeout_ms, char *message,
                               uint64_t message_size);

/*
 * Whether this view is of the object that the broker serves under the region's name: 1, or 0 when the region has been
 * replaced by another (declared with another size, name space or kind, or with `revoke`), is no longer declared, or its
 * broker has stopped. The view is as good as before in either case, and shows the old bytes, which nobody new will see;
 * the next object comes when all programs have let go of this one, or under another name at once. So: shmb_detach, and
 * shmb_attach with a timeout.
 *
 * While a broker starts, or after it was killed, the answer is what it was: it takes regions over with their bytes. After
 * `shmbroker stop` it is 0, and 1 again when a broker starts and takes the object over. Through a handle it is always 1,
 * for nobody knows. 0 for NULL. A few loads from the catalog, no kernel call. Any thread. Since 0.1.
 */
SHMB_API int shmb_current(const shmb_region *region);

/*
 * Waits until shmb_current is 0: SHMB_OK, or SHMB_TIMED_OUT after `timeout_ms`. Looks into the catalog after 1, 2, 4 … 50 ms,
 * so it returns within 50 ms of the change, and asks nobody. SHMB_INVALID_ARGUMENT for NULL, and for a region of
 * shmb_attach_handle. Any thread; shmb_detach only after it has returned. Since 0.1.
 */
SHMB_API shmb_status shmb_wait_replaced(const shmb_region *region, uint32_t timeout_ms);

/* SHMB_KIND_…; of a region of shmb_attach_handle SHMB_KIND_RAW. 0 for NULL. Since 0.1. */
SHMB_API uint32_t shmb_region_kind(const shmb_region *region);

/* The bytes of the largest value (state) or message (queue, stream) that the region's declaration allows. 0 when it is
   raw, and for NULL. Since 0.1. */
SHMB_API uint64_t shmb_region_item_size(const shmb_region *region);

/* How many messages there is room for: as declared, rounded up to a power of two. 0 when the region is no queue and no
   stream, and for NULL. Since 0.1. */
SHMB_API uint32_t shmb_region_messages(const shmb_region *region);

/*
 * How the broker made the region: any of these. Since 0.1.
 *
 * SHMB_FLAG_FILE_BACKED: its bytes are kept in a file. SHMB_FLAG_LARGE_PAGES: its section has large pages, and views are
 * mapped with them where Windows allows that. SHMB_FLAG_NUMA: its memory is preferably on the NUMA node that its
 * declaration names. SHMB_FLAG_PREFETCHED: its pages were made present when it was created. SHMB_FLAG_PRIVATE: its
 * section is in a private namespace, whose boundary this process is in. SHMB_FLAG_SESSION: it is one session's instance.
 * SHMB_FLAG_LOCK: it has a lock beside it. SHMB_FLAG_NOTIFY: it has a signal beside it.
 *
 * How its bytes came to be, at most one of the first three: SHMB_FLAG_LAST_CLEAN: the region's last life ended in order,
 * and what it was declared to keep is there. SHMB_FLAG_LAST_DIRTY: it ended in a crash, a loss of power, or nobody knows
 * how; bytes may be older than the last writes, or half written. SHMB_FLAG_CONTINUED: its life goes on, the broker took
 * its memory over from an earlier one. None of them: the broker knows of no earlier life. SHMB_FLAG_RESTORED: it began with
 * the bytes of a snapshot; shmb_region_restored says of when.
 */
#define SHMB_FLAG_FILE_BACKED 1u
#define SHMB_FLAG_LARGE_PAGES 2u
#define SHMB_FLAG_NUMA        4u
#define SHMB_FLAG_PREFETCHED  8u
#define SHMB_FLAG_PRIVATE     16u
#define SHMB_FLAG_LAST_CLEAN  32u
#define SHMB_FLAG_LAST_DIRTY  64u
#define SHMB_FLAG_RESTORED    128u
#define SHMB_FLAG_CONTINUED   256u
#define SHMB_FLAG_SESSION     512u
#define SHMB_FLAG_LOCK        1024u
#define SHMB_FLAG_NOTIFY      2048u

/* SHMB_FLAG_… of the region, as the broker published them when it was attached. 0 for NULL, and for a region of
   shmb_attach_handle. Since 0.1. */
SHMB_API uint32_t shmb_region_flags(const shmb_region *region);

/* When the snapshot was taken that the region began with: seconds since 1970-01-01 UTC. 0 without SHMB_FLAG_RESTORED, and
   for NULL. Since 0.1. */
SHMB_API uint64_t shmb_region_restored(const shmb_region *region);

/* What the region's declaration asks for and the machine did not give, and why, in sentences: "it has no large pages:
   …". "" when it has all, for NULL, and for a region of shmb_attach_handle. The text is the region's. Since 0.1. */
SHMB_API const char *shmb_region_note(const shmb_region *region);

/* The section's HANDLE, to be passed on: mark it inheritable with SetHandleInformation, or duplicate it into
   another process with DuplicateHandle. It is the region's: do not close it. NULL for NULL. Since 0.1. */
SHMB_API void *shmb_handle(const shmb_region *region);

/* What a status means, in a few words of English; never NULL, never freed. options.message says more. Since
   0.1. */
SHMB_API const char *shmb_status_text(shmb_status status);

/* What was found in the region when one of its functions last returned SHMB_CORRUPT, in a few words of English: "the length
   of the latest value, at offset 136, is 4711; at most 1024 can be". Offsets count from the region's first byte. `text` has
   room for `size` bytes, of which 192 are plenty; it is "" when nothing was found. Any thread. Since 0.1. */
SHMB_API void shmb_corruption(const shmb_region *region, char *text, uint64_t size);

/* The library's version, "0.1.0". Since 0.1. */
SHMB_API const char *shmb_version(void);

#ifdef __cplusplus
}
#endif

#include "shmb_lock.h"
#include "shmb_notify.h"
#include "shmb_queue.h"
#include "shmb_state.h"
#include "shmb_stream.h"

#endif
