/* Programs that use a region while a test looks on. See players.h. */
#include "players.h"

#include <stdio.h>
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

player_score player_finish(process *player)
{
    player_score score;
    process_close_input(player);
    int code = process_wait(player);
    const char *line = strstr(process_output(player), "turns ");
    if (code != 0 || line == NULL ||
        sscanf(line, "turns %llu bad %llu missed %llu last %llu", &score.turns, &score.bad, &score.missed,
               &score.last) != 4)
        support_fail("a player ended with %d: %s", code, process_output(player));
    if (score.turns == 0 || score.bad != 0)
        support_fail("a player saw what must not be: %s", line);
    return score;
}

unsigned player_rounds(unsigned usual)
{
    const char *wanted = getenv("SHMBROKER_KILL_ROUNDS");
    return wanted != NULL ? (unsigned)strtoul(wanted, NULL, 10) : usual;
}
