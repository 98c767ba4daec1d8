/* What `explain` prints. See report.h. */
#include "report.h"

#include "descriptor.h"
#include "region_parts.h"
#include "report_json.h"
#include "text_builder.h"

#include <stdlib.h>
#include <string.h>

static const char *right_word(const explanation *e)
{
    return e->question.right == ACCESS_WRITE ? "write" : "read";
}

/* Why, all in all: of a private namespace its boundary comes first. */
static void whole_reason(const explanation *e, char sentence[EXPLAIN_SENTENCE])
{
    if (e->outside)
        snprintf(
            sentence, EXPLAIN_SENTENCE,
            "its name is in a private namespace, and the token is not of %.200s, which its boundary names "
            "(%.400s:%u:%u)",
            e->outside->text, e->outside->file ? e->outside->file : e->question.region->file,
            (unsigned)e->outside->where.line, (unsigned)e->outside->where.column);
    else
        explain_reason(e, &e->section, ACCESS_SECTION, &e->verdict, sentence);
}

/* What lets somebody into the boundary. */
static void boundary_advice(const explanation *e, char sentence[EXPLAIN_SENTENCE])
{
    char account[PLATFORM_ACCOUNT];
    explain_user(&e->question, account);
    snprintf(
        sentence, EXPLAIN_SENTENCE,
        "make %.250s a member of %.200s, or name in `boundary` (%.400s:%u:%u) only groups that both this "
        "account and the broker are in",
        account, e->outside->text, e->outside->file ? e->outside->file : e->question.region->file,
        (unsigned)e->outside->where.line, (unsigned)e->outside->where.column);
}

/* ---- For people -------------------------------------------------------------------------------- */

static void print_verdict(FILE *stream, const explanation *e)
{
    char account[PLATFORM_ACCOUNT], sentence[EXPLAIN_SENTENCE], rights[160];
    explain_user(&e->question, account);
    whole_reason(e, sentence);
    fprintf(stream, "%s: %s %s %s %s: %s\n", e->granted ? "granted" : "denied", account,
            e->granted ? "may" : "may not", right_word(e), e->question.region->name, sentence);
    if (e->filtered_too && e->filtered.granted != e->verdict.granted) {
        explain_reason(e, &e->section, ACCESS_SECTION, &e->filtered, sentence);
        fprintf(stream, "%s in a program that was not started as administrator: %s\n",
                e->filtered.granted ? "granted" : "denied", sentence);
    }
    descriptor_rights(ACCESS_SECTION, e->verdict.wanted, rights, sizeof rights);
    fprintf(stream, "\n  object   %s\n  asked    %s\n", e->question.declared->object_name, rights);
}

/* Where the configuration says so: each list that has the account, and the role that brought it. */
static void print_origins(FILE *stream, const access_entry *entry)
{
    for (int list = 0; list < ACCESS_LIST_COUNT; list++) {
        const config_principal *origin = entry->origins[list];
        if (!origin)
            continue;
        fprintf(stream, "             %s: %s, %s:%u:%u", access_list_name((access_list)list),
                origin->role ? origin->role : origin->text, origin->file ? origin->file : "?",
                (unsigned)origin->where.line, (unsigned)origin->where.column);
        if (origin->role && origin->member)
            fprintf(stream, ", a role with %s, %s:%u:%u", origin->member->text,
                    origin->member->file ? origin->member->file : "?", (unsigned)origin->member->where.line,
                    (unsigned)origin->member->where.column);
        fputc('\n', stream);
    }
}

static void print_entry(FILE *stream, const explanation *e, size_t index)
{
    const config_region *region = e->question.region;
    const access_entry *entry = &e->section.entries[index];
    char account[PLATFORM_ACCOUNT], rights[160];
    explain_account(e, entry, account);
    descriptor_rights(ACCESS_SECTION, entry->mask, rights, sizeof rights);
    fprintf(stream, "  %c%7u  %s %s: %s (%s%s)\n", index == e->verdict.entry ? '>' : ' ', (unsigned)index + 1,
            entry->denies ? "deny" : "allow", account, rights, explain_standing(e, entry),
            index < e->verdict.reached || index == e->verdict.entry ? "" : "; not looked at");
    if (index == 0)
        fprintf(stream, "             the broker's own\n");
    else if (region->sddl)
        fprintf(stream, "             entry %u of `sddl`, %s:%u:%u\n", (unsigned)index, region->file,
                (unsigned)region->sddl_where.line, (unsigned)region->sddl_where.column);
    print_origins(stream, entry);
}

