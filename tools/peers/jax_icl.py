#!/usr/bin/env python3
"""The strongest JAX that we know for mesasweep's two workloads, to be compared with on one core.

  reg   paper 1: B = 2048 fresh linear regressions a step (d = N = 10), L linear attention layers of H heads,
        global-norm clip, Adam; --clip C limits the activations after each layer
  dyn   paper 2: B = 256 sequences of linear dynamics (T = 50), constructed tokens of width 40, causal
        linear, softmax or mesa attention (H = 4, K = 20), element-wise clip, AdamW; --clip as above

One training step (sampling, forward, backward, update) is compiled once, a loop on the device runs many of
them in one call, the buffers are donated. What made it faster and is therefore in here:

  reg   products of weights are formed once a step, A = Wq Wk' and U = Wv Wp; a layer is h + sum_h (h A_h) S U_h
        with the Gram matrix S of the context; the last layer sees the query only (without a clip)
  both  gradients summed over micro-batches that stay in the cache (--micro; the best size is looked for)
  mesa  a reverse pass of our own with the inverses S_t stored, instead of autodiff through the scan

Prints one JSON line. Run it pinned: taskset -c 0 python3 jax_icl.py reg --depth 5
"""
import argparse
import json
import os
import statistics
import time

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false --xla_cpu_prefer_vector_width=512"

import jax
import jax.numpy as jnp
import optax

jax.config.update("jax_default_prng_impl", "rbg")  # several times faster on a CPU than threefry


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("workload", choices=["reg", "dyn"])
    parser.add_argument("--depth", type=int, default=1)
    parser.add_argument("--heads", type=int, default=0, help="default: 1 (reg), 4 (dyn)")
    parser.add_argument("--kind", choices=["linear", "softmax", "mesa"], default="linear")
    parser.add_argument("--shared", action="store_true", help="one weight set for all layers")
    parser.add_argument("--clip", type=float, default=0.0, help="limit of the activations; 0: none")
    parser.add_argument("--batch", type=int, default=0, help="default: 2048 (reg), 256 (dyn)")
    parser.add_argument("--micro", type=int, nargs="*", help="micro-batches to try; 0: the whole batch")
    parser.add_argument("--windows", type=int, default=3, help="timed windows")
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a window")
    a = parser.parse_args()
    regression = a.workload == "reg"
    a.heads = a.heads or (1 if regression else 4)
    a.batch = a.batch or (2048 if regression else 256)
    a.micro = a.micro or ([0, 128] if regression else [16, 32])
    a.size, a.key = (11, 11) if regression else (40, 20)  # D and K
    return a


# ---- data


def regression_tasks(key, count, d=10, n=10):
    """Context [count, n, d+1], query [count, d+1] with y = 0, and the query's y [count]."""
    key_w, key_x = jax.random.split(key)
    w = jax.random.normal(key_w, (count, d))
    x = jax.random.uniform(key_x, (count, n + 1, d), minval=-0.5, maxval=0.5)
    y = jnp.einsum("bnd,bd->bn", x, w)
    tokens = jnp.concatenate([x, y[..., None]], -1)
    return tokens[:, :n], tokens[:, n].at[:, d].set(0.0), y[:, n]


def orthogonal(key, count, d):
    """Haar: Gram-Schmidt on Gaussian rows, each projected twice."""
    rows = []
    for row in jnp.moveaxis(jax.random.normal(key, (count, d, d)), 1, 0):
        for _ in range(2):
            for done in rows:
                row = row - done * jnp.sum(done * row, -1, keepdims=True)
        rows.append(row / jnp.linalg.norm(row, axis=-1, keepdims=True))
    return jnp.stack(rows, 1)


