/* Threads that stand for programs with a robust lock. See lock_actors.h. */
#include "lock_actors.h"

int lock_room_begin(void **state)
{
    room *all = calloc(1, sizeof *all);
    if (all == NULL)
        return -1;
    all->place = threads_place_new();
    all->lives = threads_lives_new();
    sync_lock_init(&all->lock, &all->words, all->place, all->lives);
    *state = all;
    return 0;
}

int lock_room_end(void **state)
{
    room *all = *state;
    threads_place_free(all->place);
    threads_lives_free(all->lives);
    free(all);
    return 0;
}

static void act(actor *me, char what)
{
    switch (what) {
    case 't':
        me->taken[me->takes++] = sync_lock_take(&me->room->lock, me->timeout);
        break;
    case 'r':
        (void)sync_lock_release(&me->room->lock);
        break;
    case 'd':
        threads_die();
        break;
    case 's':
        shmb_store_release_u32(&me->room->sign, 1);
        break;
    default:
        while (shmb_load_acquire_u32(&me->room->sign) == 0)
            shmb_pause();
    }
}

static void *play(void *context)
{
    actor *me = context;
    threads_kill_me_at(me->kill_at);
    for (const char *what = me->acts; *what != '\0'; what++)
        act(me, *what);
    return NULL;
}

pthread_t actor_start(actor *who)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, play, who), 0);
    return thread;
}

void actor_await_end(pthread_t thread)
{
    assert_int_equal(pthread_join(thread, NULL), 0);
}

void leave_locked_by_dead(room *all)
{
    all->words.damaged = 0;
    actor dead = {.room = all, .acts = "td", .timeout = SHMB_INFINITE};
    actor_await_end(actor_start(&dead));
    assert_int_equal(dead.taken[0], SHMB_OK);
}

void leave_locked_by_heir(room *all)
{
    actor heir = {.room = all, .acts = "td", .timeout = SHMB_INFINITE};
    actor_await_end(actor_start(&heir));
    assert_int_equal(heir.taken[0], SHMB_OWNER_DIED);
}

uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 16;
}
