/*
 * The queue's words: claiming, committing, taking, releasing, and waiting for it; queue.h explains the whole.
 *
 * Where the next message goes: senders claim positions in order, so the slots of all positions before the tail have been
 * claimed, and the first one found free, going on from anywhere at or before the tail, is the tail. The same of receivers
 * and the head. `tail` and `head` in the header and `next` of an attachment are such places to go on from: never past the
 * true one, and who claims or takes p first sees to it that the header's is p - lag at least, so that they never fall
 * behind by a whole round, whoever is killed.
 *
 * Order of the file: words, getting out of the way, one attempt, waiting, handing on.
 */
#include "copy.h"
#include "queue_inner.h"

#define STEPS_MOST   1024u               /* of one attempt; then the clock is looked at */
#define CROWD        64u                 /* operations for which others are reckoned with */
#define PATIENCE     8u                  /* looks in vain, before newcomers have to queue up */
#define LOOKS_AWAKE  128u                /* for who is about to hand on, before sleeping again */
#define FULL_LOOK_NS UINT64_C(100000000) /* between two looks at a full queue, should nobody wake */
#define POLLS_A_LOOK 4u
#define COPIED_FIRST                                                                                         \
    256u /* bytes: of a longer message a copy in vain would cost more than an atomic operation */
#define REST_MOST  32u /* processor pauses */
#define REST_STEP  8u
#define REST_EVERY 64u /* waits, until a rest is tried again that brought nothing */
#define STUCK_FOR_NS                                                                                         \
    UINT64_C(1000000) /* in the way of attempts that may not wait: then his life is looked at */

static volatile uint64_t *hint_of(const queue_turn *turn)
{
    return turn->receives ? &turn->queue->header->head : &turn->queue->header->tail;
}

static queue_side *side_of(const queue_turn *turn)
{
    return turn->receives ? &turn->queue->receive : &turn->queue->send;
}

/* ---- Words --------------------------------------------------------------------------------------- */

/* queue_view.corrupt */
enum { NOTHING_FOUND, BEING_NOTED, NOTED };

/* Whose turn a slot has, compared with a position that it is to have. */
typedef enum lap {
    LAP_NOW,    /* this position's */
    LAP_BEFORE, /* the one of a round ago */
    LAP_LATER,  /* of a later round */
    LAP_NONE    /* no word of this slot looks like that */
} lap;

static bool is_sound(uint64_t word)
{
    uint32_t state = queue_word_state(word);
    uint32_t member = queue_word_member(word);
    return state == QUEUE_CLAIMED || state == QUEUE_TAKEN ? member < QUEUE_MEMBERS
                                                          : state <= QUEUE_SKIPPED && member == 0;
}

static lap lap_of(const queue_view *queue, uint64_t word, uint64_t position)
{
    int64_t ahead = queue_ahead(queue_word_position(word), queue_base(queue, position));
    if (!is_sound(word))
        return LAP_NONE;
    if (ahead == 0)
        return LAP_NOW;
    if (ahead == -(int64_t)queue->messages)
        return LAP_BEFORE;
    return ahead > 0 && (ahead & (int64_t)(queue->messages - 1)) == 0 ? LAP_LATER : LAP_NONE;
}

shmb_status shmb_q_is_damaged(queue_view *queue, const volatile void *at, uint64_t found, const char *text,
                              const char *relation, uint64_t bound)
{
    uint32_t nothing = NOTHING_FOUND;
    if (shmb_cas_u32(&queue->corrupt, &nothing, BEING_NOTED)) {
        const volatile uint8_t *first = queue->header->kind;
        uint64_t offset = (uint64_t)((const volatile uint8_t *)at - first);
        queue->found = (corruption){text, offset, found, relation, bound};
        shmb_store_release_u32(&queue->corrupt, NOTED);
    }
    return SHMB_CORRUPT;
}

bool shmb_q_corruption(const queue_view *queue, corruption *found)
{
    bool noted = shmb_load_acquire_u32(&queue->corrupt) == NOTED;
    *found = noted ? queue->found : (corruption){NULL, 0, 0, NULL, 0};
    return noted;
}

/* Pushes the header's tail, or head, up to `position`, which is not past the true one. */
static void push_hint(volatile uint64_t *hint, queue_side *side, uint64_t position)
{
    uint64_t found = shmb_load_acquire_u64(hint);
    for (uint32_t i = 0; i < STEPS_MOST && queue_ahead(position, found) > 0; i++) {
        if (shmb_cas_u64(hint, &found, position))
            found = position;
    }
    shmb_store_relaxed_u64(&side->seen, found);
}

