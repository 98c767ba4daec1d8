/* What regions begin with. See lives.h. */
#include "lives.h"

#include "shmb_layout.h"

#include <stdlib.h>
#include <string.h>

#define UNIX_EPOCH       116444736000000000ull /* 1970-01-01 in 100 ns units since 1601-01-01 */
#define UNITS_PER_SECOND 10000000ull
#define SET_ASIDE        ".dirty"
#define OUT_OF_MEMORY    "out of memory; close other programs"

/* ---- Sections as snapshots take them ----------------------------------------------------------- */

static bool open_window(void *context, uint64_t offset, size_t length, bool to_write, uint8_t **bytes,
                        platform_failure *failure)
{
    return platform_section_open(context, offset, length, to_write, bytes, failure);
}

static void close_window(void *context, uint8_t *bytes)
{
    (void)context;
    platform_section_shut(bytes);
}

static bool grow_section(void *context, uint64_t size, platform_failure *failure)
{
    return platform_section_grow(context, size, failure);
}

snapshot_region lives_region(const char *name, uint64_t size, uint64_t generation, platform_section *section)
{
    return (snapshot_region){.name = name,
                             .size = size,
                             .generation = generation,
                             .context = section,
                             .grow = grow_section,
                             .open = open_window,
                             .close = close_window};
}

/* ---- The book ---------------------------------------------------------------------------------- */

static void tell_refused(void *context, const char *path, const char *why)
{
    const lives *l = context;
    log_write(l->log, LOG_SNAPSHOT_REFUSED, "the snapshot %s is not used: %s; the one before it is tried",
              path, why);
}

static void tell_progress(void *context)
{
    const lives *l = context;
    if (l->progress.call)
        l->progress.call(l->progress.context);
}

void lives_open(lives *l, const char *data_folder, bool usable, broker_log *log, platform_progress progress)
{
    platform_failure why;
    memset(l, 0, sizeof *l);
    l->log = log;
    l->progress = progress;
    l->usable = usable;
    snprintf(l->data, sizeof l->data, "%s", data_folder);
    snprintf(l->path, sizeof l->path, "%.900s\\lives.txt", data_folder);
    snprintf(l->snapshots, sizeof l->snapshots, "%.900s\\snapshots", data_folder);
    l->store = (snapshot_store){l->snapshots, l, tell_refused, tell_progress};
    if (usable)
        l->state = book_read(l->path, &l->before, &why);
    if (l->state == BOOK_DAMAGED)
        log_write(log, LOG_LIVES_LOST,
                  "%s, which says how the regions' last lives ended, cannot be used: %s; they are taken to "
                  "have ended "
                  "in a crash",
                  l->path, why.text);
}

/* Writes the book. When that fails, one that says otherwise must not stay. */
static bool write_book(lives *l, const book_entry *entries, size_t count)
{
    platform_failure failure, ignored;
    l->in_use = 0;
    if (!l->usable || book_write(l->path, l->data, entries, count, &failure))
        return l->usable;
    files_remove(l->path, &ignored);
    log_write(l->log, LOG_LIVES_LOST,
              "cannot write down how the regions' lives end: %s; the next start takes it for a crash",
              failure.text);
    return false;
}

/* Of the names in their order (FNV-1a); never 0. */
static uint64_t digest_of(const book_entry *entries, size_t count)
{
    uint64_t digest = 14695981039346656037u;
    for (size_t i = 0; i < count; i++) {
        for (const char *at = entries[i].name; *at; at++)
            digest = (digest ^ (uint8_t)*at) * 1099511628211u;
        digest = (digest ^ '\n') * 1099511628211u;
    }
    return digest ? digest : 1;
}

void lives_begin(lives *l, const declared_regions *declared)
{
    book_entry *entries = calloc(declared->count + 1, sizeof *entries);
    size_t count = 0;
    for (size_t i = 0; entries && i < declared->count; i++)
        if (!declared->items[i].session) /* an instance ends with its session, and nothing of it is kept */
            entries[count++].name = declared->items[i].name;
    if (!entries)
        log_write(l->log, LOG_LIVES_LOST, "cannot write down how the regions' lives end: " OUT_OF_MEMORY);
    const uint64_t digest = entries ? digest_of(entries, count) : 0;
    if (entries && digest != l->in_use && write_book(l, entries, count))
        l->in_use = digest;
    free(entries);
}