def dynamics_tasks(key, count, masked, d=10, length=50):
    """Constructed tokens (0, s_t, s_t, s_{t-1}) [count, T, 4d] and targets s_{t+1} [count, T, d]."""
    key_w, key_s, key_n = jax.random.split(key, 3)
    w = orthogonal(key_w, count, d)
    first = jax.random.uniform(key_s, (count, d), minval=-1.0, maxval=1.0)
    noise = 0.01 * jax.random.normal(key_n, (length, count, d))

    def advance(s, n):
        s = jnp.clip(jnp.einsum("bij,bj->bi", w, s) + n, -10.0, 10.0)
        return s, s

    states = jnp.concatenate([first[None], jax.lax.scan(advance, first, noise)[1]], 0)
    states = jnp.moveaxis(states, 0, 1)
    now = states[:, :-1]
    before = jnp.pad(now[:, :-1], ((0, 0), (1, 0), (0, 0)))
    zero = jnp.zeros_like(now)
    return jnp.concatenate([zero, zero if masked else now, now, before], -1), states[:, 1:]


# ---- models


def initial(key, a):
    sets = 1 if a.shared else a.depth
    deviation = (0.002 / a.depth / a.size) ** 0.5
    shapes = dict(query=(a.size, a.heads, a.key), key=(a.size, a.heads, a.key),
                  value=(a.size, a.heads, a.key), project=(a.heads, a.key, a.size))
    layers = []
    for layer_key in jax.random.split(key, sets):
        keys = jax.random.split(layer_key, len(shapes))
        layer = {name: deviation * jax.random.normal(k, shape) for k, (name, shape) in zip(keys, shapes.items())}
        if a.kind == "mesa":
            layer["strength"] = jnp.ones(a.heads)
        layers.append(layer)
    return layers


def limit(x, a):
    return jnp.clip(x, -a.clip, a.clip) if a.clip else x


def regression_loss(layers, tasks, a):
    context, query, target = tasks
    merged = [(jnp.einsum("dhk,ehk->hde", p["query"], p["key"]), jnp.einsum("dhk,hke->hde", p["value"], p["project"]))
              for p in layers]
    for depth in range(a.depth):
        first, second = merged[depth % len(merged)]
        gram = jnp.einsum("bni,bnj->bij", context, context)
        if depth == a.depth - 1:  # only the prediction is still needed; the context is not
            state = jnp.einsum("bi,hij,bjk->bhk", query, first, gram)
            update = jnp.einsum("bhk,hk->b", state, second[:, :, -1])
            return 0.5 * jnp.mean((limit(query[:, -1] + update, a) + target) ** 2)
        matrix = jnp.einsum("hij,bjk,hkl->bil", first, gram, second)
        context, query = (limit(context + jnp.einsum("bni,bij->bnj", context, matrix), a),
                          limit(query + jnp.einsum("bi,bij->bj", query, matrix), a))


def mesa_step(carry, token):
    inverse, phi = carry
    k, v, q = token
    u = inverse @ k
    inverse = inverse - jnp.outer(u, u) / (1.0 + k @ u)
    phi = phi + jnp.outer(v, k)
    return (inverse, phi), (phi @ (inverse @ q), inverse)


def mesa_start(k, strength):
    eye = jnp.eye(k.shape[-1], dtype=k.dtype)
    return strength * eye, jnp.zeros_like(eye)


@jax.custom_vjp
def mesa(k, v, q, strength):
    return jax.lax.scan(mesa_step, mesa_start(k, strength), (k, v, q))[1][0]


def mesa_forward(k, v, q, strength):
    (_, phi), (out, inverses) = jax.lax.scan(mesa_step, mesa_start(k, strength), (k, v, q))
    return out, (k, v, q, strength, inverses, phi)


def mesa_backward(kept, dout):
    k, v, q, strength, inverses, phi = kept

    def back(carry, token):
        phi, outer, back_phi = carry
        k, v, q, inverse, g = token
        w = inverse @ q
        r = inverse @ (phi.T @ g)
        half = jnp.outer(r, w)
        outer = outer - 0.5 * (half + half.T)
        back_phi = back_phi + jnp.outer(g, w)
        return (phi - jnp.outer(v, k), outer, back_phi), (back_phi.T @ v + 2.0 * (outer @ k), back_phi @ k, r)

    zero = jnp.zeros_like(phi)
    (_, outer, _), (dk, dv, dq) = jax.lax.scan(back, (phi, zero, zero), (k, v, q, inverses, dout), reverse=True)
    return dk, dv, dq, -jnp.trace(outer) / strength**2


