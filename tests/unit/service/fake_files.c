/* A disk in memory. See fake_files.h. */
#include "fake_files.h"

#include "fake_platform.h"

#include <stdlib.h>
#include <string.h>

#define DISK_NAMES 128u
#define DISK_FILES 4096u

typedef enum operation_kind { CREATE, WRITE, FLUSH, RENAME, REMOVE, FLUSH_FOLDER } operation_kind;

typedef struct operation {
    operation_kind kind;
    unsigned inode;
    size_t offset; /* WRITE */
    size_t length;
    uint8_t *bytes;
    char *from;
    char *to;
} operation;

typedef struct inode {
    uint8_t *bytes;
    size_t length;
} inode;

typedef struct entry {
    char path[PLATFORM_PATH];
    unsigned inode;
} entry;

typedef struct disk {
    entry entries[DISK_NAMES];
    size_t entry_count;
    inode inodes[DISK_FILES];
    unsigned inode_count;
} disk;

struct files_handle {
    unsigned inode;
    size_t at;
    bool writes;
};

static disk *live, *whole; /* the disk in use; while it is a cut one, the one without the cut */
static operation *operations;
static size_t operation_count, operation_capacity;
static unsigned open_files;

static void *must(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

/* ---- Disks */

static void free_disk(disk *d)
{
    for (unsigned i = 0; d && i < d->inode_count; i++)
        free(d->inodes[i].bytes);
    free(d);
}

static disk *the_disk(void)
{
    if (!live)
        live = must(calloc(1, sizeof *live));
    return live;
}

static entry *find(disk *d, const char *path)
{
    for (size_t i = 0; i < d->entry_count; i++)
        if (strcmp(d->entries[i].path, path) == 0)
            return &d->entries[i];
    return NULL;
}

static void unlink_path(disk *d, const char *path)
{
    entry *found = find(d, path);
    if (found)
        *found = d->entries[--d->entry_count];
}

static void link_path(disk *d, const char *path, unsigned number)
{
    unlink_path(d, path);
    if (d->entry_count == DISK_NAMES)
        abort();
    entry *made = &d->entries[d->entry_count++];
    snprintf(made->path, sizeof made->path, "%s", path);
    made->inode = number;
}

static unsigned new_inode(disk *d)
{
    if (d->inode_count == DISK_FILES)
        abort();
    return d->inode_count++;
}

static void put(inode *file, size_t offset, const uint8_t *bytes, size_t length)
{
    if (offset + length > file->length || !file->bytes) {
        file->bytes = must(realloc(file->bytes, offset + length + 1));
        memset(file->bytes + file->length, 0, offset + length - file->length);
        file->length = offset + length;
    }
    if (length > 0)
        memcpy(file->bytes + offset, bytes, length);
}

/* ---- What was done */

static void forget_operations(void)
{
    for (size_t i = 0; i < operation_count; i++) {
        free(operations[i].bytes);
        free(operations[i].from);
        free(operations[i].to);
    }
    free(operations);
    operations = NULL;
    operation_count = operation_capacity = 0;
}

static char *copy_of(const char *path)
{
    char *copy = path ? must(malloc(strlen(path) + 1)) : NULL;
    if (copy)
        memcpy(copy, path, strlen(path) + 1);
    return copy;
}

/* What is done to a cut disk is not recorded: the same life is cut again and again. */
static void record(const operation *what, const void *bytes, const char *from, const char *to)
{
    if (whole)
        return;
    if (operation_count == operation_capacity) {
        operation_capacity = operation_capacity ? 2 * operation_capacity : 64;
        operations = must(realloc(operations, operation_capacity * sizeof *operations));
    }
    operation *made = &operations[operation_count++];
    *made = *what;
    made->from = copy_of(from);
    made->to = copy_of(to);
    made->bytes = bytes ? must(malloc(what->length + 1)) : NULL;
    if (bytes)
        memcpy(made->bytes, bytes, what->length);
}

size_t fake_disk_operations(void)
{
    return operation_count;
}

unsigned fake_disk_open_files(void)
{
    return open_files;
}

void fake_disk_reset(void)
{
    free_disk(live);
    free_disk(whole);
    live = whole = NULL;
    forget_operations();
    open_files = 0;
}

/* ---- Cutting the power */

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 16;
}

static bool survives(fake_cut kind, uint32_t *random)
{
    return kind == FAKE_CUT_WRITTEN || (kind >= FAKE_CUT_MIXED && next_random(random) % 2 == 0);
}

static bool flushed_later(size_t from, size_t count, operation_kind kind, unsigned number)
{
    for (size_t i = from; i < count; i++)
        if (operations[i].kind == kind && (kind == FLUSH_FOLDER || operations[i].inode == number))
            return true;
    return false;
}

