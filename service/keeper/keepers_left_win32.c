/* Keepers that a broker has left. See keepers_left_win32.h. */
#include "keepers_left_win32.h"

#include "keeper_record_win32.h"
#include "names.h"
#include "trust_win32.h"

#include <aclapi.h>
#include <stdlib.h>

/* Opens what an earlier broker may have left, believing it only when it belongs to an account that brokers have.
   NULL: there is none, or `failure` says why it is not believed. */
static HANDLE open_left(const char *shown, const char *instance, platform_failure *failure)
{
    shmb_message why = {failure->text, sizeof failure->text, 0};
    wchar_t *name = win32_wide(shown);
    HANDLE section = name ? OpenFileMappingW(FILE_MAP_READ | READ_CONTROL, FALSE, name) : NULL;
    free(name);
    if (section && shmb_check_owner(section, instance, shown, &why) != SHMB_OK) {
        CloseHandle(section);
        return NULL;
    }
    return section;
}

/* The descriptor of the keepers that are in the record: they belong to the same account as the record does. */
static PSECURITY_DESCRIPTOR descriptor_of_keepers(HANDLE section, const char *instance,
                                                  platform_failure *failure)
{
    PSID owner = NULL;
    PSECURITY_DESCRIPTOR found = NULL, wanted = NULL;
    char service[NAMES_TEXT], owner_sid[CONFIG_SID_TEXT], broker_sid[CONFIG_SID_TEXT];
    const access_identity identity = {owner_sid, broker_sid};
    names_service(instance, service);
    DWORD error = GetSecurityInfo(section, SE_KERNEL_OBJECT, OWNER_SECURITY_INFORMATION, &owner, NULL, NULL,
                                  NULL, &found);
    if (error != ERROR_SUCCESS)
        win32_fail(failure, error, "cannot see to whom the record of keepers belongs");
    else
        win32_sid_text(owner, owner_sid);
    if (error == ERROR_SUCCESS && platform_service_sid(service, broker_sid, failure))
        wanted = win32_keeper_descriptor(access_compile_keeper_process(&identity), failure);
    LocalFree(found);
    return wanted;
}

/* What is done with the keepers that are found, and how many they were. */
typedef struct search {
    bool ends;
    unsigned count;
} search;

/* Counts the keepers that `record` names, or ends them. */
static bool visit_recorded(const keeper_record *record, PSECURITY_DESCRIPTOR descriptor, search *s,
                           platform_failure *failure)
{
    const DWORD wanted =
        (s->ends ? PROCESS_TERMINATE : 0u) | PROCESS_QUERY_LIMITED_INFORMATION | SYNCHRONIZE | READ_CONTROL;
    bool ok = true;
    for (unsigned place = 0; place < PLATFORM_KEEPERS; place++) {
        HANDLE process;
        const keeper_seen what = win32_keeper_open(&record->places[place], descriptor, wanted, &process);
        const DWORD error = GetLastError();
        if (what == KEEPER_SEEN_KEEPER) {
            if (s->ends)
                win32_keeper_terminate(process);
            CloseHandle(process);
            s->count++;
        } else if (what == KEEPER_SEEN_DENIED) {
            ok = win32_fail_advise(failure, ERROR_ACCESS_DENIED, "use an elevated console",
                                   "cannot %s the keeper, process %ld", s->ends ? "end" : "look at",
                                   record->places[place].pid);
        } else if (what == KEEPER_SEEN_FAILED) {
            ok = win32_fail_advise(failure, error, "try again", "cannot see whether process %ld is a keeper",
                                   record->places[place].pid);
        }
    }
    return ok;
}

static bool visit_left(const char *shown, const char *instance, search *s, platform_failure *failure)
{
    failure->text[0] = 0;
    HANDLE section = open_left(shown, instance, failure);
    PSECURITY_DESCRIPTOR descriptor = section ? descriptor_of_keepers(section, instance, failure) : NULL;
    const keeper_record *record = descriptor ? MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0) : NULL;
    bool ok = failure->text[0] == 0;
    if (section)
        CloseHandle(section); /* the view is enough, and nothing here keeps the name taken */
    if (record && win32_is_keeper_record(record))
        ok = visit_recorded(record, descriptor, s, failure);
    if (record)
        UnmapViewOfFile(record);
    LocalFree(descriptor);
    return ok;
}

static bool visit_all(const char *instance, search *s, platform_failure *failure)
{
    char name[NAMES_TEXT];
    bool ok = true;
    names_keepers(instance, name);
    char *global = text_make("Global\\%s", name), *local = text_make("Local\\%s", name);
    if (global && local)
        ok = visit_left(global, instance, s, failure) && visit_left(local, instance, s, failure);
    free(local);
    free(global);
    return ok;
}

bool win32_keepers_count(const char *instance, unsigned *count, platform_failure *failure)
{
    search s = {false, 0};
    bool ok = visit_all(instance, &s, failure);
    *count = s.count;
    return ok;
}

bool win32_keepers_end(const char *instance, unsigned *ended, platform_failure *failure)
{
    platform_failure running;
    platform_claim *claim;
    char name[NAMES_TEXT], owner_sid[CONFIG_SID_TEXT];
    const access_identity identity = {owner_sid, owner_sid};
    *ended = 0;
    names_claim(instance, name);
    if (!platform_owner_sid(owner_sid, failure))
        return false;
    char *sddl = access_compile_claim(&identity);
    bool claimed = sddl && platform_claim_take(name, sddl, &claim, &running);
    free(sddl);
    if (!claimed)
        return true; /* a broker runs, in a console: its keeper is its own affair */
    search s = {true, 0};
    bool ok = visit_all(instance, &s, failure); /* with the claim, so that no broker starts meanwhile */
    *ended = s.count;
    platform_claim_release(claim);
    return ok;
}