mesa.defvjp(mesa_forward, mesa_backward)
mesa_heads = jax.vmap(jax.vmap(mesa), in_axes=(0, 0, 0, None))  # over the batch, over the heads


def dynamics_loss(layers, tasks, a):
    tokens, target = tasks
    mask = jnp.tril(jnp.ones((tokens.shape[1],) * 2, bool))
    for depth in range(a.depth):
        p = layers[depth % len(layers)]
        q, k, v = (jnp.einsum("btd,dhk->bhtk", tokens, p[name]) for name in ("query", "key", "value"))
        if a.kind == "mesa":
            out = mesa_heads(k, v, q, p["strength"])
        else:
            scores = jnp.einsum("bhtk,bhsk->bhts", q, k)
            if a.kind == "softmax":
                scores = jax.nn.softmax(jnp.where(mask, scores / a.key**0.5, -jnp.inf), -1)
            else:
                scores = jnp.where(mask, scores, 0.0)
            out = jnp.einsum("bhts,bhsk->bhtk", scores, v)
        tokens = limit(tokens + jnp.einsum("bhtk,hkd->btd", out, p["project"]), a)
    error = tokens[..., :target.shape[-1]] - target
    return 0.5 * jnp.mean(jnp.sum(error**2, -1))


# ---- training


def step_function(a, micro):
    """The optimiser, and one training step that sums gradients over micro-batches (0: no micro-batches)."""
    micro = micro or a.batch
    if a.workload == "reg":
        optimiser = optax.chain(optax.clip_by_global_norm(10.0), optax.adam(5e-4, b2=0.98))
        value = jax.value_and_grad(lambda p, k: regression_loss(p, regression_tasks(k, micro), a))
    else:
        optimiser = optax.chain(optax.clip(1.0), optax.adamw(1e-4, weight_decay=0.1))
        value = jax.value_and_grad(lambda p, k: dynamics_loss(p, dynamics_tasks(k, micro, a.depth == 1), a))

    def step(_, carry):
        layers, moments, key, _ = carry
        key, fresh = jax.random.split(key)
        if micro == a.batch:
            loss, gradient = value(layers, fresh)
        else:
            parts = a.batch // micro
            zero = (jnp.float32(0), jax.tree.map(jnp.zeros_like, layers))
            add = lambda total, k: (jax.tree.map(jnp.add, total, value(layers, k)), None)
            total = jax.lax.scan(add, zero, jax.random.split(fresh, parts))[0]
            loss, gradient = jax.tree.map(lambda x: x / parts, total)
        update, moments = optimiser.update(gradient, moments, layers)
        return optax.apply_updates(layers, update), moments, key, loss

    return optimiser, step


def timed(run, carry, steps):
    begin = time.perf_counter()
    carry = jax.block_until_ready(run(carry, steps))
    return time.perf_counter() - begin, carry


def measure(a, micro):
    """Steps per second in each window, and the loss at the end."""
    optimiser, step = step_function(a, micro)
    run = jax.jit(lambda carry, steps: jax.lax.fori_loop(0, steps, step, carry), donate_argnums=0)
    layers = initial(jax.random.PRNGKey(0), a)
    carry = (layers, optimiser.init(layers), jax.random.PRNGKey(1), jnp.float32(0))
    _, carry = timed(run, carry, 1)
    seconds, carry = timed(run, carry, 3)
    steps = max(3, int(3 * a.seconds / seconds))
    rates = []
    for _ in range(a.windows):
        seconds, carry = timed(run, carry, steps)
        rates.append(steps / seconds)
    return rates, float(carry[-1])


def main():
    a = arguments()
    results = {micro: measure(a, micro) for micro in a.micro}
    micro = max(results, key=lambda m: max(results[m][0]))
    rates, loss = results[micro]
    print(json.dumps(dict(tool="jax", version=jax.__version__, workload=a.workload, depth=a.depth, heads=a.heads,
                          kind=a.kind, clip=a.clip, batch=a.batch, micro=micro,
                          steps_per_s=round(statistics.median(rates), 3), best=round(max(rates), 3),
                          loss=round(loss, 4))), flush=True)


if __name__ == "__main__":
    main()
