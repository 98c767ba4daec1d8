/*
 * The lives of threads: made, found again by their threads, watched by others. wait.h is the contract, wait_win32.h says
 * what a life is.
 *
 * A thread has a note of the lives that it used last, which it alone reads and writes: that makes sync_life_mine a look
 * into it. All else is behind one lock: the notes, and the lives that each attachment has made, each in two lists, its
 * thread's and its attachment's. A thread's end closes its lives, an attachment's end those of all its threads. A serial
 * number that no other attachment ever has tells what a note still knows of one that has ended.
 *
 * The note is found by a TLS slot, since a life is a thread's, whichever of its fibers runs; Windows tells of the thread's
 * end by a callback of an FLS slot, so that the library needs no DllMain. Both exist while any attachment has lives, and
 * go with the last one: then a library that is unloaded leaves nothing behind that would call it.
 */
#include "lives_win32.h"

#include <windows.h>

#include <winternl.h>

#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#define NOTED        8u  /* attachments that a thread's note has room for */
#define KEPT_OPEN    16u /* lives of others that an attachment keeps open */
#define TRIES        8u  /* random numbers, until one is new */
#define DIRECT_SLOTS 64u
#define PATIENCE     1000u
#define NAME         L"Global\\ShmBroker.Life.%08lX%08lX"
#define NAME_SIZE    40u

/* RtlGenRandom, as its page has it: <ntsecapi.h> and <winternl.h> do not go together everywhere. */
DECLSPEC_IMPORT BOOLEAN WINAPI SystemFunction036(PVOID buffer, ULONG bytes);

typedef struct thread_note thread_note;
typedef struct life_record life_record;

struct life_record {
    sync_life life;
    HANDLE mutex;
    sync_lives *lives;
    life_record *next_of_lives;
    thread_note *thread;
    life_record *next_of_thread;
};

struct thread_note {
    uint64_t serial[NOTED]; /* of the attachment; the thread's own */
    sync_life life[NOTED];
    DWORD thread;
    life_record *records;
    thread_note *next;
};

typedef struct kept_open {
    sync_life life; /* SYNC_NOBODY: none, or one that is over */
    HANDLE mutex;
    uint32_t users;
} kept_open;

struct sync_lives {
    uint64_t serial;
    life_record *records;
    PSECURITY_DESCRIPTOR who_may_watch;
    SRWLOCK guard; /* of what follows */
    uint32_t oldest;
    kept_open open[KEPT_OPEN];
};

/* Of the process. The slots do not change while there is an attachment. */
static SRWLOCK all_guard = SRWLOCK_INIT;
static uint32_t attachments;
static uint64_t last_serial;
static thread_note *notes;
static DWORD note_slot = TLS_OUT_OF_INDEXES;
static DWORD end_slot = FLS_OUT_OF_INDEXES;
static bool slot_is_direct;

/* The calling thread's slot in its environment block, with TlsGetValue's slots (the page "TEB structure"; from 64 on they
   are elsewhere). gcc 12 takes the block's address, which mingw reads relative to a segment, for that of nothing. */
#if defined(__MINGW32__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Warray-bounds"
#endif
static void *direct_slot(DWORD slot)
{
    return NtCurrentTeb()->TlsSlots[slot];
}
#if defined(__MINGW32__)
#pragma GCC diagnostic pop
#endif

/* Whether this Windows has the slot there. */
static bool try_direct_slot(DWORD slot)
{
    bool direct = false;
    if (slot < DIRECT_SLOTS && TlsSetValue(slot, &last_serial))
        direct = direct_slot(slot) == (void *)&last_serial;
    TlsSetValue(slot, NULL);
    return direct && direct_slot(slot) == NULL;
}

/* The calling thread's, or NULL. Without a call, where that can be: this is half of what a lock that nobody holds costs. */
static thread_note *noted(void)
{
    return slot_is_direct ? direct_slot(note_slot) : TlsGetValue(note_slot);
}

/* ---- Records ------------------------------------------------------------------------------------- */

static void unlink_of_lives(life_record *record)
{
    life_record **at = &record->lives->records;
    while (*at != record)
        at = &(*at)->next_of_lives;
    *at = record->next_of_lives;
}

static void unlink_of_thread(life_record *record)
{
    life_record **at = &record->thread->records;
    while (*at != record)
        at = &(*at)->next_of_thread;
    *at = record->next_of_thread;
}

/* Its thread gives the mutex free, so that watchers learn it at once; another one can only let go of it: who looks for the
   name finds nothing. */
