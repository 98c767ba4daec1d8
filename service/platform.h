/*
 * What the broker needs of the operating system: one page of contracts.
 *
 * The *_win32.c files fulfil them for Windows; tests fulfil them in memory, and make each one fail in turn.
 * Nothing above this page includes <windows.h>. Strings are UTF-8.
 *
 * Each function returns true, or false with `failure` saying what was tried, on what, why it failed and what
 * to do: out-parameters are then NULL or zero and nothing is left behind. Calls are made from the engine's
 * thread alone.
 */
#ifndef SHMBROKER_PLATFORM_H
#define SHMBROKER_PLATFORM_H

#include "access.h"
#include "control_protocol.h"
#include "loader.h"
#include "own_places.h"
#include "parts.h"
#include "token.h"
#include "trust.h"

#include <stdbool.h>
#include <stdint.h>

#define PLATFORM_FAILURE_TEXT 1024
#define PLATFORM_PATH         1024 /* bytes of a path in UTF-8, with its NUL */
#define PLATFORM_NAME         1024 /* bytes of an object's name in UTF-8, with its NUL */

typedef struct platform_failure {
    uint32_t code;                    /* the system's error number, 0 when the refusal is our own */
    char text[PLATFORM_FAILURE_TEXT]; /* one sentence or two, without a line end */
} platform_failure;

/* ---- What this process prints ------------------------------------------------------------------ */

/* Whether `stream` is a terminal that shows colour, and nobody has asked for none (NO_COLOR); makes it ready
   for it. No failure: a pipe has no colour. */
bool platform_shows_colour(FILE *stream);

/* ---- Sections ---------------------------------------------------------------------------------- */

typedef struct platform_section platform_section;

/* What a keeper has of one section; 0: nothing. Only that keeper can make anything of it. */
typedef uint64_t platform_kept;

/* A sign of life from within a call that may take long. `call` may be NULL. */
typedef struct platform_progress {
    void (*call)(void *context);
    void *context;
} platform_progress;

typedef struct platform_section_request {
    const char *object_name;  /* "Global\Telemetry"; in a private namespace "ALIAS\Telemetry" */
    const char *boundary;     /* the private namespace's SIDs, a space between two; NULL: it is in none */
    const char *sddl;         /* its descriptor, complete */
    uint64_t size;            /* bytes */
    uint64_t max_size;        /* bytes that it can grow to, in the paging file alone; 0: it does not grow */
    uint64_t grown;           /* with it: the bytes that an earlier broker published last, or 0 */
    const char *backing_path; /* NULL: paging file; otherwise the absolute path of the file */
    const char *file_sddl;    /* the file's descriptor; NULL without a file */
    const own_places *own;    /* where that file may not be; NULL without a file */
    config_initial initial;   /* what it holds when it is made anew; `path` can be opened as it is */
    config_large_pages large_pages;
    uint32_t numa_node; /* or CONFIG_NUMA_ANY */
    bool prefetch;
    bool
        left; /* an earlier broker's is there, as was seen: it is looked for first. Only what it costs depends on this */
    bool fresh; /* one that exists is not taken over: it is another session's, and `superseded` */
    platform_progress progress; /* while bytes are written or made present */
} platform_section_request;

/* What came of a request. */
typedef struct platform_section_granted {
    bool adopted;     /* an earlier broker's, with its data */
    uint64_t size;    /* bytes; more than was asked for when it had grown before */
    bool large_pages; /* the section has large pages */
    bool numa_node;   /* its memory is preferably on the node that was asked for */
    bool prefetched;  /* its pages have been made present */
    bool no_room;     /* refused: the system has no room for more objects, whichever they are */
    char note[PLATFORM_FAILURE_TEXT]; /* what was asked for and is not so, and why; "" when all is */
    bool
        superseded; /* refused: the name is that of an object which this broker's account made otherwise, and which
                        programs still have open. It can be had when they have let go */
} platform_section_granted;