/* ---- Getting out of the way ---------------------------------------------------------------------- */

typedef enum attempt {
    DONE, /* turn->status says how */
    BARRED,
    AGAIN
} attempt;

static attempt done(queue_turn *turn, shmb_status status)
{
    turn->status = status;
    return DONE;
}

/* Frees a slot for the next round that has nothing to be received: skipped, or of somebody who is over. Only the first
   one that is not taken yet, or one that was taken. */
static attempt pass_over(queue_turn *turn, queue_slot *slot, uint64_t word, uint64_t position)
{
    queue_view *queue = turn->queue;
    push_hint(&queue->header->head, &queue->receive, position);
    if (shmb_cas_u64(
            &slot->word, &word,
            queue_word(queue_base(queue, queue_position_after(position, queue->messages)), QUEUE_FREE, 0)))
        queue_count(&side_of(turn)->counts.skipped);
    return AGAIN;
}

/* Somebody holds the slot that this turn needs. */
static attempt meet_holder(queue_turn *turn, queue_slot *slot, uint64_t word, uint64_t position)
{
    sync_life life = queue_holder(turn->queue, word);
    /* When the word still stands, the number belongs to the one who wrote it: queue_members.c. */
    if (shmb_load_acquire_u64(&slot->word) != word)
        return AGAIN;
    if (life == SYNC_NOBODY || life == turn->over)
        return pass_over(turn, slot, word, position);
    turn->obstacle = life;
    return BARRED;
}

/* ---- One attempt --------------------------------------------------------------------------------- */

/* What the slot's word becomes: the caller's, or, when he has a copy of the message already, free. */
static uint64_t word_after(const queue_turn *turn, uint64_t position)
{
    const queue_view *queue = turn->queue;
    if (turn->copied)
        return queue_word(queue_base(queue, queue_position_after(position, queue->messages)), QUEUE_FREE, 0);
    return queue_word(queue_base(queue, position), turn->receives ? QUEUE_TAKEN : QUEUE_CLAIMED,
                      turn->member);
}

static attempt settle(queue_turn *turn, queue_slot *slot, uint64_t word, uint64_t position)
{
    queue_view *queue = turn->queue;
    queue_side *side = side_of(turn);
    uint64_t wanted = word_after(turn, position);
    if (queue_ahead(position, shmb_load_relaxed_u64(&side->seen)) > (int64_t)queue->lag)
        push_hint(hint_of(turn), side, position);
    if (!shmb_cas_u64(&slot->word, &word, wanted))
        return AGAIN;
    turn->position = position;
    shmb_store_relaxed_u32(&side->run, shmb_load_relaxed_u32(&side->run) + 1);
    shmb_store_release_u64(&side->next, queue_position_after(position, 1));
    return done(turn, SHMB_OK);
}

/* A short message is copied first: it is the receiver's if the word still stands then, and its slot is free by the same
   step. Who is ended before has taken nothing. */
static attempt settle_full(queue_turn *turn, queue_slot *slot, uint64_t word, uint64_t position)
{
    queue_view *queue = turn->queue;
    turn->length = shmb_load_relaxed_u32(&slot->length);
    bool sound = turn->length <= queue->message_size;
    if (sound && turn->length > turn->capacity)
        return shmb_load_acquire_u64(&slot->word) == word ? done(turn, SHMB_TOO_SMALL) : AGAIN;
    uint32_t length = turn->length;
    turn->copied = sound && turn->buffer != NULL && length <= COPIED_FIRST;
    if (turn->copied)
        shmb_copy_contended(turn->buffer, queue_slot_bytes(slot), length);
    attempt result = settle(turn, slot, word, position);
    if (result == DONE && !sound) {
        shmb_q_hand_on(queue, turn, true); /* nobody can use it */
        return done(turn, shmb_q_is_damaged(queue, &slot->length, length, "the length of a message",
                                            "at most", queue->message_size));
    }
    return result;
}

/* A sender before the slot where the next message may go. */
static attempt meet_as_sender(queue_turn *turn, queue_slot *slot, uint64_t word, uint64_t position)
{
    uint64_t former = queue_position_after(position, 0 - turn->queue->messages);
    switch (queue_word_state(word)) {
    case QUEUE_FULL:
        return BARRED;
    case QUEUE_CLAIMED:
    case QUEUE_TAKEN:
        return meet_holder(turn, slot, word, former);
    case QUEUE_SKIPPED:
        return pass_over(turn, slot, word, former);
    default: /* nobody has claimed it in the last round, and all before the tail are claimed */
        return done(turn, queue_word_is_damaged(turn->queue, slot, word, position));
    }
}

