#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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

/* A file system that has no locks. */
static bool no_flock;

int flock(int fd, int what)
{
    errno = ENOLCK;
    return no_flock ? -1 : (int)syscall(SYS_flock, fd, what);
}

/* Looks at the line of another host take no time; what happens meanwhile is up to the test. */
static int looks;
static void (*meanwhile)(int look);

int nanosleep(const struct timespec *asked, struct timespec *left)
{
    (void)left;
    assert_true(asked->tv_sec == 0 && asked->tv_nsec == 250000000);
    if (meanwhile)
        meanwhile(looks);
    looks++;
    return 0;
}

static int setup(void **state)
{
    ahead = 0;
    looks = 0;
    no_flock = false;
    meanwhile = NULL;
    unsetenv("SLURM_JOB_ID");
    unsetenv("SLURM_RESTART_COUNT");
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

static void setup_job(const char *job, const char *restarts)
{
    unsetenv("SLURM_JOB_ID");
    unsetenv("SLURM_RESTART_COUNT");
    if (job)
        setenv("SLURM_JOB_ID", job, 1);
    if (restarts)
        setenv("SLURM_RESTART_COUNT", restarts, 1);
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

static const struct folder *beating;

/* The writer on node017 beats ten seconds after we began to look; its clock is a minute ahead. */
static void beat(int look)
{
    if (look == 4 * LOCK_BEAT)
        leave_line(beating, "node017", 123, "-", -60);
}

static void a_heartbeat_that_changes_refuses_whatever_the_clock_says(void **state)
{
    const struct folder *folder = beating = *state;
    static const double ages[] = {-70, 12, LOCK_WATCH + 5, 5 * 3600, -5 * 3600};
    for (size_t i = 0; i < COUNT(ages); i++) {
        struct error err = {""};
        struct lock *lock;
        char message[512];
        leave_line(folder, "node017", 123, "-", ages[i]);
        looks = 0;
        meanwhile = beat;
        assert_int_equal(lock_take(&lock, folder->file, false, &err), ERR_FILE);
        assert_int_equal(looks, 4 * LOCK_BEAT + 1);
        snprintf(message, sizeof message,
                 "%s: process 123 on node017 writes it (heartbeat 0 s ago)", folder->file);
        assert_memory_equal(err.text, message, strlen(message));
        assert_non_null(strstr(err.text, "--break-lock"));
        looks = 0;
        assert_int_equal(lock_take(&lock, folder->file, true, &err), OK);
        assert_int_equal(looks, 0);
        lock_release(lock);
    }
}

static void a_heartbeat_that_does_not_change_is_of_a_dead_writer(void **state)
{
    const struct folder *folder = *state;
    static const struct {
        double age;
        const char *job, *our_job, *our_restarts;
        int looks;
    } cases[] = {
        {12, "-", NULL, NULL, 4 * LOCK_WATCH},
        {-100, "55", NULL, NULL, 4 * LOCK_WATCH},
        {12, "55", "55", "0", 4 * LOCK_WATCH}, /* perhaps another step of our job */
        {12, "55", "56", "1", 4 * LOCK_WATCH},
        {12, "55", "55", "1", 0}, /* Slurm ended it before it started us */
        {LOCK_OLD + 5, "55", NULL, NULL, 4 * LOCK_WATCH},
        {-LOCK_OLD - 5, "55", NULL, NULL, 4 * LOCK_WATCH},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct lock *lock;
        setup_job(cases[i].our_job, cases[i].our_restarts);
        leave_line(folder, "node017", 123, cases[i].job, cases[i].age);
        looks = 0;
        assert_int_equal(lock_take(&lock, folder->file, false, NULL), OK);
        assert_int_equal(looks, cases[i].looks);
        lock_release(lock);
    }
}

/* Its parent lives, and beats after some looks, or never: that number is another process's by now.
 */
static void without_locks_a_line_of_this_host_that_seems_old_is_watched(void **state)
{
    const struct folder *folder = beating = *state;
    static const struct {
        double age;
        bool beats;
        int looks;
    } cases[] = {
        {12, false, 0}, /* is believed */
        {5 * 3600, true, 4 * LOCK_BEAT + 1},
        {-5 * 3600, true, 4 * LOCK_BEAT + 1},
        {5 * 3600, false, 4 * LOCK_WATCH},
    };
    char host[128] = "";
    gethostname(host, sizeof host - 1);
    no_flock = true;
    for (size_t i = 0; i < COUNT(cases); i++) {
        bool refused = cases[i].beats || cases[i].looks == 0;
        struct error err = {""};
        struct lock *lock = NULL;
        leave_line(folder, host, (long)getppid(), "-", cases[i].age);
        looks = 0;
        meanwhile = cases[i].beats ? beat : NULL;
        assert_int_equal(lock_take(&lock, folder->file, false, &err), refused ? ERR_FILE : OK);
        assert_int_equal(looks, cases[i].looks);
        lock_release(lock);
    }
}

static void who_takes_over_gives_the_lock_another_file(void **state)
{
    const struct folder *folder = *state;
    struct lock *lock;
    struct stat before, after;
    char name[256];
    leave_line(folder, "node017", 123, "55", 1);
    assert_int_equal(stat(lock_file(name, folder), &before), 0);
    int kept = open(name, O_RDONLY); /* as its writer has it, if it lives: it will notice */
    assert_int_equal(lock_take(&lock, folder->file, false, NULL), OK);
    assert_int_equal(stat(name, &after), 0);
    assert_true(before.st_ino != after.st_ino);
    close(kept);
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

/* In a folder that all may write to, somebody made the name of the lock before us. */
static void what_is_no_lock_file_is_not_written_to(void **state)
{
    const struct folder *folder = *state;
    static const char precious[] = "precious text that is no heartbeat\n";
    char name[256], victim[256], message[600], text[64] = "";
    lock_file(name, folder);
    snprintf(victim, sizeof victim, "%s.victim", folder->file);
    snprintf(message, sizeof message, "%s: can not open: Too many levels of symbolic links", name);
    for (int hard = 0; hard < 2; hard++) {
        struct lock *lock = NULL;
        struct error err = {""};
        FILE *file = fopen(victim, "w");
        assert_non_null(file);
        fputs(precious, file);
        fclose(file);
        assert_int_equal(hard ? link(victim, name) : symlink(victim, name), 0);
        assert_int_equal(lock_take(&lock, folder->file, true, &err), hard ? OK : ERR_IO);
        assert_string_equal(err.text, hard ? "" : message);
        file = fopen(victim, "r");
        text[fread(text, 1, sizeof text - 1, file)] = '\0';
        fclose(file);
        assert_string_equal(text, precious);
        lock_release(lock);
        unlink(name);
        unlink(victim);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_is_no_lock_file_is_not_written_to),
        TEST(a_living_writer_on_this_host_refuses),
        TEST(a_killed_writer_on_this_host_does_not_refuse),
        TEST(a_heartbeat_that_changes_refuses_whatever_the_clock_says),
        TEST(a_heartbeat_that_does_not_change_is_of_a_dead_writer),
        TEST(without_locks_a_line_of_this_host_that_seems_old_is_watched),
        TEST(who_takes_over_gives_the_lock_another_file),
        TEST(a_lock_file_that_says_nothing_does_not_refuse),
        TEST(a_broken_lock_is_not_removed_by_its_first_owner),
        TEST(who_lost_the_lock_stops_at_the_next_heartbeat),
        TEST(the_heartbeat_is_written_every_ten_seconds),
        TEST(a_second_store_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
