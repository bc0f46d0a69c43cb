/* A writer is killed with -9 at random moments, again and again: no row that was told done is lost
 * or wrong, the file always opens, and in the end it is as if nothing had happened. */
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "files.h"
#include "fixture.h"

enum { RUNS = 1500, LIVES = 14, MOST_LIVES = 1000 };

/* The death of a process loses nothing that the kernel has; a real sync would only make lives
 * rarer.
 */
int fdatasync(int fd)
{
    (void)fd;
    return usleep(1000);
}

/* Does what is pending, forever turning; writes the number of each run whose status is told to the
 * pipe, as a witness that survives. */
static void write_until_killed(const char *file, int witness)
{
    struct store *store = fixture_open(file, RUNS);
    int64_t told[64], waiting = 0;
    for (int64_t run = 0; run < RUNS; run++) {
        if (store_status(store, run) != ROW_PENDING)
            continue;
        if (store_start(store, run, &fixture_log, NULL) != OK ||
            store_progress(store, run, &(struct store_point){0, 0, 1, 1}, NULL) != OK ||
            fixture_commit(store, run, ROW_DONE, NULL) != OK)
            _exit(1);
        told[waiting++] = run;
        if (waiting < 64 && run != RUNS - 1)
            continue;
        size_t bytes = (size_t)waiting * sizeof *told;
        if (store_drain(store, NULL) != OK || write(witness, told, bytes) != (ssize_t)bytes)
            _exit(1);
        waiting = 0;
    }
    store_close(store);
    _exit(0);
}

/* One life; collects what was told. Returns true when the writer came to its end. */
static bool one_life(const char *file, bool *told, unsigned *random)
{
    int ends[2], code;
    int64_t run;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
    pid_t pid = fork();
    if (pid == 0)
        write_until_killed(file, ends[1]);
    close(ends[1]);
    *random = *random * 1664525u + 1013904223u;
    usleep(20000 + (*random >> 8) % 200000);
    kill(pid, SIGKILL);
    waitpid(pid, &code, 0);
    while (read(ends[0], &run, sizeof run) == sizeof run)
        told[run] = true;
    close(ends[0]);
    assert_true(WIFSIGNALED(code) || WEXITSTATUS(code) == 0);
    return WIFEXITED(code);
}

static void check_row(const struct store *store, int64_t run)
{
    float loss[EVALUATIONS], probe[LAYERS * POSITIONS * TARGETS];
    double ratio;
    const struct map_group *results = &store->map.results;
    assert_int_equal(map_read(store->fd, loss, map_find(results, "test_loss"), run, 1), 0);
    assert_int_equal(map_read(store->fd, probe, map_find(results, "probe_r2"), run, 1), 0);
    assert_int_equal(map_read(store->fd, &ratio, map_find(results, "ratio"), run, 1), 0);
    assert_true((double)loss[1] == (double)(float)fixture_value(run, TEST_LOSS, 1));
    assert_true((double)probe[0] == (double)(float)fixture_value(run, PROBE, 0));
    assert_true(ratio == fixture_value(run, RATIO, 0));
}

static void check_file(const char *file, const bool *told, int64_t *all)
{
    int64_t damaged;
    struct store *store = fixture_open(file, RUNS);
    store_damaged(store, &damaged);
    assert_int_equal(damaged, 0);
    for (int64_t i = 0; i < RUNS; i++) {
        assert_true(!told[i] || store_status(store, i) == ROW_DONE);
        if (store_status(store, i) == ROW_DONE)
            check_row(store, i);
        *all += told[i];
    }
    store_close(store);
}

static void no_row_that_was_told_is_lost_or_wrong(void **state)
{
    const struct folder *folder = *state;
    static bool told[RUNS];
    unsigned random = (unsigned)getpid();
    int lives;
    int64_t all = 0;
    bool ended = true;
    for (lives = 0; lives < LIVES || (all == 0 && lives < MOST_LIVES); lives++) {
        if (ended) {
            unlink(folder->file);
            memset(told, 0, sizeof told);
            fixture_create(folder->file, RUNS);
        }
        ended = one_life(folder->file, told, &random);
        int64_t so_far = 0;
        check_file(folder->file, told, &so_far);
        all += so_far;
    }
    print_message("%d lives, %ld rows told and checked\n", lives, (long)all);
    assert_true(all > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_row_that_was_told_is_lost_or_wrong, folder_setup,
                                        folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
