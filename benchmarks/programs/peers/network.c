// The two networks by hand, in C with GCC's vector types: the mean loss over a batch, and its gradient.
//
// Compiled with -O3 -march=native -mtune=generic -fopenmp. Examples lie side by side in vectors, and a block of them goes through all
// layers while it is in the first-level cache. The products with the weights, with their transpose and for their
// gradient are tiles of 4 x 4 vectors, kept in registers. The weights' gradient has a vector for each weight, whose
// lanes are added up once, at the end. Sizes are constants wherever a function is inlined.

#include <math.h>
#include <omp.h>
#include <stdint.h>
#include <string.h>

#if defined(__AVX512F__)
#define LANES 8
#elif defined(__AVX__)
#define LANES 4
#else
#define LANES 2
#endif

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")
#define MOST_THREADS 64
#define TOGETHER 4  // vectors of which a function is computed at once

typedef double vec __attribute__((vector_size(8 * LANES)));
typedef int64_t ivec __attribute__((vector_size(8 * LANES)));

INLINE vec choose(ivec where, vec yes, vec no) { return (vec)((where & (ivec)yes) | (~where & (ivec)no)); }

// ------------------------------------------------------------------ elementary functions

// exp(x) = 2^k (1 + m): gives m = expm1(r) for r = x - k log 2, and 2^k; within an ulp for |x| < 700. Of N vectors,
// step by step together, for each step waits for the one before.
INLINE void reduced(int N, const vec *x, vec *m, vec *scale) {
    static const double terms[] = {2.7621338669142925e-07, 2.75572664186123e-06,  2.4801518641395993e-05,
                                   0.00019841269864380513, 0.0013888888918939168, 0.008333333333329793,
                                   0.04166666666662064,    0.16666666666666669,   0.5000000000000001};
    const double shift = 0x1.8p52;  // added, it leaves the nearest integer in the low bits
    vec k[4], r[4], q[4];
    UNROLL for (int n = 0; n < N; n++) k[n] = x[n] * 0x1.71547652b82fep0 + shift;
    UNROLL for (int n = 0; n < N; n++) scale[n] = (vec)(((ivec)k[n] << 52) + (ivec)((vec){0} + 1.0));
    UNROLL for (int n = 0; n < N; n++) k[n] -= shift;
    UNROLL for (int n = 0; n < N; n++) r[n] = x[n] - k[n] * 0x1.62e42fefa39efp-1;
    UNROLL for (int n = 0; n < N; n++) r[n] -= k[n] * 0x1.abc9e3b39803fp-56;
    UNROLL for (int n = 0; n < N; n++) q[n] = (vec){0} + 2.510134692835034e-08;
    UNROLL for (int t = 0; t < 9; t++)
        UNROLL for (int n = 0; n < N; n++) q[n] = q[n] * r[n] + terms[t];
    UNROLL for (int n = 0; n < N; n++) m[n] = r[n] * r[n] * q[n] + r[n];
}

INLINE void vexp(int N, vec *x) {
    vec m[4], scale[4];
    UNROLL for (int n = 0; n < N; n++) x[n] = choose(x[n] < -700.0, (vec){0} - 700.0, x[n]);
    reduced(N, x, m, scale);
    UNROLL for (int n = 0; n < N; n++) x[n] = scale[n] * m[n] + scale[n];
}

// tanh x = t / (t + 2) with t = expm1(2x), for |x|: precise for small arguments, 1 beyond 20.
INLINE void vtanh(int N, vec *x) {
    const ivec sign_bit = (ivec){0} + INT64_MIN;
    vec size[4], m[4], scale[4];
    UNROLL for (int n = 0; n < N; n++) size[n] = (vec)((ivec)x[n] & ~sign_bit);
    UNROLL for (int n = 0; n < N; n++) size[n] = choose(size[n] > 20.0, (vec){0} + 20.0, size[n]);
    UNROLL for (int n = 0; n < N; n++) size[n] += size[n];
    reduced(N, size, m, scale);
    UNROLL for (int n = 0; n < N; n++) m[n] = scale[n] * m[n] + (scale[n] - 1.0);
    UNROLL for (int n = 0; n < N; n++) m[n] /= m[n] + 2.0;
    UNROLL for (int n = 0; n < N; n++) x[n] = (vec)((ivec)m[n] | ((ivec)x[n] & sign_bit));
}

// ------------------------------------------------------------------ layers, for a block of K vectors of examples

// out[p] (+)= sum over t of w[p * row + t * term] * x[t], for P rows and Q vectors.
INLINE void product_tile(int P, int Q, int K, int terms, const double *w, int row, int term, const double *bias,
                         const vec *x, vec *out) {
    vec sums[4][4];
    UNROLL for (int p = 0; p < P; p++)
        UNROLL for (int q = 0; q < Q; q++) sums[p][q] = (vec){0} + (bias ? bias[p] : 0.0);
    for (int t = 0; t < terms; t++)
        UNROLL for (int p = 0; p < P; p++)
            UNROLL for (int q = 0; q < Q; q++) sums[p][q] += w[p * row + t * term] * x[t * K + q];
    UNROLL for (int p = 0; p < P; p++)
        UNROLL for (int q = 0; q < Q; q++) out[p * K + q] = sums[p][q];
}