static void end_record(life_record *record)
{
    if (record->thread->thread == GetCurrentThreadId())
        ReleaseMutex(record->mutex);
    CloseHandle(record->mutex);
    free(record);
}

static life_record *find_record(const thread_note *note, const sync_lives *lives)
{
    life_record *record = note->records;
    while (record != NULL && record->lives != lives)
        record = record->next_of_thread;
    return record;
}

/* ---- Threads ------------------------------------------------------------------------------------- */

static void free_note(thread_note *note)
{
    thread_note **at = &notes;
    while (*at != note)
        at = &(*at)->next;
    *at = note->next;
    while (note->records != NULL) {
        life_record *record = note->records;
        note->records = record->next_of_thread;
        unlink_of_lives(record);
        end_record(record);
    }
    free(note);
}

/* As a process ends, this is called when its other threads are gone, one of them perhaps with the guard. */
static bool take_guard_in_time(void)
{
    for (uint32_t i = 0; i < PATIENCE; i++) {
        if (TryAcquireSRWLockExclusive(&all_guard))
            return true;
        SwitchToThread();
    }
    return false;
}

/* A fiber that ends may have been any of its thread's: its note then stays until the attachments end. So does one whose
   slots are going, or for which there is no time. */
static void CALLBACK thread_ends(void *value)
{
    if (!take_guard_in_time())
        return;
    if (attachments > 0 && TlsGetValue(note_slot) == value && !IsThreadAFiber()) {
        TlsSetValue(note_slot, NULL);
        free_note(value);
    }
    ReleaseSRWLockExclusive(&all_guard);
}

