/* The nursery through real forks: children that crash, hang, allocate, leave, scribble; and that
 * nothing is left when a rank is killed. */
#include "test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "cluster/nursery.h"

/* The "engine" of these tests: the text says what to do. */
static enum status play(struct record *record, enum run_outcome *outcome,
                        const struct message_item *item, const struct run_host *host,
                        struct error *err)
{
    const char *text = (const char *)(item + 1);
    *outcome = RUN_DONE;
    if (strcmp(text, "crash") == 0) {
        fprintf(stderr, "about to crash\n");
        signal(SIGSEGV, SIG_DFL); /* cmocka has its own idea */
        raise(SIGSEGV);
    } else if (strcmp(text, "leave") == 0) {
        _exit(7);
    } else if (strcmp(text, "shout") == 0) {
        for (int i = 0; i < 30000; i++)
            fprintf(stderr, "line %d\n", i);
        abort();
    } else if (strcmp(text, "hang") == 0) {
        for (;;)
            pause();
    } else if (strcmp(text, "allocate") == 0) {
        void *memory = mmap(NULL, (size_t)1 << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return memory != MAP_FAILED ? OK : error_set(err, ERR_MEMORY, "1 GB refused");
    } else if (strcmp(text, "refuse") == 0) {
        return error_set(err, ERR_CONFIG, "model.heads: 3 does not divide 4");
    } else if (strcmp(text, "diverge") == 0) {
        *outcome = RUN_DIVERGED;
    } else if (strcmp(text, "save") == 0) {
        for (int i = 0; i < 3; i++)
            host->save(host->context, (const unsigned char *)"state", 5);
        host->refuse(host->context, "of no use");
    } else if (strcmp(text, "wait") == 0) {
        for (int e = 0; e < 3; e++)
            host->progress(host->context, e, (float)e, (float)(10 * e));
        while (!host->stop(host->context))
            usleep(1000);
        *outcome = RUN_STOPPED;
    }
    memset(record->memory, (int)item->analyses, record->size);
    record->used = record->size;
    if (strcmp(text, "false outcome") == 0) /* as if other code had written over them */
        *outcome = (enum run_outcome)99;
    if (strcmp(text, "false size") == 0)
        record->used += 8;
    return OK;
}

static const char checkpoints[16] = "/dev/null/place"; /* can not be one */

/* A bundle of these items; record sizes of item i are bytes + i. */
static unsigned char *bundle_of(size_t *bytes, const char *const *texts, int count, int record,
                                double seconds, double memory)
{
    unsigned char *bundle = calloc(1, sizeof(struct message_run) + sizeof checkpoints +
                                          (size_t)count * (sizeof(struct message_item) + 16));
    *(struct message_run *)bundle =
        (struct message_run){.count = count, .folder = (int32_t)sizeof checkpoints};
    memcpy(bundle + sizeof(struct message_run), checkpoints, sizeof checkpoints);
    *bytes = sizeof(struct message_run) + sizeof checkpoints;
    for (int i = 0; i < count; i++) {
        struct message_item item = {.run = 100 + i,
                                    .analyses = 5,
                                    .record_bytes = record + i,
                                    .seconds = seconds,
                                    .memory = memory,
                                    .attempt = 1,
                                    .text = (int32_t)strlen(texts[i]) + 1};
        memcpy(bundle + *bytes, &item, sizeof item);
        memcpy(bundle + *bytes + sizeof item, texts[i], (size_t)item.text);
        *bytes += sizeof item + message_padded((size_t)item.text);
    }
    return bundle;
}

static struct nursery *start(void)
{
    struct nursery *nursery;
    struct error err = {""};
    assert_int_equal(nursery_start_with(&nursery, play, &err), OK);
    return nursery;
}

static void begin(struct nursery *nursery, const char *const *texts, int count, int record,
                  double seconds, double memory)
{
    size_t bytes;
    struct error err = {""};
    unsigned char *bundle = bundle_of(&bytes, texts, count, record, seconds, memory);
    assert_int_equal(nursery_begin(nursery, bundle, bytes, &err), OK);
    free(bundle);
}

/* The next report, for which at most 20 s are waited. */
static enum nursery_report next(struct nursery *nursery, struct nursery_event *event)
{
    double end = clock_monotonic() + 20;
    enum nursery_report report;
    while ((report = nursery_poll(nursery, event)) == NURSERY_NOTHING && !nursery_idle(nursery)) {
        assert_true(clock_monotonic() < end);
        nursery_wait(nursery, 0.001);
    }
    return report;
}

static void comes_to_rest(struct nursery *nursery)
{
    struct nursery_event event;
    assert_int_equal(next(nursery, &event), NURSERY_NOTHING);
    assert_true(nursery_idle(nursery));
}

/* The child, once the nursery has said which: it may report progress before. Never 0, which as a
   receiver of signals is the whole group, and with it whoever runs the test. */
static pid_t running_child(const struct nursery *nursery)
{
    pid_t child;
    while ((child = nursery_child(nursery)) == 0)
        usleep(100);
    return child;
}

static void a_failing_item_is_reported_with_its_cause_and_costs_only_itself(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why, *log;
        enum failure failure;
        int detail;
    } cases[] = {
        {"crash", "ended by signal 11 (Segmentation fault)", "about to crash\n", FAILURE_CRASH, 11},
        {"leave", "the process left by itself with code 7", "", FAILURE_EXIT, 7},
        {"refuse", "model.heads: 3 does not divide 4", "", FAILURE_REFUSED, 0},
        {"hang", "took longer than limits.seconds", "", FAILURE_TIME, 0},
        {"allocate", "1 GB refused", "", FAILURE_MEMORY, 0},
        {"false outcome", "its record is damaged", "", FAILURE_CRASH, 0},
        {"false size", "its record is damaged", "", FAILURE_CRASH, 0},
    };
    struct nursery *nursery = start();
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *texts[] = {"fine", cases[i].text, "fine", "diverge"};
        struct nursery_event event;
        begin(nursery, texts, 4, 50, 0.2, 300e6);
        for (int item = 0; item < 4; item++) {
            enum nursery_report report = next(nursery, &event);
            if (item == 1) {
                assert_int_equal(report, NURSERY_FAILED);
                assert_string_equal(event.failed.text, cases[i].why);
                assert_int_equal(event.failed.failure, cases[i].failure);
                assert_int_equal(event.failed.detail, cases[i].detail);
                assert_int_equal(event.failed.run, 101);
                assert_int_equal(event.failed.log, strlen(cases[i].log));
                assert_memory_equal(event.body, cases[i].log, strlen(cases[i].log));
                continue;
            }
            assert_int_equal(report, NURSERY_RECORD);
            assert_int_equal(event.record.run, 100 + item);
            assert_int_equal(event.record.outcome, item == 3 ? RUN_DIVERGED : RUN_DONE);
            assert_int_equal(event.record.bytes, 50 + item);
            assert_int_equal(((const char *)event.body)[50 + item - 1], 5);
        }
        comes_to_rest(nursery);
    }
    nursery_end(nursery);
}