INLINE void product(int K, int rows, int terms, const double *w, int row, int term, const double *bias, const vec *x,
                    vec *out) {
    const int Q = K < 4 ? K : 4, rest = rows % 4;
    for (int k = 0; k < K; k += Q) {
        int p = 0;
        for (; p + 4 <= rows; p += 4)
            product_tile(4, Q, K, terms, w + p * row, row, term, bias ? bias + p : 0, x + k, out + p * K + k);
        if (rest) product_tile(rest, Q, K, terms, w + p * row, row, term, bias ? bias + p : 0, x + k, out + p * K + k);
    }
}

INLINE void forward(int K, int nin, int nout, const double *w, const double *bias, const vec *x, vec *out) {
    product(K, nout, nin, w, nin, 1, bias, x, out);
}

INLINE void backward(int K, int nin, int nout, const double *w, const vec *slopes, vec *below) {
    product(K, nin, nout, w, 1, nin, 0, slopes, below);
}

INLINE void gradient_tile(int P, int Q, int K, int nin, const vec *slopes, const vec *x, vec *grad) {
    vec sums[4][4];
    UNROLL for (int p = 0; p < P; p++)
        UNROLL for (int q = 0; q < Q; q++) sums[p][q] = grad[p * nin + q];
    for (int k = 0; k < K; k++)
        UNROLL for (int p = 0; p < P; p++)
            UNROLL for (int q = 0; q < Q; q++) sums[p][q] += slopes[p * K + k] * x[q * K + k];
    UNROLL for (int p = 0; p < P; p++)
        UNROLL for (int q = 0; q < Q; q++) grad[p * nin + q] = sums[p][q];
}

INLINE void gradient_rows(int P, int K, int nin, const vec *slopes, const vec *x, vec *grad) {
    int q = 0;
    for (; q + 4 <= nin; q += 4) gradient_tile(P, 4, K, nin, slopes, x + q * K, grad + q);
    if (nin % 4) gradient_tile(P, nin % 4, K, nin, slopes, x + q * K, grad + q);
}

// Adds to the gradient of the weights and of the biases.
INLINE void gradient(int K, int nin, int nout, const vec *slopes, const vec *x, vec *grad, vec *grad_bias) {
    int p = 0;
    for (; p + 4 <= nout; p += 4) gradient_rows(4, K, nin, slopes + p * K, x, grad + p * nin);
    if (nout % 4) gradient_rows(nout % 4, K, nin, slopes + p * K, x, grad + p * nin);
    for (p = 0; p < nout; p++) {
        vec sum = grad_bias[p];
        for (int k = 0; k < K; k++) sum += slopes[p * K + k];
        grad_bias[p] = sum;
    }
}

// Puts examples beside each other; those that are missing in the last vectors are zeros.
INLINE void columns(int K, int nin, const double *rows, long count, vec *x) {
    double *out = (double *)x;
    if (count < K * LANES) memset(x, 0, sizeof(vec) * nin * K);
    for (long e = 0; e < count; e++)
        for (int i = 0; i < nin; i++) out[i * K * LANES + e] = rows[e * nin + i];
}

// ------------------------------------------------------------------ the networks

typedef struct {
    const double *x;
    const void *y;
    const double *w[3], *b[3];
} Task;

enum { MOONS_SIZE = 2 * 16 + 16 + 16 * 16 + 16 + 16 + 1, DIGITS_SIZE = 64 * 30 + 30 + 30 * 10 + 10 };

// [2, 16, 16, 1] with tanh, and squared errors. In grad: each layer's weights, then its biases.
INLINE double moons_block(int K, const Task *task, long start, long count, vec *grad) {
    vec x[2 * K], first[16 * K], second[16 * K], below[16 * K], slope[K], y[K];
    columns(K, 2, task->x + 2 * start, count, x);
    columns(K, 1, (const double *)task->y + start, count, y);
    forward(K, 2, 16, task->w[0], task->b[0], x, first);
    for (int i = 0; i < 16 * K; i += TOGETHER) vtanh(TOGETHER, first + i);
    forward(K, 16, 16, task->w[1], task->b[1], first, second);
    for (int i = 0; i < 16 * K; i += TOGETHER) vtanh(TOGETHER, second + i);
    forward(K, 16, 1, task->w[2], task->b[2], second, slope);
    double loss = 0.0;
    for (int k = 0; k < K; k++) slope[k] -= y[k];
    for (long e = count; e < K * LANES; e++) ((double *)slope)[e] = 0.0;
    vec squares = {0};
    for (int k = 0; k < K; k++) {
        squares += slope[k] * slope[k];
        slope[k] += slope[k];
    }
    for (int e = 0; e < LANES; e++) loss += squares[e];
    gradient(K, 16, 1, slope, second, grad + 320, grad + 336);
    backward(K, 16, 1, task->w[2], slope, below);
    for (int i = 0; i < 16 * K; i++) second[i] = below[i] * (1.0 - second[i] * second[i]);
    gradient(K, 16, 16, second, first, grad + 48, grad + 304);
    backward(K, 16, 16, task->w[1], second, below);
    for (int i = 0; i < 16 * K; i++) first[i] = below[i] * (1.0 - first[i] * first[i]);
    gradient(K, 2, 16, first, x, grad, grad + 32);
    return loss;
}

