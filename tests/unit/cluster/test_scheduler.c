#include "test.h"

#include "cluster/scheduler.h"

static struct scheduler *make(int runs, int ranks, double end)
{
    struct scheduler *s;
    struct error err = {""};
    struct scheduler_options options = {.runs = runs, .ranks = ranks, .end = end, .reserve = 1};
    assert_int_equal(scheduler_create(&s, &options, &err), OK);
    return s;
}

static enum run_fate tell(struct scheduler *s, enum event_kind kind, int rank, int64_t run,
                          double seconds, double now)
{
    struct event event = {.kind = kind, .rank = rank, .run = run, .seconds = seconds, .now = now};
    return scheduler_event(s, &event);
}

/* The only action due now is a bundle for `rank`; returns its first run. */
static int given(struct scheduler *s, int rank, int count)
{
    struct action action;
    assert_true(scheduler_next(s, &action));
    assert_int_equal(action.kind, ACTION_RUN);
    assert_int_equal(action.rank, rank);
    assert_int_equal(action.count, count);
    return action.runs[0];
}

static void nothing_due(struct scheduler *s)
{
    struct action action;
    assert_false(scheduler_next(s, &action));
}

static void ends(struct scheduler *s)
{
    struct action action;
    assert_true(scheduler_next(s, &action));
    assert_int_equal(action.kind, ACTION_END);
    nothing_due(s); /* once */
}

static void a_plan_without_runs_ends_at_once(void **state)
{
    (void)state;
    struct scheduler *s = make(0, 2, 0);
    ends(s);
    scheduler_destroy(s);
}

static void a_report_from_a_rank_that_does_not_hold_the_run_changes_nothing(void **state)
{
    (void)state;
    struct scheduler *s = make(2, 2, 0);
    scheduler_add(s, 0, 1e10, 1);
    tell(s, EVENT_READY, 0, 0, 0, 0);
    assert_int_equal(given(s, 0, 1), 0);
    assert_int_equal(tell(s, EVENT_DONE, 1, 0, 1, 1), FATE_NONE);  /* another rank */
    assert_int_equal(tell(s, EVENT_DONE, 0, 1, 1, 1), FATE_NONE);  /* never added */
    assert_int_equal(tell(s, EVENT_DONE, 0, -1, 1, 1), FATE_NONE); /* no run at all */
    assert_int_equal(tell(s, EVENT_DONE, 0, 7, 1, 1), FATE_NONE);
    assert_int_equal(tell(s, EVENT_DONE, 0, 0, 1, 1), FATE_ENDED);
    assert_int_equal(tell(s, EVENT_DONE, 0, 0, 1, 1), FATE_NONE); /* twice */
    assert_int_equal(scheduler_counts(s).done, 1);
    ends(s);
    scheduler_destroy(s);
}

static void longest_runs_go_first(void **state)
{
    (void)state;
    static const double costs[] = {1e9, 8e10, 2e10, 4e11};
    static const int order[] = {3, 1, 2, 0};
    struct scheduler *s = make(4, 1, 0);
    for (int i = 0; i < 4; i++)
        scheduler_add(s, i, costs[i], 1);
    tell(s, EVENT_READY, 0, 0, 0, 0);
    double now = 0;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(given(s, 0, 1), order[i]);
        nothing_due(s);
        now += costs[order[i]] * 1e-9;
        tell(s, EVENT_DONE, 0, order[i], costs[order[i]] * 1e-9, now);
    }
    ends(s);
    scheduler_destroy(s);
}

static void a_failed_attempt_is_repeated_as_often_as_allowed(void **state)
{
    (void)state;
    struct scheduler *s = make(1, 1, 0);
    scheduler_add(s, 0, 1e10, 3);
    tell(s, EVENT_READY, 0, 0, 0, 0);
    for (int attempt = 1; attempt <= 3; attempt++) {
        given(s, 0, 1);
        assert_int_equal(scheduler_attempt(s, 0), attempt);
        assert_int_equal(tell(s, EVENT_FAILED, 0, 0, 0, attempt),
                         attempt < 3 ? FATE_RETRIED : FATE_LOST);
    }
    assert_int_equal(scheduler_counts(s).failed, 1);
    ends(s);
    scheduler_destroy(s);
}

static void a_refused_run_is_not_repeated(void **state)
{
    (void)state;
    struct scheduler *s = make(1, 1, 0);
    scheduler_add(s, 0, 1e10, 3);
    tell(s, EVENT_READY, 0, 0, 0, 0);
    given(s, 0, 1);
    assert_int_equal(tell(s, EVENT_REFUSED, 0, 0, 0, 1), FATE_LOST);
    ends(s);
    scheduler_destroy(s);
}

