/* What is wrong with a region as a whole. See region_checks.h. */
#include "region_checks.h"

#include "allowed.h"
#include "geometry.h"
#include "lines.h"
#include "region_facts.h"
#include "text.h"

#include <string.h>

/* ---- Who may use it -------------------------------------------------------------------------- */

/* Reports a principal that is denied and, in the same words, allowed. True when it did. */
static bool report_contradiction(config_reading *reading, const config_value *values,
                                 const config_principal *denied, config_key_id id)
{
    const config_principal_list *list = &values[id].of.principals;
    for (size_t i = 0; i < list->count; i++) {
        const config_principal *allowed = &list->items[i];
        bool same = denied->role == NULL ? allowed->role == NULL && strcmp(allowed->sid, denied->sid) == 0
                                         : allowed->role == denied->role;
        if (same) {
            const char *text = denied->role != NULL ? denied->role : denied->text;
            char quoted[CONFIG_QUOTED];
            config_diagnostic *item = config_reading_report(
                reading, values[CONFIG_KEY_DENY].node, denied->where,
                "\"%s\" is denied here and allowed by %s at line %lu, column %lu; who is denied "
                "gets nothing, so remove one of the two",
                config_text_quote(text, strlen(text), quoted), config_keys[id].name,
                (unsigned long)allowed->where.line, (unsigned long)allowed->where.column);
            config_span span = {allowed->where, {0, 0}};
            config_reading_note(reading, item, span, "it is allowed here");
            return true;
        }
    }
    return false;
}

/* Whoever is denied by one name and allowed by the same is a slip; a member of a denied group is not. */
static void check_denied(config_reading *reading, const config_value *values)
{
    const config_principal_list *denied = &values[CONFIG_KEY_DENY].of.principals;
    for (size_t i = 0; i < denied->count; i++) {
        const config_principal *each = &denied->items[i];
        bool is_next_member = i > 0 && each->role != NULL && each->role == denied->items[i - 1].role;
        if (!is_next_member && !report_contradiction(reading, values, each, CONFIG_KEY_READ) &&
            !report_contradiction(reading, values, each, CONFIG_KEY_WRITE) &&
            !report_contradiction(reading, values, each, CONFIG_KEY_MANAGE)) {
            report_contradiction(reading, values, each, CONFIG_KEY_LOCK);
        }
    }
}

/* An access section that grants nothing because nothing is said is a slip; an empty list is a decision. */
static void check_access(config_reading *reading, const config_value *values)
{
    const config_node *access = values[CONFIG_KEY_ACCESS].node;
    bool says_something = values[CONFIG_KEY_READ].node != NULL || values[CONFIG_KEY_WRITE].node != NULL;
    bool says_other = values[CONFIG_KEY_MANAGE].node != NULL || values[CONFIG_KEY_DENY].node != NULL;
    if (access != NULL && access->kind == CONFIG_NODE_MAPPING && !says_something &&
        (access->length == 0 || says_other)) {
        config_reading_report(reading, access, access->key_where,
                              "neither read nor write is given; add one of them, or both ([] means nobody)");
    }
    check_denied(reading, values);
}

/* Reports that both keys stand in one region, at the second. */
static void exclude(config_reading *reading, const config_value *values, config_key_id one,
                    config_key_id other, const char *hint)
{
    const config_node *a = values[one].node;
    const config_node *b = values[other].node;
    const config_node *first = config_position_before(a->key_where, b->key_where) ? a : b;
    const config_node *second = first == a ? b : a;
    config_diagnostic *item = config_reading_report(
        reading, second, second->key_where,
        "%s and %s exclude each other, and %s stands at line %lu, column %lu; keep one of the "
        "two%s",
        config_keys[one].name, config_keys[other].name, first->key, (unsigned long)first->key_where.line,
        (unsigned long)first->key_where.column, hint);
    config_reading_note(reading, item, config_node_key_span(first), "the other one stands here");
}