/* A receiver before the slot where the next message is to come. */
static attempt meet_as_receiver(queue_turn *turn, queue_slot *slot, uint64_t word, uint64_t position)
{
    switch (queue_word_state(word)) {
    case QUEUE_FULL:
        return settle_full(turn, slot, word, position);
    case QUEUE_CLAIMED:
        return meet_holder(turn, slot, word, position);
    case QUEUE_SKIPPED:
        return pass_over(turn, slot, word, position);
    default:
        return BARRED;
    }
}

/* Whether the word, of a later round than `position`, shows that the tail, or head, is a round past `position`: then the
   header's is past it, too, since it was pushed before that word was written. */
static bool is_far_past(const queue_turn *turn, uint64_t word, uint64_t position)
{
    uint32_t state = queue_word_state(word);
    int64_t ahead = queue_ahead(queue_word_position(word), queue_base(turn->queue, position));
    return ahead > (int64_t)turn->queue->messages ||
           (turn->receives ? state == QUEUE_TAKEN : state != QUEUE_FREE);
}

/* Goes on from *position, which somebody else has. */
static attempt go_on(queue_turn *turn, bool far, uint64_t *position)
{
    volatile uint64_t *hint = hint_of(turn);
    uint64_t found = shmb_load_acquire_u64(hint);
    uint64_t next = queue_position_after(*position, 1), shared = found & (QUEUE_POSITIONS - 1);
    if (far && queue_ahead(shared, *position) <= 0)
        return done(turn,
                    shmb_q_is_damaged(turn->queue, hint, found, turn->receives ? "the head" : "the tail",
                                      "more than", *position));
    *position = queue_ahead(shared, next) > 0 ? shared : next;
    shmb_store_relaxed_u32(&side_of(turn)->crowd, CROWD);
    return AGAIN;
}

/* AGAIN: *position is to be tried next. */
static attempt try_at(queue_turn *turn, uint64_t *position)
{
    queue_view *queue = turn->queue;
    queue_slot *slot = queue_slot_at(queue, *position);
    queue_fetch_slot(queue, slot);
    uint64_t word = shmb_load_acquire_u64(&slot->word);
    uint32_t state = queue_word_state(word);
    turn->looked_at = &slot->word;
    turn->looked_word = word;
    switch (lap_of(queue, word, *position)) {
    case LAP_NOW:
        if (!turn->receives && state == QUEUE_FREE)
            return settle(turn, slot, word, *position);
        if (turn->receives && state != QUEUE_TAKEN)
            return meet_as_receiver(turn, slot, word, *position);
        return go_on(turn, false, position);
    case LAP_BEFORE:
        if (!turn->receives)
            return meet_as_sender(turn, slot, word, *position);
        if (state == QUEUE_TAKEN)
            return BARRED;
        break;
    case LAP_LATER:
        return go_on(turn, is_far_past(turn, word, *position), position);
    case LAP_NONE:
        break;
    }
    return done(turn, queue_word_is_damaged(queue, slot, word, *position));
}

/* BARRED: nothing can be got now; turn->obstacle says for whom to wait. AGAIN: others were faster too often. */
static attempt try_once(queue_turn *turn)
{
    queue_side *side = side_of(turn);
    volatile uint64_t *hint = hint_of(turn);
    uint64_t position = shmb_load_acquire_u64(&side->next);
    uint32_t crowd = shmb_load_relaxed_u32(&side->crowd);
    if (crowd > 0) {
        uint64_t shared = shmb_load_acquire_u64(hint) & (QUEUE_POSITIONS - 1);
        position = queue_ahead(shared, position) > 0 ? shared : position;
        shmb_store_relaxed_u32(&side->crowd, crowd - 1);
    }
    turn->obstacle = SYNC_NOBODY;
    attempt result = AGAIN;
    for (uint32_t i = 0; i < STEPS_MOST && result == AGAIN; i++)
        result = try_at(turn, &position);
    if (result == DONE && turn->status == SHMB_OK) {
        if (crowd > 0)
            push_hint(hint, side, queue_position_after(position, 1));
        shmb_q_look_after(turn->queue, !turn->receives);
    }
    return result;
}

/* ---- Waiting ------------------------------------------------------------------------------------- */

static volatile uint64_t *mark_of(const queue_turn *turn)
{
    return turn->receives ? &turn->queue->header->ready : &turn->queue->header->room;
}

