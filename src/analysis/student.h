/* student.h - distillation: a layer of linear attention learns to do to the stream what a layer of
 * a trained model does, whatever its kind (science.md 2.7).
 *
 * The student is a model of one layer whose tokens are the rows of the stream before that layer,
 * and which predicts the rows behind it, all channels of all of them. Otherwise it is what the
 * layer is: heads, key size, positions, limits. */
#ifndef ANALYSIS_STUDENT_H
#define ANALYSIS_STUDENT_H

#include "analysis/analysis.h"
#include "train/loss.h"
#include "train/optimiser.h"

enum { STUDENT_BATCH = 64 };

struct student {
    const struct model *teacher;
    const struct kernels *kernels;
    int layer; /* of the teacher, 1 .. L */
    struct model model;
    struct pass *pass;
    struct loss loss; /* mean over the rows of .5 |difference|^2 */
    real *weights, *mean, *square;
    double *gradient;
    real *doutputs; /* [rows][D][LANES] */
    struct adam_powers powers;
};

/* Whether a model's layers are nothing but attention, each with weights of its own. */
bool student_fits(const struct model_config *teacher);

void student_create(struct student *student, struct arena *arena, const struct model *teacher,
                    int layer, const struct kernels *kernels);

/* First weights: N(0, .05^2). */
void student_start(struct student *student, uint64_t seed);

/* What the student makes of the group of 16 tasks that the teacher's pass has gone forward with,
 * [rows][D][LANES]. */
const real *student_predict(struct student *student, const struct pass *teacher);

/* Adds the gradient of that group; after STUDENT_BATCH tasks an update, of which there are to be
 * `steps`: Adam, with a rate that falls from .003 to 0 as a cosine. */
void student_learn(struct student *student, const struct pass *teacher);
void student_update(struct student *student, int64_t step, int64_t steps);

/* Its weights in the place of those of the teacher's layer. */
void student_copy(real *weights, const struct student *student);

/* Multiply-adds of one task forward; back they are twice as many. */
double student_cost(const struct model *teacher, int layer);

#endif