static void print_descriptor(FILE *stream, const explanation *e)
{
    const access_label *label = &e->section.label;
    fprintf(stream, "  entries\n");
    for (size_t i = 0; i < e->section.count; i++)
        print_entry(stream, e, i);
    fprintf(stream, "  label    %s%s\n",
            label->present ? access_level_name(label->level) : "none, which counts as medium",
            !label->present || label->policy & ACCESS_NO_WRITE_UP
                ? ": programs of lower integrity may not write"
                : "");
}

static void print_sids(FILE *stream, const char *what, const char *const *sids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char account[PLATFORM_ACCOUNT];
        platform_account_text(sids[i], account);
        fprintf(stream, "           %s %s\n", what, account);
    }
}

static void print_token(FILE *stream, const explanation *e)
{
    const access_token *who = &e->question.who->judged;
    char account[PLATFORM_ACCOUNT];
    explain_user(&e->question, account);
    fprintf(stream, "  token    %s%s, integrity %s%s%s\n", account,
            who->user_deny_only ? " for denials only" : "", access_level_name(who->integrity),
            who->restricting_count ? ", restricted" : "", who->write_restricted ? " for writing" : "");
    if (e->question.who->has_session)
        fprintf(stream, "           in session %u\n", (unsigned)e->question.who->session);
    for (size_t i = 0; i < who->group_count; i++) {
        const access_group *group = &who->groups[i];
        platform_account_text(group->sid, account);
        fprintf(stream, "           in %s%s\n", account,
                group->deny_only ? ", for denials only"
                : group->enabled ? ""
                                 : ", disabled");
    }
    print_sids(stream, "restricted to", who->restricting, who->restricting_count);
    print_sids(stream, who->less_privileged ? "in the less privileged app container" : "in the app container",
               &who->package, who->package != NULL);
    print_sids(stream, "with the capability", who->capabilities, who->capability_count);
}

/* Each line of `lines` behind its label, which stands before the first alone. */
static void print_lines(FILE *stream, const char *label, const char *lines)
{
    while (lines && *lines) {
        size_t length = strcspn(lines, "\n");
        fprintf(stream, "  %-9s%.*s\n", label, (int)length, lines);
        lines += length + (lines[length] == '\n');
        label = "";
    }
}

/* The object as it is, in a sentence. */
static void live_text(const explanation *e, char sentence[EXPLAIN_SENTENCE])
{
    static const char *const sentences[] = {
        [EXPLAIN_LIVE_ABSENT] = "no such object exists now; this is what a broker would make",
        [EXPLAIN_LIVE_SAME] = "the object exists, with exactly these entries and this label",
        [EXPLAIN_LIVE_SAME_BUT_LABEL] =
            "the object exists, with exactly these entries; its label cannot be seen here",
        [EXPLAIN_LIVE_UNKNOWN] = "it is not known whether the object has these entries: "};
    if (e->live != EXPLAIN_LIVE_DIFFERS)
        snprintf(sentence, EXPLAIN_SENTENCE, "%s%.800s", sentences[e->live],
                 e->live == EXPLAIN_LIVE_UNKNOWN ? e->live_failure : "");
    else
        snprintf(
            sentence, EXPLAIN_SENTENCE,
            "the object exists with other entries than these, from before a change, or another program's: on "
            "it, access is %s; restart the broker, and have programs that hold the old object let go of it",
            e->on_live.granted ? "granted" : "denied");
}

/* Names that are not found are the other reason why programs fail. */
static const char *name_note(const explanation *e)
{
    switch (e->question.region->name_space) {
    case CONFIG_NAMESPACE_LOCAL:
        return "the name is local: only programs in the broker's own session find it; a service is in "
               "session 0";
    case CONFIG_NAMESPACE_SESSION:
        return "each session has an instance of its own, with the same access; the library finds that of its "
               "program's session, and session 0, where services run, has none";
    case CONFIG_NAMESPACE_PRIVATE:
        return "the name is in a private namespace: only programs that have every account of its boundary "
               "find it";
    default:
        return NULL;
    }
}

static void print_file(FILE *stream, const explanation *e)
{
    char sentence[EXPLAIN_SENTENCE];
    if (!e->question.declared->backing_path)
        return;
    explain_reason(e, &e->file, ACCESS_FILE, &e->on_file, sentence);
    fprintf(stream, "  file     %s, opened by itself: %s: %s\n", e->question.declared->backing_path,
            e->on_file.granted ? "granted" : "denied", sentence);
}

static void print_parts(FILE *stream, const explanation *e)
{
    for (size_t i = 0; i < e->part_count; i++) {
        char rights[160];
        const explain_part *part = &e->parts[i];
        descriptor_rights(region_part_access(part->part), part->mask, rights, sizeof rights);
        fprintf(stream, "  %-9s%s: %s\n", i ? "" : "beside", shmb_part_word(part->part),
                part->mask ? rights : "nothing");
    }
}

