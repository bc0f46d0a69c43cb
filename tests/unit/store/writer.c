/* writer FILE RUNS DONE PAUSE: makes a file of RUNS runs and finishes DONE of them, with a pause of
 * PAUSE microseconds after each, for tests of readers. Says "created", then "written", and waits
 * for the end of its input before it closes the file. Of seven runs the sixth fails, the seventh
 * diverges; the run after the last one is left running.
 *
 * writer FILE RUNS: opens a file for writing and says why not. */
#include <unistd.h>

#include "fixture.h"

static int give_up(const struct error *err)
{
    fprintf(stderr, "%s\n", err->text);
    return 1;
}

static int try_open(const char *file, int64_t runs)
{
    struct error err = {""};
    struct store *store = NULL;
    enum status status = fixture_try_open(&store, file, runs, &err);
    if (status != OK)
        fprintf(stderr, "%s\n", err.text);
    store_close(store);
    return error_exit_code(status);
}

int main(int argc, char **argv)
{
    if (argc != 3 && argc != 5)
        return 2;
    struct error err = {""};
    int64_t runs = atoll(argv[2]);
    if (argc == 3)
        return try_open(argv[1], runs);
    int64_t done = atoll(argv[3]);
    fixture_create(argv[1], runs);
    struct store *store = fixture_open(argv[1], runs);
    puts("created");
    fflush(stdout);
    for (int64_t i = 0; i < done; i++) {
        struct row_log log = fixture_log;
        log.error = "killed by signal 9";
        bool failed = i % 7 == 5;
        enum row_status status = i % 7 == 6 ? ROW_DIVERGED : ROW_DONE;
        if (store_start(store, i, &fixture_log, &err) != OK ||
            (failed ? store_commit(store, i, ROW_FAILED, NULL, 0, &log, &err)
                    : fixture_commit(store, i, status, &err)) != OK ||
            (i % 16 == 15 && store_drain(store, &err) != OK))
            return give_up(&err);
        usleep((useconds_t)atoi(argv[4]));
    }
    if (done < runs && (store_start(store, done, &fixture_log, &err) != OK ||
                        store_progress(store, done, &(struct store_point){0, 0, 2, 1}, &err) != OK))
        return give_up(&err);
    if (store_drain(store, &err) != OK)
        return give_up(&err);
    puts("written");
    fflush(stdout);
    while (getchar() != EOF)
        continue;
    store_close(store);
    return 0;
}