/*
 * Creates a section. One that an earlier run of this broker made exactly so, and that clients have kept
 * alive, is taken over with its data: `adopted`. Any other object that has the name, of whatever kind, is a
 * failure that names the holder's kind and owner as far as they can be seen; when it is a section of this broker's,
 * the failure says how many handles are open, and `superseded` is set.
 *
 * A new section holds `initial` and is zero beyond it; it is not published before this returns. A backing file is
 * created whole with these bytes when absent, kept when present, given the descriptor in both cases, and refused when
 * it is remote, reached through a reparse point, not a plain file, the broker's own, or shorter than `size`. An initial file that is
 * longer than `size`, cannot be read, or can be changed by others than may write the region, is a failure.
 *
 * A section that can grow is reserved for max_size bytes, of which the first `size` are memory. One that is taken over
 * has what it was published with, as far as that is memory (growth_adopted); it is grown to `size` when it has less.
 *
 * Large pages that are only preferred, a NUMA node and prefetching are left out, with a note, when the machine does
 * not give them. A private namespace is made, or opened when it exists; where the platform has none, or this process
 * does not have all of the boundary's SIDs, the call fails.
 */
bool platform_section_create(const platform_section_request *request, platform_section **section,
                             platform_section_granted *granted, platform_failure *failure);

/* Whether platform_section_create would take over a section that an earlier broker left, so that it needs no new
   memory; of a region with a file, whether there is any section of its name. Makes no section, but enters a private
   namespace. */
bool platform_section_is_left(const platform_section_request *request);

/* The first `length` bytes, of which it has as many, of what that has found. False: they cannot be seen. */
bool platform_section_peek(const platform_section_request *request, uint8_t *bytes, size_t length);

/* Whether a section could be made for `request` beside `replaced`, whose name and whose file it may be going to have: makes
   one without a name, as far as that shows it, and lets go of it. Nothing that exists is changed, and no file is made. */
bool platform_section_rehearse(const platform_section_request *request, const platform_section *replaced,
                               platform_failure *failure);

/* Gives a section, and the file behind it, the descriptors of `request`, which is of the same object otherwise. Programs
   that have it open keep the rights with which they opened it. On failure some of it may be done: do it again. */
bool platform_section_secure(const platform_section *section, const platform_section_request *request,
                             platform_failure *failure);

#define PLATFORM_NO_COMMIT 1455u /* failure.code: the machine cannot promise so much memory */

/* Makes the first `size` bytes memory, zeroed unless they were memory before, of a section that was asked for with a
   max_size not below. On failure nothing has changed. */
bool platform_section_grow(platform_section *section, uint64_t size, platform_failure *failure);

/* How many handles programs have of it: those of this broker and of the keeper, which has `kept`, do not count. 0 also when
   the system does not tell. */
unsigned platform_section_users(const platform_section *section, platform_kept kept);

#define PLATFORM_HOLDERS 512 /* bytes of a text that says who has an object open */

/* Who has an object open, beside this process and `keeper`: "4712 peer.exe", a line end between two, the last of them "…"
   when there are more. "" when nobody is seen. `section` is the object, or NULL: then it is found by its name. It may
   take a while. */
void platform_section_holders(const char *object_name, const platform_section *section, uint32_t keeper,
                              char holders[PLATFORM_HOLDERS]);

/* Lets go of it: the section lives on while clients hold it. NULL is fine. */
void platform_section_close(platform_section *section);

/* ---- Parts: the objects beside a region --------------------------------------------------------- */

typedef struct platform_part_request {
    const char *object_name;
    const char *boundary; /* as of a section */
    const char *sddl;     /* its descriptor, complete */
    shmb_part_object object;
    bool goes_on; /* its region was taken over from an earlier broker: what there is of the part is, too */
} platform_part_request;

/*
 * Creates a part: a section of SHMB_PART_BYTES zeros, a mutex that nobody has, an event that is not set. With `goes_on`
 * one that this broker's account made is taken over as it is, and given the descriptor. Any other object that has the name
 * is a failure that names the holder; `superseded`: it is one that this broker's account made, and can be had when programs
 * have let go of it. What is made is closed with platform_section_close, and kept with platform_keeper_hold.
 */