// [64, 30, 10] with relu, and cross-entropy.
INLINE double digits_block(int K, const Task *task, long start, long count, vec *grad) {
    vec x[64 * K], hidden[30 * K], below[30 * K], logits[10 * K];
    const int64_t *classes = (const int64_t *)task->y + start;
    columns(K, 64, task->x + 64 * start, count, x);
    forward(K, 64, 30, task->w[0], task->b[0], x, hidden);
    for (int i = 0; i < 30 * K; i++) hidden[i] = choose(hidden[i] > 0.0, hidden[i], (vec){0});
    forward(K, 30, 10, task->w[1], task->b[1], hidden, logits);
    double loss = 0.0;
    vec product_of_totals = (vec){0} + 1.0, scale[K];
    for (int k = 0; k < K; k++) {
        vec top = logits[k];
        for (int j = 1; j < 10; j++) top = choose(logits[j * K + k] > top, logits[j * K + k], top);
        for (int j = 0; j < 10; j++) logits[j * K + k] -= top;
    }
    for (long e = 0; e < count; e++) loss -= ((double *)logits)[classes[e] * K * LANES + e];
    for (int k = 0; k < K; k++) {
        vec total = {0};
        for (int j = 0; j < 10; j++) {
            vexp(1, logits + j * K + k);
            total += logits[j * K + k];
        }
        scale[k] = 1.0 / total;
        for (int e = 0; e < LANES; e++) total[e] = k * LANES + e < count ? total[e] : 1.0;
        product_of_totals *= total;  // each at most 10
    }
    for (int e = 0; e < LANES; e++) loss += log(product_of_totals[e]);
    for (long e = count; e < K * LANES; e++) ((double *)scale)[e] = 0.0;
    for (int j = 0; j < 10; j++)
        for (int k = 0; k < K; k++) logits[j * K + k] *= scale[k];
    for (long e = 0; e < count; e++) ((double *)logits)[classes[e] * K * LANES + e] -= 1.0;
    gradient(K, 30, 10, logits, hidden, grad + 1950, grad + 2250);
    backward(K, 30, 10, task->w[1], logits, below);
    for (int i = 0; i < 30 * K; i++) hidden[i] = choose(hidden[i] > 0.0, below[i], (vec){0});
    gradient(K, 64, 30, hidden, x, grad, grad + 1920);
    return loss;
}

// ------------------------------------------------------------------ over a batch

// Blocks of 8 vectors; what is left in blocks of 4 and of 1. The sums of a thread go to `grad`.
#define PART(name, size)                                                                              \
    static double name##_part(const Task *task, long start, long stop, double *grad) {                \
        vec sums[size];                                                                               \
        memset(sums, 0, sizeof sums);                                                                 \
        double loss = 0.0;                                                                            \
        for (; start + 8 * LANES <= stop; start += 8 * LANES)                                         \
            loss += name##_block(8, task, start, 8 * LANES, sums);                                    \
        for (; start + 4 * LANES <= stop; start += 4 * LANES)                                         \
            loss += name##_block(4, task, start, 4 * LANES, sums);                                    \
        for (; start < stop; start += LANES)                                                          \
            loss += name##_block(1, task, start, stop - start < LANES ? stop - start : LANES, sums);  \
        for (int i = 0; i < size; i++) {                                                              \
            double sum = 0.0;                                                                         \
            for (int e = 0; e < LANES; e++) sum += sums[i][e];                                        \
            grad[i] = sum;                                                                            \
        }                                                                                             \
        return loss;                                                                                  \
    }                                                                                                 \
    double name(const Task *task, long count, int threads, double *grad) {                            \
        double loss = 0.0;                                                                            \
        static double grads[MOST_THREADS][size];                                                      \
        long blocks = (count + 8 * LANES - 1) / (8 * LANES);                                          \
        if (threads == 1)                                                                             \
            loss = name##_part(task, 0, count, grads[0]);                                             \
        else                                                                                          \
            _Pragma("omp parallel num_threads(threads) reduction(+ : loss)") {                        \
                long each = (blocks + threads - 1) / threads * 8 * LANES;                             \
                long start = omp_get_thread_num() * each, stop = start + each;                        \
                if (start > count) start = count;                                                     \
                if (stop > count) stop = count;                                                       \
                loss += name##_part(task, start, stop, grads[omp_get_thread_num()]);                  \
            }                                                                                         \
        for (int i = 0; i < size; i++) {                                                              \
            double sum = 0.0;                                                                         \
            for (int t = 0; t < threads; t++) sum += grads[t][i];                                     \
            grad[i] = sum / count;                                                                    \
        }                                                                                             \
        return loss / count;                                                                          \
    }

PART(moons, MOONS_SIZE)
PART(digits, DIGITS_SIZE)
