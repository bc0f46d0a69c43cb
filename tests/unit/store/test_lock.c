#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"
#include "files.h"
#include "fixture.h"

/* The clock of base/clock.h, which a test can put forward. */
static double ahead;

double clock_wall(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9 + ahead;
}

double clock_monotonic(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9 + ahead;
}

static int setup(void **state)
{
    ahead = 0;
    unsetenv("SLURM_JOB_ID");
    return folder_setup(state);
}

static char *lock_file(char text[256], const struct folder *folder)
{
    snprintf(text, 256, "%s.lock", folder->file);
    return text;
}

/* A heartbeat line as another writer leaves it; no flock. */
static void leave_line(const struct folder *folder, const char *host, long pid, const char *job,
                       double age)
{
    char name[256];
    FILE *file = fopen(lock_file(name, folder), "w");
    fprintf(file, "%s %ld %s %.0f\n", host, pid, job, clock_wall() - age);
    fclose(file);
}

/* A process that holds the lock until its pipe is closed. */
static pid_t hold(const struct folder *folder, int pipe_ends[2])
{
    char ready;
    int told[2];
    assert_int_equal(pipe(pipe_ends) + pipe(told), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct lock *lock;
        close(pipe_ends[1]);
        if (lock_take(&lock, folder->file, false, NULL) != OK || write(told[1], "r", 1) != 1)
            _exit(1);
        if (read(pipe_ends[0], &ready, 1) != 0)
            _exit(1);
        lock_release(lock);
        _exit(0);
    }
    close(pipe_ends[0]);
    close(told[1]);
    assert_int_equal(read(told[0], &ready, 1), 1);
    close(told[0]);
    return pid;
}

static void a_living_writer_on_this_host_refuses(void **state)
{
    const struct folder *folder = *state;
    struct error err = {""};
    struct lock *lock;
    char message[512], host[128] = "";
    int ends[2];
    setenv("SLURM_JOB_ID", "4711", 1);
    pid_t pid = hold(folder, ends);
    assert_int_equal(lock_take(&lock, folder->file, false, &err), ERR_FILE);
    gethostname(host, sizeof host - 1);
    snprintf(message, sizeof message,
             "%s: process %ld on %s, job 4711 writes it (heartbeat 0 s ago); wait until it has "
             "ended, or give --break-lock if it is gone",
             folder->file, (long)pid, host);
    if (!strstr(err.text, "heartbeat 0 s"))
        *strchr(strstr(message, "heartbeat ") + 10, '0') = '1'; /* a second went by */
    assert_string_equal(err.text, message);
    close(ends[1]);
    waitpid(pid, NULL, 0);
    assert_int_equal(folder_files(folder, 0), 0); /* who ends removes its lock */
    assert_int_equal(lock_take(&lock, folder->file, false, &err), OK);
    lock_release(lock);
}

static void a_killed_writer_on_this_host_does_not_refuse(void **state)
{
    const struct folder *folder = *state;
    struct lock *lock;
    int ends[2];
    pid_t pid = hold(folder, ends);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(ends[1]);
    assert_int_equal(folder_files(folder, 0), 1);
    assert_int_equal(lock_take(&lock, folder->file, false, NULL), OK);
    lock_release(lock);
}

static void a_fresh_heartbeat_of_another_host_refuses(void **state)
{
    const struct folder *folder = *state;
    struct error err = {""};
    struct lock *lock;
    char message[512];
    leave_line(folder, "node017", 123, "-", 12);
    assert_int_equal(lock_take(&lock, folder->file, false, &err), ERR_FILE);
    snprintf(message, sizeof message, "%s: process 123 on node017 writes it (heartbeat ",
             folder->file);
    assert_memory_equal(err.text, message, strlen(message));
    assert_non_null(strstr(err.text, "--break-lock"));
    assert_int_equal(lock_take(&lock, folder->file, true, &err), OK);
    lock_release(lock);
}

