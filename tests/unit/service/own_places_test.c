/* own_places.c: what no region may have its bytes in. */
#include "testing.h"

#include "own_places.h"

static const char *const files[] = {"C:\\here\\shmbroker.yaml", "C:\\here\\conf.d\\a.yaml"};
static const own_places own = {"C:\\ProgramData\\ShmBroker\\data", files, COUNT_OF(files)};

static void assert_problem(const char *path, const char *why)
{
    const char *problem = own_places_problem(&own, path);
    if (!problem || !strstr(problem, why))
        fail_msg("%s: %s", path, problem ? problem : "no problem");
}

static void folders_of_the_broker_are_refused(void **state)
{
    (void)state;
    assert_problem("C:\\ProgramData\\ShmBroker\\data\\logs\\shmbroker.log", "the folder logs");
    assert_problem("c:\\programdata\\SHMBROKER\\Data\\LOGS\\a\\b", "the folder logs");
    assert_problem("C:\\ProgramData\\ShmBroker\\data\\snapshots\\a.shm", "the folder snapshots");
    assert_problem("C:\\ProgramData\\ShmBroker\\data\\state\\a.shm", "the folder state");
    assert_problem("C:\\ProgramData\\ShmBroker\\data\\state", "the folder state");
    assert_problem("C:\\ProgramData\\ShmBroker\\data\\lives.txt", "the file lives.txt");
}

static void files_of_the_configuration_are_refused(void **state)
{
    (void)state;
    assert_problem("c:\\here\\SHMBROKER.yaml", "configuration");
    assert_problem("C:\\here\\conf.d\\a.yaml", "configuration");
}

static void other_files_are_not_the_brokers(void **state)
{
    (void)state;
    static const char *const paths[] = {"C:\\ProgramData\\ShmBroker\\data\\recipes.shm",
                                        "C:\\ProgramData\\ShmBroker\\data\\line\\logs\\a",
                                        "C:\\ProgramData\\ShmBroker\\data\\logs2\\a",
                                        "C:\\ProgramData\\ShmBroker\\database\\logs\\a",
                                        "C:\\ProgramData\\ShmBroker\\data",
                                        "C:\\logs\\a",
                                        "D:\\here\\shmbroker.yaml",
                                        "C:\\here\\shmbroker.yaml.shm"};
    for (size_t i = 0; i < COUNT_OF(paths); i++)
        if (own_places_problem(&own, paths[i]))
            fail_msg("%s: %s", paths[i], own_places_problem(&own, paths[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders_of_the_broker_are_refused),
        cmocka_unit_test(files_of_the_configuration_are_refused),
        cmocka_unit_test(other_files_are_not_the_brokers),
    };
    return cmocka_run_group_tests_name("own_places", tests, NULL, NULL);
}