bool platform_part_create(const platform_part_request *request, platform_section **part, bool *superseded,
                          platform_failure *failure);

/* Gives a part that is held another descriptor. Programs that have it open keep their rights. */
bool platform_part_secure(const platform_part_request *request, platform_failure *failure);

/* ---- Spares: objects that can be had again ------------------------------------------------------- */

typedef struct platform_spare platform_spare;

typedef struct platform_spare_request {
    const char *object_name;
    shmb_part_object object;  /* a region's own is a SHMB_PART_SECTION */
    uint64_t size;            /* of a section: bytes of memory */
    uint64_t max_size;        /* bytes that it can grow to; 0: it does not grow */
    const char *backing_path; /* NULL: paging file */
} platform_spare_request;

/* Takes down what it takes to have `object` again when its handles are closed: its descriptor, and that of its file, and of
   a section the bytes, which live as long as the spare. The name does not: it is free when nobody has the object open. */
bool platform_spare_make(const platform_spare_request *request, const platform_section *object,
                         platform_spare **spare, platform_failure *failure);

/* Has it again: the very object while programs have it open (`same`), otherwise one like it, with its bytes. `anew`: its
   name has been another's since, so that what has the name now is not it. The spare stays as good as it was. What this
   returns is closed and kept as what platform_section_create and platform_part_create return. */
bool platform_spare_restore(const platform_spare *spare, bool anew, const platform_progress *progress,
                            platform_section **object, bool *same, platform_failure *failure);

/* NULL is fine. */
void platform_spare_free(platform_spare *spare);

/* ---- A section's bytes -------------------------------------------------------------------------- */

/* A window of the section's bytes, in this process: `offset` is a multiple of 64 KiB, and the window ends within the
   section. Writing needs a section that this broker made, not one that it took over. Shut it when done. */
bool platform_section_open(platform_section *section, uint64_t offset, size_t length, bool to_write,
                           uint8_t **bytes, platform_failure *failure);
void platform_section_shut(uint8_t *bytes);

/* Has a window's changed bytes written to the file behind the section; platform_backing_flush then has the file on the
   disk. */
bool platform_section_flush(platform_section *section, uint64_t offset, size_t length,
                            platform_failure *failure);
bool platform_backing_flush(const char *path, platform_failure *failure);

/* How many bytes a backing file has; 0: there is none, or it cannot be seen. */
uint64_t platform_backing_size(const char *path);

/* How much memory this machine has to give. Bytes. */
typedef struct platform_memory {
    uint64_t commit_limit;     /* memory and paging files, as large as they are now */
    uint64_t commit_available; /* of it, what is not promised to anybody */
    uint64_t large_page;       /* 0: this machine has none */
    uint32_t last_node;        /* the number of its last NUMA node; the first is 0 */
} platform_memory;

bool platform_memory_read(platform_memory *memory, platform_failure *failure);

/* ---- The catalog's memory ---------------------------------------------------------------------- */

typedef struct platform_catalog {
    uint8_t *base;     /* mapped for `reserved` bytes; only what was committed may be touched */
    uint64_t reserved; /* bytes */
    bool adopted; /* an earlier broker's, kept alive by clients: its bytes are as that broker left them */
    bool global;  /* visible in every session; otherwise in this one alone */
    void *handle; /* the platform's own */
} platform_catalog;

/*
 * Creates the section `Global\BASE_NAME` of `reserved` bytes, nothing of it committed, or `Local\BASE_NAME`
 * when this account may not create global names and `local_will_do`. One that exists is adopted when owner,
 * descriptor and size are what this broker would have given it; otherwise the name is taken and the call
 * fails.
 */
bool platform_catalog_open(const char *base_name, const char *sddl, uint64_t reserved, bool local_will_do,
                           platform_catalog *catalog, platform_failure *failure);