static void a_trouble_with_a_checkpoint_is_told_once_before_its_run_is_over(void **state)
{
    (void)state;
    /* The one that comes first may be fetched before the other has come. */
    static const struct message_trouble expected[] = {
        [TROUBLE_WRITING] = {101, TROUBLE_WRITING, ENOTDIR},
        [TROUBLE_DAMAGED] = {101, TROUBLE_DAMAGED, 0},
    };
    bool told[TROUBLE_COUNT] = {false};
    const char *texts[] = {"fine", "save", "fine"};
    struct nursery *nursery = start();
    struct nursery_event event;
    struct message_trouble trouble;
    assert_false(nursery_trouble(nursery, &trouble));
    begin(nursery, texts, 3, 50, 0, 0);
    for (int item = 0; item < 3; item++) {
        assert_int_equal(next(nursery, &event), NURSERY_RECORD);
        while (nursery_trouble(nursery, &trouble)) {
            assert_in_range(trouble.trouble, 0, TROUBLE_COUNT - 1);
            assert_memory_equal(&trouble, &expected[trouble.trouble], sizeof trouble);
            assert_false(told[trouble.trouble]);
            told[trouble.trouble] = true;
        }
        assert_true(item == 0 || (told[TROUBLE_WRITING] && told[TROUBLE_DAMAGED]));
    }
    comes_to_rest(nursery);
    nursery_end(nursery);
}

