/* One round: what a seed lets go wrong, and what may be lost by it. See campaign.h. */
#include "campaign.h"

#include <stdio.h>
#include <string.h>

#define FAULTS_A_ROUND   4u
#define PATIENCE_MS      60000u /* for a start or a stop in which something goes wrong; more is a hang */
#define PHASE_MS         3000u  /* how long a fault while serving waits for its call */
#define MEASURED_MS      600u   /* of serving, for the number of its calls */
#define NUMBERS_AT_LEAST 3

typedef enum phase {
    STARTING,  /* nothing is there yet but what persists */
    ADOPTING,  /* the broker before was killed */
    SERVING,   /* snapshots and flushes are written */
    RESTORING, /* the keeper was killed, the broker starts another */
    PLANNING,  /* `shmbroker plan` asks the broker what it has */
    RELOADING, /* a region comes, one is replaced, one gets other rights */
    ENLARGING, /* a program or an operator has a region grow */
    STOPPING,
    PHASES
} phase;

static const char *const phase_names[PHASES] = {
    "a start", "an adopting start", "serving", "restoring the keeper",
    "a plan",  "a reload",          "growing", "a stop"};

typedef enum victim { BROKER, OWN_KEEPER, ALL_KEEPERS, BOTH, PROGRAMS, EVERYBODY, VICTIMS } victim;

static const char *const victim_names[VICTIMS] = {"the broker",         "its own keeper",    "all keepers",
                                                  "broker and keepers", "writer and reader", "all of them"};

/* What Windows says of: out of commit, access denied, disk full, sharing violation, privilege not held, out of handles. */
static const DWORD errors[] = {ERROR_COMMITMENT_LIMIT,  ERROR_ACCESS_DENIED,      ERROR_DISK_FULL,
                               ERROR_SHARING_VIOLATION, ERROR_PRIVILEGE_NOT_HELD, ERROR_NO_SYSTEM_RESOURCES};

static unsigned calls_of[PHASES];

/* One fault as it was chosen. */
typedef struct fault {
    phase when;
    bool fails; /* a call fails; otherwise `who` is killed at it */
    victim who;
    DWORD error;
    unsigned at;
    bool attached;   /* a writer and a reader have the regions open meanwhile */
    bool by_program; /* growing; otherwise an operator has it done */
    size_t wanted;   /* bytes that it is to have then */
    DWORD before;    /* the keeper before */
    bool done;       /* the command that was to be interrupted has succeeded */
} fault;

static const char *describe(const world *w, const fault *f)
{
    const char *call = w->faults->fired ? w->faults->call : "no call";
    if (f->fails)
        return support_text("%s number %u failed with error %lu in %s, %s attached", call, f->at, f->error,
                            phase_names[f->when], f->attached ? "programs" : "nobody");
    return support_text("%s killed at %s number %u of %s, %s attached", victim_names[f->who], call, f->at,
                        phase_names[f->when], f->attached ? "programs" : "nobody");
}

/* The `turn`-th call of a phase, of `count`: all of them come up, evenly, whichever of them came before in another part
   of the campaign, and though their number is not always quite the same (multiples of the golden section, less the whole
   ones). */
static unsigned call_in_turn(uint64_t offset, uint64_t turn, unsigned count)
{
    const uint64_t fraction = (offset + turn * 11400714819323198485u) >> 32;
    return 1 + (unsigned)(fraction * count >> 32);
}

/* The `number`-th fault of the campaign with `seed`. A single round has one in a reload, an adoption, a growing and a stop. */
static fault choose(uint64_t seed, unsigned number)
{
    static const phase turns[PHASES] = {RELOADING, ADOPTING, ENLARGING, STOPPING,
                                        STARTING,  SERVING,  RESTORING, PLANNING};
    chance whole = {seed}, c = {seed ^ ((uint64_t)(number + 1) << 32)};
    fault f = {.when = turns[number % PHASES]};
    const uint64_t offset = (uint64_t)chance_of(&whole, 1u << 30) << 34;
    f.at = call_in_turn(offset, number / PHASES, calls_of[f.when] ? calls_of[f.when] : 1);
    f.fails = chance_of(&c, 2);
    f.who = (victim)chance_of(&c, VICTIMS);
    f.error = errors[chance_of(&c, sizeof errors / sizeof *errors)];
    f.attached = chance_of(&c, 3) == 0;
    f.by_program = chance_of(&c, 2);
    f.wanted = (size_t)4096 * (1 + chance_of(&c, 7)); /* more than it has */
    return f;
}

