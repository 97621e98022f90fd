/*
 * bench_load KIND OPTIONS [-- COMMAND] - one kind of load on one socket, for so long; one line of
 * JSON tells what came of it. One thread: what is measured is the proxy, on another core.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"

static const char usage[] =
    "usage: bench_load requests|echo|download|upload|fan|hold|start --socket PATH [OPTION]...\n"
    "  --method M --target T --body FILE   what is asked for\n"
    "  --expect STATUS     of every answer; another one ends the run\n"
    "  --connections N     at once\n"
    "  --anew              a connection for each request\n"
    "  --chunked           an upload without a length\n"
    "  --mib N             of one upload\n"
    "  --engine PATH       fan: where events are asked for\n"
    "  --pids A,B,...      whose CPU time is counted\n"
    "  --warmup S --seconds S\n";

static uint64_t nanoseconds(const char *text)
{
    return (uint64_t)(strtod(text, NULL) * 1e9);
}

static void read_pids(struct load *load, const char *text)
{
    while (*text && load->pid_count < LOAD_MAX_PROCESSES) {
        char *end = NULL;

        load->pids[load->pid_count++] = (pid_t)strtol(text, &end, 10);
        text = end + (*end == ',');
    }
}

static const struct option long_options[] = {
    {"socket", required_argument, NULL, 's'},      {"engine", required_argument, NULL, 'e'},
    {"method", required_argument, NULL, 'm'},      {"target", required_argument, NULL, 't'},
    {"body", required_argument, NULL, 'b'},        {"expect", required_argument, NULL, 'x'},
    {"connections", required_argument, NULL, 'c'}, {"anew", no_argument, NULL, 'n'},
    {"chunked", no_argument, NULL, 'k'},           {"mib", required_argument, NULL, 'M'},
    {"pids", required_argument, NULL, 'p'},        {"warmup", required_argument, NULL, 'w'},
    {"seconds", required_argument, NULL, 'S'},     {NULL, 0, NULL, 0},
};

static bool read_number(struct load *load, int option)
{
    switch (option) {
    case 'x':
        load->expect = (unsigned)strtoul(optarg, NULL, 10);
        return true;
    case 'c':
        load->connections = (unsigned)strtoul(optarg, NULL, 10);
        return true;
    case 'M':
        load->mebibytes = strtoull(optarg, NULL, 10);
        return true;
    case 'w':
        load->warmup_ns = nanoseconds(optarg);
        return true;
    case 'S':
        load->measure_ns = nanoseconds(optarg);
        return true;
    case 'n':
        load->anew = true;
        return true;
    case 'k':
        load->chunked = true;
        return true;
    default:
        return false;
    }
}

static bool read_option(struct load *load, int option)
{
    switch (option) {
    case 's':
        load->socket = optarg;
        return true;
    case 'e':
        load->engine = optarg;
        return true;
    case 'm':
        load->method = optarg;
        return true;
    case 't':
        load->target = optarg;
        return true;
    case 'b':
        load->body = optarg;
        return true;
    case 'p':
        read_pids(load, optarg);
        return true;
    default:
        return read_number(load, option);
    }
}

static size_t read_file(const char *path, char *out, size_t size)
{
    FILE *file = fopen(path, "rb");

    if (!file) {
        die(path);
    }
    size_t length = fread(out, 1, size, file);

    fclose(file);
    return length;
}

size_t load_request_bytes(const struct load *load, const char *fields, char *out, size_t size)
{
    char body[REQUEST_MAX_BYTES] = "";
    char kind[128] = "";
    size_t body_length = load->body ? read_file(load->body, body, sizeof(body)) : 0;

    if (load->body) {
        snprintf(kind, sizeof(kind), "Content-Length: %zu\r\nContent-Type: application/json\r\n",
                 body_length);
    }
    int head = snprintf(out, size,
                        "%s %s HTTP/1.1\r\nHost: docker\r\nUser-Agent: Docker-Client/28.2.2 "
                        "(linux)\r\n%s%s\r\n",
                        load->method, load->target, kind, fields);

    if (head < 0 || (size_t)head + body_length > size) {
        errno = EMSGSIZE;
        die("the request");
    }
    memcpy(out + head, body, body_length);
    return (size_t)head + body_length;
}

struct head load_read_head(int fd, unsigned expect, char *buffer, size_t size, size_t *length)
{
    struct head head = {0};

    *length = 0;
    while (head.length == 0) {
        ssize_t got = read(fd, buffer + *length, size - *length);

        if (got <= 0) {
            errno = got == 0 ? ECONNRESET : errno;
            die("no answer");
        }
        *length += (size_t)got;
        head = head_read(buffer, *length);
    }
    if (head.status != expect) {
        fprintf(stderr, "bench_load: status %u, not %u\n%.*s\n", head.status, expect, (int)*length,
                buffer);
        exit(1);
    }
    return head;
}

struct kind {
    const char *name;
    void (*run)(const struct load *load, struct meter *meter);
};

static const struct kind kinds[] = {
    {"requests", load_requests}, {"echo", load_echo}, {"download", load_download},
    {"upload", load_upload},     {"fan", load_fan},   {"start", load_start},
};

static int run(const struct load *load)
{
    static struct meter meter;

    if (strcmp(load->kind, "hold") == 0) {
        load_hold(load);
        return 0;
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(load->kind, kinds[i].name) == 0) {
            meter_begin(&meter, load);
            kinds[i].run(load, &meter);
            meter_print(&meter);
            return 0;
        }
    }
    fputs(usage, stderr);
    return 2;
}

int main(int argc, char **argv)
{
    struct load load = {
        .kind = argc > 1 ? argv[1] : "",
        .method = "GET",
        .target = "/_ping",
        .connections = 1,
        .expect = 200,
        .mebibytes = 64,
        .warmup_ns = 100000000U,
        .measure_ns = 1000000000U,
    };
    int option;

    optind = 2;
    while (argc > 1 && (option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (!read_option(&load, option)) {
            fputs(usage, stderr);
            return 2;
        }
    }
    if (!load.socket || load.connections == 0) {
        fputs(usage, stderr);
        return 2;
    }
    load.command = argv + optind;
    raise_descriptors();
    return run(&load);
}
