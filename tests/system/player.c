/*
 * shmbroker-player: another program that uses a region of a kind, until its standard input ends or it is killed.
 *
 *   shmbroker-player INSTANCE REGION state-write       writes values as fast as it can
 *   shmbroker-player INSTANCE REGION state-read        reads the latest value as fast as it can
 *   shmbroker-player INSTANCE REGION state-wait        waits for each next value
 *   shmbroker-player INSTANCE REGION stream-write      produces as fast as it can; waits while another is the producer
 *   shmbroker-player INSTANCE REGION stream-read       reads every message from now on, waiting for each
 *   shmbroker-player INSTANCE REGION notify-wait       waits for each next notification
 *
 * Each prints `ready` when it is attached and has done its first turn, and at its end `turns N bad N missed N last N`, where
 * bad counts values and messages that were torn, came twice or went back. Every value and message is as play.h says.
 */
#include "play.h"
#include "shmb.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

typedef struct player {
    shmb_region *region;
    uint8_t bytes[PLAY_BYTES];
    uint64_t turns;
    uint64_t bad;
    uint64_t missed;
    uint64_t last; /* the version, cursor or number of the last turn */
} player;

/* One turn; false: not now. A status that should not be ends the program. */
typedef bool turn(player *who);

static bool went_well(shmb_status status)
{
    if (status == SHMB_OK)
        return true;
    if (status == SHMB_TIMED_OUT || status == SHMB_BUSY)
        return false;
    printf("failed %d: %s\n", (int)status, shmb_status_text(status));
    exit(1);
}

static bool state_write(player *who)
{
    uint64_t size = play_fill(who->bytes, who->turns * 31 + GetCurrentProcessId());
    return went_well(shmb_state_write(who->region, who->bytes, size));
}

static bool state_read(player *who)
{
    uint64_t size, version;
    if (!went_well(shmb_state_read(who->region, who->bytes, sizeof who->bytes, &size, &version)))
        return false;
    who->bad += !play_is_whole(who->bytes, size) || version < who->last;
    who->last = version;
    return true;
}

static bool state_wait(player *who)
{
    uint64_t before = who->last;
    if (!went_well(shmb_state_wait(who->region, before, 100)) || !state_read(who))
        return false;
    who->bad += who->last == before;
    return true;
}

static bool stream_write(player *who)
{
    uint64_t size = play_fill(who->bytes, who->turns);
    return went_well(shmb_stream_write(who->region, who->bytes, size));
}

static bool stream_read(player *who)
{
    uint64_t size, missed, before = who->last;
    shmb_status status =
        shmb_stream_read(who->region, &who->last, who->bytes, sizeof who->bytes, &size, &missed, 100);
    who->missed += missed;
    if (!went_well(status)) {
        who->bad += who->last != before + 2 * missed;
        return false;
    }
    who->bad += !play_is_whole(who->bytes, size) || who->last != before + 2 * (missed + 1);
    return true;
}

static bool notify_wait(player *who)
{
    if (!went_well(shmb_wait(who->region, who->last, 100)))
        return false;
    uint64_t now = shmb_notified(who->region);
    who->bad += now <= who->last;
    who->last = now;
    return true;
}

static const struct {
    const char *name;
    turn *turn;
    uint32_t access;
} roles[] = {
    {"state-write", state_write, SHMB_ACCESS_WRITE}, {"state-read", state_read, SHMB_ACCESS_READ},
    {"state-wait", state_wait, SHMB_ACCESS_READ},    {"stream-write", stream_write, SHMB_ACCESS_WRITE},
    {"stream-read", stream_read, SHMB_ACCESS_READ},  {"notify-wait", notify_wait, SHMB_ACCESS_READ},
};

static volatile LONG input_ended;

static DWORD WINAPI await_end_of_input(void *unused)
{
    char byte;
    DWORD got;
    (void)unused;
    while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), &byte, 1, &got, NULL) && got > 0)
        ;
    InterlockedExchange(&input_ended, 1);
    return 0;
}

static void say(const char *line)
{
    puts(line);
    fflush(stdout);
}

static void play(player *who, turn *take_turn)
{
    HANDLE listener = CreateThread(NULL, 0, await_end_of_input, NULL, 0, NULL);
    bool waits_for_others = take_turn == stream_read || take_turn == notify_wait, ended;
    if (waits_for_others)
        say("ready");
    do {
        ended = input_ended != 0; /* so that what happened before the end is seen: one turn more */
        if (take_turn(who) && who->turns++ == 0 && !waits_for_others)
            say("ready");
    } while (!ended);
    printf("turns %llu bad %llu missed %llu last %llu\n", (unsigned long long)who->turns,
           (unsigned long long)who->bad, (unsigned long long)who->missed, (unsigned long long)who->last);
    CloseHandle(listener);
}

static int attach_and_play(const char *instance, const char *name, size_t role)
{
    static player who;
    char message[1200];
    shmb_attach_options options = {.struct_size = sizeof options,
                                   .access = roles[role].access,
                                   .instance = instance,
                                   .message = message,
                                   .message_size = sizeof message};
    shmb_status status = shmb_attach(name, &options, &who.region);
    if (status == SHMB_OK && roles[role].turn == stream_read)
        status = shmb_stream_join(who.region, SHMB_NEWEST, &who.last);
    if (status != SHMB_OK) {
        printf("refused %d: %s\n", (int)status, message);
        return 1;
    }
    play(&who, roles[role].turn);
    shmb_detach(who.region);
    return 0;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 4 && i < sizeof roles / sizeof roles[0]; i++)
        if (strcmp(argv[3], roles[i].name) == 0)
            return attach_and_play(argv[1], argv[2], i);
    fputs("usage: see player.c\n", stderr);
    return 2;
}
