/* spectral.h - GD++ (gradient descent whose inputs are preconditioned, arXiv 2212.07677) by
 * eigenvalues alone (science.md section 4, statements 2 and 4).
 *
 * Layer l maps an eigenvalue lam of G = sum_i x_i x_i^T and the factor q of its direction that is
 * not yet learned (1 at first):
 *   q <- q (1 - c_l lam),   lam <- lam (1 - gamma_l lam)^2
 * For weights w ~ N(0, k^2), labels without noise and a query of variance s2, the expected loss of
 * a context is .5 O k^2 s2 sum_j q_L(lam_j)^2: the expectation over w and the query is exact, only
 * contexts are sampled. gamma = 0 is gradient descent. The last layer's gamma has no effect. No
 * clip.
 *
 * Plain C in double as in descent.h, eigenvalues by Jacobi rotations: equal bits everywhere.
 */
#ifndef THEORY_SPECTRAL_H
#define THEORY_SPECTRAL_H

#include "theory/gdpp.h"

struct spectra {
    int d;
    int count;   /* contexts */
    double unit; /* .5 O k^2 s2 */
    double *at;  /* [count][d] eigenvalues, in no order */
};

/* Takes the memory of `count` contexts from the arena (at is NULL while measuring). */
struct spectra spectra_create(struct arena *arena, const struct task_config *task, int count);

/* Eigenvalues of the contexts of the set, as many as there are in both. */
void spectra_read(struct spectra *spectra, const struct regression_set *set);

/* eigenvalues[d] of symmetric A[d][d], which is destroyed; to 1e-15 of the largest. */
void symmetric_eigenvalues(double *eigenvalues, double *A, int d);

/* Mean expected loss. gradient[2 L], d loss / d (rates, gammas), is written when not NULL. */
double spectral_loss(double *gradient, const struct spectra *spectra, const struct gdpp *gdpp);

/* Minimises spectral_loss over what is free for gdpp->layers layers; returns the loss. BFGS with
 * exact gradients from several starts (the loss has local minima), to a relative change of 1e-12.
 * For layers >= 4 the optimum per layer follows the few largest eigenvalues of the sample and says
 * little (heavy tail). */
double gdpp_optimum(struct gdpp *gdpp, const struct spectra *spectra, enum gdpp_freedom freedom);

#endif