static void after_a_drain_nothing_starts_and_the_rest_is_left(void **state)
{
    (void)state;
    struct action action;
    struct scheduler *s = make(3, 1, 0);
    for (int i = 0; i < 3; i++)
        scheduler_add(s, i, 1e10, 2);
    tell(s, EVENT_READY, 0, 0, 0, 0);
    int run = given(s, 0, 1);
    tell(s, EVENT_DRAIN, 0, 0, 0, 1);
    assert_true(scheduler_next(s, &action));
    assert_int_equal(action.kind, ACTION_DRAIN);
    tell(s, EVENT_DRAIN, 0, 0, 0, 1); /* USR1 may come twice */
    nothing_due(s);
    assert_int_equal(tell(s, EVENT_STOPPED, 0, run, 0, 2), FATE_LEFT);
    ends(s);
    assert_int_equal(scheduler_counts(s).waiting, 2);
    assert_int_equal(scheduler_counts(s).stopped, 1);
    scheduler_destroy(s);
}

/* Costs are such that a unit of work is 1 s; three ranks learn this from the first runs. */
static void short_runs_travel_in_bundles_and_work_is_held_ahead(void **state)
{
    (void)state;
    enum { RUNS = 20000 };
    struct scheduler *s = make(RUNS, 1, 0);
    for (int i = 0; i < RUNS; i++)
        scheduler_add(s, i, 1e6, 1);
    tell(s, EVENT_READY, 0, 0, 0, 0);
    int first = given(s, 0, 1);
    int second = given(s, 0, 1); /* one ahead even before anything is known */
    nothing_due(s);
    tell(s, EVENT_DONE, 0, first, 0.01, 0.01);
    double ahead = 0.01; /* the second one */
    struct action action;
    while (scheduler_next(s, &action)) {
        assert_int_equal(action.kind, ACTION_RUN);
        assert_in_range(action.count, 100, 101); /* 1 s in runs of 10 ms; float may need one more */
        ahead += action.count * 0.01;
    }
    assert_true(ahead >= SCHEDULER_AHEAD && ahead < SCHEDULER_AHEAD + 1.5);
    assert_int_equal(second, 1);
    scheduler_destroy(s);
}

static void near_the_end_of_the_job_only_what_fits_is_started(void **state)
{
    (void)state;
    struct scheduler *s = make(4, 1, 100); /* 1 s in reserve */
    scheduler_add(s, 0, 50e9, 1);
    scheduler_add(s, 1, 60e9, 1);
    scheduler_add(s, 2, 10e9, 1);
    scheduler_add(s, 3, 70e9, 1);
    tell(s, EVENT_READY, 0, 0, 0, 0);
    assert_int_equal(given(s, 0, 1), 3);
    tell(s, EVENT_DONE, 0, 3, 70, 70); /* 29 s left: 10 s fits, 50 and 60 do not */
    assert_int_equal(given(s, 0, 1), 2);
    nothing_due(s);
    tell(s, EVENT_DONE, 0, 2, 10, 80);
    ends(s);
    assert_int_equal(scheduler_counts(s).waiting, 2);
    scheduler_destroy(s);
}

static void near_the_end_of_the_job_a_run_is_started_that_reaches_a_checkpoint(void **state)
{
    (void)state;
    struct scheduler *s;
    struct error err = {""};
    struct scheduler_options options = {
        .runs = 4, .ranks = 1, .end = 100, .reserve = 1, .saved = 10};
    assert_int_equal(scheduler_create(&s, &options, &err), OK);
    scheduler_add(s, 0, 5e9, 1);
    scheduler_add(s, 1, 60e9, 1);
    scheduler_add(s, 2, 50e9, 1);
    scheduler_add(s, 3, 70e9, 1);
    tell(s, EVENT_READY, 0, 0, 0, 0);
    assert_int_equal(given(s, 0, 1), 3);
    tell(s, EVENT_DONE, 0, 3, 70, 70); /* 29 s left: 60 s do not fit, but are begun and saved */
    assert_int_equal(given(s, 0, 1), 1);
    nothing_due(s);
    tell(s, EVENT_FAILED, 0, 1, 0, 90); /* 9 s left: 50 s would save too little, 5 s fit */
    assert_int_equal(given(s, 0, 1), 0);
    nothing_due(s);
    tell(s, EVENT_DONE, 0, 0, 5, 95);
    ends(s);
    scheduler_destroy(s);
}