/* The calling thread's; NULL: no memory. */
static thread_note *own_note(void)
{
    thread_note *note = noted();
    if (note != NULL)
        return note;
    note = calloc(1, sizeof *note);
    if (note == NULL || !TlsSetValue(note_slot, note)) {
        free(note);
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    note->thread = GetCurrentThreadId();
    AcquireSRWLockExclusive(&all_guard);
    note->next = notes;
    notes = note;
    ReleaseSRWLockExclusive(&all_guard);
    FlsSetValue(end_slot, note); /* without it the note goes with the last attachment */
    return note;
}

/* ---- Making lives ---------------------------------------------------------------------------------- */

static void life_name(sync_life life, wchar_t name[NAME_SIZE])
{
    swprintf(name, NAME_SIZE, NAME, (unsigned long)(life >> 32), (unsigned long)(life & 0xFFFFFFFFu));
}

/* A new mutex with a number that nobody has, taken by this thread. */
static HANDLE make_mutex(const sync_lives *lives, sync_life *life)
{
    SECURITY_ATTRIBUTES security = {sizeof security, lives->who_may_watch, FALSE};
    wchar_t name[NAME_SIZE];
    for (uint32_t i = 0; i < TRIES; i++) {
        if (!SystemFunction036(life, sizeof *life))
            return NULL;
        *life &= ~(uint64_t)SYNC_LIFE_BITS;
        if (*life == SYNC_NOBODY)
            continue;
        life_name(*life, name);
        SetLastError(ERROR_SUCCESS);
        HANDLE mutex = CreateMutexW(&security, TRUE, name);
        if (mutex == NULL)
            return NULL;
        if (GetLastError() != ERROR_ALREADY_EXISTS)
            return mutex;
        CloseHandle(mutex);
    }
    SetLastError(ERROR_ALREADY_EXISTS);
    return NULL;
}

static life_record *make_record(sync_lives *lives, thread_note *note)
{
    life_record *record = malloc(sizeof *record);
    if (record == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    record->mutex = make_mutex(lives, &record->life);
    if (record->mutex == NULL) {
        free(record);
        return NULL;
    }
    record->lives = lives;
    record->thread = note;
    AcquireSRWLockExclusive(&all_guard);
    record->next_of_lives = lives->records;
    lives->records = record;
    record->next_of_thread = note->records;
    note->records = record;
    ReleaseSRWLockExclusive(&all_guard);
    return record;
}

/* Not in the note, or no more. */
static sync_life find_or_make(sync_lives *lives)
{
    thread_note *note = own_note();
    if (note == NULL)
        return SYNC_NOBODY;
    AcquireSRWLockShared(&all_guard);
    life_record *record = find_record(note, lives);
    ReleaseSRWLockShared(&all_guard);
    if (record == NULL)
        record = make_record(lives, note);
    if (record == NULL)
        return SYNC_NOBODY;
    note->serial[lives->serial % NOTED] = lives->serial;
    note->life[lives->serial % NOTED] = record->life;
    return record->life;
}

sync_life sync_life_mine(sync_lives *lives)
{
    const thread_note *note = noted();
    uint64_t serial = lives->serial;
    if (note != NULL && note->serial[serial % NOTED] == serial)
        return note->life[serial % NOTED];
    return find_or_make(lives);
}

/* ---- Watching lives -------------------------------------------------------------------------------- */

/* A thread takes a mutex of its own at any time: that would look like its end. */
static bool is_own(sync_life life)
{
    const thread_note *note = noted();
    if (note == NULL)
        return false;
    AcquireSRWLockShared(&all_guard);
    const life_record *record = note->records;
    while (record != NULL && record->life != life)
        record = record->next_of_thread;
    ReleaseSRWLockShared(&all_guard);
    return record != NULL;
}

static bool find_open(sync_lives *lives, sync_life life, life_watch *watch)
{
    bool found = false;
    AcquireSRWLockExclusive(&lives->guard);
    for (uint32_t i = 0; i < KEPT_OPEN && !found; i++) {
        kept_open *kept = &lives->open[i];
        found = kept->life == life;
        if (found) {
            kept->users++;
            *watch = (life_watch){kept->mutex, life, i};
        }
    }
    ReleaseSRWLockExclusive(&lives->guard);
    return found;
}

/* In the place of the one that was opened longest ago and that nobody waits on. */
static void keep_open(sync_lives *lives, life_watch *watch)
{
    HANDLE replaced = NULL;
    watch->place = KEPT_OPEN;
    AcquireSRWLockExclusive(&lives->guard);
    for (uint32_t i = 0; i < KEPT_OPEN && watch->place == KEPT_OPEN; i++) {
        uint32_t place = lives->oldest++ % KEPT_OPEN;
        if (lives->open[place].users > 0)
            continue;
        replaced = lives->open[place].mutex;
        lives->open[place] = (kept_open){watch->life, watch->mutex, 1};
        watch->place = place;
    }
    ReleaseSRWLockExclusive(&lives->guard);
    if (replaced != NULL)
        CloseHandle(replaced);
}

life_state life_watch_begin(sync_lives *lives, sync_life life, life_watch *watch)
{
    wchar_t name[NAME_SIZE];
    if ((life & SYNC_LIFE_BITS) != 0 || life == SYNC_NOBODY)
        return LIFE_IS_OVER;
    if (is_own(life))
        return LIFE_UNKNOWN;
    if (find_open(lives, life, watch))
        return LIFE_WATCHED;
    life_name(life, name);
    HANDLE mutex = OpenMutexW(SYNCHRONIZE, FALSE, name);
    if (mutex == NULL)
        return GetLastError() == ERROR_FILE_NOT_FOUND ? LIFE_IS_OVER : LIFE_UNKNOWN;
    *watch = (life_watch){mutex, life, KEPT_OPEN};
    keep_open(lives, watch);
    return LIFE_WATCHED;
}

/* The mutex of a life that is over is in the caller's hands: gives it on to whoever else watches, and forgets it. */
static void give_on(sync_lives *lives, const life_watch *watch)
{
    if (!ReleaseMutex(watch->mutex) || watch->place == KEPT_OPEN)
        return;
    AcquireSRWLockExclusive(&lives->guard);
    lives->open[watch->place].life = SYNC_NOBODY;
    ReleaseSRWLockExclusive(&lives->guard);
}

/* Where it is not open any more, nobody of this process waits for it, and who does elsewhere is told when this thread ends:
   there were KEPT_OPEN others since. */
void sync_life_bury(sync_lives *lives, sync_life life)
{
    life_watch watch;
    if (life == SYNC_NOBODY || !find_open(lives, life, &watch))
        return;
    give_on(lives, &watch);
    life_watch_end(lives, &watch);
}

/* What is over stays open until its place is needed: closing it now would keep the caller, who has just got a dead one's
   lock, waiting. */
void life_watch_end(sync_lives *lives, const life_watch *watch)
{
    if (watch->place == KEPT_OPEN) {
        ReleaseMutex(watch->mutex); /* in case that it was over: it could not be found for a burial */
        CloseHandle(watch->mutex);
        return;
    }
    AcquireSRWLockExclusive(&lives->guard);
    lives->open[watch->place].users--;
    ReleaseSRWLockExclusive(&lives->guard);
}

bool sync_life_is_over(sync_lives *lives, sync_life life)
{
    life_watch watch;
    life_state state = life_watch_begin(lives, life, &watch);
    if (state != LIFE_WATCHED)
        return state == LIFE_IS_OVER;
    DWORD ended = WaitForSingleObject(watch.mutex, 0);
    bool over = ended == WAIT_OBJECT_0 || ended == WAIT_ABANDONED;
    if (over)
        give_on(lives, &watch);
    life_watch_end(lives, &watch);
    return over;
}

/* ---- Attachments ----------------------------------------------------------------------------------- */

/* The gate's own descriptor, each entry cut down to SYNCHRONIZE: who may wait at the gate may watch who is in it. */
static PSECURITY_DESCRIPTOR watchers_of(HANDLE gate)
{
    DWORD bytes = 0;
    BOOL present = FALSE, defaulted;
    PACL list = NULL;
    void *entry;
    GetKernelObjectSecurity(gate, DACL_SECURITY_INFORMATION, NULL, 0, &bytes);
    PSECURITY_DESCRIPTOR descriptor = bytes != 0 ? malloc(bytes) : NULL;
    if (descriptor == NULL)
        return NULL;
    if (!GetKernelObjectSecurity(gate, DACL_SECURITY_INFORMATION, descriptor, bytes, &bytes) ||
        !GetSecurityDescriptorDacl(descriptor, &present, &list, &defaulted) || !present || list == NULL) {
        SetLastError(ERROR_INVALID_ACL);
        free(descriptor);
        return NULL;
    }
    /* Every kind of entry has its mask where this one has it. */
    for (DWORD i = 0; i < list->AceCount && GetAce(list, i, &entry); i++)
        ((ACCESS_ALLOWED_ACE *)entry)->Mask &= SYNCHRONIZE;
    return descriptor;
}

static bool begin_attachment(sync_lives *lives)
{
    AcquireSRWLockExclusive(&all_guard);
    if (attachments == 0) {
        note_slot = TlsAlloc();
        end_slot = note_slot != TLS_OUT_OF_INDEXES ? FlsAlloc(thread_ends) : FLS_OUT_OF_INDEXES;
    }
    bool begun = end_slot != FLS_OUT_OF_INDEXES;
    if (begun) {
        if (attachments == 0)
            slot_is_direct = try_direct_slot(note_slot);
        attachments++;
        lives->serial = ++last_serial;
    } else if (note_slot != TLS_OUT_OF_INDEXES) {
        TlsFree(note_slot);
    }
    ReleaseSRWLockExclusive(&all_guard);
    return begun;
}

sync_lives *sync_lives_new(void *gate)
{
    sync_lives *lives = calloc(1, sizeof *lives);
    if (lives == NULL) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    InitializeSRWLock(&lives->guard);
    lives->who_may_watch = watchers_of(gate);
    if (lives->who_may_watch != NULL && begin_attachment(lives))
        return lives;
    free(lives->who_may_watch);
    free(lives);
    return NULL;
}

/* The slot whose callback is to be given up, outside of the guard, for Windows waits there for callbacks that run. */
static DWORD end_attachment(void)
{
    DWORD slot = FLS_OUT_OF_INDEXES;
    if (--attachments > 0)
        return slot;
    while (notes != NULL)
        free_note(notes);
    slot = end_slot;
    TlsFree(note_slot);
    return slot;
}

void sync_lives_free(sync_lives *lives)
{
    AcquireSRWLockExclusive(&all_guard);
    while (lives->records != NULL) {
        life_record *record = lives->records;
        lives->records = record->next_of_lives;
        unlink_of_thread(record);
        end_record(record);
    }
    DWORD slot = end_attachment();
    ReleaseSRWLockExclusive(&all_guard);
    if (slot != FLS_OUT_OF_INDEXES)
        FlsFree(slot);
    for (uint32_t i = 0; i < KEPT_OPEN; i++) {
        if (lives->open[i].mutex != NULL)
            CloseHandle(lives->open[i].mutex);
    }
    free(lives->who_may_watch);
    free(lives);
}

bool sync_lives_made(sync_lives *lives, sync_life life)
{
    AcquireSRWLockShared(&all_guard);
    const life_record *record = lives->records;
    while (record != NULL && record->life != life)
        record = record->next_of_lives;
    ReleaseSRWLockShared(&all_guard);
    return record != NULL;
}