/* Makes the first `bytes` memory; zeroed unless they were memory before. */
bool platform_catalog_commit(platform_catalog *catalog, uint64_t bytes, platform_failure *failure);

/* Lets go of it. One that is all zero, never opened, is fine. */
void platform_catalog_close(platform_catalog *catalog);

/* ---- This broker among others ------------------------------------------------------------------ */

typedef struct platform_claim platform_claim;

/* Claims the instance by creating the mutex `name`: fails while another broker has it. Ends with the process.
 */
bool platform_claim_take(const char *name, const char *sddl, platform_claim **claim,
                         platform_failure *failure);
/* NULL is fine. */
void platform_claim_release(platform_claim *claim);

/* The SID that owns what this process creates, in text. */
bool platform_owner_sid(char sid[CONFIG_SID_TEXT], platform_failure *failure);

/* The SID of the account that this process runs as. */
bool platform_user_sid(char sid[CONFIG_SID_TEXT], platform_failure *failure);

/* Whether services run under accounts of their own here, as on every Windows; under Wine they run as whoever asks. */
bool platform_has_service_accounts(void);

/* The SID of `NT SERVICE\SERVICE`, computed. */
bool platform_service_sid(const char *service, char sid[CONFIG_SID_TEXT], platform_failure *failure);

#define PLATFORM_ACCOUNT 768 /* bytes of an account as people know it, with its NUL */

/* Reads SDDL into entries, SIDs in full and rights as they are written. `owner` is NULL when it names none. Fails when
   the text is none, when an entry of the DACL is neither plain allow nor plain deny, and when its SACL has anything but
   one mandatory label. The caller frees the result with access_descriptor_free. */
bool platform_sddl_read(const char *sddl, access_descriptor *descriptor, platform_failure *failure);

/* An account as people know it: "BUILTIN\Administrators (S-1-5-32-544)", or the bare SID. */
void platform_account_text(const char *sid, char account[PLATFORM_ACCOUNT]);

/* Whether surely no account, group or service has that SID. False also when the machine cannot find out, as with
   a domain that does not answer. */
bool platform_account_is_gone(const char *sid);

/* The descriptor of the section that has this name now, with the entries that are its own. `label_seen` says whether
   the platform lets its label be seen. Fails with code 2 when there is no such object, 5 when it may not be looked at.
   The caller frees the result with access_descriptor_free. */
bool platform_section_descriptor(const char *object_name, access_descriptor *descriptor, bool *label_seen,
                                 platform_failure *failure);

/* The token of a running program. The caller frees it with token_free. */
bool platform_token_of_process(uint32_t pid, token_facts *t, platform_failure *failure);

/* Adds the groups of an account to `t`, as far as the machine tells without that account's being logged on, and says in
   `how` where they are from. Fails, with nothing added, when it does not tell. */
bool platform_groups_of_user(const char *sid, token_facts *t, char how[PLATFORM_ACCOUNT],
                             platform_failure *failure);

/* The machine's answers to the configuration's questions. */
const config_resolver *platform_resolver(void);

/* ---- The keepers: processes that have the sections while no broker runs --------------------------- */

/* How many an instance may have at a time: that of the broker before, and this broker's own. */
#define PLATFORM_KEEPERS 2u

typedef struct platform_keepers platform_keepers; /* the record of an instance's keepers */
typedef struct platform_keeper platform_keeper;   /* one of them, alive when it was found or started */

/*
 * Opens the record of the instance's keepers, the section `BASE_NAME`; `global` is the catalog's. One that an
 * earlier broker made exactly so is gone on with; any other object of that name is a failure.
 */
bool platform_keepers_open(const char *base_name, const access_identity *identity, bool global,
                           platform_keepers **keepers, platform_failure *failure);

/* Lets go of the record; the keepers live on, and keep it. NULL is fine. */
void platform_keepers_close(platform_keepers *keepers);

/* The keeper recorded at `place`. NULL when there is none: it has died, or what has its number now is no keeper of this
   account; then the place is free. False when that cannot be found out. */