/* At which calls something went wrong, for each phase: as far as they are counted. */
#define MOST_CALLS 4096u
static bool reached[PHASES][MOST_CALLS];

void round_print_reached(void)
{
    for (unsigned p = 0; p < PHASES; p++) {
        unsigned count = 0;
        for (unsigned call = 0; call < MOST_CALLS; call++)
            count += reached[p][call];
        printf("%s: something went wrong at %u of its %u calls\n", phase_names[p], count, calls_of[p]);
    }
}

/* ---- What goes wrong ------------------------------------------------------------------------------------------- */

static void kill_keepers(world *w, DWORD but)
{
    DWORD ids[MOST_KEEPERS];
    const unsigned count = world_keepers(w, ids);
    for (unsigned i = 0; i < count; i++)
        if (ids[i] != but)
            world_end_process(ids[i]);
}

static void kill_programs(world *w)
{
    if (w->writer)
        process_kill(w->writer);
    if (w->reader)
        process_kill(w->reader);
    w->writer = w->reader = NULL;
}

/* The broker first where it is among them: it would restore a keeper. */
static void strike(world *w, const fault *f)
{
    if (f->who == BROKER || f->who == BOTH || f->who == EVERYBODY)
        broker_kill(w->broker);
    if (f->who == OWN_KEEPER)
        kill_keepers(w, f->when == ADOPTING ? f->before : 0);
    if (f->who == ALL_KEEPERS || f->who == BOTH || f->who == EVERYBODY)
        kill_keepers(w, 0);
    if (f->who == PROGRAMS || f->who == EVERYBODY)
        kill_programs(w);
}

/* Brings the broker to where the fault is to happen, with the fault armed. */
static void enter_phase(world *w, fault *f)
{
    DWORD ids[MOST_KEEPERS] = {0};
    world_keepers(w, ids);
    f->before = ids[0];
    if (f->when == STARTING)
        broker_stop(w->broker);
    if (f->when == ADOPTING)
        broker_kill(w->broker);
    if (f->when == PLANNING || f->when == RELOADING)
        world_declare(w, true);
    fault_arm(w, f->fails ? FAULTS_FAIL : FAULTS_HALT, f->at, f->error);
    if (f->when == STARTING || f->when == ADOPTING)
        world_launch(w);
    if (f->when == RESTORING)
        world_end_process(f->before);
    if (f->when == PLANNING || f->when == RELOADING)
        w->command = process_start("shmbroker.exe", "%s --instance %s",
                                   f->when == PLANNING ? "plan" : "reload --yes", w->broker->instance);
    if (f->when == ENLARGING)
        w->command = world_grow(w, f->by_program, f->wanted);
    if (f->when == STOPPING)
        process_press_ctrl_c(w->broker->process);
}

/* Lets what was begun come to its end: a start to `ready` or a refusal, a stop to its exit. */
static void finish_phase(world *w, fault *f)
{
    fault_disarm(w);
    if ((f->when == STARTING || f->when == ADOPTING) && world_broker_runs(w))
        world_wait_ready(w, PATIENCE_MS);
    if (f->when == STOPPING)
        process_wait(w->broker->process);
    if (w->command)
        f->done = process_wait(w->command) == 0; /* whatever it says of a broker that was killed meanwhile */
    w->last_command = w->command;
    w->command = NULL;
}

static void inject(world *w, fault *f)
{
    const bool starts = f->when == STARTING || f->when == ADOPTING;
    enter_phase(w, f);
    const bool fired = fault_wait(w, starts, starts || f->when == STOPPING ? PATIENCE_MS : PHASE_MS);
    if (fired && !f->fails) {
        world_be_seen(w); /* as it is between two calls */
        strike(w, f);
    }
    if (fired)
        counted.injected++;
    else
        counted.missed++;
    if (fired && f->at <= MOST_CALLS)
        reached[f->when][f->at - 1] = true;
    finish_phase(w, f);
}

/* ---- What may be lost ------------------------------------------------------------------------------------------ */