static void of_a_long_log_the_end_is_kept(void **state)
{
    (void)state;
    const char *texts[] = {"shout"};
    struct nursery *nursery = start();
    struct nursery_event event;
    begin(nursery, texts, 1, 8, 0, 0);
    assert_int_equal(next(nursery, &event), NURSERY_FAILED);
    assert_int_equal(event.failed.log, NURSERY_LOG);
    static const char last[] = "line 29999\n";
    assert_memory_equal((const char *)event.body + NURSERY_LOG - strlen(last), last, strlen(last));
    comes_to_rest(nursery);
    nursery_end(nursery);
}

static void a_child_killed_from_outside_is_a_failed_attempt(void **state)
{
    (void)state;
    const char *texts[] = {"hang", "fine"};
    struct nursery *nursery = start();
    struct nursery_event event;
    begin(nursery, texts, 2, 8, 0, 0);
    kill(running_child(nursery), SIGKILL);
    assert_int_equal(next(nursery, &event), NURSERY_FAILED);
    assert_string_equal(event.failed.text,
                        "ended by signal 9 (Killed), perhaps for want of memory");
    assert_int_equal(next(nursery, &event), NURSERY_RECORD);
    comes_to_rest(nursery);
    nursery_end(nursery);
}

static void records_larger_than_the_region_was_arrive_whole(void **state)
{
    (void)state;
    enum { LARGE = 40 << 20 };
    const char *texts[] = {"fine", "fine", "fine", "fine", "fine"};
    struct nursery *nursery = start();
    struct nursery_event event;
    static const int sizes[] = {8, LARGE, 100, LARGE};
    for (size_t s = 0; s < COUNT(sizes); s++) {
        begin(nursery, texts, 5, sizes[s], 0, 0);
        for (int i = 0; i < 5; i++) {
            assert_int_equal(next(nursery, &event), NURSERY_RECORD);
            assert_int_equal(event.record.bytes, sizes[s] + i);
            assert_int_equal(((const char *)event.body)[0], 5);
            assert_int_equal(((const char *)event.body)[sizes[s] + i - 1], 5);
        }
        comes_to_rest(nursery);
    }
    nursery_end(nursery);
}

static void many_records_pass_the_ring_in_order(void **state)
{
    (void)state;
    enum { MANY = 1000, EACH = 30000 }; /* seven times round the ring */
    const char *texts[MANY];
    for (int i = 0; i < MANY; i++)
        texts[i] = "fine";
    struct nursery *nursery = start();
    struct nursery_event event;
    begin(nursery, texts, MANY, EACH, 0, 0);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(next(nursery, &event), NURSERY_RECORD);
        assert_int_equal(event.record.run, 100 + i);
        assert_int_equal(event.record.bytes, EACH + i);
    }
    comes_to_rest(nursery);
    nursery_end(nursery);
}

static void a_stop_gives_back_what_is_not_finished(void **state)
{
    (void)state;
    const char *texts[] = {"fine", "wait", "fine"};
    struct nursery *nursery = start();
    struct nursery_event event;
    begin(nursery, texts, 3, 8, 0, 0);
    assert_int_equal(next(nursery, &event), NURSERY_RECORD);
    struct message_progress head = {0};
    struct message_point points[8];
    while (!nursery_progress(nursery, &head, points, 8) || head.count < 3)
        usleep(1000);
    assert_int_equal(head.run, 101);
    assert_true(points[2].train_loss == 2 && points[2].test_loss == 20);
    head.first = 2;
    assert_true(nursery_progress(nursery, &head, points, 8));
    assert_int_equal(head.count, 1);
    assert_true(points[0].test_loss == 20);
    nursery_stop(nursery);
    for (int i = 1; i < 3; i++) {
        assert_int_equal(next(nursery, &event), NURSERY_STOPPED);
        assert_int_equal(event.record.run, 100 + i);
        assert_int_equal(event.record.outcome, RUN_STOPPED);
        assert_int_equal(event.record.bytes, 0);
    }
    comes_to_rest(nursery);

    const char *again[] = {"fine"}; /* a stop is over with its bundle */
    begin(nursery, again, 1, 8, 0, 0);
    assert_int_equal(next(nursery, &event), NURSERY_RECORD);
    comes_to_rest(nursery);
    nursery_end(nursery);
}

