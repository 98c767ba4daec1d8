/*
 * The judge against the kernel: generated access lists and descriptors, tokens built for the purpose, and for each pair
 * what AccessCheck says and what OpenFileMapping does under that token, on a real section. No disagreement is allowed.
 *
 * What Wine does otherwise than Windows is left out under Wine, each reason printed with its count:
 * - labels and app containers: it does not enforce them; restricting SIDs: it drops them from tokens;
 * - the owner gets DELETE and WRITE_OWNER too, entries for OWNER RIGHTS count for nobody, and SeTakeOwnershipPrivilege
 *   gives nothing at the check;
 * - denials count for enabled groups alone, not for those that a token has for denials only;
 * - an entry that denies what earlier entries have given ends the check while something else is missing.
 */
#include "checks.h"

#include "access_judge.h"
#include "account.h"
#include "broker.h"
#include "descriptor_win32.h"

#include <sddl.h>
#include <stdlib.h>
#include <string.h>

#define SEED            20261122u
#define LISTS           60
#define MOST_TOKENS     24
#define OTHER           "S-1-5-21-11-22-33-4444"
#define RESTRICTED      "S-1-5-12"
#define SID_COUNT       9
#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* Asked for in each combination: what the library and bare programs ask for, and single rights. */
static const DWORD wanted[] = {0x20005, 0x20007, 0x60001, 0x4,     0x2,    0x6,
                               0x20000, 0x40000, 0x10000, 0x80000, 0xF001F};

typedef enum exclusion {
    LABELS,
    RESTRICTING,
    OWNERS,
    EARLY_DENIALS,
    DENY_ONLY,
    LOOKUPS,
    EXCLUSIONS
} exclusion;

static const char *const exclusion_texts[EXCLUSIONS] = {
    "Wine does not enforce labels",
    "Wine drops restricting SIDs from tokens",
    "Wine gives owners and SeTakeOwnershipPrivilege other rights",
    "Wine ends the check at a denial of what was given already",
    "Wine passes over denials of groups that are in the token for denials only",
    "restricted tokens and app containers may not look into every folder of names: AccessCheck alone"};

typedef struct test_token {
    const char *name;
    HANDLE handle;
    token_facts facts;
    bool dropped; /* restricting SIDs were asked for, and are not there */
} test_token;

static struct {
    uint64_t random;
    test_token tokens[MOST_TOKENS];
    size_t token_count;
    const char *sids[SID_COUNT];
    unsigned combinations, questions, excluded[EXCLUSIONS], granted, denied;
} run;

static unsigned draw(unsigned below)
{
    run.random = run.random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(run.random >> 33) % below;
}

/* ---- Tokens ---------------------------------------------------------------------------------------------------- */

static PSID sid_of(const char *sid_text)
{
    PSID sid;
    if (!ConvertStringSidToSidW(support_wide(sid_text), &sid))
        support_fail("not a SID: %s", sid_text);
    return sid; /* a few, kept to the end */
}

static void keep_token(const char *name, HANDLE primary, bool dropped)
{
    test_token *made = &run.tokens[run.token_count];
    assert_true(run.token_count < MOST_TOKENS);
    made->name = name;
    if (!DuplicateTokenEx(primary, TOKEN_ALL_ACCESS, NULL, SecurityImpersonation, TokenImpersonation,
                          &made->handle))
        support_fail("cannot make an impersonation token: %s", support_error(GetLastError()));
    assert_true(win32_token_read(made->handle, &made->facts));
    made->dropped = dropped && made->facts.judged.restricting_count == 0;
    run.token_count++;
}

/* The own token with SIDs for denials only, with restricting SIDs, or without privileges. Lists end with NULL. */
static void add_restricted(const char *name, HANDLE own, DWORD flags, const char *const *deny_only,
                           const char *const *restricting)
{
    SID_AND_ATTRIBUTES disabled[4] = {{NULL, 0}}, held[4] = {{NULL, 0}};
    DWORD disabled_count = 0, held_count = 0;
    HANDLE made;
    for (; deny_only && deny_only[disabled_count]; disabled_count++)
        disabled[disabled_count].Sid = sid_of(deny_only[disabled_count]);
    for (; restricting && restricting[held_count]; held_count++)
        held[held_count].Sid = sid_of(restricting[held_count]);
    if (!CreateRestrictedToken(own, flags, disabled_count, disabled, 0, NULL, held_count, held, &made))
        support_fail("cannot make the token %s: %s", name, support_error(GetLastError()));
    keep_token(name, made, held_count > 0);
    CloseHandle(made);
}

