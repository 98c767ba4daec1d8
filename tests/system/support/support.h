/*
 * What every system test and the demo stand on: a way to fail, texts and files that are cleaned up, programs found.
 *
 * Whatever a test makes through this folder (processes, brokers, files, tokens, texts) is registered, and
 * support_cleanup ends, deletes and frees all of it, last made first: a test that fails half-way leaves nothing behind.
 * The functions are called from one thread, the test's. Text is UTF-8.
 *
 * No function returns an error: what cannot be done ends the test by support_fail, with the reason.
 */
#ifndef TEST_SUPPORT_H
#define TEST_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <windows.h>

#if defined(__MINGW32__)
#define SUPPORT_PRINTF(format_at, values_at) __attribute__((format(gnu_printf, format_at, values_at)))
#else
#define SUPPORT_PRINTF(format_at, values_at)
#endif

/* How long anything may take that should happen at once. Generous, for busy machines: nobody waits for it in vain but
   a test that has failed. */
#define SUPPORT_WAIT_MS 30000u

/* Ends the test, or the demo, as failed. Defined by the program: checks.c for cmocka tests, demo.c for the demo. */
SUPPORT_PRINTF(1, 2)
_Noreturn void support_fail(const char *format, ...);

/* Whether this is Wine, which does not enforce everything that Windows does. */
bool support_under_wine(void);

/* ---- Clean-up -------------------------------------------------------------------------------------------------- */

/* Has `undo(object)` called by support_cleanup. */
void support_on_cleanup(void (*undo)(void *object), void *object);

/* Undoes it now, and not again. For what would be too much to keep until then. */
void support_undo(void (*undo)(void *object), void *object);

/* Undoes everything, last registered first. */
void support_cleanup(void);

/* Zeroed memory, never NULL; the caller frees it, or has it freed by support_cleanup. */
void *support_memory(size_t bytes);

/* ---- Texts ----------------------------------------------------------------------------------------------------- */

/* The formatted text; lives until support_cleanup. */
SUPPORT_PRINTF(1, 2)
char *support_text(const char *format, ...);

/* `stem` made different from every other name on this machine: "stem-1a4c-3". Lives until support_cleanup. */
char *support_unique(const char *stem);

/* UTF-16; lives until support_cleanup. */
wchar_t *support_wide(const char *utf8);

/* A copy, which the caller frees. */
wchar_t *support_copy_wide(const wchar_t *text);

/* UTF-8; lives until support_cleanup. */
char *support_utf8(const wchar_t *wide);

/* The system's sentence for a Win32 error, with the number. */
const char *support_error(DWORD error);

/* ---- Files ----------------------------------------------------------------------------------------------------- */

/* The full path of a program or DLL that was built together with this one. */
char *support_program(const char *name);

/* A folder of the test's own, which Users may read. Removed with all that is in it by support_cleanup. */
char *support_folder(void);

/* The same in %ProgramData%, where nobody but administrators, and who runs the test if he is none, may write: what a
   service takes its configuration from. */
char *support_guarded_folder(void);

/* Writes `bytes` to a new file, or over an old one. */
void support_write_file(const char *path, const void *bytes, size_t length);

/* The whole file with a NUL behind it, and its length unless `length` is NULL. Lives until support_cleanup. */
char *support_read_file(const char *path, size_t *length);

bool support_file_exists(const char *path);

/* Has a folder removed with all that is in it by support_cleanup, should it be there then. Links in it are removed, not
   followed. */
void support_remove_on_cleanup(const char *folder);

/* %ProgramData%\ShmBroker, or with an instance its own folder there. Lives until support_cleanup. */
char *support_home(const char *instance);

#endif