/* Whether somebody had the section in memory all the time. */
static bool is_held(const world *w, const fault *f)
{
    const bool programs_stay = f->attached && (f->fails || (f->who != PROGRAMS && f->who != EVERYBODY));
    if (programs_stay)
        return true;
    if (f->when == STARTING || f->when == STOPPING)
        return false; /* letting go in order is no loss */
    if (f->fails || !w->faults->fired || f->who == PROGRAMS)
        return true;
    if (f->who == BOTH || f->who == EVERYBODY)
        return false;
    if (f->who == ALL_KEEPERS)
        return f->when != ADOPTING;
    return !(f->when == RESTORING && f->who == BROKER);
}

/* What was there before the fault, as far as its setting promises that it stays. A stop in order, which comes before a
   start, leaves no number behind. */
static promise promise_before(const world *w, const fault *f)
{
    return (promise){{-1, f->when == STARTING ? oracle_written(w, SNAPPED) : oracle_in_snapshots(w),
                      oracle_written(w, FILED), -1}};
}

/* Whether the broker was not killed, and so has to have gone on. */
static bool broker_goes_on(const world *w, const fault *f)
{
    return f->when != STARTING && f->when != ADOPTING && f->when != STOPPING && world_broker_runs(w);
}

static void add_held(promise *p, const world *w)
{
    p->least[IN_MEMORY] = oracle_written(w, IN_MEMORY);
    p->least[SNAPPED] = oracle_written(w, SNAPPED);
    p->least[GROWING] = oracle_written(w, GROWING);
}

/* ---- Afterwards ------------------------------------------------------------------------------------------------ */

static void restart(world *w, const char *after)
{
    world_launch(w);
    if (!world_wait_ready(w, PATIENCE_MS))
        support_fail("the broker does not start after %s:\n%s", after, process_errors(w->broker->process));
}

/* A broker that serves all is left alone. Another is ended as a crash would end it, and the next start mends it. */
static void recover(world *w, const char *after)
{
    if (world_broker_runs(w) && oracle_all_served(w))
        return;
    if (world_broker_runs(w))
        broker_kill(w->broker);
    restart(w, after);
}

/* The reload that was interrupted is finished by the next, and what it changed goes back. */
static void mend_configuration(world *w, const fault *f, const char *after)
{
    if (f->when == RELOADING)
        oracle_check_reloaded(w, after);
    if (!w->changed)
        return;
    world_declare(w, false);
    oracle_check_reloaded(w, after);
}

/* What could not be granted changed nothing; what was granted is there; and in between there is nothing. */
static void check_growing(world *w, const fault *f, bool held, const char *after)
{
    const size_t before = w->grown[w->grown_count - 1], has = oracle_size(w, w->names[GROWING]);
    if (!held) {
        if (has != before) /* a keeper may have had it all the same */
            oracle_forget_grown(w);
        oracle_check_grown(w, w->grown[w->grown_count - 1], after);
    } else if (f->when != ENLARGING || !w->faults->fired) {
        oracle_check_grown(w, f->when == ENLARGING && f->done ? f->wanted : before, after);
    } else if (f->done || has == f->wanted) {
        if (!f->done && f->fails)
            campaign_found(&counted.lost, "%s has grown after it was said that it has not, after %s: %s",
                           w->names[GROWING], after, process_output(w->last_command));
        oracle_check_grown(w, f->wanted, after);
    } else {
        oracle_check_grown(w, before, after);
    }
}

/* The next one finishes. */
static void grow_again(world *w, const fault *f, const char *after)
{
    const size_t has = w->grown[w->grown_count - 1], wanted = has < f->wanted ? f->wanted : has + 4096;
    process *p = world_grow(w, !f->by_program, wanted);
    if (process_wait(p) != 0)
        campaign_found(&counted.lost, "the next growing does not finish after %s: %s%s", after,
                       process_output(p), process_errors(p));
    else
        oracle_check_grown(w, wanted, after);
}

static void wait_for_numbers(const world *w)
{
    LONG64 first = oracle_written(w, FILED);
    for (unsigned waited = 0; oracle_written(w, FILED) < first + NUMBERS_AT_LEAST; waited++) {
        if (waited > SUPPORT_WAIT_MS)
            support_fail("the writer does not write");
        Sleep(1); /* between two looks, bounded above */
    }
}