static void add_low(HANDLE own)
{
    HANDLE low;
    TOKEN_MANDATORY_LABEL label = {{sid_of("S-1-16-4096"), SE_GROUP_INTEGRITY}};
    if (!DuplicateTokenEx(own, TOKEN_ALL_ACCESS, NULL, SecurityImpersonation, TokenPrimary, &low))
        support_fail("cannot copy a token: %s", support_error(GetLastError()));
    if (SetTokenInformation(low, TokenIntegrityLevel, &label, sizeof label))
        keep_token("low integrity", low, false);
    else
        print_message("no token of low integrity: %s\n", support_error(GetLastError()));
    CloseHandle(low);
    if (run.tokens[run.token_count - 1].facts.judged.integrity != ACCESS_LEVEL_LOW)
        print_message("left out: low integrity, for this system leaves a token's integrity as it was\n");
}

typedef LONG(WINAPI *low_box_function)(HANDLE *, HANDLE, ACCESS_MASK, void *, PSID, ULONG,
                                       SID_AND_ATTRIBUTES *, ULONG, HANDLE *);
typedef void (*any_function)(void);

static void add_app_container(HANDLE own)
{
    low_box_function make =
        (low_box_function)(any_function)GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "NtCreateLowBoxToken");
    HANDLE boxed = NULL;
    LONG status = -1;
    if (make)
        status =
            make(&boxed, own, TOKEN_ALL_ACCESS, NULL, sid_of("S-1-15-2-1-2-3-4-5-6-7"), 0, NULL, 0, NULL);
    if (status < 0 || !boxed) {
        print_message("left out: no token of an app container, for this system makes none (status 0x%lx)\n",
                      (unsigned long)status);
        return;
    }
    keep_token("app container", boxed, false);
    CloseHandle(boxed);
    if (!run.tokens[run.token_count - 1].facts.judged.package)
        print_message("left out: app containers, for this system makes a token of one that is none\n");
}

static void make_tokens(void)
{
    static const char *const admins[] = {"S-1-5-32-544", NULL}, *const users[] = {"S-1-5-32-545", NULL};
    static const char *const both[] = {"S-1-5-32-544", "S-1-5-32-545", NULL}, *const everyone[] = {"S-1-1-0",
                                                                                                   NULL};
    static const char *const restricted[] = {RESTRICTED, NULL}, *const some[] = {"S-1-5-32-545", RESTRICTED,
                                                                                 NULL};
    static const char *const known[] = {"S-1-5-32-545", "S-1-1-0", "S-1-5-11", NULL};
    HANDLE own;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ALL_ACCESS, &own))
        support_fail("cannot open the own token: %s", support_error(GetLastError()));
    const char *user[] = {account_user_sid(), NULL};
    keep_token("own", own, false);
    add_restricted("no privileges", own, DISABLE_MAX_PRIVILEGE, NULL, NULL);
    add_restricted("without Administrators", own, 0, admins, NULL);
    add_restricted("without Users", own, 0, users, NULL);
    add_restricted("without both", own, 0, both, NULL);
    add_restricted("without Everyone", own, DISABLE_MAX_PRIVILEGE, everyone, NULL);
    add_restricted("without its user", own, 0, user, NULL);
    add_restricted("restricted to RESTRICTED", own, 0, NULL, restricted);
    add_restricted("restricted to Users and RESTRICTED", own, 0, NULL, some);
    add_restricted("restricted, without Administrators", own, DISABLE_MAX_PRIVILEGE, admins, known);
    add_restricted("write-restricted", own, WRITE_RESTRICTED, NULL, some);
    add_low(own);
    add_app_container(own);
    CloseHandle(own);
}

/* ---- Descriptors ----------------------------------------------------------------------------------------------- */

/* A list of up to three accounts. */
static config_principal_list draw_list(config_principal items[3], unsigned most)
{
    config_principal_list list = {items, draw(most + 1)};
    for (size_t i = 0; i < list.count; i++)
        items[i] = (config_principal){.text = "x", .sid = run.sids[draw(SID_COUNT)]};
    return list;
}