static int by_name(const void *left, const void *right)
{
    return strcmp(((const book_entry *)left)->name, ((const book_entry *)right)->name);
}

/* The names of regions, in order, to find one among them. NULL: out of memory. */
static book_entry *sorted(const book_entry *regions, size_t count)
{
    book_entry *names = calloc(count + 1, sizeof *names);
    if (names && count > 0) {
        memcpy(names, regions, count * sizeof *names);
        qsort(names, count, sizeof *names, by_name);
    }
    return names;
}

/* In order, and each once. */
static void tidy_held(lives *l)
{
    size_t kept = 0;
    if (l->held_count == 0)
        return;
    qsort(l->held, l->held_count, sizeof *l->held, by_name);
    for (size_t i = 0; i < l->held_count; i++) {
        if (kept > 0 && by_name(&l->held[kept - 1], &l->held[i]) == 0)
            free((void *)(uintptr_t)l->held[i].name);
        else
            l->held[kept++] = l->held[i];
    }
    l->held_count = kept;
}

void lives_end(lives *l, const book_entry *regions, size_t count)
{
    book_entry *entries = calloc(count + l->held_count + 1, sizeof *entries), *names = sorted(regions, count);
    size_t used = count;
    tidy_held(l);
    if (entries && names) {
        if (count > 0)
            memcpy(entries, regions, count * sizeof *entries);
        for (size_t i = 0; i < l->held_count; i++)
            if (count == 0 || !bsearch(&l->held[i], names, count, sizeof *names, by_name))
                entries[used++] = l->held[i]; /* others were served at the second try */
        write_book(l, entries, used);
    } else {
        log_write(l->log, LOG_LIVES_LOST, "cannot write down how the regions' lives end: " OUT_OF_MEMORY);
    }
    free(names);
    free(entries);
}

void lives_free(lives *l)
{
    for (size_t i = 0; i < l->turn_count; i++)
        free(l->turns[i].name);
    free(l->turns);
    for (size_t i = 0; i < l->held_count; i++)
        free((void *)(uintptr_t)l->held[i].name);
    free(l->held);
    book_free(&l->before);
    memset(l, 0, sizeof *l);
}

/* ---- What became of regions in this run -------------------------------------------------------- */