/* A write that was not flushed: all of it, its first bytes, garbage, or nothing. */
static void cut_write(disk *d, const operation *write, fake_cut kind, uint32_t *random)
{
    inode *file = &d->inodes[write->inode];
    if (!survives(kind, random))
        return;
    size_t length = write->length;
    if (kind >= FAKE_CUT_MIXED && next_random(random) % 2 == 0)
        length = next_random(random) % (length + 1);
    put(file, write->offset, write->bytes, length);
    if (kind >= FAKE_CUT_TORN && length > 0 && next_random(random) % 4 == 0)
        file->bytes[write->offset + next_random(random) % length] ^= (uint8_t)(1 + next_random(random) % 255);
}

static void replay_name(disk *d, const operation *o)
{
    if (o->kind == CREATE) {
        link_path(d, o->to, o->inode);
    } else if (o->kind == RENAME) {
        unlink_path(d, o->from);
        link_path(d, o->to, o->inode);
    } else {
        unlink_path(d, o->from);
    }
}

void fake_disk_cut(size_t count, fake_cut kind, uint32_t seed)
{
    uint32_t random = seed;
    disk *cut = must(calloc(1, sizeof *cut));
    cut->inode_count = the_disk()->inode_count;
    for (size_t i = 0; i < count; i++) {
        const operation *o = &operations[i];
        bool names = o->kind == CREATE || o->kind == RENAME || o->kind == REMOVE;
        bool durable = names ? flushed_later(i, count, FLUSH_FOLDER, 0)
                             : kind != FAKE_CUT_LYING && flushed_later(i, count, FLUSH, o->inode);
        if (o->kind == WRITE && durable)
            put(&cut->inodes[o->inode], o->offset, o->bytes, o->length);
        else if (o->kind == WRITE)
            cut_write(cut, o, kind, &random);
        else if (names && (durable || survives(kind, &random)))
            replay_name(cut, o);
    }
    if (whole)
        free_disk(live);
    else
        whole = live;
    live = cut;
}

void fake_disk_restore(void)
{
    if (!whole)
        return;
    free_disk(live);
    live = whole;
    whole = NULL;
}

/* ---- Files behind sections */

static void write_to(unsigned number, size_t offset, const uint8_t *bytes, size_t length)
{
    const operation o = {.kind = WRITE, .inode = number, .offset = offset, .length = length};
    put(&live->inodes[number], offset, bytes, length);
    record(&o, bytes, NULL, NULL);
}

static void make_whole(const char *path, const uint8_t *bytes, size_t length)
{
    char draft[PLATFORM_PATH + 8];
    const unsigned number = new_inode(live);
    operation o = {.kind = CREATE, .inode = number};
    snprintf(draft, sizeof draft, "%s.new", path);
    link_path(live, draft, number);
    record(&o, NULL, NULL, draft);
    write_to(number, 0, bytes, length);
    o.kind = FLUSH;
    record(&o, NULL, NULL, NULL);
    unlink_path(live, draft);
    link_path(live, path, number);
    o.kind = RENAME;
    record(&o, NULL, draft, path);
    o.kind = FLUSH_FOLDER; /* it is renamed with MOVEFILE_WRITE_THROUGH */
    record(&o, NULL, NULL, NULL);
}

bool fake_disk_back(const char *path, uint8_t *bytes, size_t length)
{
    size_t has;
    const uint8_t *there = fake_disk_file(path, &has);
    if (!there)
        make_whole(path, bytes, length);
    else if (has >= length)
        memcpy(bytes, there, length);
    return !there || has >= length;
}

void fake_disk_write_back(const char *path, size_t offset, const uint8_t *bytes, size_t length)
{
    const entry *found = find(the_disk(), path);
    if (found)
        write_to(found->inode, offset, bytes, length);
}

void fake_disk_flush_back(const char *path)
{
    const entry *found = find(the_disk(), path);
    const operation o = {.kind = FLUSH, .inode = found ? found->inode : 0};
    if (found)
        record(&o, NULL, NULL, NULL);
}

/* ---- Looking at it */

uint8_t *fake_disk_file(const char *path, size_t *length)
{
    const entry *found = find(the_disk(), path);
    *length = found ? live->inodes[found->inode].length : 0;
    return found ? live->inodes[found->inode].bytes : NULL;
}

void fake_disk_put(const char *path, const void *bytes, size_t length)
{
    unsigned number = new_inode(the_disk());
    put(&live->inodes[number], 0, bytes, length);
    link_path(live, path, number);
}

static int by_path(const void *left, const void *right)
{
    return strcmp(((const entry *)left)->path, ((const entry *)right)->path);
}