static void wake(queue_view *queue, bool receiver, volatile uint64_t *mark, uint64_t seen)
{
    queue_counts *counts = receiver ? &queue->send.counts : &queue->receive.counts;
    queue_count(&counts->wakes);
    queue_count(&counts->system_calls);
    sync_place_wake(receiver ? queue->ready : queue->room);
    shmb_cas_u64(mark, &seen, seen & ~(uint64_t)QUEUE_MARK_SLEEPS);
}

void shmb_q_look_after(queue_view *queue, bool receiver)
{
    volatile uint64_t *mark = receiver ? &queue->header->ready : &queue->header->room;
    uint64_t seen = shmb_load_acquire_u64(mark);
    if ((seen & QUEUE_MARK_SLEEPS) != 0)
        wake(queue, receiver, mark, seen);
}

static void set_mark(queue_turn *turn, bool hungry)
{
    uint64_t former = shmb_load_relaxed_u64(mark_of(turn));
    turn->mark = (former & ~(uint64_t)(QUEUE_MARK_COUNT - 1)) + QUEUE_MARK_COUNT + QUEUE_MARK_SLEEPS +
                 (hungry ? QUEUE_MARK_HUNGRY : 0);
    shmb_exchange_u64(mark_of(turn), turn->mark);
}

/* Takes the own mark back, unless another front has set his since. */
static void drop_mark(const queue_turn *turn)
{
    uint64_t found = turn->mark;
    for (uint32_t i = 0; i < 3 && found / QUEUE_MARK_COUNT == turn->mark / QUEUE_MARK_COUNT; i++) {
        if (shmb_cas_u64(mark_of(turn), &found, found & ~(uint64_t)(QUEUE_MARK_COUNT - 1)))
            return;
    }
}

static park_answer look(void *context, park_view *view)
{
    queue_turn *turn = context;
    bool may_spin = shmb_load_relaxed_u32(&side_of(turn)->spin.limit) > 0;
    uint32_t looks = view->sleeps > 0 && may_spin ? LOOKS_AWAKE : 1;
    turn->over = view->over;
    if (view->over !=
        SYNC_NOBODY) /* at once: who looks for a dead one's number meanwhile is to be told, too */
        sync_life_bury(turn->queue->lives, view->over);
    if (!view->outside) /* who only looks past a front leaves it its mark */
        set_mark(turn, view->vain >= PATIENCE);
    for (;;) {
        attempt result = try_once(turn);
        if (result == DONE) {
            if (turn->mark != 0)
                drop_mark(turn);
            return PARK_DONE;
        }
        if (result == AGAIN)
            return PARK_LOOK;
        /* Who was about to hand on when he woke us needs a moment, and no second wake-up. */
        if (turn->obstacle == SYNC_NOBODY || --looks == 0)
            break;
        shmb_pause();
    }
    view->watch = turn->obstacle;
    if (!turn->receives && turn->obstacle == SYNC_NOBODY)
        view->until = sync_now() + FULL_LOOK_NS;
    queue_count(&side_of(turn)->counts.sleeps);
    queue_count(&side_of(turn)->counts.system_calls);
    return PARK_SLEEP;
}

static shmb_status sleep_for(queue_turn *turn, sync_deadline deadline)
{
    queue_view *queue = turn->queue;
    queue_counts *counts = &side_of(turn)->counts;
    queue_count(&counts->system_calls); /* into the gate and out of it */
    queue_count(&counts->system_calls);
    turn->mark = 0;
    sync_result result =
        park(turn->receives ? queue->ready : queue->room, queue->lives, look, turn, deadline);
    if (result == SYNC_OK)
        return turn->status;
    if (turn->mark != 0)
        drop_mark(turn);
    return result == SYNC_TIMED_OUT ? SHMB_TIMED_OUT : SHMB_SYSTEM_ERROR;
}

/* An attempt that may not wait has failed. Whoever only ever tries must not be held up for ever by one who is over, nor
   ask the system each time. */
static shmb_status give_up(queue_turn *turn)
{
    queue_side *side = side_of(turn);
    sync_life life = turn->obstacle;
    if (life == SYNC_NOBODY)
        return SHMB_TIMED_OUT;
    sync_deadline now = sync_now();
    bool same = shmb_load_relaxed_u64(&side->stuck_word) == life;
    if (same && now - shmb_load_relaxed_u64(&side->stuck_since) < STUCK_FOR_NS)
        return SHMB_TIMED_OUT;
    shmb_store_relaxed_u64(&side->stuck_word, life);
    shmb_store_relaxed_u64(&side->stuck_since, now);
    if (!same)
        return SHMB_TIMED_OUT;
    queue_count(&side->counts.system_calls);
    if (!sync_life_is_over(turn->queue->lives, life))
        return SHMB_TIMED_OUT;
    turn->over = life;
    return try_once(turn) == DONE ? turn->status : SHMB_TIMED_OUT;
}