/* A region has access or sddl, its own or by default, and not both; so with the label and the packages. */
static void check_security(config_reading *reading, const config_node *node, const config_level *level)
{
    static const struct {
        config_key_id id;
        const char *hint;
    } excluded[] = {
        {CONFIG_KEY_ACCESS, ""},
        {CONFIG_KEY_INTEGRITY, ", and write the label into the descriptor: S:(ML;;NW;;;LW)"},
        {CONFIG_KEY_APPCONTAINER, ", and write the packages' SIDs into the descriptor"},
    };
    const config_value *values = level->values;
    if (values[CONFIG_KEY_SDDL].node != NULL) {
        for (size_t i = 0; i < sizeof excluded / sizeof excluded[0]; i++) {
            if (values[excluded[i].id].node != NULL) {
                exclude(reading, values, excluded[i].id, CONFIG_KEY_SDDL, excluded[i].hint);
            }
        }
    } else if (config_level_of(level, CONFIG_KEY_ACCESS)->values[CONFIG_KEY_ACCESS].node == NULL) {
        config_reading_report(
            reading, node, node->key_where,
            "nothing says who may use the region; add access or sddl, or access under defaults");
    }
}

/* ---- What it begins with --------------------------------------------------------------------- */

/* What a region is to begin with must fit into it. */
static void check_initial(config_reading *reading, const config_node *node, const config_level *level)
{
    const config_level *source = config_level_of(level, CONFIG_KEY_INITIAL);
    const config_value *content = config_region_content(source);
    uint64_t size = level->values[CONFIG_KEY_SIZE].number;
    bool is_raw = level->values[CONFIG_KEY_KIND].number == CONFIG_KIND_RAW;
    if (content == NULL || size == 0 || !is_raw || content->of.content.length <= size) {
        return;
    }
    if (source == level) {
        config_diagnostic *item = config_reading_report(
            reading, content->node, content->node->where,
            "the contents have %lu bytes, and the region has %lu; make the region larger or "
            "the contents shorter",
            (unsigned long)content->of.content.length, (unsigned long)size);
        config_reading_note(reading, item, config_node_span(level->values[CONFIG_KEY_SIZE].node),
                            "the size stands here");
    } else {
        config_reading_report(
            reading, node, node->key_where,
            "the default contents (%s:%lu:%lu) have %lu bytes, and the region has %lu; make the "
            "region larger, or give it contents of its own such as initial: zero",
            source->file, (unsigned long)content->node->where.line,
            (unsigned long)content->node->where.column, (unsigned long)content->of.content.length,
            (unsigned long)size);
    }
}

/* ---- What survives --------------------------------------------------------------------------- */

/* Reports a key that belongs to the other mode. */
static void check_mode_key(config_reading *reading, const config_value *values, config_key_id id,
                           const char *mode, const char *hint)
{
    const config_node *node = values[id].node;
    if (node != NULL) {
        config_diagnostic *item = config_reading_report(
            reading, node, node->key_where, "%s belongs to mode: %s; %s", config_keys[id].name, mode, hint);
        config_reading_note(reading, item, config_node_span(values[CONFIG_KEY_PERSIST_MODE].node),
                            "the mode stands here");
    }
}

static void check_persist_keys(config_reading *reading, const config_level *level)
{
    const config_value *values = level->values;
    if (config_level_mode(level) == CONFIG_PERSIST_FILE) {
        check_mode_key(reading, values, CONFIG_KEY_PERSIST_EVERY, "snapshot", "write flush instead");
        check_mode_key(reading, values, CONFIG_KEY_PERSIST_KEEP, "snapshot", "leave it out");
    } else if (config_level_mode(level) == CONFIG_PERSIST_SNAPSHOT) {
        check_mode_key(reading, values, CONFIG_KEY_PERSIST_FLUSH, "file", "write every instead");
    }
}

