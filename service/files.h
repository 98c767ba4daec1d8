/*
 * The file operations that writing durably is made of: one page of contracts, beside platform.h.
 *
 * files_win32.c fulfils them for Windows; tests fulfil them in memory, record each, make each one fail in turn, and cut
 * the power between any two. Nothing above this page knows how a disk is reached.
 *
 * What survives a power cut: a file's bytes that were written before files_flush returned true; a name that was given
 * or taken before files_flush_folder returned true. What came later may be there whole, in part, or not at all, in any
 * order.
 *
 * Paths are absolute, in UTF-8, of less than PLATFORM_PATH bytes. Each function returns true, or false with `failure`
 * set; out-parameters are then NULL or zero. Calls are made from the engine's thread alone. None of them waits for
 * more than the bytes it was given: large files are written and read in steps.
 */
#ifndef SHMBROKER_FILES_H
#define SHMBROKER_FILES_H

#include "platform.h"

typedef struct files_handle files_handle;

/* Creates a file for writing. One that exists is a failure. */
bool files_create(const char *path, files_handle **file, platform_failure *failure);

/* Whether there is a file of that name. */
bool files_exists(const char *path, bool *exists, platform_failure *failure);

/* Opens a file for reading, from its start. A link is not followed. */
bool files_open(const char *path, files_handle **file, uint64_t *size, platform_failure *failure);

/* Appends `length` bytes. After a failure the file may have some of them. */
bool files_write(files_handle *file, const void *bytes, size_t length, platform_failure *failure);

/* Reads the next `length` bytes; fewer are a failure. */
bool files_read(files_handle *file, void *bytes, size_t length, platform_failure *failure);

/* What was written is on the disk. */
bool files_flush(files_handle *file, platform_failure *failure);

/* NULL is fine. */
void files_close(files_handle *file);

/* Gives the closed file `from` the name `to` in the same folder, in place of a file that has it. At every instant,
   and after a power cut, `to` is the one file or the other, whole. */
bool files_rename(const char *from, const char *to, platform_failure *failure);

/* Removes a file; one that is not there is fine. */
bool files_remove(const char *path, platform_failure *failure);

/* Creates the folder unless it is there, with the rights that its parent hands down. */
bool files_make_folder(const char *path, platform_failure *failure);

/* The names in the folder are on the disk. */
bool files_flush_folder(const char *path, platform_failure *failure);

/* Tells the names of the files in `folder` that begin with `prefix`, in no order. A folder that is not there has none. */
bool files_list(const char *folder, const char *prefix, void (*found)(void *context, const char *name),
                void *context, platform_failure *failure);

#endif