/* Compiled from lists, as a region's are. */
static void draw_compiled(access_descriptor *d, config_principal items[5][3], const access_identity *identity)
{
    static config_principal package = {.text = "all", .sid = "S-1-15-2-1"};
    config_access access = {.read = draw_list(items[0], 3), .write = draw_list(items[1], 2)};
    access.manage = draw_list(items[2], 1);
    access.deny = draw_list(items[3], draw(3) == 0 ? 2 : 0);
    access.packages = (config_principal_list){&package, draw(2)};
    access.integrity = (config_integrity)draw(CONFIG_INTEGRITY_HIGH + 1);
    assert_true(access_compile(&access, ACCESS_SECTION, identity, d));
}

/* Entries of any kind in any order, as `sddl` may have them. */
static void draw_raw(access_descriptor *d, const access_identity *identity)
{
    static const uint32_t masks[] = {0x20005, 0x20007, 0x4, 0x2, 0x1, 0x20000, 0x60001, 0xF001F, 0x40000};
    *d = (access_descriptor){.owner = identity->owner_sid, .count = 1 + draw(7)};
    d->entries = calloc(d->count, sizeof *d->entries);
    assert_non_null(d->entries);
    for (size_t i = 0; i < d->count; i++)
        d->entries[i] = (access_entry){.denies = draw(3) == 0,
                                       .inherit_only = draw(8) == 0,
                                       .mask = masks[draw(COUNT_OF(masks))],
                                       .sid = draw(16) == 0 ? "S-1-3-4" : run.sids[draw(SID_COUNT)]};
}

static bool names_owner_rights(const access_descriptor *d)
{
    for (size_t i = 0; i < d->count; i++)
        if (strcmp(d->entries[i].sid, "S-1-3-4") == 0)
            return true;
    return false;
}

/* Whether a denial of what was given already comes while something else is missing. */
static bool denies_what_was_given(const access_descriptor *d, const access_token *who, DWORD rights)
{
    uint32_t missing = rights;
    if (access_token_has(who, d->owner) == ACCESS_HAS)
        missing &= ~0x60000u;
    for (size_t i = 0; missing && i < d->count; i++) {
        const access_entry *entry = &d->entries[i];
        access_standing has = access_token_has(who, entry->sid);
        if (entry->inherit_only)
            continue;
        if (entry->denies && (has == ACCESS_HAS || has == ACCESS_DENY_ONLY) && (entry->mask & rights))
            return (entry->mask & missing) == 0;
        if (!entry->denies && has == ACCESS_HAS)
            missing &= ~entry->mask;
    }
    return false;
}

/* Whether access is denied for a group alone that is in the token for denials only. */
static bool hangs_on_deny_only(const access_descriptor *d, const access_token *who, DWORD rights)
{
    access_token without = *who;
    access_group *groups = support_memory((who->group_count + 1) * sizeof *groups);
    for (size_t i = 0; i < who->group_count; i++) {
        groups[i] = who->groups[i];
        groups[i].deny_only = false;
        groups[i].enabled = groups[i].enabled && !who->groups[i].deny_only;
    }
    without.groups = groups;
    bool matters = !access_judge(d, ACCESS_SECTION, who, rights).granted &&
                   access_judge(d, ACCESS_SECTION, &without, rights).granted;
    free(groups);
    return matters;
}

/* Why a question is not asked here; EXCLUSIONS when it is. */
static exclusion excluded(const access_descriptor *d, const test_token *who, DWORD rights)
{
    const access_token *judged = &who->facts.judged;
    if (!support_under_wine())
        return EXCLUSIONS;
    if (who->dropped)
        return RESTRICTING;
    if (rights & ~access_label_leaves(&d->label, ACCESS_SECTION, judged))
        return LABELS;
    if (names_owner_rights(d) || (rights & 0x90000))
        return OWNERS;
    if (hangs_on_deny_only(d, judged, rights))
        return DENY_ONLY;
    return denies_what_was_given(d, judged, rights) ? EARLY_DENIALS : EXCLUSIONS;
}

/* ---- The kernel's answers -------------------------------------------------------------------------------------- */

static bool kernel_check(PSECURITY_DESCRIPTOR descriptor, HANDLE who, DWORD rights)
{
    GENERIC_MAPPING mapping = {0x20005, 0x20002, 0x20008, 0xF001F};
    BYTE privileges[256];
    DWORD size = sizeof privileges, given = 0;
    BOOL allowed = FALSE;
    memset(privileges, 0, sizeof privileges);
    if (!AccessCheck(descriptor, who, rights, &mapping, (PRIVILEGE_SET *)(void *)privileges, &size, &given,
                     &allowed))
        support_fail("AccessCheck fails: %s", support_error(GetLastError()));
    return allowed != FALSE;
}