/* Before looking again. Who is just behind the other side finds one message, or one place, at a time, and each look takes
   a cache line from where it is being written: both are held up. If a rest brings several, longer ones are taken, and
   none if it does not, as when the other side waits for an answer. */
static void keep_distance(queue_side *side)
{
    uint32_t run = shmb_load_relaxed_u32(&side->run), rest = shmb_load_relaxed_u32(&side->rest);
    uint32_t unrested = shmb_load_relaxed_u32(&side->unrested);
    shmb_store_relaxed_u32(&side->run, 0);
    if (rest > 0 && run < 2) {
        rest = 0;
        unrested = 0;
    } else if (rest > 0 || ++unrested > REST_EVERY) {
        rest = rest < REST_MOST ? rest + REST_STEP : rest;
    }
    shmb_store_relaxed_u32(&side->rest, rest);
    shmb_store_relaxed_u32(&side->unrested, unrested);
    for (uint32_t i = 0; i < rest; i++)
        shmb_pause();
}

/* Until the word that was in the way changes. False: it has been enough. Who looks without a pause takes the line away
   between a sender's two steps. */
static bool spin_on(const queue_turn *turn, spin_turn *spinning)
{
    while (spinning->used < spinning->limit) {
        spinning->used++;
        for (uint32_t i = 0; i < POLLS_A_LOOK; i++) {
            if (shmb_load_relaxed_u64(turn->looked_at) != turn->looked_word)
                return true;
            shmb_pause();
        }
    }
    return false;
}

shmb_status shmb_q_get(queue_turn *turn, sync_deadline deadline)
{
    bool may_wait = deadline != SYNC_AT_ONCE;
    turn->over = SYNC_NOBODY;
    turn->copied = false;
    if (may_wait && (shmb_load_relaxed_u64(mark_of(turn)) & QUEUE_MARK_HUNGRY) != 0)
        return sleep_for(turn, deadline);
    if (try_once(turn) == DONE)
        return turn->status;
    if (!may_wait)
        return give_up(turn);
    sync_spin *spin = &side_of(turn)->spin;
    spin_turn spinning = spin_begin(spin);
    bool found = false;
    if (spinning.limit > 0)
        keep_distance(side_of(turn));
    while (!found && spin_on(turn, &spinning))
        found = try_once(turn) == DONE;
    spin_end(spin, &spinning, found);
    return found ? turn->status : sleep_for(turn, deadline);
}

/* ---- Handing on ---------------------------------------------------------------------------------- */

static shmb_status not_held(queue_view *queue, queue_slot *slot, uint64_t found, uint64_t position)
{
    return lap_of(queue, found, position) == LAP_NONE ? queue_word_is_damaged(queue, slot, found, position)
                                                      : SHMB_NOT_OWNER;
}

shmb_status shmb_q_skip(queue_view *queue, const queue_turn *turn)
{
    queue_slot *slot = queue_slot_at(queue, turn->position);
    uint64_t base = queue_base(queue, turn->position);
    uint64_t held = queue_word(base, QUEUE_CLAIMED, turn->member);
    if (!shmb_cas_u64(&slot->word, &held, queue_word(base, QUEUE_SKIPPED, 0)))
        return not_held(queue, slot, held, turn->position);
    shmb_q_look_after(queue, true);
    shmb_q_look_after(queue, false);
    return SHMB_OK;
}

shmb_status shmb_q_hand_on(queue_view *queue, const queue_turn *turn, bool last)
{
    queue_slot *slot = queue_slot_at(queue, turn->position);
    uint64_t base = queue_base(queue, turn->position);
    uint64_t held = queue_word(base, turn->receives ? QUEUE_TAKEN : QUEUE_CLAIMED, turn->member);
    uint64_t handed = turn->receives ? queue_word(queue_position_after(base, queue->messages), QUEUE_FREE, 0)
                                     : queue_word(base, QUEUE_FULL, 0);
    if (!turn->receives)
        shmb_store_relaxed_u32(&slot->length, turn->length);
    if (!last) {
        shmb_store_release_u64(&slot->word, handed);
        return SHMB_OK;
    }
    if (!shmb_cas_u64(&slot->word, &held, handed))
        return not_held(queue, slot, held, turn->position);
    shmb_q_look_after(queue, !turn->receives);
    return SHMB_OK;
}