static void an_old_heartbeat_of_another_host_does_not_refuse(void **state)
{
    const struct folder *folder = *state;
    struct lock *lock;
    leave_line(folder, "node017", 123, "55", LOCK_FRESH + 5);
    assert_int_equal(lock_take(&lock, folder->file, false, NULL), OK);
    lock_release(lock);
}

static void a_lock_file_that_says_nothing_does_not_refuse(void **state)
{
    const struct folder *folder = *state;
    struct lock *lock;
    char name[256];
    FILE *file = fopen(lock_file(name, folder), "w");
    fputs("nonsense", file);
    fclose(file);
    assert_int_equal(lock_take(&lock, folder->file, false, NULL), OK);
    lock_release(lock);
}

static void a_broken_lock_is_not_removed_by_its_first_owner(void **state)
{
    const struct folder *folder = *state;
    struct lock *lock;
    int ends[2], code;
    pid_t pid = hold(folder, ends);
    assert_int_equal(lock_take(&lock, folder->file, true, NULL), OK);
    close(ends[1]);
    waitpid(pid, &code, 0);
    assert_int_equal(code, 0);
    assert_int_equal(folder_files(folder, 0), 1); /* ours is still there */
    lock_release(lock);
    assert_int_equal(folder_files(folder, 0), 0);
}

static void who_lost_the_lock_stops_at_the_next_heartbeat(void **state)
{
    const struct folder *folder = *state;
    struct lock *first, *second;
    struct error err = {""};
    char message[512];
    assert_int_equal(lock_take(&first, folder->file, false, NULL), OK);
    assert_int_equal(lock_take(&second, folder->file, true, NULL), OK);
    assert_int_equal(lock_beat(first, &err), OK); /* not yet time to look */
    ahead = LOCK_BEAT + 1;
    assert_int_equal(lock_beat(first, &err), ERR_IO);
    snprintf(message, sizeof message, "%s: another process broke the lock; this one stops writing",
             folder->file);
    assert_string_equal(err.text, message);
    assert_int_equal(lock_beat(second, &err), OK);
    lock_release(first);
    lock_release(second);
}

static double time_in(const char *name)
{
    double time = 0;
    FILE *file = fopen(name, "r");
    assert_int_equal(fscanf(file, "%*s %*d %*s %lf", &time), 1);
    fclose(file);
    return time;
}

static void the_heartbeat_is_written_every_ten_seconds(void **state)
{
    const struct folder *folder = *state;
    struct lock *lock;
    char name[256];
    lock_file(name, folder);
    assert_int_equal(lock_take(&lock, folder->file, false, NULL), OK);
    double before = time_in(name);
    ahead = LOCK_BEAT - 2;
    assert_int_equal(lock_beat(lock, NULL), OK);
    assert_true(time_in(name) == before);
    ahead = LOCK_BEAT + 1;
    assert_int_equal(lock_beat(lock, NULL), OK);
    assert_true(time_in(name) >= before + LOCK_BEAT);
    lock_release(lock);
}

static void a_second_store_is_refused(void **state)
{
    const struct folder *folder = *state;
    struct error err = {""};
    struct store *second = NULL;
    fixture_create(folder->file, 3);
    struct store *store = fixture_open(folder->file, 3);
    assert_int_equal(fixture_try_open(&second, folder->file, 3, &err), ERR_FILE);
    assert_non_null(strstr(err.text, "writes it"));
    assert_null(second);
    store_close(store);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_living_writer_on_this_host_refuses),
        TEST(a_killed_writer_on_this_host_does_not_refuse),
        TEST(a_fresh_heartbeat_of_another_host_refuses),
        TEST(an_old_heartbeat_of_another_host_does_not_refuse),
        TEST(a_lock_file_that_says_nothing_does_not_refuse),
        TEST(a_broken_lock_is_not_removed_by_its_first_owner),
        TEST(who_lost_the_lock_stops_at_the_next_heartbeat),
        TEST(the_heartbeat_is_written_every_ten_seconds),
        TEST(a_second_store_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