static void the_last_runs_are_not_hoarded_behind_long_ones(void **state)
{
    (void)state;
    /* Two ranks, one run of 100 s and three of 10 s: the long one's rank must get nothing more. */
    struct scheduler *s = make(4, 2, 0);
    static const double costs[] = {100e9, 10e9, 10e9, 10e9};
    for (int i = 0; i < 4; i++)
        scheduler_add(s, i, costs[i], 1);
    tell(s, EVENT_READY, 0, 0, 0, 0);
    tell(s, EVENT_READY, 1, 0, 0, 0);
    assert_int_equal(given(s, 0, 1), 0);
    for (int i = 1; i < 4; i++) {
        assert_int_equal(given(s, 1, 1), i);
        nothing_due(s);
        tell(s, EVENT_DONE, 1, i, 10, 10 * i);
    }
    tell(s, EVENT_DONE, 0, 0, 100, 100);
    ends(s);
    scheduler_destroy(s);
}

static void progresses(struct scheduler *s, int rank, int64_t run, double seconds, double share,
                       double now)
{
    struct event event = {EVENT_PROGRESS, rank, run, seconds, share, now};
    assert_int_equal(scheduler_event(s, &event), FATE_NONE);
}

static void a_run_at_work_tells_what_is_left_before_any_has_ended(void **state)
{
    (void)state;
    struct scheduler *s = make(3, 1, 0);
    for (int i = 0; i < 3; i++)
        scheduler_add(s, i, 100e9, 1);
    tell(s, EVENT_READY, 0, 0, 0, 5);
    assert_int_equal(given(s, 0, 1), 0);
    progresses(s, 0, 0, 10, 0, 15);   /* nothing done yet */
    progresses(s, 0, 1, 10, .5, 15);  /* of a run that waits */
    progresses(s, 0, 7, 10, .5, 15);  /* of none */
    progresses(s, -1, 1, 10, .5, 15); /* of no rank */
    assert_false(scheduler_counts(s).measured);
    progresses(s, 0, 0, 30, .25, 35); /* 120 s in all, as those that wait */
    assert_true(scheduler_counts(s).measured);
    assert_true(scheduler_counts(s).seconds == 90 + 2 * 120);
    assert_true(scheduler_counts(s).longest == 90);
    tell(s, EVENT_TICK, 0, -1, 0, 65);
    assert_true(scheduler_counts(s).seconds == 60 + 2 * 120);
    progresses(s, 0, 0, 80, .8, 85); /* faster now; its class has its measurement */
    assert_true(scheduler_counts(s).seconds == 20 + 2 * 120);
    tell(s, EVENT_DONE, 0, 0, 100, 105);
    assert_true(scheduler_counts(s).longest == 0);
    scheduler_destroy(s);
}

static void a_run_from_a_checkpoint_tells_what_is_left_of_it(void **state)
{
    (void)state;
    struct scheduler *s = make(1, 1, 0);
    scheduler_add(s, 0, 100e9, 1);
    tell(s, EVENT_READY, 0, 0, 0, 0);
    given(s, 0, 1);
    progresses(s, 0, 0, 40 + 10, .5, 10); /* 40 s in an earlier job, 10 s in this one */
    assert_true(scheduler_counts(s).seconds == 50);
    tell(s, EVENT_TICK, 0, -1, 0, 30);
    assert_true(scheduler_counts(s).seconds == 30);
    scheduler_destroy(s);
}

static void near_the_end_of_the_job_progress_shows_what_no_longer_fits(void **state)
{
    (void)state;
    struct scheduler *s = make(3, 2, 100); /* 1 s in reserve */
    for (int i = 0; i < 3; i++)
        scheduler_add(s, i, 100e9, 1);
    tell(s, EVENT_READY, 0, 0, 0, 0);
    assert_int_equal(given(s, 0, 1), 0);
    progresses(s, 0, 0, 20, .25, 20); /* 80 s in all: 79 s are left for another rank's */
    tell(s, EVENT_READY, 1, 0, 0, 20);
    nothing_due(s);
    scheduler_destroy(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_without_runs_ends_at_once),
        cmocka_unit_test(a_report_from_a_rank_that_does_not_hold_the_run_changes_nothing),
        cmocka_unit_test(a_refused_run_is_not_repeated),
        cmocka_unit_test(longest_runs_go_first),
        cmocka_unit_test(a_failed_attempt_is_repeated_as_often_as_allowed),
        cmocka_unit_test(after_a_drain_nothing_starts_and_the_rest_is_left),
        cmocka_unit_test(short_runs_travel_in_bundles_and_work_is_held_ahead),
        cmocka_unit_test(near_the_end_of_the_job_only_what_fits_is_started),
        cmocka_unit_test(near_the_end_of_the_job_a_run_is_started_that_reaches_a_checkpoint),
        cmocka_unit_test(the_last_runs_are_not_hoarded_behind_long_ones),
        cmocka_unit_test(a_run_at_work_tells_what_is_left_before_any_has_ended),
        cmocka_unit_test(a_run_from_a_checkpoint_tells_what_is_left_of_it),
        cmocka_unit_test(near_the_end_of_the_job_progress_shows_what_no_longer_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