/* Where the region's turn is, or would be. */
static size_t place_of_turn(const lives *l, const char *region)
{
    size_t low = 0, high = l->turn_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (strcmp(l->turns[middle].name, region) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static lives_turn *find_turn(const lives *l, const char *region)
{
    const size_t place = place_of_turn(l, region);
    return place < l->turn_count && strcmp(l->turns[place].name, region) == 0 ? &l->turns[place] : NULL;
}

static bool has_room_for_turn(lives *l)
{
    if (l->turn_count < l->turn_capacity)
        return true;
    const size_t capacity = l->turn_capacity ? 2 * l->turn_capacity : 16;
    lives_turn *grown = realloc(l->turns, capacity * sizeof *grown);
    if (!grown)
        return false;
    l->turns = grown;
    l->turn_capacity = capacity;
    return true;
}

/* NULL: out of memory; then what the book of the last run says goes on to count, which says no less. */
static lives_turn *make_turn(lives *l, const char *region)
{
    const size_t place = place_of_turn(l, region);
    lives_turn *turn = find_turn(l, region);
    if (turn || !has_room_for_turn(l))
        return turn;
    char *name = text_make("%s", region);
    if (!name)
        return NULL;
    turn = &l->turns[place];
    memmove(turn + 1, turn, (l->turn_count++ - place) * sizeof *turn);
    *turn = (lives_turn){.name = name};
    return turn;
}

/* It is served: what was remembered of it is used up. */
static void end_turn(lives *l, const char *region)
{
    lives_turn *turn = find_turn(l, region);
    if (!turn)
        return;
    free(turn->name);
    memmove(turn, turn + 1, (size_t)(&l->turns[--l->turn_count] - turn) * sizeof *turn);
}

/* Remembered only where it makes a difference: otherwise there may be as many as regions. */
void lives_over(lives *l, const char *region, bool clean)
{
    if (clean && l->state == BOOK_SOUND && book_find(&l->before, region) != BOOK_DIRTY)
        return;
    lives_turn *turn = make_turn(l, region);
    if (!turn)
        return;
    turn->over = true;
    turn->clean = clean;
}

bool lives_release(lives *l, const char *region, bool released)
{
    lives_turn *turn = find_turn(l, region);
    if (!turn || !turn->held)
        return false;
    turn->released = released;
    return true;
}

/* ---- What a region begins with ----------------------------------------------------------------- */

lives_choice lives_choose(book_life last, config_on_dirty on_dirty, config_persist_mode mode)
{
    lives_choice usual = mode == CONFIG_PERSIST_SNAPSHOT ? LIVES_RESTORED : LIVES_AS_FOUND;
    if (last != BOOK_DIRTY || on_dirty == CONFIG_DIRTY_KEEP)
        return usual;
    if (on_dirty == CONFIG_DIRTY_HOLD)
        return LIVES_HELD;
    return on_dirty == CONFIG_DIRTY_ZERO ? LIVES_ANEW : LIVES_RESTORED;
}

/* Whether a region that no book speaks of has left something behind: a file, or snapshots. */
static bool has_remains(const lives *l, const declared_region *declared)
{
    platform_failure ignored;
    bool there = false;
    if (declared->backing_path)
        files_exists(declared->backing_path, &there, &ignored);
    else if (declared->persist.mode == CONFIG_PERSIST_SNAPSHOT)
        snapshot_exists(&l->store, declared->name, &there, &ignored);
    return there;
}

static book_life last_life(const lives *l, const declared_region *declared)
{
    const lives_turn *turn = find_turn(l, declared->name);
    if (!l->usable)
        return BOOK_NO_LIFE;
    if (turn && turn->over)
        return turn->clean ? BOOK_CLEAN : BOOK_DIRTY;
    if (l->state == BOOK_SOUND)
        return book_find(&l->before, declared->name);
    return has_remains(l, declared) ? BOOK_DIRTY : BOOK_NO_LIFE;
}

/* Each try puts down its own; when the room is used up, what is there twice goes first. */
static bool make_room(lives *l)
{
    if (l->held_count < l->held_capacity)
        return true;
    tidy_held(l);
    if (l->held_count * 2 < l->held_capacity)
        return true;
    const size_t capacity = l->held_capacity ? 2 * l->held_capacity : 16;
    book_entry *grown = realloc(l->held, capacity * sizeof *grown);
    if (!grown)
        return l->held_count < l->held_capacity;
    l->held = grown;
    l->held_capacity = capacity;
    return true;
}

void lives_keep(lives *l, const declared_region *declared)
{
    const book_life last = last_life(l, declared);
    if (last == BOOK_NO_LIFE)
        return;
    char *name = text_make("%s", declared->name);
    if (!name || !make_room(l)) { /* it is not in the book then, which says less, and nothing wrong */
        free(name);
        return;
    }
    l->held[l->held_count++] = (book_entry){name, last == BOOK_CLEAN};
}

static bool refuse_held(lives *l, const char *region, platform_failure *failure)
{
    lives_turn *turn = make_turn(l, region);
    if (turn)
        turn->held = true;
    failure->code = 0;
    snprintf(failure->text, sizeof failure->text,
             "its last life did not end in order, and its on_dirty is hold; look at its file or its "
             "snapshots, then have it served with what it has (`shmbroker release %.300s`), or declare "
             "on_dirty: zero or restore and reload",
             region);
    return false;
}

static bool is_released(const lives *l, const char *region)
{
    const lives_turn *turn = find_turn(l, region);
    return turn && turn->released;
}

/* Served all the same, it would begin without what was saved, and lose at its end what is written from here on. */
static bool refuse_unsaved(const lives *l, platform_failure *failure)
{
    failure->code = 0;
    snprintf(
        failure->text, sizeof failure->text,
        "what was saved of it and how its last life ended cannot be known, for the folder %.600s cannot be "
        "used; "
        "let an elevated console or the service serve it, run `shmbroker install` again, then restart the "
        "broker",
        l->data);
    return false;
}

/* The file that a crash left makes way for a new one, and stays beside it for whoever wants to look. A region that is tried
   again has its new file already. */
static bool set_file_aside(lives *l, const declared_region *declared, platform_failure *failure)
{
    char aside[PLATFORM_PATH + sizeof SET_ASIDE];
    const lives_turn *before = find_turn(l, declared->name);
    if (before && before->aside)
        return true;
    snprintf(aside, sizeof aside, "%s" SET_ASIDE, declared->backing_path);
    if (!files_rename(declared->backing_path, aside, failure))
        return false;
    lives_turn *turn = make_turn(l, declared->name);
    if (turn)
        turn->aside = true;
    return true;
}

bool lives_prepare(lives *l, const declared_region *declared, const platform_section_request *request,
                   lives_beginning *with, platform_failure *failure)
{
    if (!l->usable &&
        (declared->persist.mode == CONFIG_PERSIST_SNAPSHOT || declared->on_dirty != CONFIG_DIRTY_KEEP))
        return refuse_unsaved(l, failure);
    with->last = last_life(l, declared);
    with->choice =
        lives_choose(with->last, is_released(l, declared->name) ? CONFIG_DIRTY_KEEP : declared->on_dirty,
                     declared->persist.mode);
    if (with->choice == LIVES_AS_FOUND || with->choice == LIVES_RESTORED)
        return true;
    if (platform_section_is_left(request)) { /* its life goes on */
        with->choice = LIVES_AS_FOUND;
        return true;
    }
    if (with->choice == LIVES_HELD)
        return refuse_held(l, declared->name, failure);
    return !declared->backing_path || !has_remains(l, declared) || set_file_aside(l, declared, failure);
}

static bool restore(lives *l, const declared_region *declared, platform_section *section, uint64_t generation,
                    lives_outcome *outcome, platform_failure *failure)
{
    snapshot_restored restored;
    snapshot_region region = lives_region(declared->name, declared->size, generation, section);
    region.max_size = declared->max_size;
    if (!snapshot_restore(&l->store, &region, &restored, failure))
        return false;
    if (restored.sequence == 0) {
        if (restored.refused > 0)
            log_write(l->log, LOG_SNAPSHOT_REFUSED,
                      "region %s begins anew: none of its %u snapshots can be used", declared->name,
                      restored.refused);
        return true;
    }
    outcome->size = declared->max_size ? restored.size : 0;
    outcome->flags |= SHMB_FLAG_RESTORED;
    outcome->restored =
        restored.time > UNIX_EPOCH ? (uint32_t)((restored.time - UNIX_EPOCH) / UNITS_PER_SECOND) : 1;
    log_write(l->log, LOG_RESTORED, "region %s has the bytes of its snapshot %llu again%s", declared->name,
              (unsigned long long)restored.sequence,
              restored.refused ? "; newer ones could not be used" : "");
    return true;
}

bool lives_fill(lives *l, const declared_region *declared, platform_section *section, bool adopted,
                const lives_beginning *with, uint64_t generation, lives_outcome *outcome,
                platform_failure *failure)
{
    static const uint32_t flags[] = {
        [BOOK_NO_LIFE] = 0, [BOOK_CLEAN] = SHMB_FLAG_LAST_CLEAN, [BOOK_DIRTY] = SHMB_FLAG_LAST_DIRTY};
    *outcome = (lives_outcome){adopted ? SHMB_FLAG_CONTINUED : flags[with->last], 0, 0};
    if (!adopted && with->choice == LIVES_RESTORED &&
        !restore(l, declared, section, generation, outcome, failure))
        return false;
    end_turn(l, declared->name);
    return true;
}