static bool kernel_opens(const wchar_t *name, HANDLE who, DWORD rights)
{
    account_become(who);
    HANDLE section = OpenFileMappingW(rights, FALSE, name);
    DWORD error = GetLastError();
    account_return();
    if (section)
        CloseHandle(section);
    else if (error != ERROR_ACCESS_DENIED)
        support_fail("opening fails otherwise: %s", support_error(error));
    return section != NULL;
}

static void compare(const access_descriptor *d, const char *sddl, PSECURITY_DESCRIPTOR descriptor,
                    const wchar_t *name, const test_token *who, DWORD rights)
{
    access_verdict verdict = access_judge(d, ACCESS_SECTION, &who->facts.judged, rights);
    exclusion why = excluded(d, who, rights);
    if (why != EXCLUSIONS) {
        run.excluded[why]++;
        return;
    }
    bool checked = kernel_check(descriptor, who->handle, rights), opened = checked;
    if (who->facts.judged.restricting_count == 0 && !who->facts.judged.package)
        opened = kernel_opens(name, who->handle, rights);
    else
        run.excluded[LOOKUPS]++;
    if (verdict.granted != checked || verdict.granted != opened)
        support_fail("the judge says %s, AccessCheck %s, OpenFileMapping %s: 0x%lx on %s by the token \"%s\"",
                     verdict.granted ? "granted" : "denied", checked ? "granted" : "denied",
                     opened ? "granted" : "denied", rights, sddl, who->name);
    run.questions++;
    run.granted += verdict.granted;
    run.denied += !verdict.granted;
}

/* One descriptor on a real section, asked for by every token. */
static void compare_all(const access_descriptor *d)
{
    char *made = access_sddl(d);
    const char *sddl = support_text("%s", made);
    free(made);
    PSECURITY_DESCRIPTOR descriptor = account_descriptor(sddl);
    SECURITY_ATTRIBUTES security = {sizeof security, descriptor, FALSE};
    const wchar_t *name = support_wide(support_text("Local\\%s", support_unique("Judged")));
    HANDLE section = CreateFileMappingW(INVALID_HANDLE_VALUE, &security, PAGE_READWRITE, 0, 4096, name);
    if (!section)
        support_fail("cannot make a section with %s: %s", sddl, support_error(GetLastError()));
    for (size_t i = 0; i < run.token_count; i++) {
        unsigned before = run.questions;
        for (size_t j = 0; j < COUNT_OF(wanted); j++)
            compare(d, sddl, descriptor, name, &run.tokens[i], wanted[j]);
        run.combinations += run.questions > before;
    }
    CloseHandle(section);
}

static void print_counts(void)
{
    print_message(
        "seed %u: %u combinations of descriptor and token, %u questions agreed on, %u granted, %u denied\n",
        SEED, run.combinations, run.questions, run.granted, run.denied);
    for (size_t i = 0; i < EXCLUSIONS; i++)
        if (run.excluded[i])
            print_message("left out %u: %s\n", run.excluded[i], exclusion_texts[i]);
}

static void the_judge_and_the_kernel_never_disagree(void **state)
{
    (void)state;
    const access_identity identity = {account_owner_sid(), account_service_sid("ShmBroker")};
    const char *const sids[SID_COUNT] = {account_user_sid(), "S-1-1-0",  "S-1-5-32-544",
                                         "S-1-5-32-545",     "S-1-5-11", RESTRICTED,
                                         "S-1-5-4",          OTHER,      "S-1-15-2-1"};
    memcpy(run.sids, sids, sizeof sids);
    run.random = SEED;
    make_tokens();
    for (unsigned i = 0; i < LISTS; i++) {
        config_principal items[5][3];
        access_descriptor d;
        if (i % 3 == 2)
            draw_raw(&d, &identity);
        else
            draw_compiled(&d, items, &identity);
        compare_all(&d);
        access_descriptor_free(&d);
    }
    print_counts();
    assert_true(run.combinations >= 200);
    assert_true(run.granted > 200 && run.denied > 200);
    for (size_t i = 0; i < run.token_count; i++) {
        token_free(&run.tokens[i].facts);
        CloseHandle(run.tokens[i].handle);
    }
}

/* ---- SDDL that comes from anybody ------------------------------------------------------------------------------ */

