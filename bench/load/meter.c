/*
 * What falls into the measured part of a run: how many, how long each took, how much CPU time the
 * proxy had. The warm-up fills caches and pools and counts for nothing.
 */
#include <stdio.h>

#include "load.h"

enum { BUCKET_BITS = 6 }; // 64 buckets for each power of two: 1.6 % each

void meter_begin(struct meter *meter, const struct load *load)
{
    *meter = (struct meter){.load = load, .begin_ns = now_ns()};
}

static size_t bucket_of(uint64_t value)
{
    unsigned shift = 0;

    while (value >> shift >= 2U << BUCKET_BITS) {
        shift++;
    }
    return (size_t)(shift << BUCKET_BITS) + (size_t)(value >> shift);
}

static uint64_t value_of(size_t bucket)
{
    unsigned shift = bucket < 2U << BUCKET_BITS ? 0 : (unsigned)(bucket >> BUCKET_BITS) - 1;

    return (uint64_t)(bucket - ((size_t)shift << BUCKET_BITS)) << shift;
}

bool meter_done(struct meter *meter, uint64_t since_ns, uint64_t count, uint64_t bytes)
{
    uint64_t now = now_ns();

    if (meter->start_ns == 0) {
        if (now - meter->begin_ns >= meter->load->warmup_ns) {
            meter->start_cpu_ns = cpu_ns(meter->load->pids, meter->load->pid_count);
            meter->start_ns = now_ns();
        }
        return true;
    }
    meter->requests += count;
    meter->bytes += bytes;
    meter->latencies[bucket_of(now - since_ns)]++;
    if (now - meter->start_ns < meter->load->measure_ns) {
        return true;
    }
    meter->cpu_ns = cpu_ns(meter->load->pids, meter->load->pid_count) - meter->start_cpu_ns;
    meter->end_ns = now;
    return false;
}

static double percentile_us(const struct meter *meter, double part)
{
    uint64_t total = 0;
    uint64_t seen = 0;

    for (size_t i = 0; i < LATENCY_BUCKETS; i++) {
        total += meter->latencies[i];
    }
    for (size_t i = 0; i < LATENCY_BUCKETS; i++) {
        seen += meter->latencies[i];
        if (seen > 0 && (double)seen >= (double)total * part) {
            return (double)value_of(i) / 1e3;
        }
    }
    return 0;
}

void meter_print(const struct meter *meter)
{
    printf("{\"kind\": \"%s\", \"requests\": %llu, \"bytes\": %llu, \"elapsed_s\": %.6f, "
           "\"cpu_s\": %.9f, \"p50_us\": %.2f, \"p99_us\": %.2f, \"reconnects\": %llu}\n",
           meter->load->kind, (unsigned long long)meter->requests, (unsigned long long)meter->bytes,
           (double)(meter->end_ns - meter->start_ns) / 1e9, (double)meter->cpu_ns / 1e9,
           percentile_us(meter, 0.5), percentile_us(meter, 0.99),
           (unsigned long long)meter->reconnects);
}
