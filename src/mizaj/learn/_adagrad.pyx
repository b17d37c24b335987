# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False, cdivision=True
"""One epoch of AdaGrad (Duchi, Hazan, Singer, 2011) on a multinomial regression over sparse and dense columns."""

from libc.float cimport FLT_MAX
from libc.math cimport exp, log, sqrt
from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.stdlib cimport calloc, free


def run_epoch(
    const int64_t[::1] order,
    const int64_t[::1] places,
    const int32_t[::1] columns,
    const float[::1] worths,
    const float[::1] shares,
    const float[:, ::1] figures,
    const float[:, ::1] targets,
    const uint8_t[:, ::1] possible,
    const float[::1] weights,
    float[:, ::1] sparse,
    float[:, ::1] sparse_squares,
    float[:, ::1] dense,
    float[:, ::1] dense_squares,
    *,
    float rate,
    float decay,
):
    """Improve `sparse` (columns x labels) and `dense` (figures x labels) on the posts of `order`; the mean loss.

    Post i has the columns at `places[i]` to `places[i + 1]`, each of the value `worths[column] * shares[i]`, the dense
    values `figures[i]`, and the probabilities `targets[i]` to come near to, times `weights[i]`. Only labels that are
    `possible[i]` share in its probability: it says nothing of the others. `decay` is the ridge.
    """
    cdef Py_ssize_t i, j, k, row, n_labels = targets.shape[1], n_figures = figures.shape[1]
    cdef int32_t column
    cdef float value, slope
    cdef double loss = 0.0, total_weight = 0.0
    cdef float* logits = <float*>calloc(n_labels, sizeof(float))
    if logits == NULL:
        raise MemoryError("no memory for the logits of one post")
    with nogil:
        for i in range(order.shape[0]):
            row = order[i]
            for k in range(n_labels):
                logits[k] = 0.0
            for j in range(places[row], places[row + 1]):
                column = columns[j]
                value = worths[column] * shares[row]
                for k in range(n_labels):
                    logits[k] += value * sparse[column, k]
            for j in range(n_figures):
                for k in range(n_labels):
                    logits[k] += figures[row, j] * dense[j, k]
            loss += weights[row] * to_slopes(logits, &targets[row, 0], &possible[row, 0], n_labels)
            total_weight += weights[row]
            for k in range(n_labels):
                logits[k] *= weights[row]
            for j in range(places[row], places[row + 1]):
                column = columns[j]
                value = worths[column] * shares[row]
                for k in range(n_labels):
                    slope = value * logits[k] + decay * sparse[column, k]
                    step(&sparse[column, k], &sparse_squares[column, k], slope, rate)
            for j in range(n_figures):
                for k in range(n_labels):
                    slope = figures[row, j] * logits[k] + decay * dense[j, k]
                    step(&dense[j, k], &dense_squares[j, k], slope, rate)
    free(logits)
    return loss / max(total_weight, 1e-12)


cdef inline void step(float* weight, float* squares, float slope, float rate) noexcept nogil:
    squares[0] += slope * slope
    weight[0] -= rate * slope / sqrt(squares[0])


cdef double to_slopes(float* logits, const float* targets, const uint8_t* possible, Py_ssize_t n) noexcept nogil:
    """Logits become what the loss changes with each of them, probability less target; the cross-entropy."""
    cdef Py_ssize_t k
    cdef float highest = -FLT_MAX
    cdef double total = 0.0, loss = 0.0, proba
    for k in range(n):
        if possible[k]:
            highest = max(highest, logits[k])
    for k in range(n):
        if possible[k]:
            total += exp(logits[k] - highest)
    for k in range(n):
        if not possible[k]:
            logits[k] = 0.0
            continue
        proba = exp(logits[k] - highest) / total
        if targets[k] > 0.0:
            loss -= targets[k] * log(max(proba, 1e-30))
        logits[k] = <float>(proba - targets[k])
    return loss