static void a_child_that_ignores_the_stop_can_be_killed_without_blame(void **state)
{
    (void)state;
    const char *texts[] = {"hang", "fine"};
    struct nursery *nursery = start();
    struct nursery_event event;
    begin(nursery, texts, 2, 8, 0, 0);
    running_child(nursery);
    nursery_stop(nursery);
    nursery_kill(nursery);
    assert_int_equal(next(nursery, &event), NURSERY_STOPPED);
    assert_int_equal(next(nursery, &event), NURSERY_STOPPED);
    comes_to_rest(nursery);
    nursery_end(nursery);
}

static void the_loss_of_the_nursery_is_noticed(void **state)
{
    (void)state;
    const char *texts[] = {"hang"};
    struct nursery *nursery = start();
    struct nursery_event event;
    begin(nursery, texts, 1, 8, 0, 0);
    kill(nursery_process(nursery), SIGKILL);
    struct error err = {""};
    assert_int_equal(next(nursery, &event), NURSERY_LOST);
    assert_int_equal(nursery_lost(nursery, &err), ERR_IO);
    assert_string_equal(err.text, "its nursery process has gone");
    nursery_end(nursery);
}

/* Reaps whatever is adopted; true when neither process is left within 5 s. */
static bool both_gone(pid_t a, pid_t b)
{
    for (int i = 0; i < 5000; i++) {
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        if (kill(a, 0) && errno == ESRCH && kill(b, 0) && errno == ESRCH)
            return true;
        usleep(1000);
    }
    return false;
}

static void nothing_is_left_when_the_rank_is_killed(void **state)
{
    (void)state;
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* so that orphans can be seen to end */
    for (int moment = 0; moment < 20; moment++) {
        volatile pid_t *seen =
            mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        pid_t rank = fork();
        if (rank == 0) {
            const char *texts[] = {"fine", "hang"};
            struct nursery *nursery = start();
            seen[0] = nursery_process(nursery);
            begin(nursery, texts, 2, 8, 0, 0);
            seen[1] = running_child(nursery);
            for (;;)
                pause();
        }
        while (seen[moment % 2] == 0) /* once before there is a child, once with one */
            usleep(100);
        kill(rank, SIGKILL);
        assert_int_equal(waitpid(rank, NULL, 0), rank);
        assert_true(both_gone(seen[0], seen[1] ? seen[1] : seen[0]));
        munmap((void *)(uintptr_t)seen, 4096);
    }
    prctl(PR_SET_CHILD_SUBREAPER, 0);
}

static void signals_to_the_group_do_not_reach_the_engine(void **state)
{
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM, SIGUSR1, SIGHUP};
    const char *texts[] = {"wait"};
    struct nursery *nursery = start();
    struct nursery_event event;
    struct message_progress head = {0};
    struct message_point point;
    begin(nursery, texts, 1, 8, 0, 0);
    while (!nursery_progress(nursery, &head, &point, 1))
        usleep(1000);
    pid_t child = running_child(nursery);
    for (size_t i = 0; i < COUNT(signals); i++) {
        kill(nursery_process(nursery), signals[i]);
        kill(child, signals[i]);
    }
    usleep(20000);
    assert_int_equal(nursery_poll(nursery, &event), NURSERY_NOTHING);
    nursery_stop(nursery);
    assert_int_equal(next(nursery, &event), NURSERY_STOPPED);
    comes_to_rest(nursery);
    nursery_end(nursery);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failing_item_is_reported_with_its_cause_and_costs_only_itself),
        cmocka_unit_test(a_trouble_with_a_checkpoint_is_told_once_before_its_run_is_over),
        cmocka_unit_test(of_a_long_log_the_end_is_kept),
        cmocka_unit_test(a_child_killed_from_outside_is_a_failed_attempt),
        cmocka_unit_test(records_larger_than_the_region_was_arrive_whole),
        cmocka_unit_test(many_records_pass_the_ring_in_order),
        cmocka_unit_test(a_stop_gives_back_what_is_not_finished),
        cmocka_unit_test(a_child_that_ignores_the_stop_can_be_killed_without_blame),
        cmocka_unit_test(the_loss_of_the_nursery_is_noticed),
        cmocka_unit_test(nothing_is_left_when_the_rank_is_killed),
        cmocka_unit_test(signals_to_the_group_do_not_reach_the_engine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
