/*
 * Images, downloaded and uploaded one after the other on one connection, which is anew for each:
 * what ends is a `docker save` or a `docker load`.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "load.h"

enum { READ_BYTES = 1024 * 1024 };

static int open_blocking(const struct load *load)
{
    int fd = unix_connect(load->socket);

    set_blocking(fd, true);
    return fd;
}

// One answer to its end; its bytes of payload.
static uint64_t read_answer(const struct load *load, int fd, char *buffer)
{
    size_t length = 0;
    struct head head = load_read_head(fd, load->expect, buffer, READ_BYTES, &length);
    struct chunks chunks = {0};
    uint64_t plain = length - head.length;

    chunks_read(&chunks, buffer + head.length, length - head.length);
    while (head.chunked ? !chunks.ended : plain < head.content_length) {
        ssize_t got = read(fd, buffer, READ_BYTES);

        if (got <= 0) {
            errno = got == 0 ? ECONNRESET : errno;
            die("a download was cut off");
        }
        plain += (uint64_t)got;
        if (head.chunked) {
            chunks_read(&chunks, buffer, (size_t)got);
        }
    }
    return head.chunked ? chunks.payload : plain;
}

void load_download(const struct load *load, struct meter *meter)
{
    static char buffer[READ_BYTES];
    char request[REQUEST_MAX_BYTES];
    size_t length = load_request_bytes(load, "", request, sizeof(request));
    uint64_t begin;
    uint64_t bytes;

    do {
        int fd = open_blocking(load);

        begin = now_ns();
        send_all(fd, request, length);
        bytes = read_answer(load, fd, buffer);
        close(fd);
        if (bytes != load->mebibytes * BULK_PIECE_BYTES) {
            die("a download has another length");
        }
    } while (meter_done(meter, begin, 1, bytes));
}

static uint64_t upload(const struct load *load, int fd, char *buffer)
{
    char fields[128];
    char request[REQUEST_MAX_BYTES];
    size_t piece_length = 0;
    static const char *piece[2];
    static size_t lengths[2];

    if (!piece[load->chunked]) {
        piece[load->chunked] = bulk_piece(load->chunked, &lengths[load->chunked]);
    }
    piece_length = lengths[load->chunked];
    if (load->chunked) {
        snprintf(fields, sizeof(fields), "Transfer-Encoding: chunked\r\n");
    } else {
        snprintf(fields, sizeof(fields), "Content-Length: %llu\r\n",
                 (unsigned long long)(load->mebibytes * BULK_PIECE_BYTES));
    }
    strcat(fields, "Content-Type: application/x-tar\r\n");
    send_all(fd, request, load_request_bytes(load, fields, request, sizeof(request)));
    for (uint64_t i = 0; i < load->mebibytes; i++) {
        send_all(fd, piece[load->chunked], piece_length);
    }
    if (load->chunked) {
        send_all(fd, "0\r\n\r\n", 5);
    }
    read_answer(load, fd, buffer);
    return load->mebibytes * BULK_PIECE_BYTES;
}

void load_upload(const struct load *load, struct meter *meter)
{
    static char buffer[READ_BYTES];
    uint64_t begin;
    uint64_t bytes;

    do {
        int fd = open_blocking(load);

        begin = now_ns();
        bytes = upload(load, fd, buffer);
        close(fd);
    } while (meter_done(meter, begin, 1, bytes));
}
