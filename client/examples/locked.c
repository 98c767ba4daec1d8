/*
 * example-locked: several programs move money between two accounts in a region that is declared with `lock: true`, and none
 * is ever lost, although each transfer takes two writes and any of the programs may be killed between them.
 *
 *     example-locked Accounts 1000         1000 transfers; start it several times at once
 *
 * The first one finds zeros and opens the accounts. What a transfer is about to do stands in a journal while it is being
 * done, so that whoever is told SHMB_OWNER_DIED can finish it.
 */
#include "exit_code.h"
#include "shmb.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define CAPITAL 1000000

typedef struct accounts {
    int64_t balance[2];
    int64_t transfers;
    uint32_t writing; /* the journal holds: the accounts may be half written */
    uint32_t opened;
    int64_t journal[2]; /* what the balances are to become */
} accounts;

/* Half written or not, afterwards it is as if all of the transfer had been done. */
static void carry_out(volatile accounts *all)
{
    all->balance[0] = all->journal[0];
    all->balance[1] = all->journal[1];
    all->writing = 0;
}

static void transfer(volatile accounts *all, int64_t amount)
{
    all->journal[0] = all->balance[0] - amount;
    all->journal[1] = all->balance[1] + amount;
    all->writing = 1;
    carry_out(all);
    all->transfers++;
}

static void open_accounts(volatile accounts *all)
{
    all->balance[0] = CAPITAL;
    all->balance[1] = 0;
    all->opened = 1;
}

/* By who has the lock. */
static void repair(shmb_region *region, volatile accounts *all)
{
    printf("a holder died%s\n", all->writing ? " within a transfer: finished it" : "");
    if (all->writing)
        carry_out(all);
    shmb_lock_consistent(region);
}

/* False with a message. */
static bool check(const volatile accounts *all)
{
    if (all->balance[0] + all->balance[1] == CAPITAL)
        return true;
    fprintf(stderr, "example-locked: money was lost or made: %" PRId64 " and %" PRId64 "\n", all->balance[0],
            all->balance[1]);
    return false;
}

static shmb_status move_money(shmb_region *region, uint64_t times)
{
    volatile accounts *all = shmb_data(region);
    for (uint64_t i = 0; i < times; i++) {
        shmb_status status = shmb_lock(region, 5000);
        if (status == SHMB_OWNER_DIED)
            repair(region, all);
        else if (status != SHMB_OK)
            return status;
        if (!all->opened)
            open_accounts(all);
        transfer(all, (int64_t)(i % 100) - 50);
        bool whole = check(all);
        shmb_unlock(region);
        if (!whole)
            return SHMB_CORRUPT;
    }
    return SHMB_OK;
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: example-locked REGION [TIMES]\n"
                        "Moves money between two accounts, 1000 times if not told otherwise.\n");
        return EXIT_USAGE;
    }
    char message[512];
    shmb_attach_options options = {.struct_size = sizeof options,
                                   .access = SHMB_ACCESS_WRITE,
                                   .length = sizeof(accounts),
                                   .message = message,
                                   .message_size = sizeof message};
    shmb_region *region;
    shmb_status status = shmb_attach(argv[1], &options, &region);
    if (status != SHMB_OK) {
        fprintf(stderr, "example-locked: %s\n", message);
        return exit_code(status);
    }
    status = move_money(region, argc > 2 ? strtoull(argv[2], NULL, 10) : 1000);
    if (status == SHMB_OK)
        printf("%" PRId64 " transfers so far\n", ((volatile accounts *)shmb_data(region))->transfers);
    else
        fprintf(stderr, "example-locked: cannot transfer in \"%s\": %s%s\n", argv[1],
                shmb_status_text(status),
                status == SHMB_WRONG_KIND ? "; it needs a lock: declare it with `lock: true`" : "");
    shmb_detach(region);
    return exit_code(status);
}