/* Text that is nearly SDDL: pieces of it, in any order, cut and altered. */
static void draw_sddl(char *sddl, size_t size)
{
    static const char *const pieces[] = {"D:",
                                         "D:P",
                                         "S:",
                                         "O:",
                                         "G:",
                                         "(A;;0x20005;;;BU)",
                                         "(D;;GA;;;WD)",
                                         "(A;OICI;FA;;;SY)",
                                         "(A;;;;;)",
                                         "(ML;;NW;;;LW)",
                                         "(ML;;NWNRNX;;;HI)",
                                         "(AU;SA;GA;;;WD)",
                                         "(OA;;CC;bf967aba-0de6-11d0-a285-00aa003049e2;;WD)",
                                         "(A;;0xffffffff;;;S-1-5-32-545)",
                                         "(A;IO;GR;;;S-1-15-2-1)",
                                         "(",
                                         ")",
                                         ";",
                                         "S-1-",
                                         "BA",
                                         "0x",
                                         "NO_ACCESS_CONTROL",
                                         "AR",
                                         "(XA;;FX;;;WD;(@User.x==1))",
                                         "(A;;KA;;;S-1-16-4096)"};
    size_t length = 0;
    for (unsigned parts = 1 + draw(6); parts > 0; parts--) {
        const char *piece = pieces[draw(COUNT_OF(pieces))];
        length += (size_t)snprintf(sddl + length, size - length, "%s", piece);
    }
    for (unsigned changes = draw(3); changes > 0 && length > 0; changes--)
        sddl[draw((unsigned)length)] = (char)(' ' + draw(95));
}

static void any_sddl_is_read_or_refused_and_what_is_read_can_be_written(void **state)
{
    (void)state;
    unsigned read = 0, refused = 0;
    run.random = SEED + 1;
    for (unsigned i = 0; i < 5000; i++) {
        char sddl[1024];
        access_descriptor first, again;
        platform_failure failure = {0};
        draw_sddl(sddl, sizeof sddl);
        if (!platform_sddl_read(sddl, &first, &failure)) {
            assert_true(failure.text[0] != '\0' && first.entries == NULL);
            refused++;
            continue;
        }
        if (!first.owner)
            first.owner = "S-1-5-18";
        char *written = access_sddl(&first);
        assert_non_null(written);
        if (!platform_sddl_read(written, &again, &failure))
            support_fail("%s was read and written as %s, which is not read: %s", sddl, written, failure.text);
        assert_int_equal(first.count, again.count);
        for (size_t j = 0; j < first.count; j++) {
            assert_string_equal(first.entries[j].sid, again.entries[j].sid);
            assert_int_equal(first.entries[j].mask, again.entries[j].mask);
            assert_int_equal(first.entries[j].denies, again.entries[j].denies);
        }
        assert_int_equal(first.label.present, again.label.present);
        assert_int_equal(first.label.level, again.label.level);
        access_descriptor_free(&again);
        access_descriptor_free(&first);
        free(written);
        read++;
    }
    print_message("seed %u: %u texts read, %u refused\n", SEED + 1, read, refused);
    assert_true(read > 100 && refused > 100);
}

/* ---- The command ----------------------------------------------------------------------------------------------- */

static const char *explain(const test_broker *b, const char *arguments, int code)
{
    process *run_of = process_start("shmbroker.exe", "explain %s --config \"%s\" --instance %s", arguments,
                                    b->config, b->instance);
    assert_int_equal(process_wait(run_of), code);
    return process_output(run_of);
}

static void explain_tells_of_a_running_region_and_of_a_program(void **state)
{
    (void)state;
    const char *name = support_unique("Explained");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 4 KiB }\n", name);
    const char *printed = explain(b, support_text("%s --user Guests --groups Users", name), 0);
    assert_contains(printed, "granted: ");
    assert_contains(printed, "the object exists, with exactly these entries");
    assert_contains(explain(b, support_text("%s --user Guests --groups Users --access write", name), 3),
                    "write: [Administrators, Guests]");
    assert_contains(explain(b, support_text("%s --process %lu", name, GetCurrentProcessId()), 0),
                    account_user_sid());
    explain(b, support_text("%s --process 0", name), 2);
    explain(b, "Nowhere --user Users", 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(the_judge_and_the_kernel_never_disagree),
        SYSTEM_TEST(explain_tells_of_a_running_region_and_of_a_program),
        SYSTEM_TEST(any_sddl_is_read_or_refused_and_what_is_read_can_be_written),
    };
    return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
