/* Programs that use a region while a test looks on. See players.h. */
#include "players.h"

#include <stdlib.h>
#include <string.h>

process *player_start(const test_broker *b, const char *region, const char *role)
{
    process *player = process_start("shmbroker-player.exe", "%s %s %s", b->instance, region, role);
    process_wait_line(player, "ready");
    return player;
}

process *player_start_as(HANDLE token, const test_broker *b, const char *region, const char *role)
{
    process *player = process_start_as(token, "shmbroker-player.exe", "%s %s %s", b->instance, region, role);
    process_wait_line(player, "ready");
    return player;
}

static unsigned long long number_behind(const char *line, const char *word)
{
    const char *at = line ? strstr(line, word) : NULL;
    if (at == NULL)
        support_fail("a player does not say its \"%s\": %s", word, line ? line : "(nothing)");
    return at ? strtoull(at + strlen(word), NULL, 10) : 0;
}

player_score player_finish(process *player)
{
    player_score score;
    process_close_input(player);
    int code = process_wait(player);
    const char *line = strstr(process_output(player), "turns ");
    if (code != 0 || line == NULL)
        support_fail("a player ended with %d: %s", code, process_output(player));
    score.turns = number_behind(line, "turns ");
    score.bad = number_behind(line, "bad ");
    score.missed = number_behind(line, "missed ");
    score.last = number_behind(line, "last ");
    if (score.turns == 0 || score.bad != 0)
        support_fail("a player saw what must not be: %s", line);
    return score;
}

static unsigned given(const char *variable, unsigned usual)
{
    const char *wanted = getenv(variable);
    return wanted != NULL ? (unsigned)strtoul(wanted, NULL, 10) : usual;
}

unsigned player_rounds(unsigned usual)
{
    return given("SHMBROKER_KILL_ROUNDS", usual);
}

uint32_t player_seed(uint32_t usual)
{
    return given("SHMBROKER_KILL_SEED", usual);
}