static void print_remedy(FILE *stream, const explanation *e)
{
    const config_region *region = e->question.region;
    if (e->granted)
        return;
    if (e->outside) {
        char advice[EXPLAIN_SENTENCE];
        boundary_advice(e, advice);
        fprintf(stream, "\nTo allow it:\n           %s\n", advice);
    }
    if (!e->remedy) {
        if (!e->verdict.granted)
            fprintf(stream, "\nNo change of the region's access alone allows it.\n");
        return;
    }
    fprintf(stream, "\nTo allow it, %sin %s (the region is declared in line %u):\n",
            e->outside ? "besides, " : "", region->file, (unsigned)region->where.line);
    print_lines(stream, "", e->remedy_words);
    fprintf(stream, "\n%s", e->remedy);
}

bool report_explain_text(FILE *stream, const explanation *e)
{
    char sentence[EXPLAIN_SENTENCE];
    print_verdict(stream, e);
    fprintf(stream, "  declared %s:%u:%u\n", e->question.region->file,
            (unsigned)e->question.region->where.line, (unsigned)e->question.region->where.column);
    print_descriptor(stream, e);
    print_file(stream, e);
    print_parts(stream, e);
    print_token(stream, e);
    print_lines(stream, "assumed", e->question.who->assumptions);
    live_text(e, sentence);
    print_lines(stream, "now", sentence);
    print_lines(stream, "note", name_note(e));
    print_remedy(stream, e);
    return fflush(stream) == 0 && !ferror(stream);
}

/* ---- As JSON ----------------------------------------------------------------------------------- */

static bool add_place(cJSON *to, const char *file, config_position where)
{
    return cJSON_AddStringToObject(to, "file", file ? file : "") &&
           report_json_number(to, "line", where.line) && report_json_number(to, "column", where.column);
}

static bool add_named(cJSON *to, const char *sid, const char *account)
{
    return cJSON_AddStringToObject(to, "sid", sid) && cJSON_AddStringToObject(to, "account", account);
}

static bool add_account(cJSON *to, const char *sid)
{
    char account[PLATFORM_ACCOUNT];
    platform_account_text(sid, account);
    return add_named(to, sid, account);
}

static bool add_origin(cJSON *array, access_list list, const config_principal *origin)
{
    cJSON *item = report_json_item(array);
    bool ok = cJSON_AddStringToObject(item, "list", access_list_name(list)) &&
              cJSON_AddStringToObject(item, "text", origin->text) &&
              add_place(item, origin->file, origin->where);
    if (ok && origin->role)
        ok = cJSON_AddStringToObject(item, "role", origin->role) != NULL;
    if (ok && origin->member) {
        cJSON *member = cJSON_AddObjectToObject(item, "member");
        ok = add_place(member, origin->member->file, origin->member->where);
    }
    return ok;
}

static bool add_entry(cJSON *array, const explanation *e, size_t index)
{
    const access_entry *entry = &e->section.entries[index];
    char rights[160], account[PLATFORM_ACCOUNT];
    cJSON *item = report_json_item(array), *origins = NULL;
    explain_account(e, entry, account);
    descriptor_rights(ACCESS_SECTION, entry->mask, rights, sizeof rights);
    bool ok = report_json_number(item, "number", index + 1) &&
              cJSON_AddStringToObject(item, "kind", entry->denies ? "deny" : "allow") &&
              add_named(item, entry->sid, account) && report_json_number(item, "mask", entry->mask) &&
              cJSON_AddStringToObject(item, "rights", rights) &&
              cJSON_AddStringToObject(item, "standing", explain_standing(e, entry)) &&
              (origins = cJSON_AddArrayToObject(item, "origins")) != NULL;
    for (int list = 0; ok && list < ACCESS_LIST_COUNT; list++)
        if (entry->origins[list])
            ok = add_origin(origins, (access_list)list, entry->origins[list]);
    return ok;
}

static bool add_verdict(cJSON *to, const explanation *e, const access_descriptor *descriptor,
                        access_object object, const access_verdict *verdict)
{
    char sentence[EXPLAIN_SENTENCE];
    explain_reason(e, descriptor, object, verdict, sentence);
    bool ok = cJSON_AddBoolToObject(to, "granted", verdict->granted) &&
              cJSON_AddStringToObject(to, "reason", explain_reason_word(verdict->reason)) &&
              cJSON_AddStringToObject(to, "why", sentence) &&
              report_json_number(to, "wanted", verdict->wanted) &&
              report_json_number(to, "missing", verdict->missing);
    if (ok && verdict->entry != ACCESS_NOWHERE)
        ok = report_json_number(to, "entry", verdict->entry + 1);
    return ok;
}