char *fake_disk_listing(void)
{
    text t = {0};
    the_disk();
    qsort(live->entries, live->entry_count, sizeof *live->entries, by_path);
    for (size_t i = 0; i < live->entry_count; i++)
        text_append(&t, "%s\n", live->entries[i].path);
    return must(text_take(&t));
}

/* ---- The contract */

static bool fail(platform_failure *failure, uint32_t code, const char *what, const char *path)
{
    failure->code = code;
    snprintf(failure->text, sizeof failure->text, "cannot %s %.900s", what, path);
    return false;
}

static files_handle *new_handle(unsigned number, bool writes)
{
    files_handle *file = must(calloc(1, sizeof *file));
    file->inode = number;
    file->writes = writes;
    open_files++;
    return file;
}

bool files_create(const char *path, files_handle **file, platform_failure *failure)
{
    *file = NULL;
    if (fake_refuses("files-create", failure))
        return false;
    if (find(the_disk(), path))
        return fail(failure, 80, "create again", path);
    operation o = {.kind = CREATE, .inode = new_inode(live)};
    link_path(live, path, o.inode);
    record(&o, NULL, NULL, path);
    *file = new_handle(o.inode, true);
    return true;
}

bool files_exists(const char *path, bool *exists, platform_failure *failure)
{
    *exists = false;
    if (fake_refuses("files-exists", failure))
        return false;
    *exists = find(the_disk(), path) != NULL;
    return true;
}

bool files_open(const char *path, files_handle **file, uint64_t *size, platform_failure *failure)
{
    *file = NULL;
    *size = 0;
    if (fake_refuses("files-open", failure))
        return false;
    const entry *found = find(the_disk(), path);
    if (!found)
        return fail(failure, 2, "open", path);
    *size = live->inodes[found->inode].length;
    *file = new_handle(found->inode, false);
    return true;
}

bool files_write(files_handle *file, const void *bytes, size_t length, platform_failure *failure)
{
    operation o = {.kind = WRITE, .inode = file->inode, .offset = file->at, .length = length};
    bool refused = fake_refuses("files-write", failure);
    if (refused)
        o.length = length / 2; /* the disk was full in the middle */
    put(&live->inodes[file->inode], file->at, bytes, o.length);
    record(&o, bytes, NULL, NULL);
    file->at += o.length;
    return !refused && file->writes;
}

bool files_read(files_handle *file, void *bytes, size_t length, platform_failure *failure)
{
    const inode *source = &live->inodes[file->inode];
    if (fake_refuses("files-read", failure))
        return false;
    if (source->length - file->at < length)
        return fail(failure, 38, "read", "beyond the end");
    if (length > 0)
        memcpy(bytes, source->bytes + file->at, length);
    file->at += length;
    return true;
}

bool files_flush(files_handle *file, platform_failure *failure)
{
    operation o = {.kind = FLUSH, .inode = file->inode};
    if (fake_refuses("files-flush", failure))
        return false;
    record(&o, NULL, NULL, NULL);
    return true;
}

void files_close(files_handle *file)
{
    open_files -= file != NULL;
    free(file);
}

bool files_rename(const char *from, const char *to, platform_failure *failure)
{
    if (fake_refuses("files-rename", failure))
        return false;
    const entry *found = find(the_disk(), from);
    if (!found)
        return fail(failure, 2, "rename", from);
    operation o = {.kind = RENAME, .inode = found->inode};
    unlink_path(live, from);
    link_path(live, to, o.inode);
    record(&o, NULL, from, to);
    return true;
}

bool files_remove(const char *path, platform_failure *failure)
{
    operation o = {.kind = REMOVE};
    if (!find(the_disk(), path))
        return true;
    if (fake_refuses("files-remove", failure))
        return false;
    unlink_path(live, path);
    record(&o, NULL, path, NULL);
    return true;
}

bool files_make_folder(const char *path, platform_failure *failure)
{
    (void)path;
    return !fake_refuses("files-make-folder", failure);
}

bool files_flush_folder(const char *path, platform_failure *failure)
{
    operation o = {.kind = FLUSH_FOLDER};
    (void)path;
    if (fake_refuses("files-flush-folder", failure))
        return false;
    record(&o, NULL, NULL, NULL);
    return true;
}

bool files_list(const char *folder, const char *prefix, void (*found)(void *context, const char *name),
                void *context, platform_failure *failure)
{
    size_t length = strlen(folder);
    if (fake_refuses("files-list", failure))
        return false;
    for (size_t i = 0; i < the_disk()->entry_count; i++) {
        const char *path = live->entries[i].path;
        if (strncmp(path, folder, length) == 0 && path[length] == '\\' &&
            strncmp(path + length + 1, prefix, strlen(prefix)) == 0)
            found(context, path + length + 1);
    }
    return true;
}