static void one_fault(world *w, fault f)
{
    world_attach(w);
    wait_for_numbers(w);
    if (!f.attached)
        world_detach(w);
    promise p = promise_before(w, &f);
    const bool broker_ran_on = f.when != STARTING && f.when != ADOPTING && f.when != STOPPING;
    f.wanted += w->grown[w->grown_count - 1];
    inject(w, &f);
    const char *after = describe(w, &f);
    printf("  %s\n", after);
    fflush(stdout);
    if (f.fails && broker_ran_on && !world_broker_runs(w))
        support_fail("the broker ended after %s:\n%s", after, process_errors(w->broker->process));
    if (f.when == RELOADING)
        oracle_check_between(w, broker_goes_on(w, &f), after);
    recover(w, after);
    const bool held = is_held(w, &f);
    if (held)
        add_held(&p, w);
    oracle_check(w, &p, after);
    check_growing(w, &f, held, after);
    mend_configuration(w, &f, after);
    oracle_check(w, &p, after);
    world_settle(w, after);
    oracle_ask(w, after);
    if (f.when == ENLARGING)
        grow_again(w, &f, after);
}

/* Whatever is opened once and for all is open before anything is counted. */
static void warm_up(world *w)
{
    world_declare(w, true);
    oracle_check_reloaded(w, "nothing");
    world_declare(w, false);
    oracle_check_reloaded(w, "nothing");
}

void round_run(uint64_t seed, unsigned number)
{
    world *w = world_make();
    world_launch(w);
    if (!world_wait_ready(w, PATIENCE_MS))
        support_fail("the broker does not start:\n%s", process_errors(w->broker->process));
    warm_up(w);
    world_settle(w, "nothing");
    oracle_check_descriptors(w);
    world_observe(w);
    for (unsigned i = 0; i < FAULTS_A_ROUND; i++)
        one_fault(w, choose(seed, (number - 1) * FAULTS_A_ROUND + i));
    counted.looks += (unsigned long long)w->seen->looks;
    world_detach(w);
    process_kill(w->observer);
    broker_stop(w->broker);
    oracle_check_nothing_left(w);
    support_cleanup();
}

/* ---- Measuring ------------------------------------------------------------------------------------------------- */

static unsigned calls_so_far(const world *w)
{
    return (unsigned)w->faults->calls;
}

static unsigned calls_of_start(world *w)
{
    fault_arm(w, FAULTS_COUNT, 0, 0);
    restart(w, "nothing");
    return calls_so_far(w);
}

static unsigned calls_of_growing(world *w)
{
    fault_arm(w, FAULTS_COUNT, 0, 0);
    process_wait(world_grow(w, true, w->sizes[GROWING] + 4096));
    return calls_so_far(w);
}

static unsigned calls_of_command(world *w, const char *what)
{
    world_declare(w, true);
    fault_arm(w, FAULTS_COUNT, 0, 0);
    world_command(w, what);
    return calls_so_far(w);
}

void round_measure(void)
{
    world *w = world_make();
    calls_of[STARTING] = calls_of_start(w);
    world_settle(w, "nothing");
    broker_kill(w->broker);
    calls_of[ADOPTING] = calls_of_start(w);
    world_settle(w, "nothing");
    world_attach(w);
    fault_arm(w, FAULTS_COUNT, 0, 0);
    Sleep(MEASURED_MS); /* as long as this: that is what is measured */
    calls_of[SERVING] = calls_so_far(w);
    calls_of[ENLARGING] = calls_of_growing(w);
    calls_of[PLANNING] = calls_of_command(w, "plan");
    calls_of[RELOADING] = calls_of_command(w, "reload --yes");
    world_declare(w, false);
    world_command(w, "reload --yes");
    fault_arm(w, FAULTS_COUNT, 0, 0);
    kill_keepers(w, 0);
    world_settle(w, "nothing");
    calls_of[RESTORING] = calls_so_far(w);
    world_detach(w);
    fault_arm(w, FAULTS_COUNT, 0, 0);
    broker_stop(w->broker);
    calls_of[STOPPING] = calls_so_far(w);
    for (unsigned i = 0; i < PHASES; i++)
        printf("%s: %u calls\n", phase_names[i], calls_of[i]);
    fflush(stdout);
    support_cleanup();
}