bool platform_keeper_find(platform_keepers *keepers, unsigned place, platform_keeper **keeper,
                          platform_failure *failure);

/*
 * Starts a keeper and records it at `place`, which is free. It has the record, and as far as the platform can give them to
 * it all at once the `count` sections: `kept` says of each what it has. It ends with this broker until
 * platform_keeper_stay. On failure, all of `kept` is 0.
 */
bool platform_keeper_start(platform_keepers *keepers, unsigned place, platform_section *const *sections,
                           platform_kept *kept, size_t count, platform_keeper **keeper,
                           platform_failure *failure);

/* From here on it outlives this broker. */
void platform_keeper_stay(platform_keeper *keeper);

/* Gives it a handle of a section, or of the catalog's. */
bool platform_keeper_hold(platform_keeper *keeper, const platform_section *section, platform_kept *kept,
                          platform_failure *failure);
bool platform_keeper_hold_catalog(platform_keeper *keeper, const platform_catalog *catalog,
                                  platform_failure *failure);

/* Gives it the private namespaces that this process has entered and it has not got: without them the sections in them
   outlive this process, but nobody can reach them by name any more. It has them until it ends. */
bool platform_keeper_hold_namespaces(platform_keeper *keeper, platform_failure *failure);

/* Takes one back. 0 is fine, and so is a keeper that has died. */
void platform_keeper_release(platform_keeper *keeper, platform_kept kept);

bool platform_keeper_lives(const platform_keeper *keeper);
uint32_t platform_keeper_process_id(const platform_keeper *keeper);

/* What broker_host.wait takes to return when the keeper dies. */
void *platform_keeper_wake(const platform_keeper *keeper);

/* Ends it, with all that it has, and frees its place. */
void platform_keeper_end(platform_keepers *keepers, unsigned place, platform_keeper *keeper);

/* Lets it live, and forgets it. NULL is fine. */
void platform_keeper_close(platform_keeper *keeper);

/* ---- What a running broker is asked ------------------------------------------------------------- */

typedef struct platform_control platform_control;

/* One request, as long as it has not been answered. */
typedef uint64_t platform_control_ticket;

/*
 * Opens the control pipe `\\.\pipe\NAME` for programs of this machine, with the descriptor `sddl`. Fails when the name is
 * taken. However slow or hostile a caller is, it delays neither the engine nor other callers.
 */
bool platform_control_open(const char *name, const char *sddl, platform_control **control,
                           platform_failure *failure);

/* Ends it; who waits for an answer hears that the broker has ended. NULL is fine. */
void platform_control_close(platform_control *control);

/* The next request that nobody has taken yet. False: there is none. */
bool platform_control_next(platform_control *control, control_request *request,
                           platform_control_ticket *ticket);

/* Whether the caller of a request that has been taken gets `right` of an object with the descriptor `sddl`. */
bool platform_control_may(platform_control *control, platform_control_ticket ticket, const char *sddl,
                          uint32_t right);

/* Whether that caller may open `section` with `right`, by the descriptor that it has now. */
bool platform_control_may_open(platform_control *control, platform_control_ticket ticket,
                               const platform_section *section, uint32_t right);

/* The account of that caller, as people know it. */
void platform_control_caller(platform_control *control, platform_control_ticket ticket,
                             char account[PLATFORM_ACCOUNT]);

/* Sends the answer, whose memory is taken over; `answer` is empty again. */
void platform_control_reply(platform_control *control, platform_control_ticket ticket,
                            control_answer *answer);

/* What broker_host.wait takes to return when there is a request. */
void *platform_control_wake(const platform_control *control);

/*
 * Asks the broker whose process is `broker` (as its catalog has it), and calls `replied` for each reply until the last
 * one, or until it returns false. Fails with code 2 when there is no such pipe, 5 when this account may not use it, and
 * with 0 when another process than the broker has it, or what comes is no reply.
 */