static void check_persist(config_reading *reading, const config_level *level)
{
    const config_value *values = level->values;
    const config_node *mode = values[CONFIG_KEY_PERSIST_MODE].node;
    const config_node *on_dirty = values[CONFIG_KEY_ON_DIRTY].node;
    bool has_file = values[CONFIG_KEY_BACKING].node != NULL;
    check_persist_keys(reading, level);
    if (config_level_mode(level) == CONFIG_PERSIST_FILE && !has_file) {
        config_reading_report(reading, mode, mode->where,
                              "mode: file flushes a region's file, and this region has none; add backing, or "
                              "write mode: snapshot");
    } else if (config_level_mode(level) == CONFIG_PERSIST_SNAPSHOT && has_file) {
        config_diagnostic *item = config_reading_report(
            reading, mode, mode->where,
            "mode: snapshot is for regions in memory, and this one has a file; write mode: file, or "
            "remove backing");
        config_reading_note(reading, item, config_node_key_span(values[CONFIG_KEY_BACKING].node),
                            "the file stands here");
    }
    if (on_dirty != NULL && values[CONFIG_KEY_ON_DIRTY].number == CONFIG_DIRTY_RESTORE &&
        config_region_mode(level) != CONFIG_PERSIST_SNAPSHOT) {
        config_reading_report(
            reading, on_dirty, on_dirty->where,
            "the region has no snapshot to restore; add persist with mode: snapshot, or write "
            "keep, zero or hold");
    }
}

/* Sessions come and go, and their numbers are used again: what one leaves must not be the next one's. */
static void check_session(config_reading *reading, const config_level *level)
{
    static const config_key_id lasting[] = {CONFIG_KEY_BACKING, CONFIG_KEY_PERSIST};
    if (!config_region_is_per_session(level)) {
        return;
    }
    for (size_t i = 0; i < sizeof lasting / sizeof lasting[0]; i++) {
        const config_node *node = level->values[lasting[i]].node;
        const config_node *name_space = level->values[CONFIG_KEY_NAMESPACE].node;
        if (node == NULL) {
            continue;
        }
        config_diagnostic *item = config_reading_report(
            reading, node, node->key_where,
            "a region of namespace: session is made anew for each session and ends with it, so that "
            "it keeps nothing; remove %s, or write namespace: global",
            config_keys[lasting[i]].name);
        if (name_space != NULL) {
            config_reading_note(reading, item, config_node_span(name_space), "the namespace stands here");
        }
    }
}

/* ---- Kinds ------------------------------------------------------------------------------------- */

/* Reports a key that the region's kind has not. */
static void refuse_for_kind(config_reading *reading, const config_value *values, config_key_id id,
                            const char *problem)
{
    const config_node *node = values[id].node;
    if (node == NULL) {
        return;
    }
    config_diagnostic *item = config_reading_report(reading, node, node->key_where, "%s", problem);
    if (values[CONFIG_KEY_KIND].node != NULL) {
        config_reading_note(reading, item, config_node_span(values[CONFIG_KEY_KIND].node),
                            "the kind stands here");
    }
}

static void want_for_kind(config_reading *reading, const config_node *node, const config_value *values,
                          config_key_id id)
{
    char allowed[512];
    if (values[id].node == NULL) {
        config_reading_report(reading, node, node->key_where, "the key %s is missing; add it with %s",
                              config_keys[id].name, config_key_allowed(id, allowed, sizeof allowed));
    }
}

static void check_size(config_reading *reading, const config_node *node, const config_value *values)
{
    static const char no_messages[] =
        "only a queue or stream has messages; write kind: queue or kind: stream, or remove this key";
    if (config_region_has_messages(values)) {
        want_for_kind(reading, node, values, CONFIG_KEY_MESSAGES);
        want_for_kind(reading, node, values, CONFIG_KEY_MESSAGE_SIZE);
        refuse_for_kind(
            reading, values, CONFIG_KEY_SIZE,
            "the size of a queue or stream follows from messages and message_size; remove this key");
        return;
    }
    want_for_kind(reading, node, values, CONFIG_KEY_SIZE);
    refuse_for_kind(reading, values, CONFIG_KEY_MESSAGES, no_messages);
    refuse_for_kind(reading, values, CONFIG_KEY_MESSAGE_SIZE, no_messages);
    const config_value *size = &values[CONFIG_KEY_SIZE];
    if (config_region_kind(values) == CONFIG_KIND_STATE && size->number > SHMB_VALUE_MOST) {
        char found[CONFIG_FOUND];
        config_reading_report(
            reading, size->node, size->node->where,
            "%s is too large for a state, whose size is that of its largest value; write at most "
            "1 GiB, or keep larger data in a raw region",
            config_value_describe(size->node, found));
    }
}