static bool add_groups(cJSON *to, const access_token *who)
{
    cJSON *array = cJSON_AddArrayToObject(to, "groups");
    bool ok = array != NULL;
    for (size_t i = 0; ok && i < who->group_count; i++) {
        cJSON *item = report_json_item(array);
        ok = add_account(item, who->groups[i].sid) &&
             cJSON_AddBoolToObject(item, "enabled", who->groups[i].enabled) &&
             cJSON_AddBoolToObject(item, "deny_only", who->groups[i].deny_only);
    }
    return ok;
}

static bool add_sids(cJSON *to, const char *name, const char *const *sids, size_t count)
{
    cJSON *array = cJSON_AddArrayToObject(to, name);
    bool ok = array != NULL;
    for (size_t i = 0; ok && i < count; i++)
        ok = add_account(report_json_item(array), sids[i]);
    return ok;
}

static bool add_token(cJSON *to, const explanation *e)
{
    const access_token *who = &e->question.who->judged;
    const char *assumed = e->question.who->assumptions;
    char account[PLATFORM_ACCOUNT];
    cJSON *item = cJSON_AddObjectToObject(to, "token");
    explain_user(&e->question, account);
    return add_named(item, who->user ? who->user : "", account) &&
           cJSON_AddStringToObject(item, "integrity", access_level_name(who->integrity)) &&
           add_groups(item, who) && add_sids(item, "restricting", who->restricting, who->restricting_count) &&
           cJSON_AddBoolToObject(item, "write_restricted", who->write_restricted) &&
           add_sids(item, "package", &who->package, who->package != NULL) &&
           add_sids(item, "capabilities", who->capabilities, who->capability_count) &&
           cJSON_AddStringToObject(item, "assumed", assumed ? assumed : "");
}

static bool add_parts(cJSON *root, const explanation *e)
{
    cJSON *array = cJSON_AddArrayToObject(root, "beside");
    bool ok = array != NULL;
    for (size_t i = 0; ok && i < e->part_count; i++) {
        char rights[160];
        const explain_part *part = &e->parts[i];
        cJSON *item = report_json_item(array);
        descriptor_rights(region_part_access(part->part), part->mask, rights, sizeof rights);
        ok = cJSON_AddStringToObject(item, "part", shmb_part_word(part->part)) &&
             report_json_number(item, "mask", part->mask) &&
             cJSON_AddStringToObject(item, "rights", part->mask ? rights : "nothing");
    }
    return ok;
}

static bool add_rest(cJSON *root, const explanation *e)
{
    static const char *const live[] = {"absent", "same", "same-but-label", "differs", "unknown"};
    bool ok = cJSON_AddStringToObject(root, "live", live[e->live]) != NULL;
    if (ok && e->section.label.present)
        ok = cJSON_AddStringToObject(root, "label", access_level_name(e->section.label.level)) != NULL;
    if (ok && e->question.declared->backing_path) {
        cJSON *file = cJSON_AddObjectToObject(root, "backing_file");
        ok = cJSON_AddStringToObject(file, "path", e->question.declared->backing_path) &&
             add_verdict(file, e, &e->file, ACCESS_FILE, &e->on_file);
    }
    if (ok && e->part_count > 0)
        ok = add_parts(root, e);
    if (ok && e->filtered_too)
        ok = add_verdict(cJSON_AddObjectToObject(root, "not_elevated"), e, &e->section, ACCESS_SECTION,
                         &e->filtered);
    if (ok && e->outside) {
        char advice[EXPLAIN_SENTENCE];
        boundary_advice(e, advice);
        ok = cJSON_AddStringToObject(root, "outside_boundary", e->outside->text) &&
             cJSON_AddStringToObject(root, "boundary_advice", advice);
    }
    if (ok && e->remedy)
        ok = cJSON_AddStringToObject(root, "remedy", e->remedy) &&
             cJSON_AddStringToObject(root, "remedy_steps", e->remedy_words);
    return ok;
}

bool report_explain_json(FILE *stream, const explanation *e)
{
    const explain_question *q = &e->question;
    cJSON *root = report_json_root(), *entries = NULL;
    bool ok = cJSON_AddStringToObject(root, "region", q->region->name) &&
              cJSON_AddStringToObject(root, "object_name", q->declared->object_name) &&
              cJSON_AddStringToObject(root, "access", right_word(e)) &&
              cJSON_AddBoolToObject(root, "allowed", e->granted) &&
              add_verdict(root, e, &e->section, ACCESS_SECTION, &e->verdict) &&
              add_place(root, q->region->file, q->region->where) &&
              (entries = cJSON_AddArrayToObject(root, "entries")) != NULL;
    for (size_t i = 0; ok && i < e->section.count; i++)
        ok = add_entry(entries, e, i);
    ok = ok && add_token(root, e) && add_rest(root, e);
    return report_json_print(stream, root, ok);
}
