/* The locks that are held against each other. See lock_kinds.h. */
#include "lock_kinds.h"

#include "../../client/src/atomics.h"
#include "bench.h"
#include "boost_rival.h"
#include "region.h"

#include <stdlib.h>

#define SHARED_BYTES 4096u
#define MOST_SPINS   (1ull << 33)

/* ---- Ours */

static void *ours_open(const char *name)
{
    char why[512];
    shmb_attach_options options = {.struct_size = sizeof options, .access = SHMB_ACCESS_WRITE};
    options.message = why;
    options.message_size = sizeof why;
    shmb_region *region;
    if (shmb_attach(name, &options, &region) != SHMB_OK)
        bench_fail("%s", why);
    return region;
}

static void ours_lock(void *lock)
{
    shmb_status status = shmb_lock(lock, SHMB_INFINITE);
    if (status == SHMB_OWNER_DIED)
        status = shmb_lock_consistent(lock);
    if (status != SHMB_OK)
        bench_fail("cannot lock: %s", shmb_status_text(status));
}

static void ours_unlock(void *lock)
{
    shmb_status status = shmb_unlock(lock);
    if (status != SHMB_OK)
        bench_fail("cannot unlock: %s", shmb_status_text(status));
}

static void ours_close(void *lock)
{
    shmb_detach(lock);
}

const lock_kind lock_ours = {"ours", ours_open, ours_lock, ours_unlock, ours_close, true};

/* ---- Shared bytes, for the ones that are nothing else */

typedef struct shared {
    HANDLE section;
    void *bytes;
} shared;

static shared *shared_open(const char *name, bool *made)
{
    shared *s = support_memory(sizeof *s);
    s->section = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, SHARED_BYTES,
                                    support_wide(support_text("Local\\%s.shared", name)));
    *made = GetLastError() != ERROR_ALREADY_EXISTS;
    s->bytes =
        s->section ? MapViewOfFile(s->section, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, SHARED_BYTES) : NULL;
    if (!s->bytes)
        bench_fail("cannot share memory: %s", support_error(GetLastError()));
    return s;
}

static void shared_close(void *lock)
{
    shared *s = lock;
    UnmapViewOfFile(s->bytes);
    CloseHandle(s->section);
    free(s);
}

/* ---- A spinning lock that promises nothing */

static void *spin_open(const char *name)
{
    bool made;
    return shared_open(support_text("%s.spin", name), &made);
}

static void spin_lock(void *lock)
{
    volatile uint64_t *word = ((shared *)lock)->bytes;
    for (uint64_t spins = 0; shmb_exchange_u64(word, 1) != 0; spins++) {
        while (shmb_load_relaxed_u64(word) != 0 && spins < MOST_SPINS) {
            YieldProcessor();
            spins++;
        }
        if (spins >= MOST_SPINS)
            bench_fail("the spinning lock is never released");
    }
}

static void spin_unlock(void *lock)
{
    shmb_store_release_u64(((shared *)lock)->bytes, 0);
}

const lock_kind lock_spin = {"bare spinning lock", spin_open, spin_lock, spin_unlock, shared_close, false};

/* ---- A mutex of Windows */

static void *mutex_open(const char *name)
{
    HANDLE mutex = CreateMutexW(NULL, FALSE, support_wide(support_text("Local\\%s.mutex", name)));
    if (!mutex)
        bench_fail("cannot make a mutex: %s", support_error(GetLastError()));
    return mutex;
}

static void mutex_lock(void *lock)
{
    if (WaitForSingleObject(lock, INFINITE) == WAIT_FAILED)
        bench_fail("cannot wait for a mutex: %s", support_error(GetLastError()));
}

static void mutex_unlock(void *lock)
{
    ReleaseMutex(lock);
}

static void mutex_close(void *lock)
{
    CloseHandle(lock);
}

const lock_kind lock_mutex = {"named mutex", mutex_open, mutex_lock, mutex_unlock, mutex_close, true};

/* ---- Boost's */

#if defined(SHMBROKER_BENCH_BOOST)

static void *boost_open(const char *name)
{
    bool made;
    shared *s = shared_open(support_text("%s.boost", name), &made);
    if (made)
        boost_mutex_make(s->bytes);
    return s;
}

static void boost_lock(void *lock)
{
    boost_mutex_lock(((shared *)lock)->bytes);
}

static void boost_unlock(void *lock)
{
    boost_mutex_unlock(((shared *)lock)->bytes);
}

const lock_kind lock_boost = {
    "Boost interprocess_mutex", boost_open, boost_lock, boost_unlock, shared_close, false};

#endif