/* What is for raw regions alone; the others begin as their kind does, and have locks and signals of their own. */
static void check_raw_keys(config_reading *reading, const config_value *values)
{
    if (config_region_kind(values) == CONFIG_KIND_RAW) {
        return;
    }
    refuse_for_kind(reading, values, CONFIG_KEY_LOCK,
                    "a lock is for raw regions, and this kind needs none; remove this key");
    refuse_for_kind(reading, values, CONFIG_KEY_MAX_SIZE,
                    "only a raw region grows, the others are made for what they hold; remove this key");
    refuse_for_kind(reading, values, CONFIG_KEY_NOTIFY,
                    "notify is for raw regions, and who uses this kind can wait without it; remove this key");
    refuse_for_kind(
        reading, values, CONFIG_KEY_INITIAL,
        "only a raw region begins with bytes of your choice, this kind begins empty; remove this key");
}

/* Whether it is said, and cannot be read: then nothing follows from it. */
static bool is_unclear(const config_value *value)
{
    return value->node != NULL && value->text == NULL;
}

static void check_kind(config_reading *reading, const config_node *node, const config_value *values)
{
    const config_value *lock = &values[CONFIG_KEY_LOCK];
    if (is_unclear(&values[CONFIG_KEY_KIND])) {
        return;
    }
    check_size(reading, node, values);
    check_raw_keys(reading, values);
    if (values[CONFIG_KEY_SDDL].node != NULL && lock->node != NULL &&
        lock->node->kind == CONFIG_NODE_SEQUENCE) {
        exclude(reading, values, CONFIG_KEY_LOCK, CONFIG_KEY_SDDL,
                ", or write lock: true, which lets take it whoever the descriptor lets write");
    }
}

/* ---- The whole ------------------------------------------------------------------------------- */

/* A region that grows is memory, reserved in ordinary pages: a file has the size that it has, and large pages are all
   there or not at all. */
static void check_growth(config_reading *reading, const config_level *level)
{
    const config_value *values = level->values;
    const config_value *size = &values[CONFIG_KEY_SIZE], *most = &values[CONFIG_KEY_MAX_SIZE];
    if (most->node == NULL) {
        return;
    }
    if (values[CONFIG_KEY_BACKING].node != NULL) {
        exclude(reading, values, CONFIG_KEY_MAX_SIZE, CONFIG_KEY_BACKING,
                "; a file does not grow with its region");
    }
    if (values[CONFIG_KEY_LARGE_PAGES].number != CONFIG_LARGE_PAGES_NO) {
        exclude(reading, values, CONFIG_KEY_MAX_SIZE, CONFIG_KEY_LARGE_PAGES,
                "; Windows reserves no large pages");
    }
    if (most->number != 0 && size->number != 0 && most->number <= size->number) {
        config_diagnostic *item = config_reading_report(
            reading, most->node, most->node->where,
            "max_size must be more than the size; make it larger, or leave it out of a region "
            "that does not grow");
        config_reading_note(reading, item, config_node_span(size->node), "the size stands here");
    }
}

void config_region_check(config_reading *reading, const config_node *node, const config_level *level)
{
    const config_value *values = level->values;
    check_kind(reading, node, values);
    check_access(reading, values);
    check_security(reading, node, level);
    check_initial(reading, node, level);
    check_persist(reading, level);
    check_session(reading, level);
    check_growth(reading, level);
    if (values[CONFIG_KEY_BACKING].node != NULL &&
        values[CONFIG_KEY_LARGE_PAGES].number != CONFIG_LARGE_PAGES_NO) {
        exclude(reading, values, CONFIG_KEY_LARGE_PAGES, CONFIG_KEY_BACKING,
                "; Windows keeps no file in large pages");
    }
}

void config_defaults_check(config_reading *reading, const config_level *defaults)
{
    check_access(reading, defaults->values);
    check_persist_keys(reading, defaults);
}
