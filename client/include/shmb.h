/* shmb.h: attach to the shared memory regions of a shmbroker. */
#ifndef SHMB_H
#define SHMB_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(SHMB_STATIC) || !defined(_WIN32)
#define SHMB_API
#elif defined(SHMB_BUILDING_DLL)
#define SHMB_API __declspec(dllexport)
#else
#define SHMB_API __declspec(dllimport)
#endif

typedef enum shmb_status {
    SHMB_OK = 0,
    SHMB_INVALID_ARGUMENT = 1,
    SHMB_NO_BROKER = 2,
    SHMB_NOT_DECLARED = 3,
    SHMB_REGION_FAILED = 4,
    SHMB_ACCESS_DENIED = 5,
    SHMB_TIMED_OUT = 6,
    SHMB_BAD_RANGE = 7,
    SHMB_INCOMPATIBLE = 8,
    SHMB_UNTRUSTED = 9,
    SHMB_CORRUPT = 10,
    SHMB_NO_MEMORY = 11,
    SHMB_SYSTEM_ERROR = 12
} shmb_status;

typedef struct shmb_region shmb_region;

#define SHMB_ACCESS_READ  1u
#define SHMB_ACCESS_WRITE 2u /* includes reading */
#define SHMB_NO_WAIT  0u
#define SHMB_INFINITE 0xFFFFFFFFu

typedef struct shmb_attach_options {
    uint32_t struct_size;  /* sizeof(shmb_attach_options) */
    uint32_t access;       /* SHMB_ACCESS_READ or SHMB_ACCESS_WRITE; 0: read */
    uint32_t timeout_ms;   /* wait for broker and region; 0: no wait; SHMB_INFINITE */
    uint32_t zero;
    uint64_t offset;       /* first byte of the view, any byte */
    uint64_t length;       /* bytes of the view; 0: to the end of the region */
    const char *instance;  /* NULL: SHMBROKER_INSTANCE from the environment, else the default instance */
    char *message;         /* NULL, or where a failure is explained: UTF-8, NUL-terminated, one sentence */
    uint64_t message_size; /* bytes at `message` */
} shmb_attach_options;

SHMB_API shmb_status shmb_attach(const char *name, const shmb_attach_options *options, shmb_region **region);
/* A view through a section handle that this process was given: inherited, or duplicated into it. */
SHMB_API shmb_status shmb_attach_handle(void *section, uint64_t region_size, const shmb_attach_options *options,
                                        shmb_region **region);
SHMB_API void shmb_detach(shmb_region *region);
SHMB_API void *shmb_data(const shmb_region *region);
SHMB_API uint64_t shmb_size(const shmb_region *region);        /* bytes of the view */
SHMB_API uint64_t shmb_region_size(const shmb_region *region); /* bytes of the region as declared */
SHMB_API void *shmb_handle(const shmb_region *region);         /* the section's HANDLE, owned by the region */
SHMB_API const char *shmb_status_text(shmb_status status);
SHMB_API const char *shmb_version(void);

#ifdef __cplusplus
}
#endif

#endif