bool platform_control_ask(const char *name, uint32_t broker, const control_request *request,
                          bool (*replied)(void *context, const control_reply *reply), void *context,
                          platform_failure *failure);

/* Whether standard input and output are a terminal: a person can be asked. */
bool platform_asks_person(void);

/* ---- Files and folders ------------------------------------------------------------------------- */

/* Where things of an instance stand when nothing else is said. */
typedef struct platform_folders {
    char config[PLATFORM_PATH]; /* …\ShmBroker\shmbroker.yaml */
    char data[PLATFORM_PATH];   /* …\ShmBroker\data */
    char log[PLATFORM_PATH];    /* …\ShmBroker\data\logs\shmbroker.log */
} platform_folders;

bool platform_folders_find(const char *instance, platform_folders *folders, platform_failure *failure);

/*
 * Creates the folders of `folders` that are absent, each with its protected descriptor. The folder of the
 * configuration: SYSTEM and Administrators have it all, the broker and Users read. The data folder: SYSTEM,
 * Administrators and the broker have it all, others nothing. One that exists must be a plain folder; `repair`
 * gives it the descriptor again, unless it belongs to an ordinary user: then it fails; it also makes conf.d, where
 * products drop files to be included, with the rights of the configuration's folder. What was made or repaired is looked at
 * again on its handle: a descriptor that is not the one that was given is a failure. A process that is neither a
 * service nor elevated creates none.
 */
bool platform_folders_create(const platform_folders *folders, const access_identity *identity, bool repair,
                             platform_failure *failure);

/*
 * Removes the instance's folder with all that is in it. Links are removed, not followed; what is not there is fine.
 * Other instances' folders in it stay, and it with them: then `left` is their path, else "". Call it only when no
 * broker of the instance runs.
 */
bool platform_folders_remove(const platform_folders *folders, char left[PLATFORM_PATH],
                             platform_failure *failure);

/* The absolute form of `path`. */
bool platform_path_absolute(const char *path, char absolute[PLATFORM_PATH], platform_failure *failure);

/* The path that a file or folder really has: absolute, in long names, without links. One that is not there has its
   absolute path, or when there is none, `path`. */
void platform_path_real(const char *path, char real[PLATFORM_PATH]);

/* Opens a file for reading; the caller closes it with fclose. */
FILE *platform_file_open(const char *path, platform_failure *failure);

/*
 * Opens a configuration for reading and adds to `report` who may change it or put another in its place, and is
 * neither an administrator nor among `keepers`: the file itself, the folder that it stands in, and those above, up to the
 * volume's root. What is read from the stream is what was judged: nobody can write, rename or delete the file
 * while it is open. A path that leads through a link is a failure. The caller closes the stream with fclose.
 */
FILE *platform_config_open(const char *path, const trust_keepers *keepers, trust_report *report,
                           platform_failure *failure);

/* The same for a folder or file that is not read. One that is not there is fine: nothing is added. */
bool platform_trust_examine(const char *path, trust_place place, const trust_keepers *keepers,
                            trust_report *report, platform_failure *failure);

/*
 * Calls `found` with the name of each file in a folder, in any order, until it returns false. Folders in it are passed
 * over. One that is not there has no files. One with more than 4096 entries is a failure.
 */
bool platform_folder_list(const char *path, bool (*found)(void *receiver, const char *name), void *receiver,
                          platform_failure *failure);

/* ---- Time and process -------------------------------------------------------------------------- */

uint64_t platform_heartbeat(void); /* unbiased interrupt time: 100 ns units, the same in every process */
uint64_t platform_now(void);       /* 100 ns units since 1601-01-01 UTC */
uint32_t platform_process_id(void);

/* The sessions in which programs run, in any order, each once: at most `room` of them. Needs no right on any. */
bool platform_sessions_list(uint32_t *ids, size_t room, size_t *count, platform_failure *failure);

/* The session of this process; 0 is that of the services. */
uint32_t platform_own_session(void);

/* The path of this program. */
bool platform_program_path(char path[PLATFORM_PATH], platform_failure *failure);

#endif
